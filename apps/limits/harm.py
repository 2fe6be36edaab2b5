"""Signs that play does somebody harm: counted every day, said in words, looked at by people.

A score is a reason to talk, not a verdict: nothing but offers stops by itself. What the money apps
know (failed deposits, withdrawals called back) comes from the callables `settings.HARM_SOURCES`
names. No sign is ever used to sell anything.
"""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q, Sum
from django.utils.module_loading import import_string

from apps.accounts.models import Player, User
from apps.audit import services as audit
from apps.core.clock import now
from apps.core.errors import Conflict, InvalidInput, NotFound
from apps.limits import profiles
from apps.limits.models import (
    DepositCount,
    HarmCase,
    HarmDay,
    Interaction,
    LimitRequest,
    PlayHour,
    PlaySession,
)
from apps.limits.profiles import Profile

POINTS_MAX = 100
NIGHT_HOURS = range(6)
TEXT_MAX = 2000
BATCH = 500
# A deposit so soon after a loss is chasing it.
CHASING = timedelta(minutes=30)
Source = Callable[[list[int], datetime, datetime], dict[int, int]]


@dataclass(frozen=True, slots=True)
class Sign:
    """One marker that was seen. words: what was counted, for the person who reads it."""

    code: str
    points: int
    words: str


@dataclass(frozen=True, slots=True)
class Steps:
    """From so many on so many points; the highest step that is reached counts."""

    steps: tuple[tuple[int, int], ...]

    def points(self, count: int | Decimal) -> int:
        return max((points for least, points in self.steps if count >= least), default=0)


DEPOSITS = Steps(((5, 10), (10, 20)))
FAILED = Steps(((3, 10), (6, 15)))
CANCELLED = Steps(((1, 10), (3, 20)))
NIGHTS = Steps(((3, 10), (5, 15)))
HOURS = Steps(((4, 10), (8, 20)))
CHASED = Steps(((2, 15), (4, 25)))
LOOSENED = Steps(((3, 10), (6, 15)))
# How many times as much was lost this week as in a usual one.
JUMP = Steps(((2, 15), (4, 25)))
JUMP_LOSS_MIN = Decimal(100)
INTENSE_POINTS = 40


@dataclass(frozen=True, slots=True)
class Day:
    """What one player did, as far as the signs look back from the end of a day."""

    player: Player
    profile: Profile
    day: date
    failed: int
    cancelled: int

    @property
    def begins_at(self) -> datetime:
        return datetime.combine(self.day, time(), UTC)

    @property
    def ends_at(self) -> datetime:
        return self.begins_at + timedelta(days=1)

    def lost(self, days: int, *, back: int = 0) -> Decimal:
        """What was lost in so many days, ending so many days before the end of this one."""
        until = self.ends_at - timedelta(days=back)
        found = PlayHour.objects.filter(
            player=self.player, hour__gte=until - timedelta(days=days), hour__lt=until
        ).aggregate(staked=Sum("staked"), won=Sum("won"))
        return (found["staked"] or Decimal(0)) - (found["won"] or Decimal(0))


def compute_day(day: date, *, after_id: int = 0) -> int:
    """Score everybody who was active on a day, and open or raise cases; how many. Safe to repeat.

    Goes on in batches of players by their id, so that no transaction is long.
    """
    done = 0
    while ids := _active_ids(day, after_id):
        failed, cancelled = (_from_sources(name, ids, day) for name in ("failed", "cancelled"))
        for player in Player.objects.filter(pk__in=ids).order_by("pk"):
            profile = profiles.profile_of(player)
            _score(Day(player, profile, day, failed.get(player.pk, 0), cancelled.get(player.pk, 0)))
            done += 1
        after_id = ids[-1]
    return done


def signs_of(day: Day) -> list[Sign]:
    """Every sign of one player on one day, the heaviest first."""
    found = [one for sign in SIGNS if (one := sign(day)) is not None and one.points]
    return sorted(found, key=lambda one: -one.points)


def newest(player_id: int) -> HarmDay | None:
    return HarmDay.objects.filter(player_id=player_id).order_by("-day").first()


def open_case(player_id: int) -> HarmCase | None:
    return HarmCase.objects.filter(player_id=player_id, closed_at=None).first()


def waiting_cases(limit: int = 100) -> list[HarmCase]:
    """The queue: the highest score first, then the oldest."""
    found = HarmCase.objects.filter(closed_at=None).select_related("player", "taken_by")
    return list(found.order_by("-points", "opened_at")[:limit])


@transaction.atomic
def open_by_hand(*, player_id: int, words: str, by: User) -> HarmCase:
    """Open a case for what somebody heard or saw. Raises NotFound, Conflict, InvalidInput."""
    player = Player.objects.select_for_update(no_key=True).filter(pk=player_id).first()
    if player is None:
        raise NotFound
    if open_case(player_id) is not None:
        raise Conflict("There is an open case of this player.")
    points = min(POINTS_MAX, profiles.profile_of(player).harm_case_score)
    sign = Sign("reported", points, _required(words, "reason"))
    case = HarmCase.objects.create(
        player=player, opened_at=now(), points=points, signs=[asdict(sign)], taken_by=by
    )
    audit.record(
        "harm.case_opened", actor=by, subject=case, after={"points": points}, reason=sign.words
    )
    return case


