"""Refunds, reversals, chargebacks, payouts that come back, and deposits that are held."""

from decimal import Decimal

import pytest

from apps.events import bus
from apps.ledger.models import Purse, Wallet
from apps.payments.errors import NotHeld, OwnRequest
from apps.payments.models import Deposit, GatewayOrder, GatewayTransaction, LimitRule
from apps.payments.services import deposits, gateway_orders, payouts, withdrawals
from tests.payments.factories import alarms
from tests.payments.paymentiq.factories import (
    Desk,
    deposit,
    euro,
    euro_reserved,
    kept,
    wait_for,
    withdrawal,
)

pytestmark = pytest.mark.django_db(transaction=True)


def held(desk: Desk) -> Decimal:
    wallet = Wallet.objects.filter(
        player=desk.player, currency__code="EUR", purse=Purse.HELD
    ).first()
    return wallet.balance if wallet else Decimal(0)


@pytest.fixture
def limit(desk: Desk) -> LimitRule:
    """At most 200 euros at once."""
    rule = LimitRule.objects.filter(direction="deposit", ended_at=None, rail__code="EUR").first()
    rail = Deposit._meta.get_field("rail").related_model.objects.get(code="EUR")
    if rule is None:
        rule = LimitRule(
            name="euro test", direction="deposit", rail=rail, started_at=desk.player.created_at
        )
    rule.amount_max = Decimal(200)
    rule.save()
    return rule


# ---- taken back ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "state", "codes"),
    [
        ("Refund", "refunded", []),
        ("Void", "refunded", []),
        ("Reversal", "reversed", ["deposit.reversal"]),
        ("Chargeback", "reversed", ["deposit.chargeback"]),
    ],
)
def test_what_is_taken_back_leaves_the_balance(desk: Desk, kind: str, state: str, codes: list[str]):
    paid = desk.deposit("50.00")

    undone = desk.vendor.undo(paid["id"], kind)
    assert desk.settled(undone["id"])["state"] == "SUCCESSFUL"
    assert (euro(desk.player), deposit().state) == (Decimal(0), state)
    assert kept(undone["id"]).deposit_id == deposit().pk
    assert alarms() == codes
    assert desk.vendor.totals() == {(desk.user, "EUR"): "0.00"}


def test_a_chargeback_of_money_that_is_gone_leaves_a_debt_and_an_alarm(desk: Desk, finance):
    paid = desk.deposit("100.00")
    out = desk.withdrawal("70.00")
    withdrawals.approve(withdrawal(), finance, "Looks right.")
    payouts.send_due()
    wait_for(lambda: withdrawal().state == "paid")

    back = desk.vendor.undo(paid["id"], "Chargeback")
    desk.settled(back["id"])
    assert euro(desk.player) == Decimal(-70)
    assert (deposit().state, deposit().reversed_amount) == ("reversed", Decimal(100))
    assert set(alarms()) == {"deposit.receivable", "deposit.chargeback"}
    assert desk.vendor.transaction(out["id"])["state"] == "SUCCESSFUL"


def test_a_chargeback_is_never_refused_for_lack_of_money(desk: Desk):
    paid = desk.deposit("100.00")
    desk.withdrawal("100.00")
    assert (euro(desk.player), euro_reserved(desk.player)) == (Decimal(0), Decimal(100))

    back = desk.vendor.undo(paid["id"], "Chargeback")
    assert desk.settled(back["id"])["state"] == "SUCCESSFUL"
    assert (euro(desk.player), euro_reserved(desk.player)) == (Decimal(-100), Decimal(100))


def test_parts_are_taken_back_until_nothing_is_left(desk: Desk):
    paid = desk.deposit("50.00")

    desk.settled(desk.vendor.undo(paid["id"], "Refund", "20.00")["id"])
    assert (deposit().state, deposit().reversed_amount) == ("confirmed", Decimal(20))
    desk.settled(desk.vendor.undo(paid["id"], "Refund", "30.00")["id"])
    assert (deposit().state, euro(desk.player)) == ("refunded", Decimal(0))
    assert alarms() == []


