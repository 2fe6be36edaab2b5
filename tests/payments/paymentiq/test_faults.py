"""Lost answers, late calls, dead processes: what either side does not know is found out."""

from datetime import timedelta
from decimal import Decimal

import pytest

from apps.core.clock import now
from apps.integrations import inbox
from apps.integrations.errors import ProviderError
from apps.integrations.models import InboxMessage
from apps.payments.models import GatewayTransaction, Withdrawal
from apps.payments.providers.registry import cashier_gateway
from apps.payments.services import fiat, fiat_inquiries, payouts, withdrawals
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

State = GatewayTransaction.State


def approved(desk: Desk, finance, amount: str = "30.00") -> int:
    """An approved payout of a funded player."""
    desk.deposit("100.00")
    number = desk.withdrawal(amount)["id"]
    withdrawals.approve(withdrawal(), finance, "Looks right.")
    return int(number)


def send_again(seconds: int = 0) -> None:
    Withdrawal.objects.update(due_at=now() - timedelta(seconds=1))
    payouts.send_due()


# ---- our orders to them -------------------------------------------------------------------------


def test_an_approval_whose_answer_was_lost_is_found_and_paid_once(desk: Desk, finance):
    number = approved(desk, finance)
    desk.vendor.switches(api_answer="drop_after", only="approve", remaining=1)

    payouts.send_due()
    assert (withdrawal().state, euro_reserved(desk.player)) == ("sending", Decimal(30))
    send_again()
    wait_for(lambda: withdrawal().state == "paid")
    assert (euro(desk.player), euro_reserved(desk.player)) == (Decimal(70), Decimal(0))
    assert len(desk.vendor.calls(reference=str(number), kind="transfer")) == 1


def test_an_approval_that_never_arrived_is_sent_again(desk: Desk, finance):
    approved(desk, finance)
    desk.vendor.switches(api_answer="error_before", only="approve", remaining=1)

    payouts.send_due()
    assert withdrawal().state == "sending"
    send_again()
    wait_for(lambda: withdrawal().state == "paid")
    assert euro(desk.player) == Decimal(70)


def test_an_error_after_the_work_is_not_taken_for_a_no(desk: Desk, finance):
    approved(desk, finance)
    desk.vendor.switches(api_answer="error_after", only="approve", remaining=1)

    payouts.send_due()
    assert euro_reserved(desk.player) == Decimal(30)
    send_again()
    wait_for(lambda: withdrawal().state == "paid")
    assert (euro(desk.player), euro_reserved(desk.player)) == (Decimal(70), Decimal(0))


def test_a_payout_that_fails_after_our_approval_is_released(desk: Desk, finance):
    desk.vendor.options(withdrawals_auto=False)
    number = approved(desk, finance)
    payouts.send_due()
    assert withdrawal().state == "sent"

    desk.vendor.staff(number, "force", state="FAILED", send="cancel")
    wait_for(lambda: withdrawal().state == "released")
    assert (euro(desk.player), euro_reserved(desk.player)) == (Decimal(100), Decimal(0))


def test_accepted_then_failed_then_paid_after_all(desk: Desk, finance):
    desk.vendor.options(withdrawals_auto=False)
    number = approved(desk, finance)
    payouts.send_due()
    desk.vendor.staff(number, "force", state="FAILED", send="cancel")
    wait_for(lambda: withdrawal().state == "released")

    desk.vendor.staff(number, "force", state="SUCCESSFUL", send="transfer")
    wait_for(lambda: withdrawal().state == "paid")
    assert (euro(desk.player), euro_reserved(desk.player)) == (Decimal(70), Decimal(0))
    assert "gateway.moved_after_all" in alarms()
    assert desk.vendor.totals() == {(desk.user, "EUR"): "70.00"}


def test_a_token_that_was_taken_back_is_asked_for_anew(desk: Desk, finance):
    approved(desk, finance)
    desk_of_ours = cashier_gateway("paymentiq")
    assert desk_of_ours.statement(now().date())
    desk.vendor.reset()
    with pytest.raises(ProviderError):
        desk_of_ours.deny_payout("1", "No such thing.")


