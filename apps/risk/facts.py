"""What the rules look at: one player up to one moment, read once and only when a rule asks.

`Facts.upto` gives the same player at an earlier moment from what was read already, so a rule can be
tried over the past as it would have seen it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property

from apps.accounts.models import Player
from apps.ledger.models import Entry, Kind, Purse
from apps.rates import selectors as rates
from apps.risk import linking, sources
from apps.risk.models import Standing
from apps.risk.sources import Payment

# No rule looks back further; parameters are checked against it.
LOOK_BACK = timedelta(days=180)
STAKES_MAX = 50_000
STAKING = [Kind.BET, Kind.ROLLBACK]


@dataclass(frozen=True)
class Stake:
    at: datetime
    entry_id: int
    value: Decimal


@dataclass
class Facts:
    """A player at a moment. Times are inclusive; values are in the base currency."""

    player_id: int
    at: datetime
    _all_payments: list[Payment] | None = field(default=None, repr=False)
    _all_stakes: list[Stake] | None = field(default=None, repr=False)

    def upto(self, at: datetime) -> "Facts":
        """The same player as they stood then."""
        return Facts(self.player_id, at, self._payments, self._stakes)

    @cached_property
    def player(self) -> Player:
        return Player.objects.get(pk=self.player_id)

    @cached_property
    def risk_class(self) -> str:
        found = Standing.objects.filter(player_id=self.player_id, ended_at=None).first()
        return found.risk_class if found else Standing.Class.LOW.value

    def payments(self, direction: str, *, within: timedelta) -> list[Payment]:
        """The oldest first."""
        since = self.at - within
        return [
            one
            for one in self._payments
            if one.direction == direction and since <= one.at <= self.at
        ]

    def staked(self, *, since: datetime) -> Decimal:
        """What was staked and not rolled back from then on, in any currency."""
        moved = sum(
            (one.value for one in self._stakes if since <= one.at <= self.at), start=Decimal(0)
        )
        return max(moved, Decimal(0))

    @cached_property
    def links(self) -> list[linking.Link]:
        """Other accounts that have something in common with this one, the strongest first."""
        return linking.links_of(self.player_id)

    def payments_of(self, player_ids: Sequence[int], *, within: timedelta) -> list[Payment]:
        """Of other players, in the same time."""
        return sources.payments(player_ids, since=self.at - within, until=self.at)

    @property
    def _payments(self) -> list[Payment]:
        if self._all_payments is None:
            self._all_payments = sources.payments(
                [self.player_id], since=self.at - LOOK_BACK, until=self.at
            )
        return self._all_payments

    @property
    def _stakes(self) -> list[Stake]:
        if self._all_stakes is None:
            first = self._payments[0].at if self._payments else self.at
            self._all_stakes = stakes_of(self.player_id, since=first, until=self.at)
        return self._all_stakes


def stakes_of(player_id: int, *, since: datetime, until: datetime) -> list[Stake]:
    """Bets of cash, and what was rolled back of them, below zero."""
    entries = list(
        Entry.objects.filter(
            wallet__player_id=player_id,
            wallet__purse=Purse.CASH,
            kind__in=STAKING,
            created_at__gte=since,
            created_at__lte=until,
        )
        .order_by("-id")
        .values_list("pk", "created_at")[:STAKES_MAX]
    )
    worth = rates.worth_of([pk for pk, _ in entries])
    return [Stake(at, pk, -worth[pk]) for pk, at in reversed(entries) if pk in worth]


def net_result(player_id: int, *, since: datetime, until: datetime) -> Decimal:
    """Wins less stakes in cash; below zero the player has lost."""
    entries = list(
        Entry.objects.filter(
            wallet__player_id=player_id,
            wallet__purse=Purse.CASH,
            kind__in=[*STAKING, Kind.WIN],
            created_at__gte=since,
            created_at__lte=until,
        )
        .order_by("-id")
        .values_list("pk", flat=True)[:STAKES_MAX]
    )
    return sum(rates.worth_of(entries).values(), start=Decimal(0))
