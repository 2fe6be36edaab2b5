from apps.core.errors import Conflict, DomainError, Forbidden, InvalidInput
from apps.core.money import Money


class UnknownLimit(InvalidInput):
    code = "unknown_limit"
    message = "There is no such limit."


class NoLimit(Conflict):
    code = "no_limit"
    message = "There is no limit to remove."


class TooSoon(Conflict):
    """Something that is bound to a wait was asked for before its end."""

    code = "too_soon"
    message = "This is not possible yet."


class RequestOver(Conflict):
    code = "request_over"
    message = "This request is over. Make a new one."


class LongerBreak(Conflict):
    code = "longer_break"
    message = "You are on a longer break already. It cannot be made shorter."


class NoBreak(Conflict):
    code = "no_break"
    message = "You are on no break that you could come back from."


class OnBreak(Conflict):
    code = "on_break"
    message = "This is not possible while you are on a break."


class DepositOverLimit(DomainError):
    """`room` is what could still be paid in."""

    code = "deposit_limit"
    status = 409
    message = "This is more than your deposit limit lets in now."
    room: Money | None = None


class BalanceLeft(Conflict):
    code = "balance_left"
    message = "Withdraw your money first, then the account can be closed."


class RegisterRefuses(Forbidden):
    code = "register_refuses"
    message = (
        "We may not open an account for you. If you have put yourself into a national register, "
        "it can tell you until when."
    )