# ---- their calls to us --------------------------------------------------------------------------


def test_a_transfer_whose_answer_was_lost_is_repeated_by_their_staff(desk: Desk):
    started = desk.vendor.start("deposit", desk.user, desk.session(), "50.00")
    desk.vendor.switches(callback_answer="lose", only="transfer", remaining=1)
    desk.vendor.payer(started["id"], "success")
    assert desk.settled(started["id"])["state"] == "INCONSISTENT"
    assert euro(desk.player) == Decimal(50)

    desk.vendor.staff(started["id"], "force", state="SUCCESSFUL", send="transfer")
    desk.settled(started["id"])
    assert euro(desk.player) == Decimal(50)
    assert alarms() == []


def test_retries_that_are_switched_on_change_nothing(desk: Desk):
    desk.vendor.options(retries=True)
    started = desk.vendor.start("deposit", desk.user, desk.session(), "50.00")
    desk.vendor.switches(callback_answer="lose", only="transfer", remaining=2)

    desk.vendor.payer(started["id"], "success")
    desk.vendor.delivered(reference=str(started["id"]), kind="transfer")
    calls = desk.vendor.calls(reference=str(started["id"]), kind="transfer")
    assert len(calls[0]["tries"]) == 3
    assert euro(desk.player) == Decimal(50)


def test_every_call_ten_times_at_once_has_one_effect(desk: Desk, finance):
    desk.vendor.switches(callback_copies=10, callback_parallel=True)

    desk.deposit("100.00")
    number = desk.withdrawal("30.00")["id"]
    assert (euro(desk.player), euro_reserved(desk.player)) == (Decimal(70), Decimal(30))
    withdrawals.approve(withdrawal(), finance, "Looks right.")
    payouts.send_due()
    wait_for(lambda: withdrawal().state == "paid")
    desk.vendor.settled(reference=str(number))
    assert (euro(desk.player), euro_reserved(desk.player)) == (Decimal(70), Decimal(0))
    assert alarms() == []


@pytest.mark.parametrize("how", ["wrong", "missing"])
def test_a_forged_transfer_over_http_is_turned_away(desk: Desk, how: str):
    started = desk.vendor.start("deposit", desk.user, desk.session(), "50.00")
    desk.vendor.switches(callback_signature=how, only="transfer")

    desk.vendor.payer(started["id"], "success")
    desk.vendor.settled(reference=str(started["id"]))
    calls = desk.vendor.calls(reference=str(started["id"]), kind="transfer")
    assert calls[0]["tries"][0]["status"] == 401
    assert (euro(desk.player), deposit().state) == (Decimal(0), "pending")


def test_a_delayed_transfer_after_the_session_is_over_is_booked(desk: Desk):
    started = desk.vendor.start("deposit", desk.user, desk.session(), "50.00")
    desk.vendor.move_money(started["id"], after_seconds=1)
    desk.player.cashier_sessions.all().delete()

    wait_for(lambda: euro(desk.player) == Decimal(50))


def test_an_authorize_without_an_answer_is_followed_by_a_cancel(desk: Desk):
    desk.deposit("100.00")
    desk.vendor.switches(callback_answer="lose", only="authorize", remaining=1)

    asked = desk.withdrawal("30.00")
    assert asked["state"] == "FAILED"
    desk.settled(asked["id"])
    assert (euro(desk.player), euro_reserved(desk.player)) == (Decimal(100), Decimal(0))
    assert withdrawal().state == "released"


def test_a_transfer_whose_first_try_died_is_acted_on_by_the_retry(desk: Desk, monkeypatch):
    """The process dies after the message was kept and before anything was done."""
    started = desk.vendor.start("deposit", desk.user, desk.session(), "50.00")

    def die(_message: InboxMessage) -> bool:
        raise SystemError("killed")

    monkeypatch.setattr(inbox, "run", die)
    desk.vendor.payer(started["id"], "success")
    assert desk.settled(started["id"])["state"] == "INCONSISTENT"
    assert euro(desk.player) == Decimal(0)
    monkeypatch.undo()
    InboxMessage.objects.filter(state="received").update(due_at=now())
    assert inbox.retry_due() == 1
    assert euro(desk.player) == Decimal(50)


