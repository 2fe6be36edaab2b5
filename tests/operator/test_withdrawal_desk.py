"""The queue as a desk: whose, until when, two people, levels, freezes, rules, settlements."""

from datetime import timedelta
from decimal import Decimal

import pytest

from apps.accounts.models import Player
from apps.audit.models import Proposal, Record
from apps.core.clock import now
from apps.payments import guard
from apps.payments.models import ApprovalRule, LimitRule, Withdrawal, WithdrawalCase
from apps.payments.services import withdrawals
from tests.operator.factories import (
    code_of,
    make_deposit,
    make_player,
    make_staff,
    make_withdrawal,
    signed_in,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def finance():
    return make_staff("finance")


@pytest.fixture
def withdrawal() -> Withdrawal:
    player = make_player("dana")
    make_deposit(player, "0.5")
    return make_withdrawal(player, "0.02")


def approval(user, withdrawal, **changes):
    return {
        "reason": "Known player",
        "code": code_of(user, steps=1),
        "seen": withdrawal.payout_hash,
        **changes,
    }


# ---- the queue ---------------------------------------------------------------------------------


def test_a_case_is_taken_and_given_back(finance, withdrawal):
    client = signed_in(finance)
    base = f"/operator/queue/{withdrawal.public_id}"
    assert client.get(f"{base}/take/").status_code == 405

    client.post(f"{base}/take/")
    withdrawal.refresh_from_db()
    assert withdrawal.assigned_to_id == finance.pk
    other = signed_in(make_staff("finance"))
    other.post(f"{base}/take/")
    withdrawal.refresh_from_db()
    assert withdrawal.assigned_to_id == finance.pk

    client.post(f"{base}/give-back/")
    withdrawal.refresh_from_db()
    assert withdrawal.assigned_to_id is None


def test_a_case_of_somebody_else_is_taken_over_on_purpose_only(finance, withdrawal):
    signed_in(finance).post(f"/operator/queue/{withdrawal.public_id}/take/")
    other = make_staff("finance")
    client = signed_in(other)

    refused = client.post(
        f"/operator/queue/{withdrawal.public_id}/approve/", approval(other, withdrawal)
    )
    assert refused.status_code == 422
    client.post(f"/operator/queue/{withdrawal.public_id}/take/", {"over": "yes"})

    withdrawal.refresh_from_db()
    assert (withdrawal.state, withdrawal.assigned_to_id) == ("requested", other.pk)


def test_the_queue_is_filtered(finance, withdrawal):
    late = make_withdrawal(withdrawal.player, "0.01")
    Withdrawal.objects.filter(pk=late.pk).update(
        decide_by=now() - timedelta(minutes=1), reasons=["large_amount"]
    )
    client = signed_in(finance)
    client.post(f"/operator/queue/{withdrawal.public_id}/take/")

    def shown(query: str) -> list[bool]:
        page = client.get(f"/operator/queue/?{query}").content.decode()
        return [one.public_id in page for one in (withdrawal, late)]

    assert shown("") == [True, True]
    assert shown("show=mine") == [True, False]
    assert shown("show=free") == [False, True]
    assert shown("show=overdue") == [False, True]
    assert shown("reason=large_amount") == [False, True]
    assert shown("reason=first_withdrawal") == [True, False]
    assert shown("show=nonsense&reason=nonsense") == [True, True]
    assert "overdue" in client.get("/operator/queue/").content.decode()


def test_a_hold_is_promised_to_the_player(finance, withdrawal):
    client = signed_in(finance)
    path = f"/operator/queue/{withdrawal.public_id}/hold/"
    assert client.post(path, {"reason": ""}).status_code == 422

    assert client.post(path, {"reason": "We ask the gateway"}).status_code == 302

    withdrawal.refresh_from_db()
    assert withdrawal.decide_by == withdrawal.created_at + timedelta(hours=72)
    assert Record.objects.get(action="withdrawal.held").reason == "We ask the gateway"


def test_above_the_high_amount_two_people_approve(finance, withdrawal):
    large = make_withdrawal(withdrawal.player, "0.2")
    path = f"/operator/queue/{large.public_id}/approve/"
    client = signed_in(finance)
    assert client.post(path, approval(finance, large)).status_code == 302
    again = client.post(path, approval(finance, large, code=code_of(finance, steps=2)))
    large.refresh_from_db()
    assert (again.status_code, large.state) == (422, "requested")
    assert "1 of 2 people agree" in client.get("/operator/queue/").content.decode()

    other = make_staff("finance")
    assert signed_in(other).post(path, approval(other, large)).status_code == 302

    large.refresh_from_db()
    assert large.state == "approved"
    page = client.get(f"/operator/queue/{large.public_id}/").content.decode()
    assert finance.email in page
    assert other.email in page


def test_support_sees_the_desk_and_touches_nothing(withdrawal):
    client = signed_in(make_staff("support"))
    for act in ("take", "give-back", "hold", "settle"):
        path = f"/operator/queue/{withdrawal.public_id}/{act}/"
        assert client.post(path, {"reason": "Me"}).status_code == 403
    for act in ("rank", "kyc", "freeze", "unfreeze"):
        path = f"/operator/players/{withdrawal.player_id}/{act}/"
        assert client.post(path, {"level": "3", "reason": "Me", "code": "1"}).status_code == 403
    withdrawal.refresh_from_db()
    assert withdrawal.assigned_to_id is None
    assert Player.objects.get(pk=withdrawal.player_id).rank == 0


# ---- the player --------------------------------------------------------------------------------


@pytest.mark.parametrize(("page", "field"), [("rank", "rank"), ("kyc", "kyc_level")])
def test_levels_are_set_with_a_reason(finance, withdrawal, page, field):
    client = signed_in(finance)
    path = f"/operator/players/{withdrawal.player_id}/{page}/"
    assert client.post(path, {"level": "99", "reason": "Try"}).status_code == 422
    assert client.post(path, {"level": "2", "reason": " "}).status_code == 422
    assert client.post(path, {"level": "x", "reason": "Try"}).status_code == 422

    assert client.post(path, {"level": "2", "reason": "Documents seen"}).status_code == 302

    assert getattr(Player.objects.get(pk=withdrawal.player_id), field) == 2
    record = Record.objects.get(action=f"player.{field}_changed")
    assert (record.before, record.after, record.reason) == (
        {field: 0},
        {field: 2},
        "Documents seen",
    )


def test_payouts_are_frozen_and_opened_by_staff(finance, withdrawal):
    client = signed_in(finance)
    base = f"/operator/players/{withdrawal.player_id}"
    client.post(f"{base}/freeze/", {"reason": "Signed in from two continents"})
    assert guard.is_frozen(withdrawal.player_id)
    answer = client.post(
        f"/operator/queue/{withdrawal.public_id}/approve/", approval(finance, withdrawal)
    )
    assert answer.status_code == 422
    assert client.post(f"{base}/unfreeze/", {"reason": "Spoke", "code": "1"}).status_code == 422

    code = code_of(finance, steps=2)
    assert client.post(f"{base}/unfreeze/", {"reason": "Spoke", "code": code}).status_code == 302

    assert not guard.is_frozen(withdrawal.player_id)


# ---- settling ----------------------------------------------------------------------------------


def test_a_case_is_proposed_here_and_decided_by_another_role(withdrawal):
    withdrawals.open_case(withdrawal, WithdrawalCase.Kind.CONTRADICTION, "is reported as strange")
    client = signed_in(make_staff("payments"))
    assert "is reported as strange" in client.get("/operator/queue/").content.decode()
    path = f"/operator/queue/{withdrawal.public_id}/settle/"
    assert client.post(path, {"outcome": "charge", "reason": "No"}).status_code == 422

    assert client.post(path, {"outcome": "release", "reason": "Asked"}).status_code == 302

    proposal = Proposal.objects.get()
    other = make_staff("finance")
    answer = signed_in(other).post(
        f"/operator/proposals/{proposal.public_id}/approve/",
        {"reason": "Seen", "code": code_of(other, steps=1), "seen": proposal.content_hash},
    )
    assert answer.status_code == 302
    withdrawal.refresh_from_db()
    assert withdrawal.state == "rejected"


def test_there_is_nothing_to_settle_without_a_case(withdrawal):
    path = f"/operator/queue/{withdrawal.public_id}/settle/"

    assert signed_in(make_staff("payments")).get(path).status_code == 404


# ---- rules -------------------------------------------------------------------------------------


def test_a_limit_is_added_changed_and_ended_with_reasons():
    client = signed_in(make_staff("administrator"))
    base = "/operator/payments/limitrule"
    new = {"name": "Newcomers", "direction": "withdrawal", "rank": "0", "day_count": "2",
           "kyc_above": "0"}  # fmt: skip
    assert client.get(f"{base}/add-rule/").status_code == 200
    assert client.post(f"{base}/add-rule/", new).status_code == 422  # no reason
    assert client.post(f"{base}/add-rule/", new | {"reason": "To begin"}).status_code == 302
    first = LimitRule.objects.get(name="Newcomers")

    changed = new | {"day_count": "5", "reason": "Too few"}
    answer = client.post(f"{base}/{first.pk}/change-rule/", changed)
    assert answer.status_code == 302
    second = LimitRule.objects.get(name="Newcomers", ended_at=None)
    assert (second.version, second.day_count, second.rank) == (2, 5, 0)
    assert client.post(f"{base}/{first.pk}/change-rule/", changed).status_code == 422
    assert client.post(f"{base}/{second.pk}/end-rule/", {"reason": "Over"}).status_code == 302

    assert not LimitRule.objects.filter(name="Newcomers", ended_at=None).exists()
    actions = Record.objects.filter(action__startswith="rule.").order_by("id")
    assert [one.action for one in actions] == ["rule.added", "rule.changed", "rule.ended"]
    assert client.get(f"{base}/").status_code == 200
    assert client.get(f"{base}/{first.pk}/change/").status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"day_count": "-1"},
        {"day_sum": "x"},
        {"fee_bps": "10000"},
        {"fee_fixed": "1"},  # in which currency?
        {"name": "Withdrawals"},
        {"rail": "999"},
        {"direction": "sideways"},
    ],
)
def test_a_limit_that_makes_no_sense_is_refused(changes):
    client = signed_in(make_staff("administrator"))
    before = LimitRule.objects.count()
    new = {"name": "N", "direction": "withdrawal", "rank": "4", "kyc_above": "0", "reason": "R"}

    answer = client.post("/operator/payments/limitrule/add-rule/", new | changes)

    assert answer.status_code == 422
    assert LimitRule.objects.count() == before


