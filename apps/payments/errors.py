from collections.abc import Mapping

from apps.core.errors import Conflict, DomainError, Forbidden, InvalidInput


class RailUnavailable(DomainError):
    code = "rail_unavailable"
    status = 409
    message = "This network is not available now. Choose another one or come back later."


class GatewayUnavailable(DomainError):
    code = "gateway_unavailable"
    status = 503
    message = "The payment gateway does not answer. Nothing was done; try again in a minute."


class NameNeeded(DomainError):
    code = "name_needed"
    status = 409
    message = "The payment gateway must know your name. Give it first, then ask again."


class OwnerNeeded(InvalidInput):
    code = "owner_needed"
    message = "For this amount we must know whose wallet it goes to."


class PayoutsStopped(DomainError):
    code = "payouts_stopped"
    status = 409
    message = "Payouts are stopped already."


class PayoutsNotStopped(DomainError):
    code = "payouts_not_stopped"
    status = 409
    message = "Payouts are not stopped."


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


class SecondPersonNeeded(Conflict):
    code = "second_person_needed"
    message = "You have approved this already. Somebody else has to agree."


class CaseTaken(Conflict):
    code = "case_taken"
    message = "Somebody else works on this withdrawal. Take it over first."


class StillHeld(Conflict):
    code = "still_held"
    message = "The address is new: this cannot be approved yet."


class PayoutsFrozen(Conflict):
    code = "payouts_frozen"
    message = "Payouts of this player are frozen. Settle that first."


class PlayerHeld(Conflict):
    code = "player_held"
    message = "Withdrawals of this player are stopped. What stops them has to be decided first."


class NotCancellable(Conflict):
    code = "not_cancellable"
    message = "A withdrawal cannot be called back."


class AddressNotUsable(InvalidInput):
    code = "address_not_usable"
    message = "Pay to an address of your address book that is past its wait."


class RuleExists(Conflict):
    code = "rule_exists"
    message = "There is a rule of this name, or for exactly these conditions. Change that one."


class RuleEnded(Conflict):
    code = "rule_ended"
    message = "This version is not in force any more. Look at the latest one."


class LinkUsed(Conflict):
    code = "link_used"
    message = "This link was used already or is too old. Write to support."


class WithdrawalBlocked(Forbidden):
    """A withdrawal that is not possible now; the code says which of the checks stopped it."""

    def __init__(self, code: str, message: str, *, fields: Mapping[str, str] | None = None):
        super().__init__(message, fields=fields)
        self.code = code


class OwnRequest(Forbidden):
    code = "own_request"
    message = "Nobody decides on a withdrawal of their own."


class SessionInvalid(DomainError):
    """A cashier session that is over, somebody else's, or never was."""

    code = "session_invalid"
    status = 403
    message = "This cashier session is over. Open the page again."


class UnknownPlayer(InvalidInput):
    code = "unknown_player"
    message = "We do not know this player."


class DepositRefused(DomainError):
    """A deposit we do not want: `limit` says which rule it is against."""

    code = "deposit_refused"
    status = 409
    message = "This deposit is not possible now."

    def __init__(self, limit: str):
        super().__init__()
        self.limit = limit


class DepositsStopped(Forbidden):
    """Something stops deposits of this player; the words are theirs to read."""

    code = "deposits_stopped"
    message = "You cannot pay in now."


class ContradictsItself(InvalidInput):
    code = "contradicts_itself"
    message = "The name of this transaction and the sign of its amount do not go together."


class ReferenceReused(Conflict):
    code = "reference_reused"
    message = "This id was used for another player, currency or amount."


class AlreadyFinished(Conflict):
    code = "already_finished"
    message = "This transaction is over."


class NotHeld(Conflict):
    code = "not_held"
    message = "This deposit is not held any more."


class UnknownPayment(LookupError):
    """A gateway speaks of an address or a payment that is not ours, or not visible yet."""