def test_more_taken_back_than_arrived_is_booked_with_an_alarm(desk: Desk):
    paid = desk.deposit("50.00")

    desk.settled(desk.vendor.undo(paid["id"], "Chargeback")["id"])
    desk.settled(desk.vendor.undo(paid["id"], "Reversal")["id"])
    assert euro(desk.player) == Decimal(-50)
    assert "deposit.contradiction" in alarms()


def test_an_unannounced_chargeback_is_booked(desk: Desk):
    paid = desk.deposit("50.00")

    back = desk.vendor.undo(paid["id"], "Chargeback", announce=False)
    assert desk.settled(back["id"])["state"] == "SUCCESSFUL"
    assert euro(desk.player) == Decimal(0)
    assert set(alarms()) == {"gateway.unannounced", "deposit.chargeback"}


def test_a_reversal_that_fails_moves_nothing(desk: Desk):
    paid = desk.deposit("50.00")

    back = desk.vendor.undo(paid["id"], "Reversal", outcome="failure")
    desk.settled(back["id"])
    assert (euro(desk.player), deposit().state) == (Decimal(50), "confirmed")


def test_a_reversal_that_overtakes_its_deposit_ends_the_same(desk: Desk):
    number = desk.vendor.register(desk.user, "50.00")["id"]
    desk.vendor.call(number, "authorize")
    back = desk.vendor.undo(number, "Reversal")
    desk.settled(back["id"])
    assert euro(desk.player) == Decimal(-50)

    assert desk.vendor.call(number, "transfer")["answer"]["success"] is True
    assert (euro(desk.player), deposit().state) == (Decimal(0), "reversed")


def test_a_refund_of_something_that_is_not_ours_is_booked_for_a_person(desk: Desk):
    desk.deposit("50.00")
    number = desk.vendor.register(desk.user, "-20.00", name="Refund", origin=999)["id"]

    assert desk.vendor.call(number, "authorize")["answer"]["success"] is True
    assert desk.vendor.call(number, "transfer")["answer"]["success"] is True
    assert euro(desk.player) == Decimal(30)
    assert "gateway.unknown_origin" in alarms()


def test_a_payment_that_the_provider_took_twice_is_booked_twice_and_flagged(desk: Desk):
    paid = desk.deposit("50.00")

    again = desk.vendor.pay_again(paid["id"], announce=False)
    desk.settled(again["id"])
    assert euro(desk.player) == Decimal(100)
    assert "gateway.extra_payment" in alarms()


def test_a_payout_that_comes_back_is_the_players_again(desk: Desk, finance):
    desk.deposit("50.00")
    out = desk.withdrawal("30.00")
    withdrawals.approve(withdrawal(), finance, "Looks right.")
    payouts.send_due()
    wait_for(lambda: withdrawal().state == "paid")

    back = desk.vendor.undo(out["id"], "Reversal")
    assert desk.settled(back["id"])["state"] == "SUCCESSFUL"
    assert euro(desk.player) == Decimal(50)
    assert kept(back["id"]).kind == GatewayTransaction.Kind.RETURN
    assert alarms() == ["withdrawal.returned"]


# ---- against a limit ----------------------------------------------------------------------------


def test_a_deposit_above_a_limit_is_refused_when_asked_for(desk: Desk, limit):
    refused = desk.vendor.start("deposit", desk.user, desk.session(), "201.00")

    assert (refused["state"], euro(desk.player)) == ("FAILED", Decimal(0))
    assert not Deposit.objects.exists()
    assert kept(refused["id"]).refusal == "above_maximum"


def test_money_that_moved_against_a_limit_is_held_and_released(desk: Desk, limit, finance):
    number = desk.vendor.register(desk.user, "500.00")["id"]
    assert desk.vendor.call(number, "transfer")["answer"]["success"] is True
    assert (deposit().state, deposit().held_because) == ("held", "above_maximum")
    assert (euro(desk.player), held(desk)) == (Decimal(0), Decimal(500))

    deposits.release(deposit(), finance, "The player was asked.")
    assert (deposit().state, euro(desk.player), held(desk)) == (
        "confirmed",
        Decimal(500),
        Decimal(0),
    )
    with pytest.raises(NotHeld):
        deposits.release(deposit(), finance, "Again.")


