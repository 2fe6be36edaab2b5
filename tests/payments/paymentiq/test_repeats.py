"""Every row of the vendor's table of repeats, through the real door, and nothing counted twice."""

import itertools
import random
from decimal import Decimal
from typing import Any

import pytest

from apps.ledger.models import Entry
from apps.payments.models import GatewayTransaction, Withdrawal
from apps.payments.services import withdrawals
from tests.payments.factories import alarms, in_parallel, picture
from tests.payments.paymentiq.factories import (
    Desk,
    deposit,
    euro,
    euro_reserved,
    kept,
    withdrawal,
)
from tests.seeds import seeds

pytestmark = pytest.mark.django_db(transaction=True)

State = GatewayTransaction.State


@pytest.fixture
def funded(desk: Desk) -> Desk:
    """A hundred euros in the balance."""
    desk.deposit("100.00")
    assert euro(desk.player) == Decimal(100)
    return desk


def open_deposit(desk: Desk, amount: str = "50.00") -> int:
    """A deposit that was authorised and has not moved."""
    number = desk.vendor.register(desk.user, amount)["id"]
    assert desk.vendor.call(number, "authorize")["answer"]["success"] is True
    return int(number)


def open_withdrawal(desk: Desk, amount: str = "40.00") -> int:
    """A payout that was authorised, so its money is reserved."""
    number = desk.vendor.register(desk.user, f"-{amount}", name="CreditcardWithdrawal")["id"]
    assert desk.vendor.call(number, "authorize")["answer"]["success"] is True
    return int(number)


def both(desk: Desk) -> tuple[Decimal, Decimal]:
    return euro(desk.player), euro_reserved(desk.player)


# ---- authorize again ----------------------------------------------------------------------------


def test_the_same_authorize_gets_the_same_answer_and_reserves_once(funded: Desk):
    number = funded.vendor.register(funded.user, "-40.00", name="CreditcardWithdrawal")["id"]

    answers = [funded.vendor.call(number, "authorize")["answer"] for _ in range(3)]
    assert answers[0]["success"] is True
    assert answers[0]["authCode"] == answers[0]["merchantTxId"] == withdrawal().public_id
    assert answers == [answers[0]] * 3
    assert both(funded) == (Decimal(60), Decimal(40))
    assert alarms() == []


@pytest.mark.parametrize(
    "changes",
    [
        {"txAmount": "-41.00"},
        {"txAmountCy": "USD", "userId": None},
        {"userId": "pl_2222222222222222-EUR"},
    ],
    ids=["amount", "currency", "user"],
)
def test_an_id_that_comes_again_with_other_data_is_refused(funded: Desk, changes: dict[str, Any]):
    number = open_withdrawal(funded)
    before = picture()
    if "userId" in changes and changes["userId"] is None:
        changes = {**changes, "userId": funded.player.public_id}

    answer = funded.vendor.call(number, "authorize", **changes)
    assert (answer["status"], answer["answer"]["success"]) == (200, False)
    assert answer["answer"]["errCode"] == "130"
    assert picture() == before
    assert alarms() == ["gateway.contradiction"]


def test_a_refusal_is_remembered_though_the_reason_is_gone(desk: Desk):
    number = desk.vendor.register(desk.user, "-40.00", name="CreditcardWithdrawal")["id"]
    refused = desk.vendor.call(number, "authorize")["answer"]
    desk.deposit("100.00")

    assert refused["success"] is False
    assert desk.vendor.call(number, "authorize")["answer"] == refused
    assert both(desk) == (Decimal(100), Decimal(0))


@pytest.mark.parametrize("end", ["transfer", "cancel"])
def test_an_authorize_after_the_end_is_refused(funded: Desk, end: str):
    number = open_withdrawal(funded)
    funded.vendor.call(number, end)
    before = both(funded)

    answer = funded.vendor.call(number, "authorize")["answer"]
    assert (answer["success"], answer["errCode"]) == (False, "131")
    assert both(funded) == before


# ---- transfer again -----------------------------------------------------------------------------


def test_the_same_transfer_again_is_a_yes_and_books_nothing(desk: Desk):
    number = open_deposit(desk)

    answers = [desk.vendor.call(number, "transfer")["answer"] for _ in range(4)]
    assert (
        answers
        == [
            {
                "userId": desk.user,
                "success": True,
                "txId": str(number),
                "merchantTxId": deposit().public_id,
            }
        ]
        * 4
    )
    assert euro(desk.player) == Decimal(50)
    assert Entry.objects.count() == 1
    assert alarms() == []


def test_a_transfer_again_with_another_amount_alarms_and_books_nothing(desk: Desk):
    number = open_deposit(desk)
    desk.vendor.call(number, "transfer")

    answer = desk.vendor.call(number, "transfer", txAmount="55.00")["answer"]
    assert answer["success"] is True
    assert euro(desk.player) == Decimal(50)
    assert alarms() == ["gateway.contradiction"]


