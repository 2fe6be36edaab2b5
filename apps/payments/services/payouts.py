"""Sending approved withdrawals to their gateway, safely through crashes and lost answers.

1. A claim commits the intent and our own id (`foreign_id`) before anything leaves the house.
2. The gateway is called outside any transaction.
3. Its answer is recorded like any other report.
Whoever finds a claim without an answer asks the gateway by our id first, and only sends again, with
the same id, what never arrived there. So a payout leaves once, whatever died in between.

Before the intent is made, the payout is worked out again from the ledger and the approvals
(`payout_cover.py`), and held against what an hour may have (`payout_switch.py`).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import transaction

from apps.audit.alarms import raise_alarm
from apps.core import crash_points
from apps.core.clock import now
from apps.integrations.errors import ProviderError
from apps.ledger.models import Block
from apps.payments.errors import NameNeeded
from apps.payments.history import add_step, tell
from apps.payments.identity import person_of
from apps.payments.models import PaymentStep, PayoutIntent, PayoutStop, Withdrawal, WithdrawalCase
from apps.payments.providers.base import (
    AlreadyTaken,
    PayoutOrder,
    PayoutRefused,
    PayoutReport,
    PayoutStatus,
    Person,
)
from apps.payments.providers.registry import gateway
from apps.payments.services import payout_cover, payout_switch, withdrawals
from apps.wallet import restrictions

log = structlog.get_logger()

State = Withdrawal.State
BATCH = 25
# Longer than the slowest pair of calls: nobody else takes the claim while the first is at work.
LEASE = timedelta(seconds=60)
BACK_OFF_MAX_SECONDS = 300
TRIES_BEFORE_ALARM = 5
# A refusal is only final when no earlier call of ours can still be on its way.
SETTLE_TIME = timedelta(minutes=15)
OVERDUE = timedelta(hours=24)


@dataclass(frozen=True)
class Claim:
    """A withdrawal that is ours for the length of a lease.

    is_held: nothing may be asked or sent about it now. unknown_before: of an earlier call.
    """

    withdrawal: Withdrawal
    unknown_before: datetime | None = None
    is_held: bool = False


def send_due(limit: int = BATCH) -> int:
    """Send what is approved, ask about what is open; how many were taken up."""
    done = 0
    while done < limit:
        claim = _claim()
        if claim is None:
            break
        done += 1
        if claim.is_held:
            continue
        try:
            _take_further(claim.withdrawal, claim.unknown_before)
        except ProviderError as error:
            _postpone(
                claim.withdrawal,
                str(error),
                claim.unknown_before,
                is_clear=not error.outcome_unknown,
            )
    return done


@transaction.atomic
def _claim() -> Claim | None:
    """Take the next due withdrawal for the length of a lease, with the intent committed."""
    # One after the other: two that leave at once must not both find room in the hour.
    payout_switch.hold()
    at = now()
    states = [State.APPROVED, State.SENDING, State.SENT]
    if payout_switch.is_stopped():
        states.remove(State.APPROVED)
    withdrawal = (
        Withdrawal.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("rail", "player", "player__user")
        .filter(due_at__lte=at, state__in=states)
        .order_by("due_at")
        .first()
    )
    if withdrawal is None:
        return None
    unknown_before = withdrawal.unknown_at
    withdrawal.due_at = at + LEASE
    withdrawal.updated_at = at
    if withdrawal.payout_hash != withdrawal.approval_hash:
        _freeze(withdrawal)
        return Claim(withdrawal, is_held=True)
    if withdrawal.state == State.APPROVED:
        if not _may_leave(withdrawal):
            return Claim(withdrawal, is_held=True)
        withdrawal.move_to(State.SENDING)
        # A gateway that asked us about this payout knows it by its own id.
        withdrawal.foreign_id = withdrawal.foreign_id or withdrawal.public_id
        add_step(withdrawal, PaymentStep.Holder.SYSTEM, "Being handed to the payment gateway")
    if withdrawal.state == State.SENDING:
        withdrawal.tries = min(withdrawal.tries + 1, 1000)
        # From here on a call may be on its way: a crash must not look like nothing was sent.
        withdrawal.unknown_at = at
    withdrawal.save()
    return Claim(withdrawal, unknown_before)


def _may_leave(withdrawal: Withdrawal) -> bool:
    """Whether an approved payout may be sent now; if so, its intent is kept."""
    if restrictions.stopping(withdrawal.player_id, Block.WITHDRAW):
        # It was approved before something came up. Whoever decides again sees it.
        withdrawals.void_approvals(withdrawal, "Withdrawals of this player are stopped.")
        return False
    if problem := payout_cover.problem(withdrawal):
        _freeze(withdrawal, problem)
        payout_switch.stop_by_itself(
            PayoutStop.Cause.LEDGER, f"Withdrawal {withdrawal.public_id} {problem}."
        )
        return False
    value = payout_switch.value_of(withdrawal)
    if value is None and payout_switch.needs_value():
        _wait_for_rate(withdrawal)
        return False
    if found := payout_switch.problem_with_pace(withdrawal, value):
        withdrawal.save(update_fields=["due_at", "updated_at"])
        payout_switch.stop_by_itself(*found)
        return False
    PayoutIntent.objects.get_or_create(
        withdrawal=withdrawal,
        defaults={
            "amount": withdrawal.amount,
            "currency_id": withdrawal.currency_id,
            "base_value": value,
            "at": withdrawal.updated_at,
        },
    )
    return True


def _wait_for_rate(withdrawal: Withdrawal) -> None:
    """Limits in value cannot be kept without a rate: it waits, and nobody else does."""
    withdrawal.error = "There is no rate to value this payout with."
    withdrawal.save(update_fields=["due_at", "updated_at", "error"])
    raise_alarm(
        "payouts.unvalued",
        subject=withdrawal.currency_id,
        message=f"Payouts in {withdrawal.currency_id} wait: no rate says what they are worth.",
    )


def _freeze(withdrawal: Withdrawal, problem: str = "differs from what was approved") -> None:
    """What would be paid is not what was approved or reserved. Nothing is sent."""
    withdrawal.due_at = None
    withdrawal.save(update_fields=["due_at", "updated_at"])
    raise_alarm(
        "withdrawal.changed",
        subject=withdrawal.public_id,
        message=f"Withdrawal {withdrawal.public_id} {problem}; it is frozen.",
        severity="critical",
    )
    withdrawals.open_case(withdrawal, WithdrawalCase.Kind.CHANGED, problem)


def _take_further(withdrawal: Withdrawal, unknown_before: datetime | None) -> None:
    """Ask first when an earlier call may have got through; send what never did."""
    desk = gateway(withdrawal.provider)
    reference = withdrawal.foreign_id or ""
    is_first = withdrawal.state == State.SENDING and withdrawal.tries == 1
    if not is_first:
        report = desk.find_payout(reference)
        if report is not None:
            _record(withdrawal, report)
            return
        if withdrawal.state == State.SENT:
            _lost(withdrawal)
            return
    if payout_switch.is_stopped():
        _postpone(withdrawal, "Payouts are stopped.", unknown_before, is_clear=True)
        return
    crash_points.reach("payout.intended")
    try:
        report = desk.send_payout(
            PayoutOrder(
                reference=reference,
                provider_code=withdrawal.rail.provider_code,
                amount=withdrawal.net_money,
                address=withdrawal.address,
                tag=withdrawal.tag,
                player_ref=withdrawal.player.public_id,
                coin_code=withdrawal.rail.coin_code,
                receiver=_receiver(withdrawal),
            )
        )
    except AlreadyTaken:
        _record_taken(withdrawal)
        return
    except PayoutRefused as refused:
        _refused(withdrawal, refused.text, unknown_before)
        return
    crash_points.reach("payout.answered")
    _record(withdrawal, report)


def _receiver(withdrawal: Withdrawal) -> Person | None:
    """Raises ProviderError: without a name the gateway would not take it."""
    try:
        return person_of(withdrawal.player)
    except NameNeeded as needed:
        raise ProviderError(needed.message, retryable=True) from needed


def _record_taken(withdrawal: Withdrawal) -> None:
    """An earlier call got through: what became of it is for the gateway to say."""
    try:
        report = gateway(withdrawal.provider).find_payout(withdrawal.foreign_id or "")
    except ProviderError as error:
        _postpone(withdrawal, str(error), None)
        return
    if report is None:
        _postpone(withdrawal, "The gateway says it has this payout and cannot find it.", None)
        return
    _record(withdrawal, report)


def _record(withdrawal: Withdrawal, report: PayoutReport) -> None:
    withdrawals.apply_report(report)
    with transaction.atomic():
        current = Withdrawal.objects.select_for_update().get(pk=withdrawal.pk)
        if current.state == State.SENT:
            current.due_at = now() + withdrawals.SENT_CHECK
            current.save(update_fields=["due_at"])
            if now() - (current.approved_at or now()) > OVERDUE:
                raise_alarm(
                    "withdrawal.overdue",
                    subject=current.public_id,
                    message=f"Withdrawal {current.public_id} is at the gateway for over a day.",
                )


def _refused(withdrawal: Withdrawal, text: str, unknown_before: datetime | None) -> None:
    """Return the money, unless an earlier call could still turn up at the gateway."""
    if unknown_before is not None and now() - unknown_before < SETTLE_TIME:
        _postpone(withdrawal, f"The gateway refuses: {text}", unknown_before, is_clear=True)
        return
    withdrawals.apply_report(
        PayoutReport(
            provider=withdrawal.provider,
            outside_ref="",
            reference=withdrawal.foreign_id or "",
            status=PayoutStatus.REFUSED,
            error=text,
        )
    )


@transaction.atomic
def _postpone(
    withdrawal: Withdrawal, error: str, unknown_before: datetime | None, *, is_clear: bool = False
) -> None:
    """Keep everything reserved and look again later.

    is_clear: this try left nothing at the gateway, so only earlier ones count.
    """
    current = Withdrawal.objects.select_for_update().get(pk=withdrawal.pk)
    if current.is_final:
        return  # a callback was faster
    log.warning("payout.postponed", withdrawal=current.public_id, error=error)
    at = now()
    current.error = error[:255]
    current.updated_at = at
    if current.state == State.SENT:
        current.due_at = at + withdrawals.SENT_CHECK
    else:
        current.due_at = at + timedelta(seconds=min(2**current.tries, BACK_OFF_MAX_SECONDS))
        if is_clear:
            current.unknown_at = unknown_before
    current.save(update_fields=["error", "due_at", "unknown_at", "updated_at"])
    tell(current)
    if current.state == State.SENDING and current.tries >= TRIES_BEFORE_ALARM:
        raise_alarm(
            "withdrawal.stuck",
            subject=current.public_id,
            message=f"Withdrawal {current.public_id} has no clear answer: {current.error}",
            severity="critical",
        )


@transaction.atomic
def _lost(withdrawal: Withdrawal) -> None:
    """The gateway took it and does not know it any more: for a person, the money stays put."""
    Withdrawal.objects.filter(pk=withdrawal.pk, state=State.SENT).update(
        due_at=now() + withdrawals.SENT_CHECK
    )
    raise_alarm(
        "withdrawal.lost",
        subject=withdrawal.public_id,
        message=f"The gateway took withdrawal {withdrawal.public_id} and no longer knows it.",
        severity="critical",
    )
