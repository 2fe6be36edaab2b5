"""Asking for a withdrawal, deciding on it, and what becomes of it at the gateway.

The money leaves cash with the request and is then either paid or returned, exactly once. Sending
it to the gateway is `payouts.py`.
"""

import re
from datetime import timedelta

from django.db import transaction

from apps.accounts.models import Player, User
from apps.audit import services as audit
from apps.audit.alarms import raise_alarm
from apps.core.clock import now
from apps.core.errors import Forbidden, InvalidAmount, InvalidInput, NotFound
from apps.core.money import Money
from apps.events.bus import publish
from apps.payments import reasons
from apps.payments.addresses import normalised, require_address, spellings
from apps.payments.errors import (
    AlreadyDecided,
    AmountTooSmall,
    InvalidAddress,
    KeyReused,
    OwnRequest,
    PayoutChanged,
    RailUnavailable,
    UnknownPayment,
)
from apps.payments.events import (
    WithdrawalEvent,
    WithdrawalPaid,
    WithdrawalRejected,
    WithdrawalReleased,
    WithdrawalRequested,
)
from apps.payments.history import add_step, lock_player
from apps.payments.models import DepositAddress, PaymentStep, Rail, Withdrawal
from apps.payments.providers.base import PayoutReport, PayoutStatus
from apps.wallet import movements

Holder = PaymentStep.Holder
State = Withdrawal.State

KEY = re.compile(r"[!-~]{1,64}", re.ASCII)
REASON_MAX = 255
# A payout the gateway has: its final word may have been lost, so it is asked now and then.
SENT_CHECK = timedelta(minutes=10)


@transaction.atomic
def request_withdrawal(
    *, player: Player, amount: Money, rail: Rail, address: str, tag: str = "", key: str
) -> Withdrawal:
    """Set the money aside and queue the payout for a person.

    amount: leaves the cash balance now; the player receives all of it, network fees are ours.
    key: chosen by the client; the same key returns the same withdrawal.
    Raises KeyReused, RailUnavailable, InvalidAmount, AmountTooSmall, InvalidAddress,
    InsufficientFunds, WalletBlocked.
    """
    if not KEY.fullmatch(key):
        raise InvalidInput(fields={"key": "Use up to 64 letters, digits and signs."})
    address = normalised(rail.address_kind, address)
    lock_player(player.pk)
    if earlier := Withdrawal.objects.filter(player=player, key=key).first():
        return _same_or_raise(earlier, amount, rail, address, tag)

    check_request(amount=amount, rail=rail, address=address, tag=tag)
    at = now()
    withdrawal = Withdrawal.objects.create(
        player=player,
        rail=rail,
        currency_id=rail.currency_id,
        provider=rail.provider,
        amount=amount.major,
        address=address,
        tag=tag,
        key=key,
        reasons=reasons.of(player=player, amount=amount, rail=rail, address=address, tag=tag),
        created_at=at,
        updated_at=at,
    )
    movements.withdrawal_reserved(
        player_id=player.pk,
        amount=amount,
        key=f"withdrawal:{withdrawal.pk}:reserve",
        withdrawal_id=withdrawal.pk,
    )
    audit.record("withdrawal.requested", actor=player, subject=withdrawal, after=_shown(withdrawal))
    add_step(withdrawal, Holder.TEAM, "Requested, the money is set aside")
    _publish(WithdrawalRequested, withdrawal)
    return withdrawal


def check_request(*, amount: Money, rail: Rail, address: str, tag: str = "") -> None:
    """Refuse what no balance could make possible; nothing is written.

    Raises RailUnavailable, InvalidAmount, AmountTooSmall, InvalidAddress.
    """
    if not rail.enabled:
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
    if amount < rail.withdrawal_min_money:
        least = f"{rail.withdrawal_min.normalize():f} {rail.currency_id}"
        raise AmountTooSmall(fields={"amount": f"The least you can withdraw is {least}."})
    require_address(rail, address, tag)
    if DepositAddress.objects.filter(address__in=spellings(address)).exists():
        raise InvalidAddress(
            fields={"address": "This is a deposit address of this casino. Use your own wallet."}
        )


