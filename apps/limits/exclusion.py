"""Breaks from play: they begin at once, nobody can make them shorter, and money can still leave.

A break is a restriction on the wallets (`wallet/restrictions.py`) and, unless staff have put the
account into a stricter status, its status too. A self-exclusion does not end by itself: after its
time the player asks, waits, and confirms.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import models, transaction
from django.db.models import Q

from apps.accounts.models import Player
from apps.audit import services as audit
from apps.core.errors import InvalidInput, NotFound
from apps.events.bus import publish
from apps.ledger.models import Block
from apps.limits import persons
from apps.limits.clock import database_now
from apps.limits.errors import LongerBreak, NoBreak, TooSoon
from apps.limits.events import BreakEnded, BreakStarted
from apps.limits.models import Exclusion, LimitRequest
from apps.limits.profiles import profile_of
from apps.wallet import restrictions
from apps.wallet.services import set_player_status

Kind = Exclusion.Kind
TIME_OUTS = {
    "24h": timedelta(hours=24),
    "72h": timedelta(hours=72),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}
# In months; None is for ever.
EXCLUSIONS: dict[str, int | None] = {"6m": 6, "1y": 12, "2y": 24, "5y": 60, "permanent": None}
BREAK_STATUSES = (Player.Status.TIMED_OUT, Player.Status.SELF_EXCLUDED)
BATCH = 500


def panic(*, player_id: int, actor: models.Model | str, at: datetime | None = None) -> Exclusion:
    """Stop play now, for a day. Pressed again it begins anew."""
    with transaction.atomic():
        player = _locked([player_id])[0]
        at = at or database_now()
        until = at + timedelta(hours=profile_of(player).panic_hours)
        return _start(player, Kind.PANIC, until, actor, "", at)


def time_out(
    *,
    player_id: int,
    length: str,
    actor: models.Model | str,
    reason: str = "",
    at: datetime | None = None,
) -> Exclusion:
    """Stop play now, for one of `TIME_OUTS`. Raises InvalidInput, LongerBreak."""
    if length not in TIME_OUTS:
        raise InvalidInput(fields={"length": "Choose one of the lengths."})
    with transaction.atomic():
        player = _locked([player_id])[0]
        at = at or database_now()
        return _start(player, Kind.TIME_OUT, at + TIME_OUTS[length], actor, reason, at)


def self_exclude(
    *,
    player_id: int,
    length: str,
    actor: models.Model | str,
    reason: str = "",
    at: datetime | None = None,
) -> Exclusion:
    """Exclude the person behind an account from play under every account of theirs.

    length: one of `EXCLUSIONS`, at least what the profile asks for. Raises InvalidInput,
    LongerBreak.
    """
    twins = persons.same_person(player_id) - {player_id}
    with transaction.atomic():
        # All in one order, or two people excluding each other's accounts would wait for ever.
        found = {one.pk: one for one in _locked(sorted({player_id, *twins}))}
        player = found.pop(player_id, None)
        if player is None:
            raise NotFound
        at = at or database_now()
        until = _until(player, length, at)
        made = _start(player, Kind.SELF_EXCLUSION, until, actor, reason, at)
        for twin in found.values():
            _cover(made, twin, at)
        return made


def cover(player_id: int) -> Exclusion | None:
    """Carry an exclusion over to an account that turns out to be the same person's."""
    origin = _exclusion_of_person(persons.same_person(player_id) - {player_id})
    if origin is None:
        return None
    with transaction.atomic():
        # The row tells once more: the origin may have ended meanwhile.
        player = _locked([player_id])[0]
        origin = Exclusion.objects.filter(pk=origin.pk, ended_at=None).first()
        return _cover(origin, player, database_now()) if origin else None


def cover_due(*, limit: int = BATCH) -> int:
    """Look for further accounts of whoever is excluded: people become known later; how many."""
    covered = 0
    origins = Exclusion.objects.filter(
        kind=Kind.SELF_EXCLUSION, ended_at=None, origin=None
    ).order_by("-id")
    for exclusion in origins[:limit]:
        for twin_id in sorted(persons.same_person(exclusion.player_id) - {exclusion.player_id}):
            covered += cover(twin_id) is not None
    return covered


