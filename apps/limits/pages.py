"""What the safer-play pages show, put together from the selectors."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from functools import cached_property

from django.conf import settings
from django.db import transaction
from django.urls import NoReverseMatch, reverse

from apps.accounts.models import Player
from apps.core.clock import now
from apps.core.money import Money
from apps.ledger.models import Block, Entry, Kind, Purse
from apps.limits import profiles, reality, selectors, sessions_time
from apps.limits.models import (
    DepositCount,
    Exclusion,
    Limit,
    LimitKind,
    LimitOwner,
    LimitRequest,
    PlayHour,
    Window,
)
from apps.limits.selectors import Happening, Room
from apps.limits.windows import LENGTHS
from apps.rates import selectors as rates
from apps.wallet import restrictions
from apps.wallet.models import Restriction

KIND_WORDS = {
    LimitKind.DEPOSIT: "Deposits",
    LimitKind.LOSS: "Losses",
    LimitKind.WAGER: "Stakes",
    LimitKind.SESSION: "Time played",
}
WINDOW_WORDS = {Window.DAY: "24 hours", Window.WEEK: "7 days", Window.MONTH: "30 days"}
OWNER_WORDS = {
    "player": "set by you",
    "operator": "set by us",
    "licence": "set by law",
}
OUT = {Kind.WITHDRAWAL_RESERVED, Kind.WITHDRAWAL_RELEASED, Kind.WITHDRAWAL_RETURNED}
DAYS_SHOWN = 14


@dataclass(frozen=True, slots=True)
class Line:
    """One kind of limit in one window, as a row of the page."""

    kind: str
    window: str
    limit: Money | None
    minutes: int | None
    used: Money | None
    used_minutes: int | None
    room: Money | None
    room_minutes: int | None
    percent: int
    releases_at: datetime | None
    owner: str
    is_own: bool
    request: LimitRequest | None
    is_ready: bool

    @property
    def kind_words(self) -> str:
        return KIND_WORDS[LimitKind(self.kind)]

    @property
    def window_words(self) -> str:
        return WINDOW_WORDS[Window(self.window)]

    @property
    def owner_words(self) -> str:
        return OWNER_WORDS.get(self.owner, "")

    @property
    def is_time(self) -> bool:
        return self.kind == LimitKind.SESSION

    @property
    def asked(self) -> Money | int | None:
        """What the waiting request asks for; None: no limit at all."""
        if self.request is None or self.request.value is None:
            return None
        return int(self.request.value) if self.is_time else base(self.request.value)


@dataclass(frozen=True, slots=True)
class Period:
    """One column of the spending page. Never used to sell anything."""

    label: str
    deposits: Money
    withdrawals: Money
    staked: Money
    won: Money
    net: Money
    time: timedelta
    is_complete: bool


@dataclass(frozen=True, slots=True)
class DayLine:
    day: datetime
    deposits: Money
    staked: Money
    won: Money
    net: Money
    time: timedelta
    share: int


class Guard:
    """What the frame of every page may ask about a player; each property costs only when shown."""

    def __init__(self, player: Player | None):
        self.player = player

    @cached_property
    def stopped(self) -> Restriction | None:
        """The reason why this player may not play, to be said in its words."""
        if self.player is None:
            return None
        return restrictions.stopping(self.player.pk, Block.PLAY)

    @cached_property
    def stopped_href(self) -> str:
        return page_of(self.stopped.code) if self.stopped else ""

    @cached_property
    def deposit_room(self) -> Line | None:
        if self.player is None:
            return None
        room = selectors.deposit_room(self.player.pk)
        return _money_line(room, None, now()) if room else None

    @cached_property
    def asks_limit(self) -> bool:
        return self.player is not None and asks_first_limit(self.player)

    @property
    def windows(self) -> list[tuple[str, str]]:
        return [(window.value, words) for window, words in WINDOW_WORDS.items()]

    @cached_property
    def review_due(self) -> bool:
        return self.player is not None and is_review_due(self.player)

    @cached_property
    def is_on_break(self) -> bool:
        return self.player is not None and selectors.is_excluded(self.player.pk)


def base(value: Decimal) -> Money:
    """A value of the selectors as an amount; a part of a cent is dropped."""
    return Money.from_major(value, rates.base_currency(), rounding="down")


def page_of(code: str) -> str:
    """Where a player does something about a restriction."""
    try:
        return reverse(settings.RESTRICTION_PAGES.get(code, "limits:home"))
    except NoReverseMatch:
        return reverse("limits:home")


def lines(player: Player, *, at: datetime | None = None) -> list[Line]:
    """Every limit that is in force or waits to become looser."""
    at = at or now()
    waiting = {(one.kind, one.window): one for one in selectors.requests_of(player.pk)}
    rows = [
        _money_line(room, waiting.get((room.kind, room.window)), at)
        for room in selectors.rooms(player.pk, at=at)
    ]
    own = {
        one.window: one for one in selectors.limits_of(player.pk) if one.kind == LimitKind.SESSION
    }
    for window, limit in own.items():
        rows.append(_time_line(player, limit, waiting.get((LimitKind.SESSION, window)), at))
    return rows


def periods(player: Player, *, at: datetime | None = None) -> list[Period]:
    """What came in, went out, was staked and won in a day, a week and a month."""
    at = at or now()
    return [
        _period(player, WINDOW_WORDS[window], at - span, at) for window, span in LENGTHS.items()
    ]


def days(player: Player, *, at: datetime | None = None) -> list[DayLine]:
    """The last days one by one, the newest first; days in UTC."""
    at = at or now()
    today = at.replace(hour=0, minute=0, second=0, microsecond=0)
    since = today - timedelta(days=DAYS_SHOWN - 1)
    staked: dict[datetime, Decimal] = {}
    won: dict[datetime, Decimal] = {}
    for hour, one, other in PlayHour.objects.filter(player=player, hour__gte=since).values_list(
        "hour", "staked", "won"
    ):
        day = hour.replace(hour=0)
        staked[day] = staked.get(day, Decimal(0)) + one
        won[day] = won.get(day, Decimal(0)) + other
    paid: dict[datetime, Decimal] = {}
    for when, value in DepositCount.objects.filter(
        player=player, at__gte=since, value__isnull=False
    ).values_list("at", "value"):
        day = when.replace(hour=0, minute=0, second=0, microsecond=0)
        paid[day] = paid.get(day, Decimal(0)) + (value or Decimal(0))
    most = max(staked.values(), default=Decimal(0))
    found = []
    for number in range(DAYS_SHOWN):
        day = today - timedelta(days=number)
        one, other = staked.get(day, Decimal(0)), won.get(day, Decimal(0))
        if not one and day not in paid:
            continue
        found.append(
            DayLine(
                day=day,
                deposits=base(paid.get(day, Decimal(0))),
                staked=base(one),
                won=base(other),
                net=base(other - one),
                time=sessions_time.time_played(
                    player.pk, day, until=min(at, day + timedelta(days=1))
                ),
                share=int(one * 100 / most) if most else 0,
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """What changed, when, from what to what, by whom."""

    at: datetime
    until: datetime | None
    title: str
    text: str
    by: str


def history(player: Player) -> list[HistoryLine]:
    return [_line_of(one) for one in selectors.history(player.pk)]


def asks_first_limit(player: Player) -> bool:
    """Whether the player has still to answer if they want a limit."""
    if not profiles.profile_of(player).asks_limit_first:
        return False
    if reality.choices_of(player.pk).limit_asked_at is not None:
        return False
    if DepositCount.objects.filter(player=player).exists():
        return False
    return not Limit.objects.filter(player=player, owner=LimitOwner.PLAYER).exists()


def is_review_due(player: Player, *, at: datetime | None = None) -> bool:
    """Whether it is time to look back at the account, by the profile or the player's own wish."""
    choices = reality.choices_of(player.pk)
    months = profiles.profile_of(player).review_months
    if choices.review_months:
        months = min(months, choices.review_months)
    since = choices.reviewed_at or player.created_at
    return (at or now()) - since >= timedelta(days=30 * months)