@transaction.atomic
def log_interaction(*, public_id: str, channel: str, text: str, by: User) -> Interaction:
    """Write down a contact. Raises NotFound, Conflict (closed), InvalidInput."""
    case = _open_locked(public_id)
    if channel not in Interaction.Channel.values:
        raise InvalidInput(fields={"channel": "Choose how you were in contact."})
    said = Interaction.objects.create(
        case=case, at=now(), by=by, channel=channel, text=_required(text, "text")
    )
    if case.taken_by_id is None:
        case.taken_by = by
        case.save(update_fields=["taken_by"])
    audit.record("harm.interaction", actor=by, subject=case, after={"channel": channel})
    return said


@transaction.atomic
def close_case(*, public_id: str, outcome: str, conclusion: str, by: User) -> HarmCase:
    """Close a case with what came of it; somebody has to have been in contact or said why not.

    Raises NotFound, Conflict, InvalidInput.
    """
    case = _open_locked(public_id)
    if outcome not in HarmCase.Outcome.values:
        raise InvalidInput(fields={"outcome": "Choose what came of it."})
    if not case.interactions.exists():
        raise Conflict("Write down a contact or a note first.")
    before = {"points": case.points, "is_high": case.is_high}
    case.outcome, case.conclusion = outcome, _required(conclusion, "conclusion")[:500]
    case.closed_at, case.closed_by = now(), by
    case.save(update_fields=["outcome", "conclusion", "closed_at", "closed_by"])
    audit.record(
        "harm.case_closed",
        actor=by,
        subject=case,
        before=before,
        after={"outcome": outcome},
        reason=case.conclusion,
    )
    return case


def history(player_id: int, days: int = 30) -> list[HarmDay]:
    return list(HarmDay.objects.filter(player_id=player_id).order_by("-day")[:days])


# ---- the signs -----------------------------------------------------------------------------------


def _loss_jump(day: Day) -> Sign | None:
    week, before = day.lost(7), max(day.lost(28, back=7), Decimal(0)) / 4
    if week < JUMP_LOSS_MIN or not before:
        return None
    words = f"lost {_amount(week)} in a week, {_amount(before)} in a usual one"
    return Sign("loss_jump", JUMP.points(week / before), words)


def _intense(day: Day) -> Sign | None:
    """Much lost in every one of several weeks, as Spain's decree counts intense play."""
    profile = day.profile
    is_young = _age(day.player, day.day) <= profile.young_age_max
    bound = profile.young_intense_loss_value if is_young else profile.intense_loss_value
    weeks = [day.lost(7, back=7 * back) for back in range(profile.intense_weeks)]
    if not weeks or min(weeks) < bound:
        return None
    words = f"lost {_amount(bound)} or more in each of {len(weeks)} weeks"
    return Sign("intense_play", INTENSE_POINTS, words)


def _deposit_frequency(day: Day) -> Sign | None:
    count = _deposits(day).count()
    return Sign("deposit_frequency", DEPOSITS.points(count), f"{count} deposits in a day")


def _failed_deposits(day: Day) -> Sign | None:
    words = f"{day.failed} deposits failed in a day"
    return Sign("failed_deposits", FAILED.points(day.failed), words)


def _cancelled_withdrawals(day: Day) -> Sign | None:
    words = f"{day.cancelled} withdrawals called back in a day"
    return Sign("cancelled_withdrawals", CANCELLED.points(day.cancelled), words)


def _night_play(day: Day) -> Sign | None:
    hours = PlayHour.objects.filter(
        player=day.player,
        hour__gte=day.ends_at - timedelta(days=7),
        hour__lt=day.ends_at,
        hour__hour__in=NIGHT_HOURS,
        bets__gt=0,
    )
    nights = len({hour.date() for hour in hours.values_list("hour", flat=True)})
    return Sign("night_play", NIGHTS.points(nights), f"played in {nights} of the last 7 nights")


