"""Paying in an exact amount: an invoice at the gateway, and what becomes of it.

The player is credited the amount of the invoice, once, when the gateway says that it is paid. What
arrives short or on top of it never was for us: the gateway sends it back.
"""

import re
from datetime import UTC, datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from apps.accounts.models import Player
from apps.audit import services as audit
from apps.audit.alarms import raise_alarm
from apps.core.clock import now
from apps.core.errors import InvalidAmount, InvalidInput, NotFound
from apps.core.money import Money
from apps.events.bus import publish
from apps.integrations.errors import ProviderError
from apps.payments import limits
from apps.payments.errors import (
    AmountTooSmall,
    GatewayUnavailable,
    KeyReused,
    RailUnavailable,
    UnknownPayment,
)
from apps.payments.events import DepositCancelled, DepositEvent, DepositSeen
from apps.payments.history import add_step, lock_player, tell
from apps.payments.identity import person_of
from apps.payments.models import Deposit, Invoice, PaymentStep, Rail
from apps.payments.providers.base import (
    AlreadyTaken,
    InvoiceOrder,
    InvoiceReport,
    InvoiceStatus,
    OpenedInvoice,
    PayoutRefused,
)
from apps.payments.providers.registry import COIN_GATEWAYS, coin_gateway
from apps.payments.services import deposits

Holder = PaymentStep.Holder
State = Invoice.State
KEY = re.compile(r"[!-~]{1,64}", re.ASCII)
# Of one player at a time: every one of them keeps an address and a rate at the gateway.
OPEN_MAX = 5


def open_invoice(
    *, player: Player, rail: Rail, amount: Money, key: str, takes_parts: bool = True
) -> Invoice:
    """Ask for exactly `amount`. key: the same key returns the same invoice.

    When the gateway gives no answer the invoice is lost, not unknown: nobody has seen its address,
    so nothing can be paid to it, and the next wish gets a new one.
    Raises KeyReused, RailUnavailable, InvalidInput, GatewayUnavailable.
    """
    invoice, is_new = _intend(player, rail, amount, key, takes_parts)
    if not is_new:
        return invoice
    order = InvoiceOrder(
        reference=invoice.public_id,
        provider_code=rail.provider_code,
        amount=amount,
        title=f"{settings.SITE_NAME}: {invoice.public_id}"[:50],
        player_ref=player.public_id,
        email=player.user.email,
        url_success=settings.COINSPAID_RETURN_URL,
        url_failed=settings.COINSPAID_RETURN_URL,
        takes_parts=takes_parts,
        sender=person_of(player),
    )
    try:
        opened = coin_gateway(rail.provider).open_invoice(order)
    except PayoutRefused as refused:
        _lost(invoice, refused.text)
        raise InvalidInput(fields={"amount": "The payment gateway refuses this amount."}) from None
    except (AlreadyTaken, ProviderError) as error:
        _lost(invoice, str(error) or "The gateway has this invoice already.")
        raise GatewayUnavailable from error
    return _opened(invoice, opened)


@transaction.atomic
def _intend(
    player: Player, rail: Rail, amount: Money, key: str, takes_parts: bool
) -> tuple[Invoice, bool]:
    if not KEY.fullmatch(key):
        raise InvalidInput(fields={"key": "Use up to 64 letters, digits and signs."})
    lock_player(player.pk)
    if earlier := Invoice.objects.filter(player=player, key=key).first():
        then = (earlier.rail_id, earlier.amount, earlier.takes_parts)
        if then != (rail.pk, amount.major, takes_parts):
            raise KeyReused
        return earlier, False
    _check(player, rail, amount)
    at = now()
    invoice = Invoice.objects.create(
        player=player,
        rail=rail,
        currency_id=rail.currency_id,
        provider=rail.provider,
        key=key,
        amount=amount.major,
        remaining=amount.major,
        takes_parts=takes_parts,
        created_at=at,
        updated_at=at,
    )
    audit.record(
        "invoice.requested",
        actor=player,
        subject=invoice,
        after={"rail": rail.code, "amount": amount.text, "currency": amount.currency.code},
    )
    return invoice, True


def is_offered(rail: Rail) -> bool:
    """Whether this rail takes exact amounts: coins that arrive as what they are."""
    return (
        rail.provider in COIN_GATEWAYS
        and not rail.coin_code
        and rail.enabled
        and rail.takes_deposits
    )


