"""How long somebody plays: measured from their sessions, bounded by their session-time limits, and
where the law wants it by a plan of time and money made before a session.
"""

from datetime import datetime, timedelta
from decimal import Decimal

from django.core.cache import cache
from django.db import transaction
from django.db.models import Q

from apps.accounts.models import Player
from apps.audit import services as audit
from apps.core.errors import Conflict, InvalidInput
from apps.events import live
from apps.ledger.models import Block
from apps.limits import profiles, reality, selectors
from apps.limits.clock import database_now
from apps.limits.models import Limit, LimitKind, PlaySession, SessionPlan
from apps.limits.windows import LENGTHS
from apps.wallet import restrictions
from apps.wallet.models import Restriction

TIME_CODE = "session_time"
PLAN_CODE = "session_plan"
# Somebody who has not bet for so long is not playing, though the session may still go on.
PAUSE = timedelta(minutes=5)
# Play does not go on for the minute that leaves the window next.
ROOM_MIN = timedelta(minutes=15)
REMIND_AT = Decimal("0.8")
PLAN_MINUTES_MAX = 24 * 60
PLAN_SPEND_MAX = Decimal(10) ** 9
BATCH = 200


def time_played(player_id: int, since: datetime, *, until: datetime | None = None) -> timedelta:
    """Time in sessions, as far as it lies in the window [since, until)."""
    until = until or database_now()
    found = PlaySession.objects.filter(
        Q(ended_at=None) | Q(ended_at__gt=since), player_id=player_id, started_at__lt=until
    ).values_list("started_at", "last_bet_at", "ended_at")
    total = timedelta()
    for started_at, last_bet_at, ended_at in found:
        end = ended_at if ended_at is not None else min(until, last_bet_at + PAUSE)
        total += max(timedelta(), min(end, until) - max(started_at, since))
    return total


def time_room(player_id: int, *, at: datetime | None = None) -> timedelta | None:
    """How long may still be played under the tightest session limit; None: there is none."""
    at = at or database_now()
    rooms = [
        _minutes(limit) - time_played(player_id, at - span, until=at)
        for window, span in LENGTHS.items()
        if (limit := selectors.effective(player_id, LimitKind.SESSION, window)) is not None
    ]
    return min(rooms) if rooms else None


def enforce_due(*, at: datetime | None = None) -> int:
    """End the sessions whose time is used up, remind those near it; how many ended."""
    at = at or database_now()
    limited = Limit.objects.filter(kind=LimitKind.SESSION, ended_at=None).values("player_id")
    playing = PlaySession.objects.filter(ended_at=None, player_id__in=limited)
    ended = sum(_enforce(one, at) for one in list(playing.order_by("pk")[:BATCH]))
    return ended + _end_plans(at)


def release_due(*, at: datetime | None = None) -> int:
    """Let play go on where the window has moved on far enough; how many."""
    at = at or database_now()
    held = Restriction.objects.filter(code=TIME_CODE, lifted_at=None).order_by("pk")
    return sum(_release(pk, at) for pk in list(held.values_list("player_id", flat=True)[:BATCH]))


def plan_of(player_id: int) -> SessionPlan | None:
    """The plan of the session that is under way."""
    return SessionPlan.objects.filter(player_id=player_id, ended_at=None).first()


@transaction.atomic
def choose_plan(
    *, player: Player, minutes: int, spend: Decimal, at: datetime | None = None
) -> SessionPlan:
    """Begin a session of so long with so much to lose; nothing changes it until it is over.

    Raises Conflict (one is under way), InvalidInput.
    """
    at = at or database_now()
    wrong = {}
    if not 1 <= minutes <= PLAN_MINUTES_MAX:
        wrong["minutes"] = "Choose between a minute and a day."
    if not 0 < spend <= PLAN_SPEND_MAX:
        wrong["spend"] = "Enter an amount above zero."
    if wrong:
        raise InvalidInput(fields=wrong)
    locked = _lock(player.pk)
    if plan_of(player.pk) is not None:
        raise Conflict("The session you planned is under way.")
    plan = SessionPlan.objects.create(
        player=locked,
        minutes=minutes,
        spend=spend,
        chosen_at=at,
        ends_at=at + timedelta(minutes=minutes),
    )
    restrictions.lift(
        player_id=player.pk, code=PLAN_CODE, actor=player, reason="Time and money are chosen"
    )
    audit.record(
        "player.session_planned",
        actor=player,
        subject=plan,
        after={"minutes": minutes, "spend": f"{spend:f}"},
    )
    return plan