@transaction.atomic
def approve(
    withdrawal: Withdrawal, by: User, reason: str, *, seen_hash: str | None = None
) -> Withdrawal:
    """Let it be paid: exactly this amount to exactly this address.

    withdrawal: as it was shown to the person who decides; seen_hash says the same in one word.
    Raises AlreadyDecided, PayoutChanged, OwnRequest, Forbidden, InvalidInput.
    """
    locked = _locked_for_decision(withdrawal, by, reason)
    if withdrawal.payout_hash != locked.payout_hash or (
        seen_hash is not None and seen_hash != locked.payout_hash
    ):
        raise PayoutChanged
    at = now()
    locked.move_to(State.APPROVED)
    locked.approved_by = by
    locked.approved_at = locked.due_at = locked.updated_at = at
    locked.approval_hash = locked.payout_hash
    locked.decision = reason.strip()[:REASON_MAX]
    locked.save()
    audit.record(
        "withdrawal.approved",
        actor=by,
        subject=locked,
        before={"state": State.REQUESTED},
        after={**_shown(locked), "approval_hash": locked.approval_hash},
        reason=locked.decision,
    )
    add_step(locked, Holder.SYSTEM, "Approved by our payments team")
    return locked


@transaction.atomic
def reject(withdrawal: Withdrawal, by: User, reason: str) -> Withdrawal:
    """Return the money to the player, who reads the reason.

    Raises AlreadyDecided, OwnRequest, Forbidden, InvalidInput.
    """
    locked = _locked_for_decision(withdrawal, by, reason)
    locked.move_to(State.REJECTED)
    locked.decision = reason.strip()[:REASON_MAX]
    locked.finished_at = locked.updated_at = now()
    locked.save()
    _return_money(locked)
    audit.record(
        "withdrawal.rejected",
        actor=by,
        subject=locked,
        before={"state": State.REQUESTED},
        after=_shown(locked),
        reason=locked.decision,
    )
    add_step(locked, Holder.NOBODY, "Rejected, the money is back in your balance")
    _publish(WithdrawalRejected, locked)
    return locked


@transaction.atomic
def apply_report(report: PayoutReport) -> None:
    """Act on what the gateway says about a payout; the same report again does nothing.

    Final states never change: what contradicts one is kept, raises an alarm, moves no money.
    Raises UnknownPayment.
    """
    withdrawal = _reported(report)
    if problem := _contradiction(withdrawal, report):
        _alarm(withdrawal, problem, severity="critical")
        return
    if withdrawal.is_final:
        return  # late or repeated, and not in contradiction
    withdrawal.outside_ref = withdrawal.outside_ref or report.outside_ref
    withdrawal.updated_at = now()
    match report.status:
        case PayoutStatus.PAID:
            _paid(withdrawal, report)
        case PayoutStatus.REFUSED:
            _released(withdrawal, report)
        case PayoutStatus.PROCESSING | PayoutStatus.HELD:
            _accepted(withdrawal, report)


def _accepted(withdrawal: Withdrawal, report: PayoutReport) -> None:
    is_new = withdrawal.state == State.SENDING
    if is_new:
        withdrawal.move_to(State.SENT)
        withdrawal.error = ""
        withdrawal.unknown_at = None
        withdrawal.due_at = withdrawal.updated_at + SENT_CHECK
    withdrawal.save()
    if report.status is PayoutStatus.HELD:
        held = "The payment gateway looks at it by hand"
        latest = withdrawal.steps.last()
        if latest is None or latest.words != held:
            add_step(withdrawal, Holder.GATEWAY, held)
    elif is_new:
        add_step(withdrawal, Holder.GATEWAY, "Handed to the payment gateway")


def _paid(withdrawal: Withdrawal, report: PayoutReport) -> None:
    withdrawal.move_to(State.PAID)
    withdrawal.txid = report.txid[:128]
    withdrawal.error = ""
    withdrawal.due_at = None
    withdrawal.finished_at = withdrawal.updated_at
    withdrawal.save()
    movements.withdrawal_paid(
        partner=withdrawal.provider,
        player_id=withdrawal.player_id,
        amount=withdrawal.money,
        key=f"withdrawal:{withdrawal.pk}:paid",
        withdrawal_id=withdrawal.pk,
    )
    audit.record(
        "withdrawal.paid",
        actor=f"partner:{withdrawal.provider}",
        subject=withdrawal,
        after={**_shown(withdrawal), "txid": withdrawal.txid},
    )
    add_step(withdrawal, Holder.NOBODY, f"Paid, sent on {withdrawal.rail.network}")
    _publish(WithdrawalPaid, withdrawal)


