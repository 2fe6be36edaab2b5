"""Four eyes: who may propose, who may decide, and that it happens once and as it was read."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from apps.accounts.models import Player, User
from apps.audit import proposals
from apps.audit.errors import (
    AlreadyDecided,
    AlreadyProposed,
    NotApproved,
    NotPermitted,
    ProposalChanged,
    ProposalExpired,
    SamePerson,
)
from apps.audit.models import Proposal, Record
from apps.core.clock import now
from apps.core.errors import DomainError, InvalidInput, NotFound
from apps.ledger.models import Entry
from apps.treasury.models import Adjustment
from tests.operator.factories import make_staff
from tests.payments.factories import in_parallel
from tests.treasury.factories import agree, cash, propose_adjustment

pytestmark = pytest.mark.django_db


def nothing_moved(proposal: Proposal, state: str = "waiting") -> None:
    proposal.refresh_from_db()
    assert proposal.state == state
    assert Entry.objects.count() == 0
    assert Adjustment.objects.count() == 0


@pytest.mark.rule("PAY-26")
def test_two_people_make_it_happen_and_both_are_recorded(
    player: Player, maker: User, checker: User
) -> None:
    proposal = propose_adjustment(player, maker, "0.01")

    done = agree(proposal, checker)

    assert (done.state, done.maker_id, done.checker_id) == ("executed", maker.pk, checker.pk)
    assert done.result is not None
    assert done.result["balance_after"] == "0.01000000"
    records = Record.objects.filter(subject_kind="audit.proposal").order_by("id")
    assert [(row.action, row.actor_id) for row in records] == [
        ("proposal.made", str(maker.pk)),
        ("proposal.approved", str(checker.pk)),
        ("proposal.executed", str(checker.pk)),
    ]
    assert all(row.after["content_hash"] == done.content_hash for row in records)


@pytest.mark.rule("PAY-26", "SEC-04")
def test_nobody_approves_or_rejects_their_own(player: Player, maker: User) -> None:
    proposal = propose_adjustment(player, maker)

    for act in (agree, lambda one, by: proposals.reject(one.public_id, by=by, reason="No")):
        with pytest.raises(SamePerson):
            act(proposal, maker)

    nothing_moved(proposal)


def test_the_database_knows_that_it_takes_two(player: Player, maker: User) -> None:
    proposal = propose_adjustment(player, maker)

    with pytest.raises(IntegrityError, match="audit_proposal_two_people"), transaction.atomic():
        Proposal.objects.filter(pk=proposal.pk).update(checker=maker)
    with pytest.raises(IntegrityError, match="audit_proposal_approved"), transaction.atomic():
        Proposal.objects.filter(pk=proposal.pk).update(state="executed")


def test_only_who_may_proposes_and_decides(player: Player, maker: User) -> None:
    support = make_staff("support")

    with pytest.raises(NotPermitted):
        propose_adjustment(player, support)
    proposal = propose_adjustment(player, maker)
    with pytest.raises(NotPermitted):
        agree(proposal, support)

    nothing_moved(proposal)


@pytest.mark.parametrize(
    "change",
    [
        {"content": {"player_id": 1, "amount": "9.00000000", "currency": "BTC"}},
        {"evidence": "Something else"},
        {"act": "own_amount"},
        {"subject_id": "99"},
    ],
)
def test_what_changed_after_it_was_proposed_is_not_approved(
    player: Player, maker: User, checker: User, change: dict[str, object]
) -> None:
    proposal = propose_adjustment(player, maker)
    Proposal.objects.filter(pk=proposal.pk).update(**change)

    with pytest.raises((ProposalChanged, NotPermitted)):
        agree(proposal, checker)

    nothing_moved(proposal)


def test_an_approval_is_for_what_was_seen(player: Player, maker: User, checker: User) -> None:
    proposal = propose_adjustment(player, maker)

    with pytest.raises(ProposalChanged):
        proposals.approve(proposal.public_id, by=checker, reason="Yes", seen_hash="0" * 64)

    nothing_moved(proposal)


def test_a_proposal_expires(player: Player, maker: User, checker: User) -> None:
    proposal = propose_adjustment(player, maker)
    Proposal.objects.filter(pk=proposal.pk).update(expires_at=now() - timedelta(seconds=1))

    with pytest.raises(ProposalExpired):
        agree(proposal, checker)
    assert proposals.expire_due() == 1
    assert proposals.expire_due() == 0
    with pytest.raises(AlreadyDecided):
        agree(proposal, checker)

    nothing_moved(proposal, "expired")
    assert propose_adjustment(player, maker).state == "waiting"


def test_a_rejected_one_stays_rejected(player: Player, maker: User, checker: User) -> None:
    proposal = propose_adjustment(player, maker)
    proposals.reject(proposal.public_id, by=checker, reason="The ticket says otherwise")

    with pytest.raises(AlreadyDecided):
        agree(proposal, checker)

    nothing_moved(proposal, "rejected")
    assert proposal.decision == "The ticket says otherwise"


def test_only_the_maker_takes_it_back(player: Player, maker: User, checker: User) -> None:
    proposal = propose_adjustment(player, maker)

    with pytest.raises(NotPermitted):
        proposals.take_back(proposal.public_id, by=checker, reason="Mine now")
    proposals.take_back(proposal.public_id, by=maker, reason="Wrong player")

    nothing_moved(proposal, "withdrawn")


def test_one_open_proposal_for_a_subject(player: Player, maker: User) -> None:
    propose_adjustment(player, maker)

    with pytest.raises(AlreadyProposed):
        propose_adjustment(player, make_staff("payments"), "0.02")

    assert Proposal.objects.count() == 1


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
def test_a_decision_needs_words(player: Player, maker: User, checker: User, reason: str) -> None:
    proposal = propose_adjustment(player, maker)

    with pytest.raises(InvalidInput):
        agree(proposal, checker, reason)

    nothing_moved(proposal)


def test_what_cannot_be_done_is_not_decided(player: Player, maker: User, checker: User) -> None:
    proposal = propose_adjustment(player, maker, "-0.5", reason="recovery")

    with pytest.raises(DomainError):
        agree(proposal, checker)

    nothing_moved(proposal)
    assert proposal.checker_id is None


def test_an_act_that_happens_here_is_not_told_as_done(
    player: Player, maker: User, checker: User
) -> None:
    proposal = propose_adjustment(player, maker)

    with pytest.raises(NotApproved):
        proposals.complete(proposal.public_id, by=maker, evidence="Done")
    agree(proposal, checker)
    with pytest.raises(AlreadyDecided):
        proposals.complete(proposal.public_id, by=maker, evidence="Done")


def test_an_unknown_proposal_is_not_found(checker: User) -> None:
    with pytest.raises(NotFound):
        proposals.approve("pr_nothing", by=checker, reason="Yes", seen_hash="")


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_approvals_at_once_move_money_once(player: Player, maker: User) -> None:
    checkers = [make_staff("finance") for _ in range(4)]
    proposal = propose_adjustment(player, maker, "0.01")

    answers = in_parallel([lambda by=by: agree(proposal, by) for by in checkers])

    assert sum(isinstance(answer, Proposal) for answer in answers) == 1
    assert sum(isinstance(answer, AlreadyDecided) for answer in answers) == 3
    assert cash(player) == Decimal("0.01")
    connection.close()
