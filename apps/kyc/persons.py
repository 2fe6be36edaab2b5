"""The same person behind several accounts.

Name with birth date and document numbers are compared by blind marks; addresses and numbers by what
the accounts themselves keep. What matches is stopped and decided by a person; an exclusion of one
account reaches the others at once. Whom somebody matches is never told to them.
"""

import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date

from django.db import transaction
from django.db.models import Q

from apps.accounts.applicants import Applicant
from apps.accounts.emails import folded
from apps.accounts.models import Player, User
from apps.audit import services as audit
from apps.audit.alarms import raise_alarm
from apps.core import secrets
from apps.core.clock import now
from apps.core.errors import InvalidInput, NotFound
from apps.events.bus import publish
from apps.kyc.errors import AlreadyDecided, NotPermitted, PersonKnown
from apps.kyc.events import SamePersonFound
from apps.kyc.models import Mark, PersonMatch, PersonRecord
from apps.ledger.models import Block
from apps.wallet import restrictions

RESTRICTION = "person_check"
WORDS = "We are checking your account. Support can help you."
# Restrictions by which a person, not only an account, may not play.
EXCLUSIONS = ("self_exclusion", "register_exclusion")
# Letters that do not come apart into a base letter and an accent.
PLAIN = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"}
)
MATCHES_MAX = 20
OPEN_STATES = (PersonMatch.State.OPEN, PersonMatch.State.SAME)


@dataclass(frozen=True)
class Details:
    """Who somebody says they are. Dates are ISO, country is alpha-2."""

    first_name: str
    last_name: str
    birth_date: str
    street: str
    city: str
    post_code: str
    country: str

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"


def normalised(name: str) -> str:
    """A name as it is compared: no accents, no case, no order, nothing but letters."""
    bare = unicodedata.normalize("NFKD", name.casefold().translate(PLAIN))
    bare = "".join(one for one in bare if not unicodedata.combining(one))
    return " ".join(sorted(re.findall(r"[^\W\d_]+", bare)))


# ---- marks ---------------------------------------------------------------------------------------


def mark_name(player_id: int, name: str, birth_date: date, *, is_verified: bool) -> None:
    text = f"{normalised(name)}|{birth_date.isoformat()}"
    _mark(player_id, Mark.Kind.NAME_BIRTH, text, is_verified=is_verified)


def mark_document(player_id: int, country: str, number: str) -> None:
    """country: alpha-2; the kind is left out, since one number may be read under two kinds."""
    bare = re.sub(r"[\W_]", "", number.upper())
    if len(bare) >= 5:
        _mark(player_id, Mark.Kind.DOCUMENT, f"{country.upper()}|{bare}", is_verified=True)


def _mark(player_id: int, kind: str, text: str, *, is_verified: bool) -> None:
    mark, is_new = Mark.objects.get_or_create(
        player_id=player_id,
        kind=kind,
        blind=secrets.blind(text, purpose=f"kyc.{kind}"),
        defaults={"is_verified": is_verified, "made_at": now()},
    )
    if is_verified and not is_new and not mark.is_verified:
        mark.is_verified = True
        mark.save(update_fields=["is_verified"])


def reindex(limit: int = 500) -> int:
    """Make the marks anew that are under an older key, from what is sealed; how many people."""
    current = secrets.blind("", purpose="").partition(":")[0]
    old = Mark.objects.exclude(blind__startswith=f"{current}:")
    ids = list(old.order_by("player_id").values_list("player_id", flat=True).distinct()[:limit])
    for player_id in ids:
        with transaction.atomic():
            record = PersonRecord.objects.filter(pk=player_id, erased_at=None).first()
            if record is not None:
                _mark_all(record)
            Mark.objects.filter(player_id=player_id).exclude(
                blind__startswith=f"{current}:"
            ).delete()
    return len(ids)


def _mark_all(record: PersonRecord) -> None:
    details = details_of(record)
    born = date.fromisoformat(details.birth_date)
    mark_name(record.player_id, details.name, born, is_verified=record.verified_at is not None)
    for one in documents_of(record):
        mark_document(record.player_id, one.get("country", ""), one.get("number", ""))


# ---- what is sealed ---------------------------------------------------------------------------------


