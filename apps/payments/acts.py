"""What takes two people here: settling a withdrawal that does not add up."""

from collections.abc import Mapping
from typing import Any

from apps.accounts.models import User
from apps.audit.models import Proposal
from apps.audit.proposals import Act, Content, Person, propose, register
from apps.core.errors import InvalidInput
from apps.payments.models import Withdrawal, WithdrawalCase
from apps.payments.services import settling

Outcome = WithdrawalCase.Outcome


def _facts(content: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        ("Withdrawal", content["withdrawal"]),
        ("Problem", content["problem"]),
        ("Amount", content["amount"]),
        ("To", content["target"]),
        ("State", content["state"]),
        ("What will be done", Outcome(content["outcome"]).label),
    ]


def _carry_out(proposal: Proposal, by: Person) -> Content:
    return settling.settle(
        case_id=int(proposal.content["case"]),
        outcome=proposal.content["outcome"],
        seen_hash=proposal.content["payout_hash"],
        proposal=proposal.public_id,
        people=(str(proposal.maker), str(by)),
    )


SETTLE = register(
    Act(
        name="withdrawal.settle",
        title="Settle a withdrawal",
        propose="payments.resolve_withdrawal",
        approve="payments.approve_withdrawal",
        facts=_facts,
        carry_out=_carry_out,
    )
)


def propose_settlement(
    case: WithdrawalCase, *, outcome: str, by: User, reason: str, evidence: str = ""
) -> Proposal:
    """Say what should become of it; another person has to agree.

    Raises NotPermitted, AlreadyProposed, InvalidInput.
    """
    withdrawal = Withdrawal.objects.select_related("rail").get(pk=case.withdrawal_id)
    if outcome not in settling.outcomes(case, withdrawal):
        raise InvalidInput(fields={"outcome": "This cannot be done with it."})
    return propose(
        SETTLE,
        by=by,
        content={
            "case": case.pk,
            "withdrawal": withdrawal.public_id,
            "problem": case.problem,
            "amount": str(withdrawal.money),
            "target": withdrawal.target,
            "state": withdrawal.get_state_display(),
            "payout_hash": withdrawal.payout_hash,
            "outcome": outcome,
        },
        reason=reason,
        title=f"Settle withdrawal {withdrawal.public_id}",
        evidence=evidence,
        subject=case,
    )