def of(player: Player) -> QuerySet[Invoice]:
    """Newest first."""
    return (
        Invoice.objects.filter(player=player)
        .select_related("rail", "deposit__rail")
        .order_by("-id")
    )


def open_of(player: Player) -> QuerySet[Invoice]:
    """Those that can still be paid, or are being paid."""
    waiting = Q(state=State.OPEN, expires_at__gt=now()) | Q(state=State.PAYING)
    return of(player).filter(waiting)


def _check(player: Player, rail: Rail, amount: Money) -> None:
    if not is_offered(rail) or not player.is_active:
        raise RailUnavailable
    if amount.currency.code != rail.currency_id:
        raise InvalidInput(fields={"rail": f"{rail.network} does not carry {amount.currency}."})
    if amount.units <= 0:
        raise InvalidAmount(fields={"amount": "Enter an amount above zero."})
    finer = amount.currency.scale - rail.decimals_max
    if finer > 0 and amount.units % 10**finer:
        raise InvalidAmount(
            fields={"amount": f"Use at most {rail.decimals_max} digits after the point."}
        )
    if amount < rail.deposit_min_money:
        least = f"{rail.deposit_min.normalize():f} {rail.currency_id}"
        raise AmountTooSmall(fields={"amount": f"The least you can pay in is {least}."})
    limits.require_room(player, amount)
    opened = Invoice.objects.filter(
        player=player, state__in=[State.OPENING, State.OPEN, State.PAYING]
    )
    if opened.filter(expires_at__gt=now()).count() >= OPEN_MAX:
        raise InvalidInput(
            f"You have {OPEN_MAX} open already. Pay one of them, or wait until its time is over."
        )


@transaction.atomic
def _opened(invoice: Invoice, opened: OpenedInvoice) -> Invoice:
    locked = (
        Invoice.objects.select_for_update(of=("self",)).select_related("rail").get(pk=invoice.pk)
    )
    if locked.state != State.OPENING:
        return locked  # a callback was faster
    if opened.amount != locked.amount:
        locked.error = f"The gateway asks for {opened.amount}."[:255]
        _alarm(locked, f"was opened for {opened.amount} instead of {locked.amount}")
        locked.move_to(State.FAILED)
        locked.finished_at = now()
    else:
        locked.move_to(State.OPEN)
    locked.outside_ref = opened.outside_ref
    locked.address, locked.tag, locked.url = opened.address, opened.tag, opened.url
    locked.expires_at = _moment(opened.expires_at)
    locked.updated_at = now()
    locked.save()
    if locked.state == State.FAILED:
        raise GatewayUnavailable
    return locked


@transaction.atomic
def _lost(invoice: Invoice, error: str) -> None:
    Invoice.objects.filter(pk=invoice.pk, state=State.OPENING).update(
        state=State.FAILED, error=error[:255], finished_at=now(), updated_at=now()
    )


@transaction.atomic
def apply_report(report: InvoiceReport) -> None:
    """Act on what the gateway says about an invoice; the same report again does nothing.

    Raises UnknownPayment.
    """
    invoice = _reported(report)
    if problem := _contradiction(invoice, report):
        _alarm(invoice, problem)
        return
    if invoice.is_final or report.status is InvoiceStatus.OPEN:
        return
    if invoice.state == State.OPENING:
        # Ahead of our own save: in a moment the row says where it is.
        raise UnknownPayment(f"Invoice {invoice.public_id} is not open yet")
    invoice.sent = max(invoice.sent, report.sent)
    invoice.remaining = min(invoice.remaining, report.remaining)
    invoice.expires_at = _moment(report.expires_at) or invoice.expires_at
    invoice.updated_at = now()
    match report.status:
        case InvoiceStatus.PAYING:
            if invoice.state == State.OPEN:
                invoice.move_to(State.PAYING)
            _seen(invoice, report)
        case InvoiceStatus.PAID:
            _paid(invoice, report)
        case InvoiceStatus.FAILED:
            _failed(invoice, report)
    invoice.save()
    tell(invoice)