def test_a_transfer_for_another_user_than_asked_is_refused(desk: Desk, other_player):
    number = open_deposit(desk)

    answer = desk.vendor.call(number, "transfer", userId=f"{other_player.public_id}-EUR")["answer"]
    assert (answer["success"], answer["errCode"]) == (False, "130")
    assert (euro(desk.player), euro(other_player)) == (Decimal(0), Decimal(0))
    assert alarms() == ["gateway.contradiction"]
    assert desk.vendor.call(number, "transfer")["answer"]["success"] is True
    assert euro(desk.player) == Decimal(50)


@pytest.mark.parametrize("moved", ["30.00", "75.50"])
def test_a_deposit_is_booked_with_the_amount_that_moved(desk: Desk, moved: str):
    number = open_deposit(desk, "50.00")

    assert desk.vendor.call(number, "transfer", txAmount=moved, fee="1.00")["answer"]["success"]
    assert (euro(desk.player), deposit().money.text) == (Decimal(moved), moved)
    assert alarms() == []


@pytest.mark.parametrize(
    ("moved", "left", "codes"),
    [
        ("-40.00", "60", []),
        ("-25.00", "75", ["withdrawal.other_amount"]),
        ("-70.00", "30", ["withdrawal.other_amount"]),
        ("-140.00", "-40", ["withdrawal.receivable", "withdrawal.other_amount"]),
    ],
)
def test_a_payout_is_booked_with_the_amount_that_left(
    funded: Desk, finance, moved: str, left: str, codes: list[str]
):
    number = open_withdrawal(funded, "40.00")
    withdrawals.approve(withdrawal(), finance, "Looks right.")
    found = withdrawal()
    found.move_to(Withdrawal.State.SENDING)
    found.save()

    assert funded.vendor.call(number, "transfer", txAmount=moved)["answer"]["success"] is True
    assert both(funded) == (Decimal(left), Decimal(0))
    assert withdrawal().state == "paid"
    assert alarms() == codes


# ---- cancel -------------------------------------------------------------------------------------


def test_a_cancel_releases_what_was_reserved_once(funded: Desk):
    number = open_withdrawal(funded, "40.00")

    for amount in ("-40.00", "-99.00", "-40.00"):
        assert funded.vendor.call(number, "cancel", txAmount=amount)["answer"]["success"] is True
    assert both(funded) == (Decimal(100), Decimal(0))
    assert (withdrawal().state, kept(number).state) == ("released", State.CANCELLED)
    assert alarms() == []


def test_a_cancelled_deposit_moves_nothing_and_says_why(desk: Desk):
    number = open_deposit(desk)

    assert desk.vendor.call(number, "cancel", statusCode="504")["answer"]["success"] is True
    assert (deposit().state, euro(desk.player)) == ("cancelled", Decimal(0))
    assert deposit().error == "There was not enough money on the card or account."


@pytest.mark.parametrize("kind", ["deposit", "withdrawal"])
def test_a_cancel_after_the_transfer_is_a_yes_an_alarm_and_no_money(funded: Desk, kind: str):
    number = open_deposit(funded) if kind == "deposit" else open_withdrawal(funded)
    funded.vendor.call(number, "transfer")
    before = both(funded)
    codes = alarms()

    assert funded.vendor.call(number, "cancel")["answer"]["success"] is True
    assert both(funded) == before
    assert alarms() == [*codes, "gateway.contradiction"]


def test_a_transfer_after_the_cancel_of_a_deposit_is_booked(desk: Desk):
    number = open_deposit(desk)
    desk.vendor.call(number, "cancel")

    assert desk.vendor.call(number, "transfer")["answer"]["success"] is True
    assert (deposit().state, euro(desk.player)) == ("confirmed", Decimal(50))
    assert alarms() == ["gateway.moved_after_all"]


def test_a_transfer_after_the_cancel_of_a_payout_takes_the_money_again(funded: Desk):
    number = open_withdrawal(funded, "90.00")
    funded.vendor.call(number, "cancel")
    assert both(funded) == (Decimal(100), Decimal(0))
    spent = open_withdrawal(funded, "80.00")

    assert funded.vendor.call(number, "transfer")["answer"]["success"] is True
    assert both(funded) == (Decimal(-70), Decimal(80))
    late = Withdrawal.objects.get(outside_ref=str(number))
    assert (late.state, late.unasked) == ("paid", True)
    assert set(alarms()) == {
        "gateway.moved_after_all",
        "withdrawal.receivable",
        "withdrawal.unasked",
    }
    assert kept(spent).state == State.AUTHORIZED


def test_a_transfer_nobody_asked_about_is_booked_and_flagged(desk: Desk):
    number = desk.vendor.register(desk.user, "50.00")["id"]

    answer = desk.vendor.call(number, "transfer", authCode=None)["answer"]
    assert (answer["success"], answer["merchantTxId"]) == (True, deposit().public_id)
    assert euro(desk.player) == Decimal(50)
    assert alarms() == ["gateway.unannounced"]


