from apps.core.errors import Conflict, DomainError, Forbidden
from apps.core.money import Money


class InsufficientFunds(DomainError):
    """`balance` is what the wallet holds now."""

    code = "insufficient_funds"
    status = 402
    message = "There is not enough money in this wallet."
    balance: Money | None = None


class WalletBlocked(Forbidden):
    code = "wallet_blocked"
    message = "This wallet may not be used for that now."
    balance: Money | None = None


class PlayRefused(Forbidden):
    """The gate of a bet said no; `reason` is its word (`session`, `game`, …)."""

    code = "play_refused"
    message = "This bet is not accepted now."
    reason = ""
    balance: Money | None = None


class KeyConflict(Conflict):
    code = "key_conflict"
    message = "This key was used for something else."
    balance: Money | None = None


class NoWallet(DomainError):
    code = "no_wallet"
    status = 404
    message = "There is no such wallet."
