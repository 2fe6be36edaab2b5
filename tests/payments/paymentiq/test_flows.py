"""Whole payments over HTTP: the vendor's simulator, its cashier's API, and the real casino."""

from decimal import Decimal

import pytest

from apps.payments.models import GatewayTransaction
from apps.payments.services import payouts, withdrawals
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

pytestmark = pytest.mark.django_db


def test_a_card_deposit_is_credited_when_the_money_has_moved(desk: Desk):
    started = desk.vendor.start("deposit", desk.user, desk.session(), "50.00")

    assert (started["state"], started["statusCode"]) == ("WAITING_INPUT", "301")
    assert (deposit().state, euro(desk.player)) == ("pending", Decimal(0))
    desk.vendor.payer(started["id"], "success")
    found = desk.settled(started["id"])
    assert (found["state"], found["merchantTxId"]) == ("SUCCESSFUL", deposit().public_id)
    assert (deposit().state, deposit().method, euro(desk.player)) == (
        "confirmed",
        "card",
        Decimal(50),
    )
    assert deposit().account == "411812******2410"
    assert [step.words for step in deposit().steps.all()] == [
        "Started with the payment provider",
        "Confirmed and credited",
    ]
    assert desk.vendor.totals() == {(desk.user, "EUR"): "50.00"}
    assert alarms() == []


def test_a_withdrawal_waits_in_the_queue_is_approved_here_and_paid_there(desk: Desk, finance):
    desk.deposit("50.00")
    asked = desk.withdrawal("20.00")

    assert asked["state"] == "WAITING_APPROVAL"
    assert (euro(desk.player), euro_reserved(desk.player)) == (Decimal(30), Decimal(20))
    assert (withdrawal().state, withdrawal().outside_ref) == ("requested", str(asked["id"]))
    withdrawals.approve(withdrawal(), finance, "Looks right.")
    payouts.send_due()
    wait_for(lambda: withdrawal().state == "paid")
    assert (euro(desk.player), euro_reserved(desk.player)) == (Decimal(30), Decimal(0))
    assert desk.settled(asked["id"])["state"] == "SUCCESSFUL"
    assert desk.vendor.totals() == {(desk.user, "EUR"): "30.00"}
    assert kept(asked["id"]).state == GatewayTransaction.State.SETTLED
    assert alarms() == []
