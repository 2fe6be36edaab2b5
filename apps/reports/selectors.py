"""Revenue, people and health as the back office shows them. Currencies are never added up."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Max, Sum

from apps.accounts.models import Player
from apps.core.clock import now
from apps.core.money import Currency, Money
from apps.ledger import followers
from apps.ledger.models import Cursor, Entry
from apps.ledger.selectors import currency_of_id
from apps.reports.models import ActiveHour, RevenueHour
from apps.reports.periods import Period

ONLINE_MINUTES = 5
SUMS = (
    "stakes",
    "wins",
    "deposits",
    "withdrawals",
    "bet_count",
    "win_count",
    "deposit_count",
    "withdrawal_count",
)


@dataclass(frozen=True)
class Revenue:
    """One currency in one period. GGR is stakes minus wins; rollbacks are out of both."""

    currency: Currency
    stakes: Money
    wins: Money
    deposits: Money
    withdrawals: Money
    bet_count: int
    win_count: int
    deposit_count: int
    withdrawal_count: int

    @property
    def ggr(self) -> Money:
        return self.stakes - self.wins


@dataclass(frozen=True)
class HourGgr:
    hour: datetime
    ggr: Money


@dataclass(frozen=True)
class FollowerLag:
    """How far behind the journal a reader is: entry ids, and the age of the oldest unread one."""

    name: str
    behind: int
    seconds: int
    error: str


@dataclass(frozen=True)
class PartnerMovement:
    partner: str
    moved_at: datetime


def revenue(period: Period) -> list[Revenue]:
    """Per currency, the one with the most bets first."""
    rows = (
        RevenueHour.objects.filter(hour__gte=period.since)
        .values("currency_id")
        .annotate(**{name: Sum(name) for name in SUMS})
    )
    found = [_revenue(row) for row in rows]
    return sorted(found, key=lambda one: (-one.bet_count, one.currency.code))


def no_revenue(currency: Currency) -> Revenue:
    zero = Money.zero(currency)
    return Revenue(currency, zero, zero, zero, zero, 0, 0, 0, 0)


def ggr_by_hour(period: Period, currency: Currency) -> list[HourGgr]:
    """Every hour of the period, the ones without play as zero."""
    rows = (
        RevenueHour.objects.filter(hour__gte=period.since, currency__code=currency.code)
        .values("hour")
        .annotate(stakes=Sum("stakes"), wins=Sum("wins"))
    )
    ggr: dict[datetime, Decimal] = defaultdict(Decimal)
    for row in rows:
        ggr[row["hour"]] = row["stakes"] - row["wins"]
    return [HourGgr(hour, Money.from_major(ggr[hour], currency)) for hour in period.hours]


def players_online() -> int:
    return Player.objects.filter(seen_at__gte=now() - timedelta(minutes=ONLINE_MINUTES)).count()


def players_active(period: Period) -> int:
    """Players who bet in the period."""
    return ActiveHour.objects.filter(hour__gte=period.since).values("player_id").distinct().count()


def follower_lags() -> list[FollowerLag]:
    cursors = {cursor.name: cursor for cursor in Cursor.objects.all()}
    return [
        _lag(name, behind, cursors.get(name)) for name, behind in sorted(followers.lag().items())
    ]


def partner_movements(since: datetime) -> list[PartnerMovement]:
    """When each partner last moved money."""
    rows = (
        RevenueHour.objects.filter(hour__gte=since)
        .values("partner__code")
        .annotate(moved_at=Max("moved_at"))
        .order_by("partner__code")
    )
    return [PartnerMovement(row["partner__code"], row["moved_at"]) for row in rows]


def _revenue(row: Mapping[str, Any]) -> Revenue:
    currency = currency_of_id(row["currency_id"])
    return Revenue(
        currency=currency,
        stakes=Money.from_major(row["stakes"], currency),
        wins=Money.from_major(row["wins"], currency),
        deposits=Money.from_major(row["deposits"], currency),
        withdrawals=Money.from_major(row["withdrawals"], currency),
        bet_count=row["bet_count"],
        win_count=row["win_count"],
        deposit_count=row["deposit_count"],
        withdrawal_count=row["withdrawal_count"],
    )


def _lag(name: str, behind: int, cursor: Cursor | None) -> FollowerLag:
    seconds = 0
    if behind > 0:
        after = cursor.position if cursor else 0
        oldest = (
            Entry.objects.filter(pk__gt=after)
            .order_by("pk")
            .values_list("created_at", flat=True)
            .first()
        )
        seconds = max(0, int((now() - oldest).total_seconds())) if oldest else 0
    return FollowerLag(name, behind, seconds, cursor.error if cursor else "")