def keep_details(player: Player, details: Details) -> PersonRecord:
    """Keep what a player says, sealed, and mark it for comparison."""
    record, _ = PersonRecord.objects.select_for_update().get_or_create(
        player=player, defaults={"sealed": b"", "declared_at": now()}
    )
    record.sealed = secrets.seal(json.dumps(asdict(details)), place=record.place("sealed"))
    record.declared_at = now()
    record.save(update_fields=["sealed", "declared_at"])
    Mark.objects.filter(player=player, kind=Mark.Kind.NAME_BIRTH, is_verified=False).delete()
    born = date.fromisoformat(details.birth_date)
    mark_name(player.pk, details.name, born, is_verified=False)
    return record


def details_of(record: PersonRecord) -> Details:
    """Raises SealBroken."""
    return Details(**json.loads(secrets.unseal(record.sealed, place=record.place("sealed"))))


def declared(player_id: int) -> Details | None:
    """What a player says of themselves, for a register that must be asked (`REGISTER_PERSON`)."""
    record = PersonRecord.objects.filter(pk=player_id, erased_at=None).first()
    return details_of(record) if record is not None and record.sealed else None


def documents_of(record: PersonRecord) -> list[dict[str, str]]:
    """What the documents say, as the provider read them. Raises SealBroken."""
    if not record.documents_sealed:
        return []
    place = record.place("documents_sealed")
    found: list[dict[str, str]] = json.loads(secrets.unseal(record.documents_sealed, place=place))
    return found


@transaction.atomic
def reveal(player_id: int, *, by: User, reason: str) -> tuple[Details, list[dict[str, str]]]:
    """What a player has declared, for a reviewer who says why. Raises NotFound, NotPermitted."""
    if not by.has_perm("kyc.reveal_person"):
        raise NotPermitted
    record = PersonRecord.objects.select_related("player").filter(
        pk=player_id, erased_at=None
    ).first()  # fmt: skip
    if record is None:
        raise NotFound
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Say why it is read."})
    audit.record("kyc.person_revealed", actor=by, subject=record.player, reason=reason.strip())
    return details_of(record), documents_of(record)


# ---- the same person ----------------------------------------------------------------------------------


def check_applicant(applicant: Applicant) -> None:
    """Refuse somebody who has excluded themselves and comes with an address or number we know.

    For `settings.REGISTRATION_CHECKS`. Raises PersonKnown.
    """
    known = Q(user__email_folded=folded(applicant.email))
    if applicant.phone:
        known |= Q(phone__number=applicant.phone)
    ids = list(Player.objects.filter(known).values_list("pk", flat=True)[:MATCHES_MAX])
    if any(is_excluded(pk) for pk in ids):
        with transaction.atomic():
            audit.record(
                "kyc.excluded_person_refused", actor="system", after={"accounts": len(ids)}
            )
        raise PersonKnown


def same_person_ids(player_id: int) -> set[int]:
    """Every other account that is this person for all we know; what staff told apart is left out.

    For whoever has to reach a person and not only an account (exclusions).
    """
    found = set(_equal(player_id))
    told_apart = PersonMatch.objects.filter(
        Q(player_id=player_id) | Q(other_id=player_id), state=PersonMatch.State.DIFFERENT
    ).values_list("player_id", "other_id")
    apart = {one for pair in told_apart for one in pair}
    kept = PersonMatch.objects.filter(
        Q(player_id=player_id) | Q(other_id=player_id), state=PersonMatch.State.SAME
    ).values_list("player_id", "other_id")
    same = {one for pair in kept for one in pair}
    return (found - apart | same) - {player_id}


def is_excluded(player_id: int) -> bool:
    """Whether this account's owner may not play, by themselves or by a register."""
    player = Player.objects.filter(pk=player_id).first()
    if player is None:
        return False
    codes = {one.code for one in restrictions.standing(player_id)}
    return player.status == Player.Status.SELF_EXCLUDED or bool(codes & set(EXCLUSIONS))


@transaction.atomic
def look(player_id: int) -> list[PersonMatch]:
    """Compare an account with all others; what matches is stopped until somebody has decided.

    Called at registration, when details are told, and when a document was read. Who is excluded
    under another account is stopped in any case.
    """
    made = [note(player_id, other_id, kinds) for other_id, kinds in _equal(player_id).items()]
    return [one for one in made if one is not None]


