"""Jackpots, bets through the ledger's own door, and a follower that has read them all."""

import itertools
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db.models import Max

from apps.accounts.models import Player
from apps.core.money import Money
from apps.jackpots import services
from apps.jackpots.followers import Jackpots
from apps.jackpots.models import Jackpot, Level, Win
from apps.ledger.followers import follow
from apps.ledger.models import Entry
from apps.ledger.selectors import currency
from apps.wallet import movements
from apps.wallet import services as wallets
from tests.conftest import fund

_numbers = itertools.count(1)
Content = dict[str, Any]


def level(code: str = "mini", **fields: Any) -> Content:
    return {
        "code": code,
        "name": code.title(),
        "share_bps": 10_000,
        "seed": "10.00",
        "kind": "amount",
        "low": "12.00",
        "high": "20.00",
        "hours": 0,
        "mean": "0",
    } | fields


def content(*levels: Content, **fields: Any) -> Content:
    return {
        "contribution": "0.01",
        "reserve": "0.1",
        "stake_min": "0.10",
        "needs_opt_in": False,
        "rank_min": 0,
        "partners": [],
        "games": [],
        "currencies": [],
        "countries": [],
        "levels": list(levels) or [level()],
    } | fields


def make_jackpot(*levels: Content, code: str = "house", **fields: Any) -> Jackpot:
    return services.open_jackpot(
        code=code, name=code.title(), content=content(*levels, **fields), by="system", reason="test"
    )


def bet(
    player: Player, amount: str, code: str = "EUR", *, partner: str = "softswiss", **fields: Any
) -> str:
    """Stake an amount; the key of the bet."""
    return _play(
        player,
        code,
        partner,
        lambda key: movements.Bet(
            key=key,
            amount=Money.parse(amount, currency(code)),
            round_ref=f"r{key}",
            session_id=None,
            **fields,
        ),
    )


def roll_back(player: Player, target: str, code: str = "EUR", partner: str = "softswiss") -> str:
    return _play(player, code, partner, lambda key: movements.Rollback(key=key, target=target))


def rich(player: Player, amount: str = "1000000.00", code: str = "EUR") -> Player:
    fund(player, amount, code)
    return player


def read() -> None:
    """Let the follower read all there is."""
    horizon = Entry.objects.aggregate(newest=Max("id"))["newest"] or 0
    while follow(Jackpots(), horizon):
        pass


def the(code: str = "mini") -> Level:
    return Level.objects.select_related("jackpot").get(code=code)


def sums() -> Mapping[str, Decimal]:
    """What the ledger's accounts of jackpots hold."""
    found: dict[str, Decimal] = {}
    for entry in Entry.objects.filter(account__code__startswith="jackpot").select_related(
        "account"
    ):
        found[entry.account.code] = found.get(entry.account.code, Decimal(0)) - entry.amount
    return found


def open_wins() -> list[Win]:
    return list(Win.objects.order_by("id"))


def _play(player: Player, code: str, partner: str, make: Any) -> str:
    key = f"j{next(_numbers)}"
    wallet = wallets.open_wallet(player_id=player.pk, currency_code=code)
    movements.play([make(key)], partner=partner, wallet_id=wallet.pk, currency=currency(code))
    return key