def _session_length(day: Day) -> Sign | None:
    found = PlaySession.objects.filter(
        player=day.player, last_bet_at__gte=day.begins_at, started_at__lt=day.ends_at
    ).values_list("started_at", "last_bet_at")
    longest = max((last - first for first, last in found), default=timedelta())
    hours = int(longest.total_seconds() // 3600)
    return Sign("session_length", HOURS.points(hours), f"played {hours} hours without a break")


def _chasing(day: Day) -> Sign | None:
    """Deposits made while losing, or right after."""
    times = list(_deposits(day).values_list("at", flat=True))
    if not times:
        return None
    sessions = list(
        PlaySession.objects.filter(
            player=day.player,
            last_bet_at__gte=day.begins_at - CHASING,
            started_at__lt=day.ends_at,
        ).values_list("started_at", "last_bet_at")
    )
    losing = {
        hour
        for hour, staked, won in PlayHour.objects.filter(
            player=day.player, hour__gte=day.begins_at - CHASING, hour__lt=day.ends_at
        ).values_list("hour", "staked", "won")
        if staked > won
    }
    count = sum(
        any(first < at <= last + CHASING for first, last in sessions)
        and bool(losing & {_hour(at), _hour(at - CHASING)})
        for at in times
    )
    return Sign("chasing", CHASED.points(count), f"{count} deposits right after losing")


def _limit_churn(day: Day) -> Sign | None:
    count = LimitRequest.objects.filter(
        player=day.player, asked_at__gte=day.ends_at - timedelta(days=30), asked_at__lt=day.ends_at
    ).count()
    words = f"asked {count} times in 30 days for a looser limit"
    return Sign("limit_churn", LOOSENED.points(count), words)


SIGNS: tuple[Callable[[Day], Sign | None], ...] = (
    _intense,
    _loss_jump,
    _chasing,
    _deposit_frequency,
    _failed_deposits,
    _cancelled_withdrawals,
    _session_length,
    _night_play,
    _limit_churn,
)


# ---- helpers -------------------------------------------------------------------------------------


@transaction.atomic
def _score(day: Day) -> None:
    signs = signs_of(day)
    points = min(POINTS_MAX, sum(one.points for one in signs))
    listed = [asdict(one) for one in signs]
    HarmDay.objects.update_or_create(
        player=day.player, day=day.day, defaults={"points": points, "signs": listed}
    )
    if points >= day.profile.harm_case_score:
        _open_or_raise(day, points, listed)


def _open_or_raise(day: Day, points: int, signs: list[dict[str, object]]) -> None:
    is_high = points >= day.profile.harm_high_score
    # The player's row first, as everywhere: two days computed at once open one case.
    Player.objects.select_for_update(no_key=True).get(pk=day.player.pk)
    case = open_case(day.player.pk)
    if case is None:
        closed_since = HarmCase.objects.filter(player=day.player, closed_at__gte=day.ends_at)
        if closed_since.exists():
            return  # somebody has talked about this day already
        case = HarmCase.objects.create(
            player=day.player, opened_at=now(), points=points, is_high=is_high, signs=signs
        )
        audit.record(
            "harm.case_opened",
            actor="system",
            subject=case,
            after={"points": points, "is_high": is_high, "signs": [one["code"] for one in signs]},
        )
    elif points > case.points or (is_high and not case.is_high):
        before = {"points": case.points, "is_high": case.is_high}
        case.points, case.signs = max(points, case.points), signs
        case.is_high = case.is_high or is_high
        case.save(update_fields=["points", "signs", "is_high"])
        audit.record(
            "harm.case_raised",
            actor="system",
            subject=case,
            before=before,
            after={"points": case.points, "is_high": case.is_high},
        )


def _active_ids(day: date, after_id: int) -> list[int]:
    """Players who played, paid in or asked for a looser limit on a day, and who failed to pay in."""
    begins_at = datetime.combine(day, time(), UTC)
    ends_at = begins_at + timedelta(days=1)
    within = {"gte": begins_at, "lt": ends_at}
    sources: list[Iterable[int]] = [
        rows.filter(
            *[Q(**{f"{field}__{how}": at}) for how, at in within.items()], player_id__gt=after_id
        )
        .order_by("player_id")
        .values_list("player_id", flat=True)
        .distinct()[:BATCH]
        for rows, field in (
            (PlayHour.objects.all(), "hour"),
            (DepositCount.objects.all(), "at"),
            (LimitRequest.objects.all(), "asked_at"),
        )
    ]
    for name in ("failed", "cancelled"):
        found = _ask(name, [], begins_at, ends_at)
        sources.append(sorted(one for one in found if one > after_id)[:BATCH])
    return sorted({one for source in sources for one in source})[:BATCH]


def _from_sources(name: str, ids: list[int], day: date) -> dict[int, int]:
    begins_at = datetime.combine(day, time(), UTC)
    return _ask(name, ids, begins_at, begins_at + timedelta(days=1))


def _ask(name: str, ids: list[int], since: datetime, until: datetime) -> dict[int, int]:
    """How often something happened to each player (all, without ids)."""
    path = settings.HARM_SOURCES.get(name)
    if path is None:
        return {}
    source: Source = import_string(path)
    return source(ids, since, until)


def _deposits(day: Day) -> models.QuerySet[DepositCount]:
    return DepositCount.objects.filter(player=day.player, at__gte=day.begins_at, at__lt=day.ends_at)


def _open_locked(public_id: str) -> HarmCase:
    case = HarmCase.objects.select_for_update().filter(public_id=public_id).first()
    if case is None:
        raise NotFound
    if case.closed_at is not None:
        raise Conflict("This case is closed.")
    return case


def _required(text: str, field: str) -> str:
    text = text.strip()
    if not text:
        raise InvalidInput(fields={field: "This cannot be empty."})
    if len(text) > TEXT_MAX:
        raise InvalidInput(fields={field: f"Use up to {TEXT_MAX} characters."})
    return text


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def _age(player: Player, on: date) -> int:
    born = player.birth_date
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def _amount(value: Decimal) -> str:
    return f"{value:,.2f} {settings.BASE_CURRENCY}"
