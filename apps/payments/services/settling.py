"""What becomes of a withdrawal that does not add up, once two people have agreed (`acts.py`)."""

from django.db import transaction

from apps.audit import services as audit
from apps.core.clock import now
from apps.core.errors import Conflict, InvalidInput, NotFound
from apps.payments.errors import PayoutChanged
from apps.payments.history import add_step
from apps.payments.models import PaymentStep, Withdrawal, WithdrawalCase
from apps.payments.selectors import reserved_amount
from apps.payments.services.withdrawals import void_approvals
from apps.wallet import movements

Holder = PaymentStep.Holder
State = Withdrawal.State
Outcome = WithdrawalCase.Outcome
UNSENT = {State.REQUESTED, State.APPROVED}
AT_GATEWAY = {State.SENDING, State.SENT}
RETURNED = {State.REJECTED, State.RELEASED, State.CANCELLED}


def outcomes(case: WithdrawalCase, withdrawal: Withdrawal) -> list[str]:
    """What may be decided in the state it is in."""
    if withdrawal.state in RETURNED:
        return [Outcome.KEEP, Outcome.CHARGE]
    return [Outcome.KEEP, Outcome.RELEASE]


@transaction.atomic
def settle(
    *, case_id: int, outcome: str, seen_hash: str, proposal: str, people: tuple[str, str]
) -> dict[str, str]:
    """Do what two people have agreed on, once.

    keep: what is still to be sent goes back to the queue; what the gateway has is followed again.
    release: the player gets the money. charge: what left after it was given back is taken.
    Raises NotFound, Conflict, PayoutChanged, InvalidInput.
    """
    case = WithdrawalCase.objects.select_for_update().filter(pk=case_id).first()
    if case is None:
        raise NotFound
    if case.settled_at:
        raise Conflict("This was settled already.")
    withdrawal = (
        Withdrawal.objects.select_for_update(of=("self",))
        .select_related("rail", "player")
        .get(pk=case.withdrawal_id)
    )
    if withdrawal.payout_hash != seen_hash:
        raise PayoutChanged
    if outcome not in outcomes(case, withdrawal):
        raise InvalidInput("It has moved on since this was proposed. Propose it again.")
    before = withdrawal.state
    match outcome:
        case Outcome.KEEP:
            _keep(withdrawal)
        case Outcome.RELEASE:
            _release(withdrawal)
        case Outcome.CHARGE:
            _charge(withdrawal)
    case.settled_at, case.outcome, case.settled_by = now(), outcome, proposal
    case.save(update_fields=["settled_at", "outcome", "settled_by"])
    audit.record(
        "withdrawal.settled",
        actor="system:proposal",
        subject=withdrawal,
        before={"state": before},
        after={
            "state": withdrawal.state,
            "outcome": outcome,
            "proposal": proposal,
            "people": list(people),
        },
        reason=case.problem,
    )
    return {"state": withdrawal.state, "outcome": outcome}


def _keep(withdrawal: Withdrawal) -> None:
    if withdrawal.state in UNSENT:
        void_approvals(withdrawal, "It differed from what was approved.")
    elif withdrawal.state in AT_GATEWAY:
        # The two people have read the row as it is: it is followed as that from now on.
        withdrawal.approval_hash = withdrawal.payout_hash
        withdrawal.due_at = withdrawal.updated_at = now()
        withdrawal.save(update_fields=["approval_hash", "due_at", "updated_at"])


def _release(withdrawal: Withdrawal) -> None:
    """The money goes to the player: the reserve while there is one, new money after it was paid."""
    at = now()
    if withdrawal.state == State.PAID:
        movements.withdrawal_returned(
            partner=withdrawal.provider,
            player_id=withdrawal.player_id,
            amount=withdrawal.net_money,
            key=f"withdrawal:{withdrawal.pk}:returned",
            withdrawal_id=withdrawal.pk,
        )
        add_step(withdrawal, Holder.NOBODY, "It came back, the money is in your balance")
        return
    if withdrawal.state == State.APPROVED:
        void_approvals(withdrawal, "The withdrawal was settled.")
    is_sent = withdrawal.state in AT_GATEWAY
    withdrawal.move_to(State.RELEASED if is_sent else State.REJECTED)
    withdrawal.due_at = None
    withdrawal.finished_at = withdrawal.updated_at = at
    if not is_sent:
        withdrawal.decision = "Something about this payout was not right."
    withdrawal.save()
    movements.withdrawal_released(
        player_id=withdrawal.player_id,
        amount=reserved_amount(withdrawal),
        key=f"withdrawal:{withdrawal.pk}:release",
        withdrawal_id=withdrawal.pk,
    )
    add_step(withdrawal, Holder.NOBODY, "Settled, the money is back in your balance")


def _charge(withdrawal: Withdrawal) -> None:
    movements.withdrawal_forced(
        partner=withdrawal.provider,
        player_id=withdrawal.player_id,
        amount=withdrawal.net_money,
        key=f"withdrawal:{withdrawal.pk}:forced",
        withdrawal_id=withdrawal.pk,
    )
    add_step(withdrawal, Holder.NOBODY, "It was paid after all, the amount left your balance")
