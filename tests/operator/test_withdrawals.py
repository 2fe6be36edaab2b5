"""The queue, and a decision from the click to the audit row."""

from decimal import Decimal

import pytest

from apps.accounts.models import User
from apps.audit.models import Record
from apps.ledger.models import Entry, Kind, Purse, Wallet
from apps.payments.models import Withdrawal
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
def finance() -> User:
    return make_staff("finance")


@pytest.fixture
def withdrawal() -> Withdrawal:
    player = make_player()
    make_deposit(player, "0.5")
    return make_withdrawal(player, "0.02")


def purse(withdrawal: Withdrawal, which: Purse) -> Decimal:
    return Wallet.objects.get(player_id=withdrawal.player_id, purse=which).balance


def form(user: User, withdrawal: Withdrawal, **changes: str) -> dict[str, str]:
    return {
        "reason": "Known player, own wallet",
        "code": code_of(user, steps=1),
        "seen": withdrawal.payout_hash,
        **changes,
    }


def test_an_approval_is_kept_with_who_why_and_what(finance: User, withdrawal: Withdrawal) -> None:
    client = signed_in(finance)
    address = f"/operator/queue/{withdrawal.public_id}/approve/"

    answer = client.post(address, form(finance, withdrawal))

    assert answer.status_code == 302
    withdrawal.refresh_from_db()
    assert withdrawal.state == Withdrawal.State.APPROVED
    assert withdrawal.approved_by_id == finance.pk
    record = Record.objects.get(action="withdrawal.approved")
    assert record.actor_id == str(finance.pk)
    assert record.subject_id == str(withdrawal.pk)
    assert record.reason == "Known player, own wallet"
    assert record.after["address"] == withdrawal.address
    assert purse(withdrawal, Purse.RESERVED) == Decimal("0.02")


def test_a_rejection_returns_the_money(finance: User, withdrawal: Withdrawal) -> None:
    client = signed_in(finance)

    answer = client.post(
        f"/operator/queue/{withdrawal.public_id}/reject/", {"reason": "Address of an exchange"}
    )

    assert answer.status_code == 302
    withdrawal.refresh_from_db()
    assert withdrawal.state == Withdrawal.State.REJECTED
    assert purse(withdrawal, Purse.CASH) == Decimal("0.5")
    assert purse(withdrawal, Purse.RESERVED) == Decimal(0)
    assert Record.objects.get(action="withdrawal.rejected").reason == "Address of an exchange"
    assert Entry.objects.filter(kind=Kind.WITHDRAWAL_RELEASED).count() == 2


@pytest.mark.parametrize(
    "changes", [{"reason": ""}, {"reason": "   "}, {"code": ""}, {"code": "000000"}, {"seen": ""}]
)
def test_an_approval_needs_reason_code_and_what_was_seen(
    finance: User, withdrawal: Withdrawal, changes: dict[str, str]
) -> None:
    client = signed_in(finance)

    answer = client.post(
        f"/operator/queue/{withdrawal.public_id}/approve/", form(finance, withdrawal, **changes)
    )

    assert answer.status_code == 422
    withdrawal.refresh_from_db()
    assert withdrawal.state == Withdrawal.State.REQUESTED
    assert not Record.objects.filter(action="withdrawal.approved").exists()


def test_a_code_that_was_used_does_not_approve(finance: User, withdrawal: Withdrawal) -> None:
    client = signed_in(finance)
    other = make_withdrawal(withdrawal.player, "0.01")
    given = form(finance, withdrawal)
    client.post(f"/operator/queue/{withdrawal.public_id}/approve/", given)

    answer = client.post(
        f"/operator/queue/{other.public_id}/approve/", {**given, "seen": other.payout_hash}
    )

    assert answer.status_code == 422
    other.refresh_from_db()
    assert other.state == Withdrawal.State.REQUESTED


def test_what_changed_since_it_was_read_is_not_approved(
    finance: User, withdrawal: Withdrawal
) -> None:
    client = signed_in(finance)
    given = form(finance, withdrawal)
    Withdrawal.objects.filter(pk=withdrawal.pk).update(amount=Decimal("0.2"))

    answer = client.post(f"/operator/queue/{withdrawal.public_id}/approve/", given)

    assert answer.status_code == 422
    withdrawal.refresh_from_db()
    assert withdrawal.state == Withdrawal.State.REQUESTED


def test_a_decision_is_made_once(finance: User, withdrawal: Withdrawal) -> None:
    client = signed_in(finance)
    client.post(f"/operator/queue/{withdrawal.public_id}/reject/", {"reason": "Asked by player"})

    answer = client.post(
        f"/operator/queue/{withdrawal.public_id}/approve/", form(finance, withdrawal)
    )

    assert answer.status_code == 422
    withdrawal.refresh_from_db()
    assert withdrawal.state == Withdrawal.State.REJECTED
    assert Record.objects.filter(action__startswith="withdrawal.", actor_kind="user").count() == 1


def test_support_reads_the_queue_and_decides_nothing(withdrawal: Withdrawal) -> None:
    client = signed_in(make_staff("support"))

    page = client.get("/operator/queue/").content.decode()
    answer = client.post(
        f"/operator/queue/{withdrawal.public_id}/reject/", {"reason": "I would like to"}
    )

    assert withdrawal.player.display_name in page
    assert "/approve/" not in page
    assert answer.status_code == 403
    withdrawal.refresh_from_db()
    assert withdrawal.state == Withdrawal.State.REQUESTED


def test_the_queue_is_ordered_by_age_and_says_why_each_waits(finance: User) -> None:
    names = ["older", "newer"]
    for name in names:
        player = make_player(name)
        make_deposit(player, "0.5")
        make_withdrawal(player)

    page = signed_in(finance).get("/operator/queue/").content.decode()

    assert page.index(">older<") < page.index(">newer<")
    assert "First withdrawal of this player" in page


def test_reasons_and_names_are_escaped(finance: User, withdrawal: Withdrawal) -> None:
    Withdrawal.objects.filter(pk=withdrawal.pk).update(reasons=["<script>alert(1)</script>"])

    page = signed_in(finance).get("/operator/queue/").content.decode()

    assert "<script>alert(1)" not in page


def test_an_unknown_withdrawal_is_not_found(finance: User) -> None:
    assert signed_in(finance).get("/operator/queue/wd_nothing/").status_code == 404