def test_a_failure_inside_the_booking_leaves_nothing_half_done(desk: Desk, monkeypatch):
    started = desk.vendor.start("deposit", desk.user, desk.session(), "50.00")

    def break_down(*_args: object) -> None:
        raise SystemError("disk full")

    monkeypatch.setattr(fiat, "_book_deposit", break_down)
    desk.vendor.payer(started["id"], "success")
    desk.settled(started["id"])
    assert (deposit().state, euro(desk.player)) == ("pending", Decimal(0))
    monkeypatch.undo()
    InboxMessage.objects.filter(state="failed").update(due_at=now())
    inbox.retry_due()
    assert (deposit().state, euro(desk.player)) == ("confirmed", Decimal(50))


# ---- what nobody told us ------------------------------------------------------------------------


def look_up() -> int:
    before = now() - fiat_inquiries.ASK_AFTER * 2
    GatewayTransaction.objects.update(created_at=before, updated_at=before)
    return fiat_inquiries.ask_open()


def test_a_transfer_that_never_came_is_looked_up(desk: Desk):
    started = desk.vendor.start("deposit", desk.user, desk.session(), "50.00")
    desk.vendor.staff(started["id"], "force", state="SUCCESSFUL", send="none")
    assert euro(desk.player) == Decimal(0)

    assert look_up() == 1
    assert (euro(desk.player), deposit().state) == (Decimal(50), "confirmed")
    assert kept(started["id"]).state == State.SETTLED
    assert look_up() == 0


def test_a_cancel_that_never_came_is_looked_up(desk: Desk):
    desk.deposit("100.00")
    asked = desk.withdrawal("30.00")
    desk.vendor.staff(asked["id"], "force", state="CANCELLED", send="none")
    assert euro_reserved(desk.player) == Decimal(30)

    assert look_up() == 1
    assert (euro(desk.player), euro_reserved(desk.player)) == (Decimal(100), Decimal(0))


def test_what_is_still_open_there_stays_open_here(desk: Desk):
    desk.vendor.start("deposit", desk.user, desk.session(), "50.00")

    assert look_up() == 1
    assert deposit().state == "pending"


def test_a_transaction_they_do_not_know_is_told_to_somebody_after_a_day(desk: Desk):
    desk.vendor.start("deposit", desk.user, desk.session(), "50.00")
    url = desk.vendor.origin
    desk.vendor.reset()
    desk.vendor.call_back(url)
    look_up()
    assert alarms() == []

    before = now() - timedelta(hours=25)
    GatewayTransaction.objects.update(created_at=before, updated_at=before)
    fiat_inquiries.ask_open()
    assert alarms() == ["gateway.unfinished"]


def test_their_book_of_the_day_lists_what_ended(desk: Desk, finance):
    paid = desk.deposit("100.00")
    refused = desk.deposit("40.00", outcome="failure")
    number = desk.withdrawal("30.00")["id"]
    withdrawals.approve(withdrawal(), finance, "Looks right.")
    payouts.send_due()
    wait_for(lambda: desk.vendor.transaction(number)["state"] == "SUCCESSFUL")
    back = desk.settled(desk.vendor.undo(paid["id"], "Refund", "20.00")["id"])

    rows = cashier_gateway("paymentiq").statement(now().date())
    assert {(row.outside_ref, row.kind, row.amount, row.status) for row in rows} == {
        (str(paid["id"]), "deposit", Decimal("100.00"), "successful"),
        (str(refused["id"]), "deposit", Decimal("40.00"), "failed"),
        (str(number), "withdrawal", Decimal("30.00"), "successful"),
        (str(back["id"]), "reversal", Decimal("20.00"), "successful"),
    }
    assert cashier_gateway("paymentiq").balances() == []
    assert cashier_gateway("paymentiq").statement(now().date() - timedelta(days=1)) == []
