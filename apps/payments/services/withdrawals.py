"""Asking for a withdrawal, deciding on it, and what becomes of it at the gateway.

The money leaves cash with the request and is then either paid or returned, exactly once. Who has
to agree is `approval.py`, looking after the queue is `queue.py`, sending is `payouts.py`.
"""

import re
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from apps.accounts.models import Player, User
from apps.audit import services as audit
from apps.audit.alarms import raise_alarm
from apps.core.clock import now
from apps.core.errors import Forbidden, InvalidAmount, InvalidInput, NotFound
from apps.core.money import Money
from apps.events.bus import publish
from apps.kyc.services.release import screen_withdrawal
from apps.ledger.models import Block
from apps.payments import (
    addressbook,
    approval,
    guard,
    limits,
    readiness,
    reasons,
    selectors,
    travel_rule,
)
from apps.payments.addresses import normalised, require_address, spellings
from apps.payments.errors import (
    AlreadyDecided,
    AmountTooSmall,
    CaseTaken,
    InvalidAddress,
    KeyReused,
    NotCancellable,
    OwnRequest,
    PayoutChanged,
    PayoutsFrozen,
    PlayerHeld,
    RailUnavailable,
    SecondPersonNeeded,
    StillHeld,
    UnknownPayment,
)
from apps.payments.events import (
    WithdrawalCancelled,
    WithdrawalEvent,
    WithdrawalPaid,
    WithdrawalRejected,
    WithdrawalReleased,
    WithdrawalRequested,
)
from apps.payments.history import add_step, lock_player
from apps.payments.models import (
    Approval,
    PaymentStep,
    Rail,
    SavedAddress,
    Withdrawal,
    WithdrawalCase,
)
from apps.payments.providers.base import PayoutReport, PayoutStatus
from apps.wallet import movements, restrictions

Holder = PaymentStep.Holder
State = Withdrawal.State

KEY = re.compile(r"[!-~]{1,64}", re.ASCII)
REASON_MAX = 255
# A payout the gateway has: its final word may have been lost, so it is asked now and then.
SENT_CHECK = timedelta(minutes=10)