@transaction.atomic
def require_plan(player_id: int) -> bool:
    """Stop play until a plan is made, where the profile wants one; whether it did."""
    player = _lock(player_id)
    wanted = profiles.profile_of(player).session_plan
    stands = any(one.code == PLAN_CODE for one in restrictions.standing(player_id))
    if wanted and not stands and plan_of(player_id) is None:
        restrictions.impose(
            player_id=player_id,
            code=PLAN_CODE,
            stops=Block.PLAY,
            words="Choose first how long and for how much you want to play.",
            actor="system",
            reason=f"Profile {profiles.profile_of(player).name} wants a plan before a session",
        )
        return True
    if not wanted and stands:
        restrictions.lift(
            player_id=player_id,
            code=PLAN_CODE,
            actor="system",
            reason="The profile wants no plan",
        )
    return False


def require_plans() -> int:
    """Stop play of those whose profile wants a plan and who have none; how many."""
    wanting = {
        country
        for country in Player.objects.order_by("country")
        .values_list("country", flat=True)
        .distinct()
        if profiles.profile_for(country).session_plan
    }
    stopped = Restriction.objects.filter(code=PLAN_CODE, lifted_at=None)
    planned = SessionPlan.objects.filter(ended_at=None)
    found = (
        Player.objects.filter(country__in=wanting, status=Player.Status.ACTIVE)
        .exclude(pk__in=stopped.values("player_id"))
        .exclude(pk__in=planned.values("player_id"))
        .order_by("pk")
    )
    ids = list(found.values_list("pk", flat=True)[:BATCH])
    # And those whose profile wants none any more.
    ids += stopped.exclude(player__country__in=wanting).values_list("player_id", flat=True)[:BATCH]
    return sum(require_plan(pk) for pk in ids)


def _enforce(session: PlaySession, at: datetime) -> bool:
    room = time_room(session.player_id, at=at)
    if room is None:
        return False
    if room > timedelta():
        _remind(session, room, at)
        return False
    return _stop(session.player_id, at)


@transaction.atomic
def _stop(player_id: int, at: datetime) -> bool:
    _lock(player_id)
    session = PlaySession.objects.select_for_update(no_key=True).filter(
        player_id=player_id, ended_at=None
    ).first()  # fmt: skip
    if session is None:
        return False
    restrictions.impose(
        player_id=player_id,
        code=TIME_CODE,
        stops=Block.PLAY,
        words="The time you set yourself for playing is used up.",
        actor="system",
        reason="Session-time limit reached",
    )
    reality.stop(session, PlaySession.End.LIMIT, at)
    transaction.on_commit(
        lambda: live.push(
            player_id,
            "toast",
            {"kind": "warning", "text": "The time you set yourself for playing is used up."},
        )
    )
    return True


def _remind(session: PlaySession, room: timedelta, at: datetime) -> None:
    """Say once a session that four fifths of a limit are used."""
    shares = [
        time_played(session.player_id, at - span, until=at) / _minutes(limit)
        for window, span in LENGTHS.items()
        if (limit := selectors.effective(session.player_id, LimitKind.SESSION, window))
    ]
    if not shares or Decimal(str(max(shares))) < REMIND_AT:
        return
    if cache.add(f"session-reminder:{session.pk}", 1, 24 * 60 * 60):
        minutes = max(1, int(room.total_seconds() // 60))
        text = f"{minutes} minutes are left of the time you set yourself."
        live.push(session.player_id, "toast", {"kind": "info", "text": text})


@transaction.atomic
def _release(player_id: int, at: datetime) -> bool:
    _lock(player_id)
    room = time_room(player_id, at=at)
    if room is not None and room < ROOM_MIN:
        limits = [
            _minutes(one)
            for window in LENGTHS
            if (one := selectors.effective(player_id, LimitKind.SESSION, window)) is not None
        ]
        # A limit below the least room is released when nothing of it is used.
        if room < min(limits):
            return False
    return restrictions.lift(
        player_id=player_id, code=TIME_CODE, actor="system", reason="There is time to play again"
    )


def _end_plans(at: datetime) -> int:
    found = SessionPlan.objects.filter(ended_at=None).order_by("ends_at")[:BATCH]
    return sum(_end_plan(one, at) for one in list(found))


def _end_plan(plan: SessionPlan, at: datetime) -> bool:
    if plan.ends_at > at:
        played = selectors.played(plan.player_id, plan.chosen_at)
        if played.staked - played.won < plan.spend:
            return False
    return _close_plan(plan, "time" if plan.ends_at <= at else "spend", at)


@transaction.atomic
def _close_plan(plan: SessionPlan, why: str, at: datetime) -> bool:
    _lock(plan.player_id)
    if not SessionPlan.objects.filter(pk=plan.pk, ended_at=None).update(ended_at=at, ended_as=why):
        return False
    require_plan(plan.player_id)
    session = PlaySession.objects.filter(player_id=plan.player_id, ended_at=None).first()
    if session is not None:
        reality.stop(session, PlaySession.End.PLAN, at)
    return True


def _minutes(value: Decimal) -> timedelta:
    return timedelta(seconds=int(value * 60))


def _lock(player_id: int) -> Player:
    return Player.objects.select_for_update(no_key=True).get(pk=player_id)
