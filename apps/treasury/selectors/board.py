"""How payments fare, by method: approval, time, cost, failures, and volume against the usual.

A method is a rail, in one direction; on a fiat rail also the way of paying.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from apps.core.clock import now
from apps.core.money import Currency, Money
from apps.ledger import selectors as ledger
from apps.payments.models import Rail

HISTORY_WEEKS = 8
HOUR = timedelta(hours=1)
WEEK = timedelta(days=7)
FAILURES_MAX = 50
# Windows in which a method may fall silent, the shortest first.
WINDOWS = (1, 3, 6, 12, 24)
PERIODS = {"24h": 24, "7d": 24 * 7, "30d": 24 * 30}

_PAYMENTS = """
    SELECT 'deposit' AS direction, d.rail_id, d.method, d.currency, d.state, d.amount, d.error AS why,
           d.created_at, d.confirmed_at AS done_at,
           CASE WHEN d.state IN ('confirmed', 'refunded', 'reversed') THEN 'ok'
                WHEN d.state = 'cancelled' THEN 'failed' ELSE 'open' END AS outcome
      FROM payments_deposit d WHERE d.created_at >= %(since)s
     UNION ALL
    SELECT 'withdrawal', w.rail_id, w.method, w.currency, w.state, w.amount,
           CASE WHEN w.state = 'rejected' THEN w.decision ELSE w.error END,
           w.created_at, CASE WHEN w.state = 'paid' THEN w.finished_at END,
           CASE WHEN w.state = 'paid' THEN 'ok'
                WHEN w.state IN ('rejected', 'released') THEN 'failed'
                WHEN w.state = 'cancelled' THEN 'called back' ELSE 'open' END
      FROM payments_withdrawal w WHERE w.created_at >= %(since)s
"""


@dataclass(frozen=True)
class Method:
    """One way of paying in one direction."""

    direction: str
    rail: Rail
    method: str

    @property
    def words(self) -> str:
        return f"{self.rail}, {self.method}" if self.method else str(self.rail)

    @property
    def key(self) -> str:
        return ":".join(filter(None, (self.direction, self.rail.code, self.method)))


@dataclass(frozen=True)
class Performance:
    """A method in a period. seconds: from the first we heard to money, half of them and nine of ten.

    cost: what the gateway kept of payments through it, in the rail's currency.
    """

    method: Method
    currency: Currency
    approved: int
    failed: int
    under_way: int
    volume: Money
    median_seconds: int | None
    p90_seconds: int | None
    cost: Decimal

    @property
    def approval_bps(self) -> int | None:
        decided = self.approved + self.failed
        return self.approved * 10_000 // decided if decided else None

    @property
    def cost_bps(self) -> int | None:
        if not self.volume.units:
            return None
        return int(self.cost * 10_000 / self.volume.major)


@dataclass(frozen=True)
class Failure:
    """Payments of a method that ended without money, by what was said about it."""

    method: Method
    why: str
    count: int


@dataclass(frozen=True)
class HourCount:
    """usual: payments of the same hour of the week, over all the weeks of history."""

    hour: datetime
    count: int
    usual: int
    weeks: int

    @property
    def expected(self) -> int:
        """Rounded to the nearest, for the eye; rules use `usual` and `weeks`."""
        return (self.usual + self.weeks // 2) // self.weeks if self.weeks else 0


@dataclass(frozen=True)
class Silence:
    """A method that should have had payments in the last hours and had none."""

    method: Method
    hours: int
    usual: int
    weeks: int

    @property
    def expected(self) -> int:
        return self.usual // self.weeks


@dataclass(frozen=True)
class History:
    """Payments begun per method and hour of UTC, over the history. hour: the one that runs."""

    hour: datetime
    methods: dict[str, Method]
    of: dict[str, dict[datetime, int]]

    def total(self) -> dict[datetime, int]:
        added: dict[datetime, int] = defaultdict(int)
        for hours in self.of.values():
            for hour, count in hours.items():
                added[hour] += count
        return added

    def weeks_of(self, hours: Mapping[datetime, int]) -> int:
        """How many whole weeks a method has been there for: a new one has no usual yet."""
        if not hours:
            return 0
        return min(HISTORY_WEEKS, (self.hour - min(hours)) // WEEK)


def performance(hours: int, *, at: datetime | None = None) -> list[Performance]:
    """Every method that had a payment in the period, the busiest first."""
    since = (at or now()) - timedelta(hours=hours)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT direction, rail_id, method, currency,
                   count(*) FILTER (WHERE outcome = 'ok'),
                   count(*) FILTER (WHERE outcome = 'failed'),
                   count(*) FILTER (WHERE outcome = 'open'),
                   coalesce(sum(amount) FILTER (WHERE outcome = 'ok'), 0),
                   percentile_disc(0.5) WITHIN GROUP (ORDER BY seconds),
                   percentile_disc(0.9) WITHIN GROUP (ORDER BY seconds)
              FROM (SELECT p.*, CASE WHEN outcome = 'ok' THEN
                           extract(epoch FROM done_at - created_at)::bigint END AS seconds
                      FROM ({_PAYMENTS}) p) timed
             GROUP BY 1, 2, 3, 4 ORDER BY count(*) DESC, direction, rail_id, method
            """,
            {"since": since},
        )
        rows = cursor.fetchall()
    rails, costs = _rails(), _costs(since)
    found = []
    for direction, rail_id, method, code, approved, failed, open_, volume, median, p90 in rows:
        of = ledger.currency(code)
        found.append(
            Performance(
                method=Method(direction, rails[rail_id], method),
                currency=of,
                approved=approved,
                failed=failed,
                under_way=open_,
                volume=Money.from_major(volume, of),
                median_seconds=median,
                p90_seconds=p90,
                cost=costs.get((direction, rail_id, method, code), Decimal(0)),
            )
        )
    return found