def test_a_held_deposit_goes_back_through_the_gateway(desk: Desk, limit, finance):
    number = desk.vendor.register(desk.user, "500.00")["id"]
    desk.vendor.move_money(number)
    wait_for(lambda: Deposit.objects.filter(state="held").exists())
    desk.settled(number)

    deposits.refund(deposit(), finance, "Not from their own account.")
    assert (deposit().state, held(desk)) == ("held", Decimal(500))
    with pytest.raises(NotHeld):
        deposits.release(deposit(), finance, "Changed my mind.")
    assert gateway_orders.send_due() == 1
    wait_for(lambda: deposit().state == "refunded")
    assert (euro(desk.player), held(desk)) == (Decimal(0), Decimal(0))
    assert desk.vendor.totals() == {(desk.user, "EUR"): "0.00"}
    assert GatewayOrder.objects.get().state == "done"


def test_a_refund_whose_answer_was_lost_is_not_ordered_twice(desk: Desk, limit, finance):
    number = desk.vendor.register(desk.user, "500.00")["id"]
    desk.vendor.move_money(number)
    wait_for(lambda: Deposit.objects.filter(state="held").exists())
    desk.settled(number)
    deposits.refund(deposit(), finance, "Not from their own account.")

    desk.vendor.switches(api_answer="drop_after", only="refund", remaining=1)
    gateway_orders.send_due()
    wait_for(lambda: deposit().state == "refunded")
    GatewayOrder.objects.update(due_at=desk.player.created_at)
    gateway_orders.send_due()
    assert GatewayOrder.objects.get().state == "done"
    assert len(desk.vendor.transactions(txName="Refund")) == 1
    assert held(desk) == Decimal(0)


def test_nobody_decides_on_a_deposit_of_their_own(desk: Desk, limit):
    number = desk.vendor.register(desk.user, "500.00")["id"]
    desk.vendor.call(number, "transfer")
    user = desk.player.user
    user.is_staff = True

    with pytest.raises(OwnRequest):
        deposits.release(deposit(), user, "Mine.")
    assert held(desk) == Decimal(500)


def test_a_chargeback_of_a_held_deposit_takes_the_held_money(desk: Desk, limit):
    number = desk.vendor.register(desk.user, "500.00")["id"]
    desk.vendor.move_money(number)
    wait_for(lambda: Deposit.objects.filter(state="held").exists())

    desk.settled(desk.vendor.undo(number, "Chargeback")["id"])
    assert (deposit().state, euro(desk.player), held(desk)) == (
        "reversed",
        Decimal(0),
        Decimal(0),
    )


# ---- our own no ---------------------------------------------------------------------------------


def test_a_rejected_payout_is_denied_at_the_gateway(desk: Desk, finance):
    desk.deposit("50.00")
    asked = desk.withdrawal("30.00")

    withdrawals.reject(withdrawal(), finance, "Not now.")
    assert (euro(desk.player), euro_reserved(desk.player)) == (Decimal(50), Decimal(0))
    bus.deliver_due()
    assert gateway_orders.send_due() == 1
    assert desk.settled(asked["id"])["state"] == "CANCELLED"
    assert (withdrawal().state, euro(desk.player)) == ("rejected", Decimal(50))
    assert kept(asked["id"]).state == "cancelled"
    assert alarms() == []


def test_a_denial_that_comes_too_late_is_told_to_somebody(desk: Desk, finance):
    desk.deposit("50.00")
    asked = desk.withdrawal("30.00")
    withdrawals.reject(withdrawal(), finance, "Not now.")
    desk.vendor.options(withdrawals_auto=False)
    desk.vendor.staff(asked["id"], "approve")

    gateway_orders.order_denial(withdrawal().pk)
    gateway_orders.send_due()
    assert GatewayOrder.objects.get().state == "failed"
    assert "gateway.order_refused" in alarms()
    desk.vendor.move_money(asked["id"])
    wait_for(lambda: withdrawal().state == "paid")
    assert (euro(desk.player), withdrawal().unasked) == (Decimal(20), True)
