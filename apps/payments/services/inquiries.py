"""Asking a gateway that holds coins what became of something, and acting on what it says.

Callbacks and answers give the same reports, so both end in `apply`. What is open for a while is
asked about by itself: a callback that was lost must not leave anybody waiting.
"""

from datetime import timedelta

import structlog
from django.db import transaction

from apps.accounts.models import User
from apps.audit import services as audit
from apps.audit.alarms import raise_alarm
from apps.core.clock import now
from apps.core.errors import Forbidden, InvalidInput, NotFound
from apps.integrations.errors import ProviderError
from apps.payments.errors import GatewayUnavailable, UnknownPayment
from apps.payments.models import Deposit, Invoice
from apps.payments.providers.base import (
    DepositReport,
    ExchangeReport,
    InvoiceReport,
    PayoutReport,
    Report,
)
from apps.payments.providers.registry import COIN_GATEWAYS, coin_gateway
from apps.payments.services import deposits, exchanges, invoices, withdrawals

log = structlog.get_logger()

BATCH = 25
ASK_AFTER = timedelta(minutes=2)
OVERDUE = timedelta(hours=24)
REFERENCE_MAX = 128


def apply(report: Report) -> None:
    """Bring a report to the service it is for. Raises UnknownPayment."""
    match report:
        case DepositReport():
            deposits.apply_report(report)
        case PayoutReport():
            withdrawals.apply_report(report)
        case ExchangeReport():
            exchanges.apply_report(report)
        case InvoiceReport():
            invoices.apply_report(report)


def ask_open(limit: int = BATCH) -> int:
    """Ask about deposits and invoices that nobody spoke of for a while; how many were asked."""
    before = now() - ASK_AFTER
    waiting: list[Deposit | Invoice] = list(
        Deposit.objects.filter(
            state=Deposit.State.PENDING,
            provider__in=COIN_GATEWAYS,
            invoice__isnull=True,
            updated_at__lte=before,
        ).order_by("updated_at")[:limit]
    )
    waiting += Invoice.objects.filter(
        state__in=[Invoice.State.OPEN, Invoice.State.PAYING], updated_at__lte=before
    ).order_by("updated_at")[: max(0, limit - len(waiting))]
    for payment in waiting:
        _ask(payment)
    return len(waiting)


def read_exports(limit: int = BATCH) -> int:
    """Find deposits that the gateway finished and never told us about; how many were found.

    Every callback about them was lost. Their own book has them: yesterday's and today's export is
    read, and what we do not know is asked about like anything else. Each is told to a person.
    """
    today = now().date()
    found = 0
    for provider in COIN_GATEWAYS:
        for day in (today - timedelta(days=1), today):
            try:
                rows = coin_gateway(provider).statement(day)
            except ProviderError as error:
                log.warning("export.unread", provider=provider, error=str(error))
                break
            refs = [row.outside_ref for row in rows if row.kind == "deposit" and row.is_confirmed]
            known = set(
                Deposit.objects.filter(provider=provider, outside_ref__in=refs).values_list(
                    "outside_ref", flat=True
                )
            )
            missing = [ref for ref in refs if ref not in known][: limit - found]
            found += len(missing)
            for ref in missing:
                _missed(provider, ref)
    return found


def _missed(provider: str, outside_ref: str) -> None:
    words = "it is booked now"
    try:
        report = coin_gateway(provider).look_up(outside_ref=outside_ref)
        if report is not None:
            apply(report)
    except (ProviderError, UnknownPayment) as error:
        words = f"it could not be booked: {error}"
    raise_alarm(
        "deposit.missed",
        subject=f"{provider} {outside_ref}",
        message=f"{provider} never told us of deposit {outside_ref}, its export did; {words}.",
    )


def look_up(*, provider: str, by: User, reason: str, outside_ref: str = "", txid: str = "") -> str:
    """Ask about one transaction because a person wants to know; what it is said to be.

    Raises Forbidden, InvalidInput, NotFound (the gateway does not know it, or it is not ours),
    GatewayUnavailable.
    """
    if not by.is_staff:
        raise Forbidden
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Say why it is asked."})
    if bool(outside_ref) == bool(txid) or len(outside_ref + txid) > REFERENCE_MAX:
        raise InvalidInput(fields={"reference": "Give one: the gateway's number or the hash."})
    if outside_ref and not (outside_ref.isascii() and outside_ref.isdigit()):
        raise InvalidInput(fields={"reference": "The gateway's numbers are digits only."})
    if provider not in COIN_GATEWAYS:
        raise InvalidInput(fields={"provider": "This gateway cannot be asked."})
    try:
        report = coin_gateway(provider).look_up(outside_ref=outside_ref, txid=txid)
    except ProviderError as error:
        raise GatewayUnavailable from error
    if report is None:
        raise NotFound("The gateway does not know this transaction.")
    with transaction.atomic():
        audit.record(
            "payment.looked_up",
            actor=by,
            after={"provider": provider, "outside_ref": report.outside_ref, "txid": txid},
            reason=reason.strip()[:255],
        )
    try:
        apply(report)
    except UnknownPayment as unknown:
        raise NotFound(f"The gateway knows it, we do not: {unknown}") from unknown
    return f"{report.outside_ref}: {report.raw_status or report.status}"


def _ask(payment: Deposit | Invoice) -> None:
    # Whatever comes of it, the others have their turn first.
    type(payment).objects.filter(pk=payment.pk).update(updated_at=now())
    try:
        report = coin_gateway(payment.provider).look_up(outside_ref=payment.outside_ref)
        if report is not None:
            apply(report)
    except (ProviderError, UnknownPayment) as error:
        log.warning("inquiry.failed", payment=payment.public_id, error=str(error))
        report = None
    if now() - payment.created_at < OVERDUE:
        return
    payment.refresh_from_db(fields=["state"])
    if payment.state in {Deposit.State.PENDING, Invoice.State.OPEN, Invoice.State.PAYING}:
        raise_alarm(
            "deposit.overdue",
            subject=payment.public_id,
            message=f"{payment.public_id} is not final after a day"
            + ("." if report else ", and the gateway does not say what it is."),
        )
