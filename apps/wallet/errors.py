from apps.core.errors import Conflict, DomainError, Forbidden, InvalidInput
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


class LimitReached(Forbidden):
    """A loss or wager limit is in the way; `reason` is the word of `limits_refusal`."""

    code = "limit_reached"
    message = "A limit on your account is in the way of this bet."
    reason = ""
    balance: Money | None = None

    WORDS = {
        "loss_limit": "This stake is more than your loss limit leaves now.",
        "wager_limit": "This stake is more than your wager limit leaves now.",
        "limit_unclear": "Your limits cannot be measured in this currency now. Try again later.",
    }

    def __init__(self, reason: str):
        super().__init__(self.WORDS[reason])
        self.reason = reason


class KeyConflict(Conflict):
    code = "key_conflict"
    message = "This key was used for something else."
    balance: Money | None = None


class NoWallet(DomainError):
    code = "no_wallet"
    status = 404
    message = "There is no such wallet."


class QuoteExpired(Conflict):
    code = "quote_expired"
    message = "This quote has expired. Ask for a new one."


class QuoteUsed(Conflict):
    code = "quote_used"
    message = "This quote was used already."


class RateMoved(Conflict):
    code = "rate_moved"
    message = "The rate has moved too far. Ask for a new quote."


class TooLittle(InvalidInput):
    code = "too_little"
    message = "This is too little to exchange."