@transaction.atomic
def ask_return(
    *, player_id: int, actor: models.Model | str, at: datetime | None = None
) -> Exclusion:
    """Ask to play again after the time of a self-exclusion; from here the wait runs.

    Raises NoBreak, TooSoon.
    """
    player = _locked([player_id])[0]
    at = at or database_now()
    exclusion = _self_exclusion(player)
    profile = profile_of(player)
    earliest = exclusion.until or _months_later(exclusion.since, profile.exclusion_months_min)
    if at < earliest:
        raise TooSoon(f"You can ask for this from {earliest:%d %B %Y, %H:%M} UTC on.")
    if exclusion.return_asked_at is not None:
        return exclusion
    wait = timedelta(hours=max(profile.return_wait_hours, 1))
    if exclusion.until is None:
        wait = max(wait, timedelta(days=profile.permanent_return_wait_days))
    exclusion.return_asked_at, exclusion.return_ready_at = at, at + wait
    exclusion.save(update_fields=["return_asked_at", "return_ready_at"])
    audit.record(
        "exclusion.return_asked",
        actor=actor,
        subject=player,
        after={"exclusion": exclusion.public_id, "ready_at": exclusion.return_ready_at.isoformat()},
    )
    return exclusion


@transaction.atomic
def withdraw_return(
    *, player_id: int, actor: models.Model | str, at: datetime | None = None
) -> Exclusion:
    """Stay excluded after all. Raises NoBreak."""
    player = _locked([player_id])[0]
    exclusion = _self_exclusion(player)
    if exclusion.return_asked_at is None:
        raise NoBreak("You have not asked to come back.")
    exclusion.return_asked_at = exclusion.return_ready_at = None
    exclusion.save(update_fields=["return_asked_at", "return_ready_at"])
    audit.record(
        "exclusion.return_withdrawn",
        actor=actor,
        subject=player,
        after={"exclusion": exclusion.public_id, "at": (at or database_now()).isoformat()},
    )
    return exclusion


@transaction.atomic
def confirm_return(
    *, player_id: int, actor: models.Model | str, at: datetime | None = None
) -> Exclusion:
    """Play again, after the wait. Raises NoBreak, TooSoon."""
    player = _locked([player_id])[0]
    at = at or database_now()
    exclusion = _self_exclusion(player)
    if exclusion.return_ready_at is None:
        raise NoBreak("Ask to come back first.")
    if at < exclusion.return_ready_at:
        raise TooSoon(f"You can confirm this from {exclusion.return_ready_at:%d %B, %H:%M} UTC on.")
    _end(player, exclusion, Exclusion.End.RETURNED, actor, at)
    return exclusion


def end_due(*, at: datetime | None = None) -> int:
    """End the time-outs that are over; self-exclusions go on. How many there were."""
    at = at or database_now()
    due = Exclusion.objects.filter(
        Q(kind=Kind.TIME_OUT) | Q(kind=Kind.PANIC), ended_at=None, until__lte=at
    )
    found = list(due.order_by("until").values_list("player_id", "pk")[:BATCH])
    for player_id, pk in found:
        with transaction.atomic():
            player = _locked([player_id])[0]
            if exclusion := due.filter(pk=pk).first():
                _end(player, exclusion, Exclusion.End.OVER, "system", at)
    return len(found)


# ---- one break -----------------------------------------------------------------------------------


def _start(
    player: Player,
    kind: Exclusion.Kind,
    until: datetime | None,
    actor: models.Model | str,
    reason: str,
    at: datetime,
    origin: Exclusion | None = None,
) -> Exclusion:
    """player: locked. A longer break of the same kind takes the place of a shorter one."""
    earlier = Exclusion.objects.filter(player=player, kind=kind, ended_at=None).first()
    if earlier is not None:
        if earlier.until is None or (until is not None and until < earlier.until):
            raise LongerBreak
        earlier.ended_at, earlier.ended_as = at, Exclusion.End.REPLACED
        earlier.save(update_fields=["ended_at", "ended_as"])
    made = Exclusion.objects.create(
        player=player, kind=kind, since=at, until=until, asked_by=_name(actor),
        reason=reason[:500], origin=origin,
    )  # fmt: skip
    restrictions.impose(
        player_id=player.pk,
        code=kind,
        stops=Block.PLAY | Block.DEPOSIT,
        words=_words(made),
        actor=actor,
        reason=reason or made.get_kind_display(),
        until=until,
    )
    _follow_status(player, actor, made.get_kind_display())
    _stop_loosening(player, at)
    audit.record(
        "exclusion.started",
        actor=actor,
        subject=player,
        before={"until": _iso(earlier.until)} if earlier else None,
        after={
            "exclusion": made.public_id,
            "kind": kind,
            "until": _iso(until),
            "origin": origin.public_id if origin else None,
        },
        reason=reason,
    )
    publish(
        BreakStarted(player_id=player.pk, exclusion_id=made.pk, kind=kind, until=_iso(until) or "")
    )
    return made


