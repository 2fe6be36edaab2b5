"""Bets and wins through the ledger's own door, and the followers that read them."""

import itertools

from apps.accounts.models import Player
from apps.core.money import Money
from apps.ledger.followers import catch_up
from apps.ledger.selectors import currency
from apps.limits.reality import Sessions
from apps.limits.usage import Usage
from apps.wallet import movements
from apps.wallet import services as wallets
from apps.wallet.movements import Bet, Win

_numbers = itertools.count(1)


def bet(player: Player, stake: str = "1.00", *, won: str = "", code: str = "EUR") -> None:
    """Raises WalletBlocked where play is stopped."""
    number, of = next(_numbers), currency(code)
    operations: list[Bet | Win] = [Bet(f"b{number}", Money.parse(stake, of), f"r{number}", None)]
    if won:
        operations.append(Win(f"w{number}", Money.parse(won, of), f"r{number}", None))
    movements.play(
        operations,
        partner="originals",
        wallet_id=wallets.open_wallet(player_id=player.pk, currency_code=code).pk,
        currency=of,
    )


def follow() -> None:
    catch_up([Sessions(), Usage()])