def _seen(invoice: Invoice, report: InvoiceReport) -> Deposit:
    """The deposit of this invoice, locked; made with the first payment."""
    at = now()
    deposit, is_new = Deposit.objects.get_or_create(
        provider=invoice.provider,
        outside_ref=invoice.outside_ref,
        defaults={
            "player_id": invoice.player_id,
            "rail": invoice.rail,
            "currency_id": invoice.currency_id,
            "amount": invoice.amount,
            "gross": invoice.amount,
            "net": invoice.amount,
            "created_at": at,
            "updated_at": at,
        },
    )
    locked = deposits.locked_deposit(deposit.pk)
    locked.confirmations = max(locked.confirmations, report.confirmations)
    locked.txid = report.txid[:128] or locked.txid
    locked.riskscore = report.riskscore[:32] or locked.riskscore
    locked.updated_at = at
    locked.save()
    invoice.deposit = locked
    if is_new:
        add_step(locked, Holder.NETWORK, f"Seen on {invoice.rail.network}")
        _publish(DepositSeen, locked)
    return locked


def _paid(invoice: Invoice, report: InvoiceReport) -> None:
    """Credit what was asked for, or less where the gateway says that less was booked for us."""
    deposit = _seen(invoice, report)
    amount = invoice.money
    if report.received is not None and report.received_code == invoice.rail.provider_code:
        booked = Money.from_major(report.received, amount.currency, rounding="down")
        if booked < amount:
            _alarm(invoice, f"is paid with {report.received} booked for it")
        amount = min(booked, amount)
    elif report.received is not None:
        _alarm(invoice, f"is booked in {report.received_code}")
    if report.remaining:
        _alarm(invoice, f"is paid though {report.remaining} of it are missing", severity="warning")
    if deposit.state != Deposit.State.PENDING:
        _alarm(invoice, f"is paid and its deposit is {deposit.state}")
        return
    invoice.move_to(State.PAID)
    invoice.remaining = report.remaining
    invoice.finished_at = invoice.updated_at
    deposits.arrived(deposit, amount)


def _failed(invoice: Invoice, report: InvoiceReport) -> None:
    invoice.move_to(State.FAILED)
    invoice.error = report.error
    invoice.finished_at = invoice.updated_at
    audit.record(
        "invoice.failed",
        actor=f"partner:{invoice.provider}",
        subject=invoice,
        after={"outside_ref": invoice.outside_ref, "error": invoice.error},
    )
    if invoice.deposit_id is None:
        return
    deposit = deposits.locked_deposit(invoice.deposit_id)
    if deposit.state != Deposit.State.PENDING:
        return
    deposit.move_to(Deposit.State.CANCELLED)
    deposit.error = report.error
    deposit.updated_at = invoice.updated_at
    deposit.save()
    add_step(deposit, Holder.NOBODY, "Not the exact amount in time; the gateway sends it back")
    _publish(DepositCancelled, deposit)


def find(player: Player, public_id: str) -> Invoice:
    """Raises NotFound, also for somebody else's."""
    found = of(player).filter(public_id=public_id).first()
    if found is None:
        raise NotFound
    return found


def _reported(report: InvoiceReport) -> Invoice:
    rows = (
        Invoice.objects.select_for_update(of=("self",))
        .select_related("rail")
        .filter(provider=report.provider)
    )
    found = rows.filter(public_id=report.reference).first() if report.reference else None
    found = found or rows.filter(outside_ref=report.outside_ref).first()
    if found is None:
        raise UnknownPayment(f"No invoice {report.reference} ({report.outside_ref})")
    return found


def _contradiction(invoice: Invoice, report: InvoiceReport) -> str | None:
    if report.status is InvoiceStatus.UNRECOGNISED:
        return f"has a status we do not know: {report.raw_status!r}"
    if invoice.outside_ref not in {"", report.outside_ref}:
        return f"is reported as {report.outside_ref}, first it was {invoice.outside_ref}"
    match invoice.state, report.status:
        case State.PAID, InvoiceStatus.FAILED:
            return "is reported as failed after it was paid and credited"
        case State.FAILED, InvoiceStatus.PAID:
            return "is reported as paid after it had failed; nothing was credited"
    return None


def _moment(seconds: int | None) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds is not None else None


def _alarm(invoice: Invoice, problem: str, *, severity: str = "critical") -> None:
    raise_alarm(
        "deposit.contradiction",
        subject=invoice.public_id,
        message=f"Invoice {invoice.public_id} {problem}.",
        severity=severity,
    )


def _publish(fact: type[DepositEvent], deposit: Deposit) -> None:
    publish(
        fact(
            player_id=deposit.player_id,
            deposit_id=deposit.pk,
            public_id=deposit.public_id,
            amount=deposit.money.text,
            currency=deposit.currency_id,
        )
    )
