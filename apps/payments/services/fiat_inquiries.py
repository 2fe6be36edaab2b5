"""Asking gateways about transactions they started and never finished with us.

Nobody promises that a call is repeated: what was asked and not told is looked up in their book.
"""

from datetime import timedelta

import structlog

from apps.audit.alarms import raise_alarm
from apps.core.clock import now
from apps.core.errors import DomainError
from apps.integrations.errors import ProviderError
from apps.payments.errors import UnknownPayment
from apps.payments.models import GatewayTransaction
from apps.payments.providers.base import Outcome
from apps.payments.providers.registry import cashier_gateway
from apps.payments.services import fiat

log = structlog.get_logger()

BATCH = 25
ASK_AFTER = timedelta(minutes=10)
ASK_AGAIN = timedelta(minutes=10)
OVERDUE = timedelta(hours=24)


def ask_open(limit: int = BATCH) -> int:
    """Look up what has been open for a while; how many were asked about."""
    at = now()
    waiting = GatewayTransaction.objects.filter(
        state=GatewayTransaction.State.AUTHORIZED,
        created_at__lte=at - ASK_AFTER,
        updated_at__lte=at - ASK_AGAIN,
    ).order_by("updated_at")[:limit]
    done = 0
    for row in waiting:
        # Whatever comes of it, the others have their turn first.
        GatewayTransaction.objects.filter(pk=row.pk).update(updated_at=now())
        try:
            _ask(row)
        except ProviderError as error:
            log.warning("fiat.inquiry_failed", transaction=str(row), error=str(error))
        done += 1
    return done


def _ask(row: GatewayTransaction) -> None:
    found = cashier_gateway(row.provider).find_move(row.outside_ref)
    if found is not None and found.outcome in {Outcome.MOVED, Outcome.GONE}:
        act = fiat.settle if found.outcome is Outcome.MOVED else fiat.cancel
        try:
            act(found.move)
        except (DomainError, UnknownPayment) as error:
            _alarm(row, f"cannot be booked as its gateway has it: {error}")
        return
    if found is None or found.outcome is Outcome.UNCLEAR:
        state = "unclear" if found else "unknown"
        if now() - row.created_at > OVERDUE:
            _alarm(row, f"is {state} at its gateway after a day")


def _alarm(row: GatewayTransaction, problem: str) -> None:
    raise_alarm(
        "gateway.unfinished",
        subject=f"{row.provider} {row.outside_ref}",
        message=f"Transaction {row.outside_ref} of {row.provider} ({row.name}) {problem}.",
    )