@transaction.atomic
def request_withdrawal(
    *,
    player: Player,
    amount: Money,
    rail: Rail,
    key: str,
    address: str = "",
    tag: str = "",
    account: str = "",
    method: str = "",
    saved_only: bool = False,
    owner: travel_rule.Owner | None = None,
) -> Withdrawal:
    """Set the money aside and queue the payout; a rule may approve it at once.

    amount: leaves the cash balance now; the fee is inside it, the player receives the rest.
    key: chosen by the client; the same key returns the same withdrawal.
    address, tag: for coins. account, method: for fiat, as the gateway masks and names them.
    saved_only: refuse addresses that are not in the book and past their wait.
    owner: whose wallet the address is; kept with it, so that it is told once.
    Raises KeyReused, RailUnavailable, InvalidAmount, AmountTooSmall, InvalidAddress,
    AddressNotUsable, OwnerNeeded, WithdrawalBlocked, InsufficientFunds, WalletBlocked.
    """
    if not KEY.fullmatch(key):
        raise InvalidInput(fields={"key": "Use up to 64 letters, digits and signs."})
    if not rail.is_fiat:
        address = normalised(rail.address_kind, address)
    lock_player(player.pk)
    # What is found below may stop the account: the player's row comes before the wallets.
    Player.objects.select_for_update(no_key=True).filter(pk=player.pk).first()
    if earlier := Withdrawal.objects.filter(player=player, key=key).first():
        return _same_or_raise(earlier, amount, rail, address, tag, account)

    check_request(
        player=player, amount=amount, rail=rail, address=address, tag=tag, account=account
    )
    at = now()
    readiness.require(player, rail, amount, method=method, at=at)
    terms = limits.terms(limits.Direction.WITHDRAWAL, player, rail, method)
    fee = limits.fee(terms, amount)
    if fee >= amount:
        raise AmountTooSmall(fields={"amount": f"The fee alone is {fee}. Enter more."})
    why = reasons.of(player=player, amount=amount, rail=rail, address=address or account, tag=tag)
    saved, held_until = _target(player, rail, address, tag, saved_only=saved_only, at=at)
    told = travel_rule.for_payout(
        player=player, rail=rail, amount=amount, saved=saved, owner=owner, at=at
    )
    withdrawal = Withdrawal.objects.create(
        player=player,
        rail=rail,
        currency_id=rail.currency_id,
        provider=rail.provider,
        amount=amount.major,
        fee=fee.major,
        address=address,
        tag=tag,
        account=account,
        method=method,
        saved_address=saved,
        owner=told,
        key=key,
        reasons=why,
        held_until=held_until,
        people_needed=approval.people_needed(rail, amount),
        decide_by=approval.due_at(player, held_until or at),
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
    add_step(
        withdrawal,
        Holder.TEAM,
        "Requested, the money is set aside"
        + (f"; the address is new until {held_until:%-d %b %H:%M} UTC" if held_until else ""),
        until=withdrawal.decide_by,
    )
    _publish(WithdrawalRequested, withdrawal)
    # After the money is set aside: a hit stops the account, and this payout waits with it.
    if not screen_withdrawal(player.pk):
        withdrawal.reasons = [*withdrawal.reasons, "account_check"]
        withdrawal.save(update_fields=["reasons"])
    approve_by_rule(withdrawal, at=at)
    return withdrawal


def check_request(
    *,
    player: Player,
    amount: Money,
    rail: Rail,
    address: str = "",
    tag: str = "",
    account: str = "",
) -> None:
    """Refuse what no balance could make possible; nothing is written.

    Raises RailUnavailable, InvalidAmount, AmountTooSmall, InvalidAddress.
    """
    if not rail.enabled or not rail.pays_out:
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
    if rail.is_fiat:
        if address or tag or not account:
            raise InvalidAddress(fields={"account": "The gateway names the account."})
        return
    if account:
        raise InvalidAddress(fields={"account": "Coins go to an address."})
    require_address(rail, address, tag)
    addressbook.refuse_ours(player, address, tag)


def _target(
    player: Player, rail: Rail, address: str, tag: str, *, saved_only: bool, at: datetime
) -> tuple[SavedAddress | None, datetime | None]:
    if rail.is_fiat:
        return None, None
    return addressbook.for_payout(
        player=player, rail=rail, address=address, tag=tag, saved_only=saved_only, at=at
    )


@transaction.atomic
def approve_by_rule(withdrawal: Withdrawal, *, at: datetime | None = None) -> bool:
    """Approve what a rule lets through without a person; whether one did."""
    at = at or now()
    if withdrawal.state != State.REQUESTED:
        return False
    rule = approval.rule_for(withdrawal, at=at)
    if rule is None:
        return False
    withdrawal.move_to(State.APPROVED)
    withdrawal.approved_rule = rule
    withdrawal.approved_at = withdrawal.due_at = withdrawal.updated_at = at
    withdrawal.approval_hash = withdrawal.payout_hash
    withdrawal.decision = f"By the rule {rule}"
    withdrawal.save()
    audit.record(
        "withdrawal.approved_by_rule",
        actor="system:approval",
        subject=withdrawal,
        before={"state": State.REQUESTED},
        after={
            **_shown(withdrawal),
            "rule": rule.name,
            "rule_version": rule.version,
            "approval_hash": withdrawal.approval_hash,
        },
    )
    add_step(withdrawal, Holder.SYSTEM, "Approved automatically")
    return True


@transaction.atomic
def approve(
    withdrawal: Withdrawal, by: User, reason: str, *, seen_hash: str | None = None
) -> Withdrawal:
    """Let it be paid: exactly this amount to exactly this address.

    Above the high amount the first yes is kept and a second person has to say it too.
    withdrawal: as it was shown to the person who decides; seen_hash says the same in one word.
    Raises AlreadyDecided, PayoutChanged, OwnRequest, CaseTaken, StillHeld, PayoutsFrozen,
    SecondPersonNeeded, Forbidden, InvalidInput.
    """
    locked = _locked_for_decision(withdrawal, by, reason)
    if withdrawal.payout_hash != locked.payout_hash or (
        seen_hash is not None and seen_hash != locked.payout_hash
    ):
        raise PayoutChanged
    if selectors.reserved_amount(locked) != locked.money:
        raise PayoutChanged("The amount is not what was set aside. Settle it by two people.")
    at = now()
    if locked.held_until and locked.held_until > at:
        raise StillHeld
    if guard.is_frozen(locked.player_id):
        raise PayoutsFrozen
    if restrictions.stopping(locked.player_id, Block.WITHDRAW):
        raise PlayerHeld
    locked.people_needed = max(
        locked.people_needed, approval.people_needed(locked.rail, locked.money)
    )
    valid = _valid_approvals(locked, at)
    if any(one.by_id == by.pk for one in valid):
        raise SecondPersonNeeded
    _require_case(locked, by, is_second=bool(valid))
    Approval.objects.create(
        withdrawal=locked,
        by=by,
        payout_hash=locked.payout_hash,
        reason=reason.strip()[:REASON_MAX],
        at=at,
    )
    locked.updated_at = at
    locked.decision = reason.strip()[:REASON_MAX]
    if len(valid) + 1 < locked.people_needed:
        locked.assigned_to = locked.assigned_at = None
        locked.save()
        audit.record(
            "withdrawal.approved_first",
            actor=by,
            subject=locked,
            after={**_shown(locked), "approval_hash": locked.payout_hash},
            reason=locked.decision,
        )
        words = "One of our payments team agrees, a second person looks"
        add_step(locked, Holder.TEAM, words, until=locked.decide_by)
        return locked
    locked.move_to(State.APPROVED)
    locked.approved_by = by
    locked.approved_at = locked.due_at = at
    locked.approval_hash = locked.payout_hash
    locked.save()
    audit.record(
        "withdrawal.approved",
        actor=by,
        subject=locked,
        before={"state": State.REQUESTED},
        after={
            **_shown(locked),
            "approval_hash": locked.approval_hash,
            "people": [*(str(one.by) for one in valid), str(by)],
        },
        reason=locked.decision,
    )
    add_step(locked, Holder.SYSTEM, "Approved by our payments team")
    return locked


def _valid_approvals(withdrawal: Withdrawal, at: datetime) -> list[Approval]:
    """Who has agreed to exactly this payout. A yes to anything else is void from now on."""
    valid = []
    for one in withdrawal.approvals.filter(voided_at=None).select_related("by"):
        if one.payout_hash == withdrawal.payout_hash:
            valid.append(one)
        else:
            _void(one, "The payout is not what was approved.", at)
    return valid


def _void(given: Approval, why: str, at: datetime) -> None:
    given.voided_at, given.voided_because = at, why
    given.save(update_fields=["voided_at", "voided_because"])
    audit.record(
        "withdrawal.approval_void",
        actor="system:approval",
        subject=given.withdrawal,
        after={"by": str(given.by), "approval_hash": given.payout_hash},
        reason=why,
    )


@transaction.atomic
def void_approvals(withdrawal: Withdrawal, why: str) -> None:
    """Take an approved payout that was not sent back to the queue. withdrawal: locked."""
    at = now()
    for one in withdrawal.approvals.filter(voided_at=None).select_related("by"):
        _void(one, why, at)
    if withdrawal.state != State.APPROVED:
        return
    withdrawal.move_to(State.REQUESTED)
    withdrawal.approved_by = withdrawal.approved_at = withdrawal.approved_rule = None
    withdrawal.approval_hash, withdrawal.due_at, withdrawal.decision = "", None, ""
    withdrawal.decide_by = approval.due_at(withdrawal.player, at)
    withdrawal.updated_at = at
    withdrawal.save()
    add_step(withdrawal, Holder.TEAM, "Back with our payments team", until=withdrawal.decide_by)


@transaction.atomic
def freeze_payouts(player: Player, *, because: str, actor: Player | User | str) -> None:
    """Let nothing leave: what was approved and not handed over goes back to the queue."""
    lock_player(player.pk)
    guard.freeze(player, because=because, actor=actor)
    approved = (
        Withdrawal.objects.select_for_update(of=("self",))
        .select_related("player", "rail")
        .filter(player=player, state__in=[State.REQUESTED, State.APPROVED])
        .order_by("id")
    )
    for one in approved:
        void_approvals(one, f"Payouts were frozen: {because}"[:160])


@transaction.atomic
def disown_address(token: str) -> None:
    """The player says "not me" to a new address: it is gone and no payout leaves. Raises LinkUsed."""
    link = addressbook.use_not_me(token)
    freeze_payouts(
        link.player,
        because="You told us that a new payout address was not yours.",
        actor=link.player,
    )


@transaction.atomic
def cancel(player: Player, public_id: str) -> Withdrawal:
    """Call back a withdrawal that nobody has agreed to. Raises NotFound, NotCancellable."""
    locked = (
        Withdrawal.objects.select_for_update(of=("self",))
        .select_related("rail")
        .filter(player=player, public_id=public_id)
        .first()
    )
    if locked is None:
        raise NotFound
    if not is_cancellable(locked):
        raise NotCancellable
    locked.move_to(State.CANCELLED)
    locked.finished_at = locked.updated_at = now()
    locked.save()
    _return_money(locked)
    audit.record("withdrawal.cancelled", actor=player, subject=locked, after=_shown(locked))
    add_step(locked, Holder.NOBODY, "Cancelled by you, the money is back in your balance")
    _publish(WithdrawalCancelled, locked)
    return locked


def is_cancellable(withdrawal: Withdrawal) -> bool:
    """Money that was meant to leave must not tempt: only where the house allows it at all."""
    return (
        settings.WITHDRAWAL_CANCEL
        and withdrawal.state == State.REQUESTED
        and not withdrawal.rail.is_fiat
        and not withdrawal.approvals.filter(voided_at=None).exists()
    )


@transaction.atomic
def reject(withdrawal: Withdrawal, by: User, reason: str) -> Withdrawal:
    """Return the money to the player, who reads the reason.

    Raises AlreadyDecided, OwnRequest, CaseTaken, Forbidden, InvalidInput.
    """
    locked = _locked_for_decision(withdrawal, by, reason)
    _require_case(locked, by)
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
        open_case(withdrawal, WithdrawalCase.Kind.CONTRADICTION, problem)
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
        fee=withdrawal.fee_money,
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
    """Give back what was set aside, whatever the row says by now."""
    movements.withdrawal_released(
        player_id=withdrawal.player_id,
        amount=selectors.reserved_amount(withdrawal),
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
        .select_related("rail", "player")
        .filter(pk=withdrawal.pk)
        .first()
    )
    if locked is None:
        raise NotFound
    if locked.state != State.REQUESTED:
        raise AlreadyDecided
    return locked


def _require_case(withdrawal: Withdrawal, by: User, *, is_second: bool = False) -> None:
    """A case somebody has taken is theirs to decide; the second pair of eyes is free to come."""
    if not is_second and withdrawal.assigned_to_id not in (None, by.pk):
        raise CaseTaken


def open_case(withdrawal: Withdrawal, kind: str, problem: str) -> None:
    """Keep that a person has to settle this one; one open case for each withdrawal."""
    WithdrawalCase.objects.get_or_create(
        withdrawal=withdrawal,
        settled_at=None,
        defaults={"kind": kind, "problem": problem[:REASON_MAX], "opened_at": now()},
    )


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
        and report.amount != withdrawal.net_money.major
    ):
        return f"is reported with the amount {report.amount}"
    match withdrawal.state, report.status:
        case State.RELEASED | State.REJECTED, PayoutStatus.PAID:
            return "is reported as paid after the money was returned to the player"
        case State.PAID, PayoutStatus.REFUSED:
            return "is reported as refused after it was paid; the money was not returned"
    return None


def _same_or_raise(
    earlier: Withdrawal, amount: Money, rail: Rail, address: str, tag: str, account: str
) -> Withdrawal:
    now_asked = (amount.currency.code, amount.major, rail.pk, address, tag, account)
    then_asked = (
        earlier.currency_id, earlier.amount, earlier.rail_id, earlier.address, earlier.tag,
        earlier.account,
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
        "fee": withdrawal.fee_money.text,
        "currency": withdrawal.currency_id,
        "rail": withdrawal.rail.code,
        "address": withdrawal.address,
        "tag": withdrawal.tag,
        "account": withdrawal.account,
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
