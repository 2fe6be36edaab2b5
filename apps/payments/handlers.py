"""What payments do when they hear of something."""

from apps.events.bus import handles
from apps.payments.events import WithdrawalRejected
from apps.payments.services import gateway_orders


@handles(WithdrawalRejected)
def deny_at_gateway(event: WithdrawalRejected) -> None:
    """A gateway that asked about the payout must hear the no."""
    gateway_orders.order_denial(event.withdrawal_id)
