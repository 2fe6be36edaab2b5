"""Withdrawals that do not add up: two people settle them, and the money follows once."""

from decimal import Decimal

import pytest

from apps.accounts.models import User
from apps.audit import proposals
from apps.audit.errors import AlreadyDecided as ProposalDecided
from apps.audit.errors import NotPermitted, SamePerson
from apps.audit.models import Record
from apps.core.errors import InvalidInput
from apps.payments import acts
from apps.payments.errors import PayoutChanged
from apps.payments.models import Withdrawal, WithdrawalCase
from apps.payments.services import payouts, withdrawals
from tests.conftest import make_staff
from tests.payments.factories import (
    OTHER_ADDRESS,
    approved_withdrawal,
    call_back,
    cash,
    in_parallel,
    picture,
    recorded,
    reserved,
    sent_withdrawal,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _funded(player, fund):
    fund(player, "0.05", "BTC")


def case_of(withdrawal) -> WithdrawalCase:
    return WithdrawalCase.objects.get(withdrawal=withdrawal, settled_at=None)


def settled(withdrawal, outcome, by, also) -> Withdrawal:
    proposal = acts.propose_settlement(
        case_of(withdrawal), outcome=outcome, by=by, reason="We asked the gateway."
    )
    proposals.approve(
        proposal.public_id, by=also, reason="I saw it.", seen_hash=proposal.content_hash
    )
    return Withdrawal.objects.get(pk=withdrawal.pk)


@pytest.fixture
def clerk(db) -> User:
    """Who proposes; finance and administrators decide."""
    return make_staff("payments")


@pytest.fixture
def frozen(player, finance) -> Withdrawal:
    """Approved, then changed behind everybody's back; the sender has found it."""
    withdrawal = approved_withdrawal(player, finance)
    Withdrawal.objects.filter(pk=withdrawal.pk).update(address=OTHER_ADDRESS)
    payouts.send_due()
    return withdrawal


def test_a_changed_one_goes_back_to_the_queue_without_its_approvals(
    frozen, finance, administrator, clerk
):
    kept = settled(frozen, "keep", clerk, administrator)

    assert (kept.state, kept.approved_by, kept.approval_hash) == ("requested", None, "")
    assert kept.approvals.get().voided_at is not None
    assert withdrawals.approve(kept, finance, "Read again.").state == "approved"


def test_a_changed_one_is_given_back_as_it_was_set_aside(
    frozen, player, finance, administrator, clerk
):
    Withdrawal.objects.filter(pk=frozen.pk).update(amount=Decimal("0.04"))

    given = settled(frozen, "release", clerk, administrator)

    assert given.state == "rejected"
    assert (cash(player), reserved(player)) == (Decimal("0.05"), Decimal(0))
    record = Record.objects.get(action="withdrawal.settled")
    assert record.after["people"] == [str(clerk), str(administrator)]


def test_one_person_does_not_settle_anything(frozen, player, finance, support, clerk):
    case = case_of(frozen)
    with pytest.raises(NotPermitted):
        acts.propose_settlement(case, outcome="release", by=support, reason="Please.")
    proposal = acts.propose_settlement(case, outcome="release", by=clerk, reason="Asked.")
    before = picture()

    with pytest.raises(SamePerson):
        proposals.approve(
            proposal.public_id, by=clerk, reason="Me.", seen_hash=proposal.content_hash
        )

    assert picture()["withdrawals"] == before["withdrawals"]
    assert reserved(player) == Decimal("0.02")


def test_what_changed_after_it_was_proposed_is_not_settled(frozen, finance, administrator, clerk):
    proposal = acts.propose_settlement(
        case_of(frozen), outcome="release", by=clerk, reason="Asked."
    )
    Withdrawal.objects.filter(pk=frozen.pk).update(tag="7")

    with pytest.raises(PayoutChanged):
        proposals.approve(
            proposal.public_id, by=administrator, reason="Yes.", seen_hash=proposal.content_hash
        )

    assert case_of(frozen).settled_at is None


def test_paid_after_the_money_was_given_back_is_taken_from_the_player(
    player, finance, administrator, clerk
):
    withdrawal = sent_withdrawal(player, finance)
    call_back(recorded("withdrawal_declined", withdrawal))
    call_back(recorded("withdrawal_confirmed", withdrawal))
    assert cash(player) == Decimal("0.05")
    with pytest.raises(InvalidInput):
        acts.propose_settlement(case_of(withdrawal), outcome="release", by=clerk, reason="Twice.")

    kept = settled(withdrawal, "charge", clerk, administrator)

    assert kept.state == "released"
    assert cash(player) == Decimal("0.03")


def test_refused_after_it_was_paid_comes_back_to_the_player(player, finance, administrator, clerk):
    withdrawal = sent_withdrawal(player, finance)
    call_back(recorded("withdrawal_confirmed", withdrawal))
    call_back(recorded("withdrawal_declined", withdrawal))
    assert cash(player) == Decimal("0.03")

    settled(withdrawal, "release", clerk, administrator)

    assert (cash(player), reserved(player)) == (Decimal("0.05"), Decimal(0))


def test_a_case_may_be_closed_without_moving_anything(player, finance, administrator, clerk):
    withdrawal = sent_withdrawal(player, finance)
    call_back(recorded("withdrawal_confirmed", withdrawal))
    call_back(recorded("withdrawal_declined", withdrawal))

    settled(withdrawal, "keep", clerk, administrator)

    assert cash(player) == Decimal("0.03")
    assert not WithdrawalCase.objects.filter(settled_at=None).exists()


def test_many_contradictions_are_one_case(player, finance):
    withdrawal = sent_withdrawal(player, finance)
    call_back(recorded("withdrawal_confirmed", withdrawal))
    for name in ("withdrawal_declined", "withdrawal_cancelled", "withdrawal_failed"):
        call_back(recorded(name, withdrawal))

    assert WithdrawalCase.objects.filter(withdrawal=withdrawal).count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_settlement_pressed_twice_moves_money_once(player, finance, administrator, clerk):
    withdrawal = sent_withdrawal(player, finance)
    call_back(recorded("withdrawal_confirmed", withdrawal))
    call_back(recorded("withdrawal_declined", withdrawal))
    proposal = acts.propose_settlement(
        case_of(withdrawal), outcome="release", by=clerk, reason="Asked."
    )

    results = in_parallel(
        [
            lambda: proposals.approve(
                proposal.public_id, by=administrator, reason="Yes.",
                seen_hash=proposal.content_hash,
            )
        ]
        * 4
    )  # fmt: skip

    assert sum(isinstance(one, ProposalDecided) for one in results) == 3
    assert cash(player) == Decimal("0.05")
