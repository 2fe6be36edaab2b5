"""Orders to gateways that are about a payment of theirs: deny a payout, send a deposit back.

The order is a row, written with its reason; it is sent outside any transaction and again until the
answer is clear. Sending twice does no harm: the gateway knows what it has done already.
"""

from datetime import datetime, timedelta
from decimal import Decimal

import structlog
from django.db import transaction

from apps.audit.alarms import raise_alarm
from apps.core.clock import now
from apps.core.money import Money
from apps.integrations.errors import ProviderError
from apps.ledger import selectors as ledger
from apps.payments.models import GatewayOrder, Withdrawal
from apps.payments.providers.base import AlreadyTaken, PayoutRefused
from apps.payments.providers.registry import CASHIER_GATEWAYS, cashier_gateway

log = structlog.get_logger()

State = GatewayOrder.State
BATCH = 25
LEASE = timedelta(seconds=60)
BACK_OFF_MAX_SECONDS = 600
TRIES_BEFORE_ALARM = 6


def order_denial(withdrawal_id: int) -> None:
    """Tell the gateway that a payout it asked about will not be made, if it is one of those."""
    withdrawal = Withdrawal.objects.filter(
        pk=withdrawal_id, provider__in=CASHIER_GATEWAYS, foreign_id__isnull=False
    ).first()
    if withdrawal is None:
        return
    at = now()
    GatewayOrder.objects.get_or_create(
        provider=withdrawal.provider,
        kind=GatewayOrder.Kind.DENY,
        outside_ref=withdrawal.foreign_id,
        defaults={"due_at": at, "created_at": at},
    )


def send_due(limit: int = BATCH) -> int:
    """Send what is due; how many were tried."""
    done = 0
    while done < limit and (order := _claim()):
        _send(order)
        done += 1
    return done


@transaction.atomic
def _claim() -> GatewayOrder | None:
    """Take the next order for the length of a lease."""
    order = (
        GatewayOrder.objects.select_for_update(skip_locked=True)
        .filter(state=State.DUE, due_at__lte=now())
        .order_by("due_at")
        .first()
    )
    if order is not None:
        order.due_at = now() + LEASE
        order.tries = min(order.tries + 1, 1000)
        order.save(update_fields=["due_at", "tries"])
    return order


def _send(order: GatewayOrder) -> None:
    desk = cashier_gateway(order.provider)
    try:
        if order.kind == GatewayOrder.Kind.DENY:
            desk.deny_payout(order.outside_ref, "Denied by the casino")
        else:
            amount = Money.from_major(order.amount or Decimal(0), ledger.currency(order.currency))
            desk.refund(order.outside_ref, amount)
    except AlreadyTaken:
        _finish(order, State.DONE)
    except PayoutRefused as refused:
        _finish(order, State.FAILED, refused.text)
    except ProviderError as error:
        _postpone(order, str(error))
    else:
        _finish(order, State.DONE)


@transaction.atomic
def _finish(order: GatewayOrder, state: str, error: str = "") -> None:
    """Note how it ended. A denial that came too late is no harm by itself: what follows is heard."""
    order.state = state
    order.error = error[:255]
    order.due_at = None
    order.done_at = now()
    order.save(update_fields=["state", "error", "due_at", "done_at"])
    if state == State.FAILED:
        raise_alarm(
            "gateway.order_refused",
            subject=f"{order.provider} {order.outside_ref}",
            message=f"{order.provider} refuses to {order.get_kind_display()}: {error}",
            severity="critical",
        )


@transaction.atomic
def _postpone(order: GatewayOrder, error: str) -> None:
    log.warning("gateway_order.postponed", order=str(order), error=error)
    order.error = error[:255]
    order.due_at = _again_at(order)
    order.save(update_fields=["error", "due_at"])
    if order.tries == TRIES_BEFORE_ALARM:
        raise_alarm(
            "gateway.order_stuck",
            subject=f"{order.provider} {order.outside_ref}",
            message=f"{order.provider} gives no clear answer to {order}: {error}",
        )


def _again_at(order: GatewayOrder) -> datetime:
    return now() + timedelta(seconds=min(2**order.tries, BACK_OFF_MAX_SECONDS))