def failures(hours: int, *, at: datetime | None = None) -> list[Failure]:
    """Why payments ended without money, the most frequent first."""
    since = (at or now()) - timedelta(hours=hours)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT direction, rail_id, method, coalesce(nullif(why, ''), 'no reason was given'),
                   count(*)
              FROM ({_PAYMENTS}) p WHERE outcome = 'failed'
             GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC, 1, 2, 3, 4 LIMIT {FAILURES_MAX}
            """,
            {"since": since},
        )
        rows = cursor.fetchall()
    rails = _rails()
    return [
        Failure(Method(direction, rails[rail_id], method), why, count)
        for direction, rail_id, method, why, count in rows
    ]


def hourly(counts: History, key: str, hours: int = 24) -> list[HourCount]:
    """Payments of one method (all, with an empty key) per hour against the same hours before."""
    chosen = counts.total() if not key else counts.of.get(key, {})
    weeks = counts.weeks_of(chosen)
    return [
        HourCount(hour, chosen.get(hour, 0), _usual(chosen, hour, weeks), weeks)
        for hour in (counts.hour - HOUR * back for back in reversed(range(hours)))
    ]


def methods(counts: History) -> list[Method]:
    """The methods with a payment in the history."""
    return sorted(counts.methods.values(), key=lambda one: one.key)


def silences(counts: History, thresholds: Mapping[str, int]) -> list[Silence]:
    """Methods without a payment in a window in which enough would be usual.

    thresholds: how many expected payments are enough, by currency.
    """
    found = []
    for key, hours in sorted(counts.of.items()):
        method = counts.methods[key]
        weeks = counts.weeks_of(hours)
        if not weeks or not method.rail.enabled:
            continue
        enough = thresholds.get(method.rail.currency_id, 5)
        for window in WINDOWS:
            span = [counts.hour - HOUR * back for back in range(window)]
            # The running hour is not over: only full hours are expected of.
            usual = sum(_usual(hours, hour, weeks) for hour in span[1:])
            if any(hours.get(hour, 0) for hour in span):
                break  # it speaks, so longer windows speak too
            if usual >= enough * weeks:
                found.append(Silence(method, window, usual, weeks))
                break
    return found


# ---- counting --------------------------------------------------------------------------------------


def history(at: datetime | None = None) -> History:
    """Read the weeks that the present is compared with."""
    hour = (at or now()).replace(minute=0, second=0, microsecond=0)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT direction, rail_id, method, date_trunc('hour', created_at AT TIME ZONE 'UTC')
                   AT TIME ZONE 'UTC', count(*)
              FROM ({_PAYMENTS}) p GROUP BY 1, 2, 3, 4
            """,
            {"since": hour - WEEK * HISTORY_WEEKS - HOUR * 24},
        )
        rows = cursor.fetchall()
    rails = _rails()
    found: dict[str, Method] = {}
    counts: dict[str, dict[datetime, int]] = defaultdict(dict)
    for direction, rail_id, way, began, count in rows:
        method = Method(direction, rails[rail_id], way)
        found[method.key] = method
        counts[method.key][began] = count
    return History(hour, found, counts)


def _usual(hours: Mapping[datetime, int], hour: datetime, weeks: int) -> int:
    """All payments in this hour of the week, over the weeks of history."""
    return sum(hours.get(hour - WEEK * back, 0) for back in range(1, weeks + 1))


def _costs(since: datetime) -> dict[tuple[str, int, str, str], Decimal]:
    """The gateway's fees in the payment's own currency, from its statements."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT p.direction, p.rail_id, p.method, p.currency, sum(r.fee)
              FROM treasury_gateway_record r
              JOIN (SELECT 'deposit' AS direction, rail_id, method, currency, provider, outside_ref,
                           created_at FROM payments_deposit
                     UNION ALL
                    SELECT 'withdrawal', rail_id, method, currency, provider, outside_ref,
                           created_at FROM payments_withdrawal) p
                ON p.provider = r.provider AND p.outside_ref = r.outside_ref
                   AND p.direction = r.kind
             WHERE r.copies > 0 AND r.fee <> 0 AND r.fee_code = p.currency
               AND p.created_at >= %s
             GROUP BY 1, 2, 3, 4
            """,
            [since],
        )
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return {(row[0], row[1], row[2], row[3]): row[4] for row in rows}


def _rails() -> dict[int, Rail]:
    return {rail.pk: rail for rail in Rail.objects.all()}