@transaction.atomic
def note(player_id: int, other_id: int, kinds: Iterable[str]) -> PersonMatch | None:
    """Keep that two accounts look alike and stop the newer one; None when it was decided before."""
    newer, older = max(player_id, other_id), min(player_id, other_id)
    if newer == older:
        return None
    by = sorted(set(kinds))
    other_excluded = is_excluded(older) or is_excluded(newer)
    row, is_new = PersonMatch.objects.select_for_update().get_or_create(
        player_id=newer,
        other_id=older,
        defaults={"by": by, "is_excluded": other_excluded, "found_at": now()},
    )
    if not is_new:
        if row.state == PersonMatch.State.DIFFERENT and set(by) <= set(row.by):
            return None
        if set(by) - set(row.by):
            row.by = sorted({*row.by, *by})
            # Told apart by less than what is known now: it is looked at again.
            row.state = PersonMatch.State.OPEN
        row.is_excluded = other_excluded
        row.save(update_fields=["by", "state", "is_excluded"])
    if is_new:
        audit.record(
            "kyc.same_person_found",
            actor="system:persons",
            subject=row.player,
            after={"match": row.pk, "by": by, "is_excluded": other_excluded},
        )
        publish(SamePersonFound(player_id=newer, other_id=older, match_id=row.pk))
        raise_alarm(
            "kyc.same_person", subject=str(row.pk), message="Two accounts look like one person."
        )
    _stop(newer, row.pk)
    # Whichever of the two is not excluded yet is the same person for all we know.
    if other_excluded:
        _stop(older, row.pk)
    return row


@transaction.atomic
def decide(match_id: int, *, is_same: bool, by: User, reason: str) -> PersonMatch:
    """Say whether two accounts are one person. One person keeps the older account.

    Raises NotFound, NotPermitted, AlreadyDecided, InvalidInput.
    """
    if not by.has_perm("kyc.decide_match"):
        raise NotPermitted
    row = PersonMatch.objects.select_for_update().filter(pk=match_id).first()
    if row is None:
        raise NotFound
    if row.state != PersonMatch.State.OPEN:
        raise AlreadyDecided
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Say why."})
    row.state = PersonMatch.State.SAME if is_same else PersonMatch.State.DIFFERENT
    row.decided_at, row.decided_by, row.reason = now(), by, reason.strip()[:500]
    row.save(update_fields=["state", "decided_at", "decided_by", "reason"])
    audit.record(
        "kyc.match_decided", actor=by, subject=row.player, after={"match": row.pk, "state": row.state},
        reason=row.reason,
    )  # fmt: skip
    for player_id in (row.player_id, row.other_id):
        _free_if_clear(player_id, by, row.reason)
    return row


def has_open_match(player_id: int) -> bool:
    return PersonMatch.objects.filter(
        Q(player_id=player_id) | Q(other_id=player_id), state=PersonMatch.State.OPEN
    ).exists()


def _equal(player_id: int) -> dict[int, list[str]]:
    """Other accounts by what is equal. Closed ones count: a person does not close with them."""
    found: dict[int, list[str]] = {}
    marks = Mark.objects.filter(player_id=player_id).values_list("blind", flat=True)
    for other, kind in (
        Mark.objects.filter(blind__in=list(marks))
        .exclude(player_id=player_id)
        .values_list("player_id", "kind")[:MATCHES_MAX]
    ):
        found.setdefault(other, []).append(kind)
    player = Player.objects.select_related("user").filter(pk=player_id).first()
    if player is None:
        return found
    if player.user.email_folded:
        for other in (
            Player.objects.filter(user__email_folded=player.user.email_folded)
            .exclude(pk=player_id)
            .values_list("pk", flat=True)[:MATCHES_MAX]
        ):
            found.setdefault(other, []).append("email")
    return found


def _stop(player_id: int, match_id: int) -> None:
    if any(one.code == RESTRICTION for one in restrictions.standing(player_id)):
        return
    restrictions.impose(
        player_id=player_id,
        code=RESTRICTION,
        stops=Block.PLAY | Block.DEPOSIT,
        words=WORDS,
        actor="system:persons",
        reason=f"Looks like the person of another account: match {match_id}.",
    )


def _free_if_clear(player_id: int, by: User, reason: str) -> None:
    """The older account of one person plays on, the newer does not; two people both do."""
    left = PersonMatch.objects.filter(
        Q(player_id=player_id, state__in=OPEN_STATES)
        | Q(other_id=player_id, state__in=OPEN_STATES, is_excluded=True)
    )
    if not left.exists():
        restrictions.lift(player_id=player_id, code=RESTRICTION, actor=by, reason=reason)
