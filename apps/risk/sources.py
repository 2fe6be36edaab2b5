"""What risk wants to know of payments, in its own words. Whoever has payments answers.

Payments stand above this app, so they name what answers in `settings.RISK_SOURCES`: a class with
the methods of `Source`. Nothing here changes anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from apps.risk.models import Trace


@dataclass(frozen=True)
class Payment:
    """Money that came in, or was asked out. value: in the base currency, None without a rate.

    instrument: what it came from or goes to, the same text for the same thing; empty: unknown.
    country: of the instrument, where the gateway says it.
    """

    direction: Literal["in", "out"]
    public_id: str
    player_id: int
    at: datetime
    currency: str
    amount: Decimal
    value: Decimal | None
    entry_id: int | None
    instrument: str
    country: str = ""


@dataclass(frozen=True)
class Mark:
    """Something of a player that another account may have too. text is never stored as it is."""

    kind: Trace.Kind
    text: str
    hint: str
    at: datetime


class Source(Protocol):
    def payments(
        self, player_ids: Sequence[int], *, since: datetime, until: datetime
    ) -> list[Payment]:
        """Confirmed deposits and wanted payouts of these players, the oldest first."""

    def marks(self, player_id: int) -> list[Mark]:
        """Addresses, instruments and names that this player has used."""

    def active_players(self, *, since: datetime, limit: int) -> list[int]:
        """Who paid in or asked for a payout since then."""


def all_sources() -> list[Source]:
    return [import_string(path)() for path in settings.RISK_SOURCES]


def payments(player_ids: Sequence[int], *, since: datetime, until: datetime) -> list[Payment]:
    """Of every source, the oldest first."""
    found = [
        payment
        for source in all_sources()
        for payment in source.payments(player_ids, since=since, until=until)
    ]
    return sorted(found, key=lambda one: (one.at, one.public_id))