def test_an_automatic_approval_is_switched_off():
    client = signed_in(make_staff("administrator"))
    rule = ApprovalRule.objects.get(name="Small, verified", ended_at=None)
    same = {
        "name": rule.name, "rank_min": "0", "kyc_level_min": "2", "account_days_min": "30",
        "amount_max": "500", "day_count_max": "2", "day_sum_max": "1000", "reason": "Pause",
    }  # fmt: skip

    answer = client.post(f"/operator/payments/approvalrule/{rule.pk}/change-rule/", same)

    assert answer.status_code == 302
    now_in_force = ApprovalRule.objects.get(name=rule.name, ended_at=None)
    assert (now_in_force.enabled, now_in_force.amount_max) == (False, Decimal(500))


def test_finance_reads_the_rules_and_changes_none(finance):
    client = signed_in(finance)
    rule = LimitRule.objects.get(name="Withdrawals", ended_at=None)

    assert client.get("/operator/payments/limitrule/").status_code == 200
    for path in ("add-rule/", f"{rule.pk}/change-rule/", f"{rule.pk}/end-rule/"):
        answer = client.post(f"/operator/payments/limitrule/{path}", {"reason": "Me"})
        assert answer.status_code == 403
    assert LimitRule.objects.filter(name="Withdrawals").count() == 1