def _end(
    player: Player,
    exclusion: Exclusion,
    how: Exclusion.End,
    actor: models.Model | str,
    at: datetime,
) -> None:
    exclusion.ended_at, exclusion.ended_as = at, how
    exclusion.save(update_fields=["ended_at", "ended_as"])
    restrictions.lift(
        player_id=player.pk, code=exclusion.kind, actor=actor, reason=how.label or str(how)
    )
    _follow_status(player, actor, str(how.label))
    audit.record(
        "exclusion.ended",
        actor=actor,
        subject=player,
        before={"exclusion": exclusion.public_id, "until": _iso(exclusion.until)},
        after={"as": how},
    )
    publish(BreakEnded(player_id=player.pk, exclusion_id=exclusion.pk, kind=exclusion.kind))


def _follow_status(player: Player, actor: models.Model | str, why: str) -> None:
    """An active account shows its break; a stricter status that staff chose stays on top of it."""
    status = Player.objects.values_list("status", flat=True).get(pk=player.pk)
    if status not in (Player.Status.ACTIVE, *BREAK_STATUSES):
        return
    wanted = restrictions.status_within(player.pk, Player.Status.ACTIVE)
    if wanted != status:
        set_player_status(player_id=player.pk, status=wanted, actor=actor, reason=why)


def _stop_loosening(player: Player, at: datetime) -> None:
    """Whoever takes a break does not come back to limits that became looser meanwhile."""
    waiting = LimitRequest.objects.filter(player=player, state=LimitRequest.State.WAITING)
    waiting.update(state=LimitRequest.State.CANCELLED, finished_at=at)


def _cover(origin: Exclusion, player: Player, at: datetime) -> Exclusion | None:
    """The same exclusion for another account of the person; None where as much stands already."""
    standing = Exclusion.objects.filter(
        player=player, kind=Kind.SELF_EXCLUSION, ended_at=None
    ).first()
    if standing is not None and (
        standing.until is None or (origin.until is not None and origin.until <= standing.until)
    ):
        return None
    if player.status == Player.Status.CLOSED:
        return None
    return _start(
        player, Kind.SELF_EXCLUSION, origin.until, "system",
        "The same person is excluded under another account.", at, origin,
    )  # fmt: skip


def _exclusion_of_person(player_ids: set[int]) -> Exclusion | None:
    """The longest exclusion that was asked for itself and stands."""
    found = Exclusion.objects.filter(
        player_id__in=player_ids, kind=Kind.SELF_EXCLUSION, ended_at=None
    )
    return max(found, key=lambda one: (one.until is None, one.until or one.since), default=None)


def _self_exclusion(player: Player) -> Exclusion:
    found = Exclusion.objects.filter(player=player, kind=Kind.SELF_EXCLUSION, ended_at=None).first()
    if found is None:
        raise NoBreak
    return found


def _locked(player_ids: Sequence[int]) -> list[Player]:
    found = list(
        Player.objects.select_for_update(no_key=True).filter(pk__in=player_ids).order_by("pk")
    )
    if not found:
        raise NotFound
    return found


def _until(player: Player, length: str, at: datetime) -> datetime | None:
    least = profile_of(player).exclusion_months_min
    if length not in EXCLUSIONS:
        raise InvalidInput(fields={"length": "Choose one of the lengths."})
    months = EXCLUSIONS[length]
    if months is None:
        return None
    if months < least:
        raise InvalidInput(fields={"length": f"At least {least} months."})
    return _months_later(at, months)


def _months_later(at: datetime, months: int) -> datetime:
    """The same day of a later month, or the first of the next where that month is shorter."""
    years, month = divmod(at.month - 1 + months, 12)
    try:
        return at.replace(year=at.year + years, month=month + 1)
    except ValueError:
        # Never shorter than what was asked for: 31 August and half a year is 1 March.
        later = at.replace(day=1, year=at.year + years, month=month + 1)
        return (later + timedelta(days=31)).replace(day=1)


def _words(exclusion: Exclusion) -> str:
    if exclusion.until is None:
        return "You have excluded yourself from play. You can still withdraw your money."
    until = f"{exclusion.until:%d %B %Y, %H:%M} UTC"
    if exclusion.kind == Kind.SELF_EXCLUSION:
        return (
            f"You have excluded yourself from play until {until}, and after that until you ask to "
            "come back. You can still withdraw your money."
        )
    return f"You are on a break from play until {until}. You can still withdraw your money."


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _name(actor: models.Model | str) -> str:
    if isinstance(actor, str):
        return actor
    return f"{actor._meta.model_name}:{actor.pk} {actor}"[:160]