def _money_line(room: Room, request: LimitRequest | None, at: datetime) -> Line:
    used = room.used if room.used is not None else room.limit
    share = used * 100 / room.limit if room.limit else Decimal(100)
    return Line(
        kind=room.kind,
        window=room.window,
        limit=base(room.limit),
        minutes=None,
        used=base(max(used, Decimal(0))) if room.used is not None else None,
        used_minutes=None,
        room=base(room.room) if room.room is not None else None,
        room_minutes=None,
        percent=max(0, min(100, int(share))),
        releases_at=room.releases_at if used > 0 else None,
        owner=room.owner,
        is_own=room.owner == LimitOwner.PLAYER,
        request=request,
        is_ready=request is not None and request.ready_at <= at,
    )


def _time_line(player: Player, limit: Limit, request: LimitRequest | None, at: datetime) -> Line:
    played = sessions_time.time_played(player.pk, at - LENGTHS[Window(limit.window)], until=at)
    used = int(Decimal(int(played.total_seconds())) / 60)
    minutes = int(limit.value)
    return Line(
        kind=limit.kind,
        window=limit.window,
        limit=None,
        minutes=minutes,
        used=None,
        used_minutes=used,
        room=None,
        room_minutes=max(0, minutes - used),
        percent=min(100, used * 100 // minutes) if minutes else 100,
        releases_at=None,
        owner=limit.owner,
        is_own=limit.owner == LimitOwner.PLAYER,
        request=request,
        is_ready=request is not None and request.ready_at <= at,
    )


def _period(player: Player, label: str, since: datetime, at: datetime) -> Period:
    played = selectors.played(player.pk, since)
    deposits = selectors.used(player.pk, LimitKind.DEPOSIT, _window(at - since), at=at)
    withdrawn, is_valued = _withdrawn(player.pk, since)
    return Period(
        label=label,
        deposits=base(deposits or Decimal(0)),
        withdrawals=base(withdrawn),
        staked=base(played.staked),
        won=base(played.won),
        net=base(played.net),
        time=sessions_time.time_played(player.pk, since, until=at),
        is_complete=played.is_complete and deposits is not None and is_valued,
    )


def _window(span: timedelta) -> Window:
    return next(window for window, length in LENGTHS.items() if length == span)


@transaction.atomic
def _withdrawn(player_id: int, since: datetime) -> tuple[Decimal, bool]:
    """What left the balance towards the outside and did not come back."""
    entries = Entry.objects.filter(
        wallet__player_id=player_id, wallet__purse=Purse.CASH, kind__in=OUT, created_at__gt=since
    )
    amounts = dict(entries.values_list("pk", "amount"))
    worth = rates.worth_of(amounts)
    total = sum((-worth[pk] for pk in amounts if pk in worth), Decimal(0))
    return max(total, Decimal(0)), len(worth) == len(amounts)


def _of_limit(row: Limit) -> tuple[str, str, str]:
    title = f"{KIND_WORDS[LimitKind(row.kind)]}: {_value_words(row.kind, row.value)}"
    text = f"in {WINDOW_WORDS[Window(row.window)]}, {OWNER_WORDS[row.owner]}"
    return title, text, "us" if row.owner == LimitOwner.OPERATOR else "you"


def _of_request(row: LimitRequest) -> tuple[str, str, str]:
    wish = _value_words(row.kind, row.value) if row.value is not None else "no limit"
    before = _value_words(row.kind, row.before)
    title = f"Asked: {KIND_WORDS[LimitKind(row.kind)].lower()} {before} to {wish}"
    return title, f"in {WINDOW_WORDS[Window(row.window)]}, {row.get_state_display()}", "you"


def _of_break(row: Exclusion) -> tuple[str, str, str]:
    until = f"until {row.until:%d %B %Y, %H:%M} UTC" if row.until else "for ever"
    ended = f", {row.get_ended_as_display()}" if row.ended_as else ""
    # Staff are named by their sign-in address, players by their public name.
    by = "us" if "@" in row.asked_by or row.asked_by == "system" else "you"
    return str(row.get_kind_display()).capitalize(), f"{until}{ended}", by


def _line_of(one: Happening) -> HistoryLine:
    match one.row:
        case Limit():
            title, text, by = _of_limit(one.row)
        case LimitRequest():
            title, text, by = _of_request(one.row)
        case Exclusion():
            title, text, by = _of_break(one.row)
    return HistoryLine(at=one.at, until=one.until, title=title, text=text, by=by)


def _value_words(kind: str, value: Decimal) -> str:
    if kind == LimitKind.SESSION:
        return f"{int(value.to_integral_value(ROUND_CEILING))} minutes"
    amount = base(value)
    return f"{amount.text} {amount.currency.code}"
