"""Large wins, wagers and payments, single and summed over a day: significant events (AUD-04).

Follows the journal, so the row is there exactly once whichever door the money came through.
"""

import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import ClassVar

from django.conf import settings
from django.db import connection

from apps.accounts.models import Player
from apps.audit import services as audit
from apps.ledger.followers import Follower
from apps.ledger.models import Currency, Entry, Kind
from apps.rates import selectors as rates

WHAT: dict[int, str] = {
    Kind.WIN: "win",
    Kind.FREE_SPINS_WIN: "win",
    Kind.PROMO_WIN: "win",
    Kind.BET: "wager",
    Kind.DEPOSIT: "deposit",
    Kind.WITHDRAWAL_PAID: "withdrawal",
}
PRICE_SECONDS = 60


class LargeMoney(Follower):
    name = "large money"
    batch_size = 2_000
    _prices: ClassVar[dict[str, tuple[float, Decimal | None]]] = {}

    def apply(self, entries: Sequence[Entry]) -> None:
        limit = Decimal(settings.SIGNIFICANT_ABOVE)
        sums: dict[tuple[int, str, date], Decimal] = defaultdict(Decimal)
        newest: dict[tuple[int, str, date], Entry] = {}
        for entry in entries:
            what = WHAT.get(entry.kind)
            price = self._price(_code(entry)) if what else None
            if what is None or price is None:
                continue
            value = abs(entry.amount) * price
            if value >= limit:
                _record(entry, what, value, summed=False)
            key = (entry.wallet.player_id, what, entry.created_at.date())
            sums[key] += value
            newest[key] = entry
        for key, before, after in _added(sums):
            if before < limit <= after:
                _record(newest[key], key[1], after, summed=True)

    def _price(self, code: str) -> Decimal | None:
        """What one coin is worth in the base currency; a minute old at most."""
        at, known = self._prices.get(code, (0.0, None))
        if time.monotonic() - at < PRICE_SECONDS and at:
            return known
        found = rates.prices([code]).get(code)
        price = found.value if found else None
        self._prices[code] = (time.monotonic(), price)
        return price


def _record(entry: Entry, what: str, value: Decimal, *, summed: bool) -> None:
    audit.record(
        f"money.large_{what}" if not summed else f"money.large_{what}_day",
        actor="system",
        subject=Player.objects.get(pk=entry.wallet.player_id),
        after={
            "entry": entry.pk,
            "amount": f"{abs(entry.amount):f}",
            "currency": _code(entry),
            "value": f"{value:.2f}",
            "at": _text(entry.created_at),
        },
    )


def _added(
    sums: dict[tuple[int, str, date], Decimal],
) -> list[tuple[tuple[int, str, date], Decimal, Decimal]]:
    """The day's sums before and after, per player and kind."""
    found = []
    with connection.cursor() as cursor:
        for key in sorted(sums):
            cursor.execute(
                """
                INSERT INTO reports_day_value AS d (player_id, what, day, value)
                VALUES (%s, %s, %s, %s)
                ON CONFLICT (player_id, what, day) DO UPDATE SET value = d.value + EXCLUDED.value
                RETURNING value
                """,
                [*key, sums[key]],
            )
            after = Decimal(cursor.fetchone()[0])
            found.append((key, after - sums[key], after))
    return found


@cache
def _codes() -> dict[int, str]:
    return dict(Currency.objects.values_list("pk", "code"))


def _code(entry: Entry) -> str:
    return _codes()[entry.wallet.currency_id]


def _text(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