def _released(withdrawal: Withdrawal, report: PayoutReport) -> None:
    withdrawal.move_to(State.RELEASED)
    withdrawal.error = report.error[:REASON_MAX]
    withdrawal.due_at = None
    withdrawal.finished_at = withdrawal.updated_at
    withdrawal.save()
    _return_money(withdrawal)
    audit.record(
        "withdrawal.released",
        actor=f"partner:{withdrawal.provider}",
        subject=withdrawal,
        after=_shown(withdrawal),
        reason=withdrawal.error,
    )
    add_step(
        withdrawal,
        Holder.NOBODY,
        "The payment gateway refused it, the money is back in your balance",
    )
    _publish(WithdrawalReleased, withdrawal)
    _alarm(
        withdrawal, f"was refused by the gateway: {withdrawal.error or 'no reason given'}",
        code="withdrawal.refused", severity="warning",
    )  # fmt: skip


def _return_money(withdrawal: Withdrawal) -> None:
    movements.withdrawal_released(
        player_id=withdrawal.player_id,
        amount=withdrawal.money,
        key=f"withdrawal:{withdrawal.pk}:release",
        withdrawal_id=withdrawal.pk,
    )


def _locked_for_decision(withdrawal: Withdrawal, by: User, reason: str) -> Withdrawal:
    """The row as it is now, held until the commit: of two people who decide, one comes second."""
    if not by.is_staff:
        raise Forbidden
    if by.pk == withdrawal.player_id:
        raise OwnRequest
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Give a reason."})
    locked = (
        Withdrawal.objects.select_for_update(of=("self",))
        .select_related("rail")
        .filter(pk=withdrawal.pk)
        .first()
    )
    if locked is None:
        raise NotFound
    if locked.state != State.REQUESTED:
        raise AlreadyDecided
    return locked


def _reported(report: PayoutReport) -> Withdrawal:
    """The row a report is about, locked. Our own id counts; theirs stands in when it is absent."""
    rows = (
        Withdrawal.objects.select_for_update(of=("self",))
        .select_related("rail")
        .filter(provider=report.provider)
    )
    found = (
        rows.filter(foreign_id=report.reference).first()
        if report.reference
        else rows.filter(outside_ref=report.outside_ref).exclude(outside_ref="").first()
    )
    if found is None:
        raise UnknownPayment(
            f"No withdrawal {report.reference or 'without our id'} ({report.outside_ref})"
        )
    return found


def _contradiction(withdrawal: Withdrawal, report: PayoutReport) -> str | None:
    """Why a report cannot be true together with what we already act on."""
    if report.status is PayoutStatus.UNRECOGNISED:
        return f"has a status we do not know: {report.raw_status!r}; the money stays reserved"
    if report.outside_ref and withdrawal.outside_ref not in {"", report.outside_ref}:
        return f"is reported as {report.outside_ref}, first it was {withdrawal.outside_ref}"
    if report.address is not None and withdrawal.address not in spellings(report.address):
        return f"is reported with the address {report.address}"
    if (
        report.amount is not None
        and report.amount_code == withdrawal.rail.provider_code
        and report.amount != withdrawal.amount
    ):
        return f"is reported with the amount {report.amount}"
    match withdrawal.state, report.status:
        case State.RELEASED | State.REJECTED, PayoutStatus.PAID:
            return "is reported as paid after the money was returned to the player"
        case State.PAID, PayoutStatus.REFUSED:
            return "is reported as refused after it was paid; the money was not returned"
    return None


def _same_or_raise(
    earlier: Withdrawal, amount: Money, rail: Rail, address: str, tag: str
) -> Withdrawal:
    now_asked = (amount.currency.code, amount.major, rail.pk, address, tag)
    then_asked = (
        earlier.currency_id, earlier.amount, earlier.rail_id, earlier.address, earlier.tag,
    )  # fmt: skip
    if now_asked != then_asked:
        raise KeyReused
    return earlier


def _alarm(
    withdrawal: Withdrawal,
    problem: str,
    *,
    severity: str,
    code: str = "withdrawal.contradiction",
) -> None:
    raise_alarm(
        code,
        subject=withdrawal.public_id,
        message=f"Withdrawal {withdrawal.public_id} {problem}.",
        severity=severity,
    )


def _shown(withdrawal: Withdrawal) -> dict[str, object]:
    """What the audit trail keeps of it."""
    return {
        "state": str(withdrawal.state),
        "amount": withdrawal.money.text,
        "currency": withdrawal.currency_id,
        "rail": withdrawal.rail.code,
        "address": withdrawal.address,
        "tag": withdrawal.tag,
    }


def _publish(fact: type[WithdrawalEvent], withdrawal: Withdrawal) -> None:
    publish(
        fact(
            player_id=withdrawal.player_id,
            withdrawal_id=withdrawal.pk,
            public_id=withdrawal.public_id,
            amount=withdrawal.money.text,
            currency=withdrawal.currency_id,
        )
    )