def test_a_payout_nobody_asked_about_is_booked_below_zero(desk: Desk):
    number = desk.vendor.register(desk.user, "-50.00", name="BankIBANWithdrawal")["id"]

    assert desk.vendor.call(number, "transfer")["answer"]["success"] is True
    assert both(desk) == (Decimal(-50), Decimal(0))
    assert (withdrawal().state, withdrawal().unasked) == ("paid", True)
    assert "withdrawal.receivable" in alarms()


def test_a_cancel_nobody_asked_about_is_a_yes_and_shuts_the_door(desk: Desk):
    number = desk.vendor.register(desk.user, "50.00")["id"]

    assert desk.vendor.call(number, "cancel")["answer"]["success"] is True
    answer = desk.vendor.call(number, "authorize")["answer"]
    assert (answer["success"], answer["errCode"]) == (False, "131")
    assert euro(desk.player) == Decimal(0)
    assert alarms() == []


# ---- at the same time, and in every order -------------------------------------------------------


@pytest.mark.postgres
@pytest.mark.parametrize("action", ["authorize", "transfer", "cancel"])
def test_ten_calls_at_the_same_moment_have_one_effect(funded: Desk, action: str):
    number = funded.vendor.register(funded.user, "-40.00", name="CreditcardWithdrawal")["id"]
    if action != "authorize":
        funded.vendor.call(number, "authorize")
    before = Entry.objects.count()
    first = funded.vendor.call(number, action)["answer"]
    moved = Entry.objects.count() - before

    answers = funded.vendor.repeat(funded.last_call(number, action), 10, parallel=True)
    assert answers == [first] * 10
    assert Entry.objects.count() - before == moved
    expected = {
        "authorize": (Decimal(60), Decimal(40)),
        "transfer": (Decimal(60), Decimal(0)),
        "cancel": (Decimal(100), Decimal(0)),
    }
    assert both(funded) == expected[action]


@pytest.mark.postgres
def test_ten_first_calls_at_the_same_moment_have_one_effect(funded: Desk):
    number = funded.vendor.register(funded.user, "-40.00", name="CreditcardWithdrawal")["id"]

    results = in_parallel([lambda: funded.vendor.call(number, "authorize")["answer"]] * 10)
    assert {one["success"] for one in results} == {True}
    assert {one["authCode"] for one in results} == {withdrawal().public_id}
    assert both(funded) == (Decimal(60), Decimal(40))
    results = in_parallel([lambda: funded.vendor.call(number, "transfer")["answer"]] * 10)
    assert {one["success"] for one in results} == {True}
    assert both(funded) == (Decimal(60), Decimal(0))


@pytest.mark.parametrize(
    "order", sorted(set(itertools.permutations(["authorize", "transfer", "cancel"])))
)
@pytest.mark.parametrize("amount", ["50.00", "-50.00"])
def test_every_order_ends_with_the_money_where_it_moved(
    funded: Desk, order: tuple[str, ...], amount: str
):
    name = "CreditcardDeposit" if Decimal(amount) > 0 else "CreditcardWithdrawal"
    number = funded.vendor.register(funded.user, amount, name=name)["id"]

    for action in order:
        assert funded.vendor.call(number, action)["status"] == 200
    assert both(funded) == (Decimal(100) + Decimal(amount), Decimal(0))
    assert kept(number).state == State.SETTLED


@seeds(3)
def test_any_mixture_of_repeats_ends_like_the_vendors_own_book(funded: Desk, seed: int):
    """A random story per seed: several payments, every call up to three times, in any order."""
    luck = random.Random(seed)
    calls = []
    for _ in range(6):
        units = luck.randint(100, 6000)
        sign = luck.choice(["", "-"])
        name = luck.choice(["Creditcard", "BankIBAN", "Neteller"])
        name += "Withdrawal" if sign else "Deposit"
        amount = f"{sign}{units // 100}.{units % 100:02d}"
        number = funded.vendor.register(funded.user, amount, name=name)["id"]
        story = ["authorize", luck.choice(["transfer", "transfer", "cancel"])]
        calls += [(number, action) for action in story for _ in range(luck.randint(1, 3))]
    luck.shuffle(calls)

    for number, action in calls:
        assert funded.vendor.call(number, action)["status"] == 200, f"seed {seed}"
    booked = Decimal(funded.vendor.totals()[(funded.user, "EUR")])
    open_reserves = sum(
        (-row.amount for row in GatewayTransaction.objects.filter(state=State.AUTHORIZED)),
        Decimal(0),
    )
    assert euro(funded.player) + euro_reserved(funded.player) == booked, f"seed {seed}"
    assert euro_reserved(funded.player) == open_reserves, f"seed {seed}"
