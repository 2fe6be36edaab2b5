"""Tells open pages that a balance has moved."""

from collections.abc import Sequence

from apps.core.money import Money
from apps.events import live
from apps.ledger.followers import Follower, wallets
from apps.ledger.models import Entry, Purse, Wallet


class BalancePush(Follower):
    """One frame a wallet and batch, with the balance as it is now and its version as sequence."""

    name = "balance push"

    def apply(self, entries: Sequence[Entry]) -> None:
        """Nothing is derived; the cursor alone says what has been shown."""

    def after_commit(self, entries: Sequence[Entry]) -> None:
        for wallet in wallets(entries):
            if wallet.purse == Purse.CASH:
                live.push(wallet.player_id, "balance", frame(wallet), seq=wallet.version)


def frame(wallet: Wallet) -> dict[str, object]:
    """The data of a balance frame: amounts as text with the exact scale."""
    currency = wallet.currency.as_money_currency()
    return {
        "currency": currency.code,
        "amount": Money.from_major(wallet.balance, currency).text,
        "version": wallet.version,
    }
