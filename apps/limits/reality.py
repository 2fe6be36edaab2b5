"""Reality checks: play is interrupted at an interval and goes on when the player has answered.

The journal tells who is playing (`Sessions`); a job, and every page that asks, interrupts what is
due. The interruption is a restriction that stops play in the money statement, so it binds at every
door and a bet that is not interrupted pays nothing for it. An answer belongs to one check, and a
check to one interval of one session.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import models, transaction

from apps.accounts.models import Player
from apps.audit import services as audit
from apps.core.errors import Conflict, InvalidInput, NotFound
from apps.events import live
from apps.events.bus import publish
from apps.ledger.followers import Follower
from apps.ledger.models import Block, Entry, Kind, Purse
from apps.limits import profiles, selectors
from apps.limits.clock import database_now
from apps.limits.models import PlayerChoices, PlaySession, RealityCheck
from apps.limits.session_events import SessionStopped
from apps.wallet import restrictions

CODE = "reality_check"
STREAM = "reality"
BATCH = 200
# Sums are of what came after a moment, and the session's first bet is its beginning.
FIRST_BET = timedelta(microseconds=1)
Answer = RealityCheck.Answer
WORDS = "Look at what you have played so far, then play goes on."
PAUSE_WORDS = "A short pause after the reality check."


@dataclass(frozen=True, slots=True)
class Told:
    """What a check shows. Values in the base currency."""

    check: RealityCheck
    elapsed: timedelta
    staked: Decimal
    won: Decimal

    @property
    def net(self) -> Decimal:
        return self.won - self.staked


class Sessions(Follower):
    """Who is playing since when: a session ends when nothing was staked for a while."""

    name = "play sessions"

    def apply(self, entries: Sequence[Entry]) -> None:
        bets: dict[int, list[datetime]] = {}
        for one in entries:
            if one.kind == Kind.BET and one.wallet.purse == Purse.CASH:
                bets.setdefault(one.wallet.player_id, []).append(one.created_at)
        if not bets:
            return
        newest = PlaySession.objects.filter(player_id__in=bets).order_by("player_id", "-id")
        known = {one.player_id: one for one in newest.distinct("player_id")}
        for player_id, times in sorted(bets.items()):
            _note_bets(player_id, known.get(player_id), sorted(times))


def gap() -> timedelta:
    """So long nothing is staked, and the next bet begins another session."""
    return timedelta(minutes=settings.SESSION_IDLE_MINUTES)


def interval(player: Player) -> timedelta:
    """How often this player is interrupted: what they chose, as far as their profile knows it."""
    return timedelta(minutes=interval_minutes(player))


def interval_minutes(player: Player) -> int:
    profile = profiles.profile_of(player)
    chosen = choices_of(player.pk).reality_minutes
    return chosen if chosen in profile.reality_minutes_choices else profile.reality_minutes


def choices_of(player_id: int) -> PlayerChoices:
    """What the player chose; an empty row, not saved, when they chose nothing yet."""
    found = PlayerChoices.objects.filter(player_id=player_id).first()
    return found or PlayerChoices(player_id=player_id)


@transaction.atomic
def choose_interval(*, player: Player, minutes: int, at: datetime | None = None) -> None:
    """Set the interval; one that runs already counts from its beginning. Raises InvalidInput."""
    allowed = profiles.profile_of(player).reality_minutes_choices
    if minutes not in allowed:
        raise InvalidInput(fields={"minutes": "Choose one of the intervals."})
    _lock(player.pk)
    before = interval_minutes(player)
    PlayerChoices.objects.update_or_create(
        player_id=player.pk, defaults={"reality_minutes": minutes}
    )
    session = _open_session(player.pk)
    if session is not None and not _unanswered(player.pk).exists():
        began_at = session.next_check_at - timedelta(minutes=before)
        session.next_check_at = began_at + timedelta(minutes=minutes)
        session.save(update_fields=["next_check_at"])
    audit.record(
        "player.reality_interval",
        actor=player,
        subject=player,
        before={"minutes": before},
        after={"minutes": minutes},
    )


def session_of(player_id: int) -> PlaySession | None:
    """The session that is under way."""
    return PlaySession.objects.filter(player_id=player_id, ended_at=None).first()


def waiting(player_id: int) -> Told | None:
    """The check the player has to answer, or whose pause is not over."""
    found = RealityCheck.objects.filter(player_id=player_id, freed_at=None).order_by("-id").first()
    return _told(found) if found is not None else None


def interrupt_if_due(player: Player, *, at: datetime | None = None) -> Told | None:
    """What a page that shows play asks: interrupt now if it is time, and tell what waits."""
    at = at or database_now()
    session = session_of(player.pk)
    if session is not None and session.next_check_at <= at:
        interrupt(session.pk, at=at)
    free_paused(player_id=player.pk, at=at)
    return waiting(player.pk)


def interrupt_due(*, at: datetime | None = None) -> int:
    """Interrupt every session whose interval is over; how many."""
    at = at or database_now()
    due = PlaySession.objects.filter(ended_at=None, next_check_at__lte=at).order_by("next_check_at")
    found = [interrupt(pk, at=at) for pk in list(due.values_list("pk", flat=True)[:BATCH])]
    return sum(one is not None for one in found)


@transaction.atomic
def interrupt(session_id: int, *, at: datetime | None = None) -> RealityCheck | None:
    """Stop the play of this session until the player answers; None when it is over or not due."""
    at = at or database_now()
    player_id = PlaySession.objects.values_list("player_id", flat=True).get(pk=session_id)
    player = _lock(player_id)
    session = _open_session(player_id)
    if session is None or session.pk != session_id or session.next_check_at > at:
        return None
    if at - session.last_bet_at > gap():
        _end(session, PlaySession.End.IDLE, session.last_bet_at)
        return None
    if _unanswered(player_id).exists():
        return None
    played = selectors.played(player_id, session.started_at - FIRST_BET)
    check = RealityCheck.objects.create(
        player=player,
        session=session,
        number=session.checks + 1,
        minutes=interval_minutes(player),
        due_at=session.next_check_at,
        imposed_at=at,
        elapsed_seconds=int((at - session.started_at).total_seconds()),
        staked=played.staked,
        won=played.won,
    )
    session.checks = check.number
    # Only counts again from the answer on; until then it must not be due.
    session.next_check_at = at + interval(player)
    session.save(update_fields=["checks", "next_check_at"])
    restrictions.impose(
        player_id=player_id,
        code=CODE,
        stops=Block.PLAY,
        words=WORDS,
        actor="system",
        reason=f"Reality check {check.public_id}",
    )
    _nudge(player_id)
    return check


@transaction.atomic
def answer(
    *, player: Player, public_id: str, answer: str, at: datetime | None = None
) -> RealityCheck:
    """Take the player's answer to this check. Where the profile wants a pause, play waits for it.

    Raises NotFound, Conflict (answered before, so of another interval), InvalidInput.
    """
    at = at or database_now()
    _lock(player.pk)
    check = RealityCheck.objects.filter(player=player, public_id=public_id).first()
    if check is None:
        raise NotFound
    if check.answered_at is not None:
        raise Conflict("This check is answered already.")
    if answer not in Answer.values:
        raise InvalidInput(fields={"answer": "Choose to go on or to stop."})
    pause = timedelta(minutes=profiles.profile_of(player).reality_pause_minutes)
    check.answer, check.answered_at = answer, at
    if pause:
        check.free_at = at + pause
        restrictions.impose(
            player_id=player.pk,
            code=CODE,
            stops=Block.PLAY,
            words=PAUSE_WORDS,
            actor="system",
            reason=f"Pause after reality check {check.public_id}",
            until=check.free_at,
        )
    else:
        check.freed_at = at
        _free(check, player)
    check.save(update_fields=["answer", "answered_at", "free_at", "freed_at"])
    session = _open_session(player.pk)
    if session is not None and session.pk == check.session_id:
        session.next_check_at = at + pause + interval(player)
        session.save(update_fields=["next_check_at"])
        if answer == Answer.STOP:
            stop(session, PlaySession.End.STOPPED, at)
    audit.record(
        "player.reality_check",
        actor=player,
        subject=check,
        after={"answer": answer, "number": check.number, "session": check.session.public_id},
    )
    _nudge(player.pk)
    return check


def free_paused(*, player_id: int | None = None, at: datetime | None = None) -> int:
    """Let play go on where the pause after a check is over; how many."""
    at = at or database_now()
    due = RealityCheck.objects.filter(freed_at=None, free_at__lte=at).order_by("free_at")
    if player_id is not None:
        due = due.filter(player_id=player_id)
    return sum(_free_paused(pk, at) for pk in list(due.values_list("pk", flat=True)[:BATCH]))


def stop(session: PlaySession, why: PlaySession.End, at: datetime) -> None:
    """End a session for a reason; open games hear of it. The caller holds the player's row."""
    _end(session, why, max(at, session.last_bet_at))
    publish(SessionStopped(player_id=session.player_id, session=session.public_id, why=why))


