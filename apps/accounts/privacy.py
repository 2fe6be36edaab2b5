"""A player's own data: handing it over, and forgetting what no law makes us keep.

Every app that keeps something about players names a `Holder` in `PERSONAL_DATA`. Asked to erase, each
blanks what nothing obliges us to keep and says what it kept, why and for how long. The ledger stays as
it is; the player it belongs to becomes a pseudonym. Source: GDPR articles 15, 17(3)(b) and 20.
"""

import json
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Protocol

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.template.loader import render_to_string
from django.utils.module_loading import import_string

from apps.accounts.errors import ErasureNotPossible
from apps.accounts.events import ErasureDecided
from apps.accounts.models import ErasureRequest, Player, User
from apps.audit import services as audit
from apps.core.clock import now
from apps.core.errors import Conflict, InvalidInput, NotFound
from apps.core.mail import KIND_HEADER
from apps.events.bus import publish

State = ErasureRequest.State
IN_MEMORY_MAX = 4 * 1024 * 1024
Rows = Iterable[Mapping[str, Any]]


@dataclass(frozen=True)
class Kept:
    """What stays after an erasure. until: in words, as `5 years after the account was closed`."""

    what: str
    why: str
    until: str


class Holder(Protocol):
    """An app that keeps personal data. One file per entry of `export`; both run in a transaction."""

    name: str

    def export(self, player: Player) -> Mapping[str, Rows]:
        """Everything about the player, by kind: `{"deposits": rows}`."""
        ...

    def obstacle(self, player: Player) -> str:
        """Why the player cannot be forgotten now, in words for them; empty when nothing stands against it."""
        ...

    def erase(self, player: Player) -> list[Kept]:
        """Blank what may go. What stays is the answer."""
        ...


def holders() -> list[Holder]:
    return [import_string(path)() for path in settings.PERSONAL_DATA]


def export(player: Player) -> IO[bytes]:
    """A zip of JSON files with everything we keep about the player, from one moment."""
    # Handed over open: whoever answers the request closes it.
    file: IO[bytes] = SpooledTemporaryFile(max_size=IN_MEMORY_MAX)  # noqa: SIM115
    with transaction.atomic(), zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        files = []
        for holder in holders():
            for kind, rows in holder.export(player).items():
                name = f"{holder.name}/{kind}.json"
                files.append({"file": name, "rows": _write(archive, name, rows)})
        about = {
            "player": player.public_id,
            "made_at": now(),
            "site": settings.SITE_NAME,
            "format": "JSON, UTF-8; times are UTC; amounts are decimal text with their currency",
            "files": files,
        }
        archive.writestr("index.json", _json(about))
        audit.record(
            "player.data_exported", actor=player, subject=player, after={"files": len(files)}
        )
    file.seek(0)
    return file


@transaction.atomic
def request_erasure(*, player: Player) -> ErasureRequest:
    """Ask to be forgotten. Raises ErasureNotPossible, Conflict when there is a request already."""
    player = Player.objects.select_for_update(no_key=True).get(pk=player.pk)
    for holder in holders():
        if words := holder.obstacle(player):
            raise ErasureNotPossible(words)
    if ErasureRequest.objects.filter(player=player, state=State.OPEN).exists():
        raise Conflict("You have asked already; we are on it.")
    at = now()
    request = ErasureRequest.objects.create(
        player=player, requested_at=at, due_at=at + timedelta(days=settings.ERASURE_DAYS)
    )
    audit.record("player.erasure_requested", actor=player, subject=player)
    return request


@transaction.atomic
def withdraw(*, player: Player) -> None:
    """Take the wish back while nobody has acted on it. Raises NotFound."""
    request = _open(ErasureRequest.objects.filter(player=player))
    request.state, request.decided_at = State.WITHDRAWN, now()
    request.save(update_fields=["state", "decided_at"])
    audit.record("player.erasure_withdrawn", actor=player, subject=player)


@transaction.atomic
def refuse(*, request_id: int, by: User, reason: str) -> ErasureRequest:
    """Say no, and why; the player is told. Raises NotFound, InvalidInput."""
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Give the reason; the player reads it."})
    request = _open(ErasureRequest.objects.filter(pk=request_id))
    _decide(request, State.REFUSED, by, reason.strip())
    return request


@transaction.atomic
def erase(*, request_id: int, by: User, reason: str) -> ErasureRequest:
    """Forget the player as far as no law forbids; what was kept is in the request's `result`.

    The account is closed for good. Raises NotFound, InvalidInput, ErasureNotPossible.
    """
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Say what you have checked."})
    request = _open(ErasureRequest.objects.filter(pk=request_id))
    player = Player.objects.select_for_update(no_key=True).get(pk=request.player_id)
    found = holders()
    for holder in found:
        if words := holder.obstacle(player):
            raise ErasureNotPossible(words)
    if player.status != Player.Status.CLOSED:
        import_string(settings.ACCOUNT_CLOSING["close"])(
            player_id=player.pk, actor=by, reason="The player asked to be forgotten."
        )
    player = Player.objects.select_related("user").get(pk=request.player_id)
    address = player.user.email
    kept: list[dict[str, str]] = []
    # From above downwards: what names the player goes last.
    for holder in reversed(found):
        kept += [{"holder": holder.name, **asdict(one)} for one in holder.erase(player)]
    request.result = {"kept": kept}
    _decide(request, State.DONE, by, reason.strip())
    _tell(address, request)
    return request


def latest(player: Player) -> ErasureRequest | None:
    return ErasureRequest.objects.filter(player=player).order_by("-pk").first()


def _open(rows: Any) -> ErasureRequest:
    request: ErasureRequest | None = rows.select_for_update().filter(state=State.OPEN).first()
    if request is None:
        raise NotFound
    return request


def _decide(request: ErasureRequest, state: State, by: User, reason: str) -> None:
    request.state, request.decided_at = state, now()
    request.decided_by, request.reason = by, reason[:500]
    request.save(update_fields=["state", "decided_at", "decided_by", "reason", "result"])
    audit.record(
        f"player.erasure_{state}",
        actor=by,
        subject=request.player,
        after={"request": request.public_id, "kept": len((request.result or {}).get("kept", []))},
        reason=reason,
    )
    publish(ErasureDecided(player_id=request.player_id, request_id=request.pk))


def _tell(address: str, request: ErasureRequest) -> None:
    """The last mail to somebody we no longer know: what was kept, and why."""
    context = {
        "SITE_NAME": settings.SITE_NAME,
        "request": request,
        "kept": (request.result or {}).get("kept", []),
    }
    kind = "erasure_done"
    message = EmailMultiAlternatives(
        render_to_string(f"emails/{kind}/subject.txt", context).strip(),
        render_to_string(f"emails/{kind}/body.txt", context).strip() + "\n",
        settings.DEFAULT_FROM_EMAIL,
        [address],
        headers={KIND_HEADER: kind},
    )
    message.attach_alternative(render_to_string(f"emails/{kind}/body.html", context), "text/html")
    message.send()


def _write(archive: zipfile.ZipFile, name: str, rows: Rows) -> int:
    count = 0
    with archive.open(name, "w") as out:
        out.write(b"[")
        for row in rows:
            out.write(b",\n" if count else b"\n")
            out.write(_json(row).encode())
            count += 1
        out.write(b"\n]\n")
    return count


def _json(value: Any) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)
