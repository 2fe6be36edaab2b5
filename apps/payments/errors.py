from apps.core.errors import Conflict, DomainError, Forbidden, InvalidInput


class RailUnavailable(DomainError):
    code = "rail_unavailable"
    status = 409
    message = "This network is not available now. Choose another one or come back later."


class GatewayUnavailable(DomainError):
    code = "gateway_unavailable"
    status = 503
    message = "The payment gateway does not answer. Nothing was done; try again in a minute."


class InvalidAddress(InvalidInput):
    code = "invalid_address"
    message = "Check the address."


class AmountTooSmall(InvalidInput):
    code = "amount_too_small"
    message = "This amount is below the minimum."


class KeyReused(Conflict):
    code = "key_reused"
    message = "This key was used for another request. Use a new key for a new request."


class AlreadyDecided(Conflict):
    code = "already_decided"
    message = "Somebody else has decided on this withdrawal."


class PayoutChanged(Conflict):
    code = "payout_changed"
    message = "This withdrawal is not what you were shown. Read it again."


class OwnRequest(Forbidden):
    code = "own_request"
    message = "Nobody decides on a withdrawal of their own."


class UnknownPayment(LookupError):
    """A gateway speaks of an address or a payment that is not ours, or not visible yet."""
