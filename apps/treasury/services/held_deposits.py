"""Deciding on deposits that wait: one person up to a limit, two above it.

The deciding itself is `payments.services.deposits`; here is only who may.
"""

from collections.abc import Mapping
from typing import Any

from apps.accounts.models import User
from apps.audit import proposals
from apps.audit.models import Proposal
from apps.audit.proposals import Act, Person
from apps.core.errors import Forbidden, NotFound
from apps.ledger import selectors as ledger
from apps.payments.errors import NotHeld
from apps.payments.models import Deposit
from apps.payments.services import deposits
from apps.treasury.errors import NeedsTwoPeople
from apps.treasury.models import Threshold

PERMISSIONS = {"release": "payments.release_deposit", "refund": "payments.refund_deposit"}
# Whoever works the desk proposes; another role decides.
APPROVE = "treasury.approve_adjustment"


def needs_two_people(deposit: Deposit) -> bool:
    """Above the currency's limit; a currency without one always takes two."""
    row = Threshold.objects.filter(currency_id=deposit.currency_id).first()
    return row is None or deposit.held_money > row.alone_max_money


def release(deposit: Deposit, *, by: User, reason: str) -> Deposit:
    """Let it into the balance. Raises Forbidden, NeedsTwoPeople, NotHeld, InvalidInput."""
    _alone(deposit, "release", by)
    return deposits.release(deposit, by, reason)


def refund(deposit: Deposit, *, by: User, reason: str, proof: str = "") -> Deposit:
    """Send it back. proof: see `deposits.refund`. Raises as `release` does."""
    _alone(deposit, "refund", by)
    return deposits.refund(deposit, by, reason, proof=proof)


def propose_release(deposit: Deposit, *, by: Person, note: str) -> Proposal:
    """Raises NotHeld, NotPermitted, AlreadyProposed, InvalidInput."""
    return _propose(RELEASE, deposit, by, note, proof="")


def propose_refund(deposit: Deposit, *, by: Person, note: str, proof: str = "") -> Proposal:
    """Raises NotHeld, NotPermitted, AlreadyProposed, InvalidInput."""
    return _propose(REFUND, deposit, by, note, proof=proof.strip())


def _alone(deposit: Deposit, what: str, by: User) -> None:
    if not by.has_perm(PERMISSIONS[what]):
        raise Forbidden
    if needs_two_people(deposit):
        raise NeedsTwoPeople
    if open_proposal(deposit) is not None:
        raise NeedsTwoPeople("It is proposed already: decide there.")


def open_proposal(deposit: Deposit) -> Proposal | None:
    return Proposal.objects.filter(
        subject_kind=Deposit._meta.label_lower,
        subject_id=str(deposit.pk),
        state__in=Proposal.OPEN,
    ).first()


def _propose(act: Act, deposit: Deposit, by: Person, note: str, *, proof: str) -> Proposal:
    if deposit.state != Deposit.State.HELD:
        raise NotHeld
    amount = deposit.held_money
    return proposals.propose(
        act,
        by=by,
        title=f"{act.title}: {amount} of {deposit.player.display_name}",
        content={
            "deposit": deposit.pk,
            "public_id": deposit.public_id,
            "player": deposit.player.display_name,
            "amount": amount.text,
            "currency": amount.currency.code,
            "held_because": deposit.held_because,
            "proof": proof,
        },
        reason=note,
        evidence=proof,
        subject=deposit,
    )


def _release(proposal: Proposal, by: Person) -> Mapping[str, Any]:
    done = deposits.release(_same(proposal), _user(by), proposal.reason)
    return {"state": done.state, "entry_id": done.entry_id}


def _refund(proposal: Proposal, by: Person) -> Mapping[str, Any]:
    done = deposits.refund(
        _same(proposal), _user(by), proposal.reason, proof=proposal.content["proof"]
    )
    return {"state": done.state}


def _same(proposal: Proposal) -> Deposit:
    """The deposit, if it still holds what was proposed."""
    found = Deposit.objects.filter(pk=proposal.content["deposit"]).first()
    if found is None:
        raise NotFound
    if found.held_money.text != proposal.content["amount"]:
        raise NotHeld("A part of it was taken back since this was proposed. Propose it again.")
    return found


def _user(by: Person) -> User:
    if not isinstance(by, User):
        raise Forbidden
    return by


def _facts(content: Mapping[str, Any]) -> list[tuple[str, str]]:
    of = ledger.currency(content["currency"])
    facts = [
        ("Deposit", content["public_id"]),
        ("Player", content["player"]),
        ("Amount", f"{content['amount']} {of.code}"),
        ("Held because", content["held_because"].replace("_", " ")),
    ]
    return [*facts, ("Sent back with", content["proof"])] if content["proof"] else facts


RELEASE = proposals.register(
    Act(
        name="release_deposit",
        title="Release a held deposit",
        propose=PERMISSIONS["release"],
        approve=APPROVE,
        facts=_facts,
        carry_out=_release,
    )
)
REFUND = proposals.register(
    Act(
        name="refund_deposit",
        title="Send a held deposit back",
        propose=PERMISSIONS["refund"],
        approve=APPROVE,
        facts=_facts,
        carry_out=_refund,
    )
)