@transaction.atomic
def _free_paused(check_id: int, at: datetime) -> bool:
    check = RealityCheck.objects.select_related("player").get(pk=check_id)
    _lock(check.player_id)
    check.refresh_from_db(fields=["freed_at"])
    if check.freed_at is not None:
        return False
    check.freed_at = at
    check.save(update_fields=["freed_at"])
    # Another check may have come meanwhile: its restriction has the same code.
    if not RealityCheck.objects.filter(player_id=check.player_id, freed_at=None).exists():
        _free(check, "system")
    _nudge(check.player_id)
    return True


def _free(check: RealityCheck, actor: models.Model | str) -> None:
    restrictions.lift(
        player_id=check.player_id,
        code=CODE,
        actor=actor,
        reason=f"Reality check {check.public_id} is answered",
    )


def _note_bets(player_id: int, session: PlaySession | None, times: list[datetime]) -> None:
    """Move the player's sessions on to these bets, the oldest first."""
    changed = None
    for at in times:
        if session is not None and at <= session.last_bet_at:
            continue  # read before
        is_under_way = session is not None and session.ended_at is None
        if session is not None and is_under_way and at - session.last_bet_at <= gap():
            session.last_bet_at = at
            changed = session
            continue
        if changed is not None:
            _save_last_bet(changed)
            changed = None
        if session is not None and is_under_way:
            _end(session, PlaySession.End.IDLE, session.last_bet_at)
        player = Player.objects.get(pk=player_id)
        session = PlaySession.objects.create(
            player=player, started_at=at, last_bet_at=at, next_check_at=at + interval(player)
        )
    if changed is not None:
        _save_last_bet(changed)


def _save_last_bet(session: PlaySession) -> None:
    # Only this column: an answer or an interruption may be writing the others.
    PlaySession.objects.filter(pk=session.pk).update(last_bet_at=session.last_bet_at)


def _end(session: PlaySession, why: PlaySession.End, at: datetime) -> None:
    PlaySession.objects.filter(pk=session.pk, ended_at=None).update(ended_at=at, ended_as=why)


def _told(check: RealityCheck) -> Told:
    return Told(
        check=check,
        elapsed=timedelta(seconds=check.elapsed_seconds),
        staked=check.staked,
        won=check.won,
    )


def _lock(player_id: int) -> Player:
    """The player's row comes before everything else of theirs, as in `wallet.restrictions`."""
    return Player.objects.select_for_update(no_key=True).get(pk=player_id)


def _open_session(player_id: int) -> PlaySession | None:
    found = PlaySession.objects.select_for_update(no_key=True)
    return found.filter(player_id=player_id, ended_at=None).first()


def _unanswered(player_id: int) -> models.QuerySet[RealityCheck]:
    return RealityCheck.objects.filter(player_id=player_id, answered_at=None)


def _nudge(player_id: int) -> None:
    transaction.on_commit(lambda: live.push(player_id, STREAM, {}))
