"""Sending, against the gateway's simulator over HTTP: lost answers, late answers, dead workers."""

from datetime import timedelta
from decimal import Decimal

import pytest

from apps.core.clock import now
from apps.payments.models import Withdrawal
from apps.payments.providers.registry import gateway
from apps.payments.services import deposits, payouts, withdrawals
from tests.payments.factories import (
    OTHER_ADDRESS,
    alarms,
    approved_withdrawal,
    cash,
    in_parallel,
    rail,
    request_withdrawal,
    reserved,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture(autouse=True)
def _funded(player, fund, coinspaid):
    fund(player, "0.05", "BTC")
    coinspaid.options(withdrawals_auto=False, deposits_auto=False)


@pytest.fixture
def casino(coinspaid, live_server):
    """The gateway's callbacks reach a running casino."""
    coinspaid.call_back(live_server.url)
    return live_server


def make_due() -> None:
    """Let the waiting time of every withdrawal pass."""
    Withdrawal.objects.filter(due_at__isnull=False).update(due_at=now() - timedelta(seconds=1))


def test_from_the_address_to_the_credit(player, coinspaid, casino):
    address = deposits.take_address(player=player, rail=rail())
    assert deposits.take_address(player=player, rail=rail()).pk == address.pk

    sent = coinspaid.send(address.address, "0.01", confirm=True)

    coinspaid.delivered(reference=str(sent["id"]))
    assert cash(player) == Decimal("0.06")


def test_two_requests_for_an_address_get_the_same_one(player, coinspaid):
    got = in_parallel([lambda: deposits.take_address(player=player, rail=rail()).address] * 4)

    assert len(set(got)) == 1


def test_every_rail_gives_an_address_its_own_network_takes(player, coinspaid):
    for code in ("BTC", "ETH", "USDTE", "USDTT", "LTC", "DOGE", "USDC"):
        taken = deposits.take_address(player=player, rail=rail(code))
        assert withdrawals.require_address(rail(code), taken.address) is None


def test_from_the_approval_to_the_payment(player, finance, coinspaid, casino):
    withdrawal = approved_withdrawal(player, finance)

    assert payouts.send_due() == 1
    withdrawal.refresh_from_db()
    assert withdrawal.state == "sent"
    kept = coinspaid.withdrawal(withdrawal.public_id)
    assert (kept["amount"], kept["to_address"]) == ("0.02000000", withdrawal.address)

    coinspaid.move(kept["id"], "confirmed")
    coinspaid.delivered(reference=str(kept["id"]))
    withdrawal.refresh_from_db()
    assert (withdrawal.state, withdrawal.outside_ref) == ("paid", str(kept["id"]))
    assert (cash(player), reserved(player)) == (Decimal("0.03"), Decimal(0))
    assert alarms() == []


def test_nothing_is_sent_without_an_approval(player, coinspaid):
    request_withdrawal(player)

    assert payouts.send_due() == 0
    assert coinspaid.transactions(kind="withdrawal") == []


def test_what_was_changed_after_the_approval_is_frozen(player, finance, coinspaid):
    withdrawal = approved_withdrawal(player, finance)
    Withdrawal.objects.filter(pk=withdrawal.pk).update(address=OTHER_ADDRESS)

    payouts.send_due()

    assert coinspaid.transactions(kind="withdrawal") == []
    withdrawal.refresh_from_db()
    assert (withdrawal.state, withdrawal.due_at) == ("approved", None)
    assert reserved(player) == Decimal("0.02")
    assert alarms() == ["withdrawal.changed"]


@pytest.mark.parametrize("fault", ["error_after", "drop_after"])
def test_done_but_not_answered_is_asked_about_and_paid_once(player, finance, coinspaid, fault):
    withdrawal = approved_withdrawal(player, finance)
    coinspaid.switches(api_answer=fault, remaining=1)

    payouts.send_due()
    withdrawal.refresh_from_db()
    assert (withdrawal.state, reserved(player)) == ("sending", Decimal("0.02"))

    make_due()
    payouts.send_due()
    withdrawal.refresh_from_db()
    assert withdrawal.state == "sent"
    assert len(coinspaid.transactions(kind="withdrawal")) == 1


def test_a_question_without_an_answer_leaves_the_open_outcome_as_old_as_it_is(
    player, finance, coinspaid
):
    withdrawal = approved_withdrawal(player, finance)
    coinspaid.switches(api_answer="error_after", remaining=1)
    payouts.send_due()
    withdrawal.refresh_from_db()
    since = withdrawal.unknown_at

    coinspaid.switches(api_answer="error_before", only="transactions/info")
    make_due()
    payouts.send_due()

    withdrawal.refresh_from_db()
    assert (withdrawal.state, withdrawal.unknown_at) == ("sending", since)


def test_an_open_outcome_is_asked_about_before_anything_is_sent(player, finance, coinspaid):
    withdrawal = approved_withdrawal(player, finance)
    coinspaid.switches(api_answer="error_after", remaining=1)
    payouts.send_due()

    coinspaid.switches(api_answer="refuse", only="withdrawal")  # would be misread as a refusal
    make_due()
    payouts.send_due()

    withdrawal.refresh_from_db()
    assert withdrawal.state == "sent"


def test_an_answer_that_never_comes_is_asked_about(player, finance, coinspaid, monkeypatch):
    monkeypatch.setattr("apps.payments.providers.coinspaid.adapter.TIMEOUT_SECONDS", 0.5)
    withdrawal = approved_withdrawal(player, finance)
    coinspaid.switches(api_answer="hang", remaining=1)

    payouts.send_due()
    withdrawal.refresh_from_db()
    assert (withdrawal.state, reserved(player)) == ("sending", Decimal("0.02"))

    make_due()
    payouts.send_due()
    withdrawal.refresh_from_db()
    assert withdrawal.state == "sent"
    assert len(coinspaid.transactions(kind="withdrawal")) == 1


def test_what_never_arrived_is_sent_again_with_the_same_id(player, finance, coinspaid):
    withdrawal = approved_withdrawal(player, finance)
    coinspaid.switches(api_answer="error_before", remaining=1)

    payouts.send_due()
    withdrawal.refresh_from_db()
    assert withdrawal.state == "sending"

    make_due()
    payouts.send_due()
    withdrawal.refresh_from_db()
    assert withdrawal.state == "sent"
    assert coinspaid.withdrawal(withdrawal.public_id)["status"] == "processing"


def test_a_gateway_out_of_reach_keeps_everything(player, finance, coinspaid, settings):
    withdrawal = approved_withdrawal(player, finance)
    settings.COINSPAID_BASE_URL = "http://127.0.0.1:9/nobody"

    for _ in range(payouts.TRIES_BEFORE_ALARM):
        make_due()
        payouts.send_due()

    withdrawal.refresh_from_db()
    assert (withdrawal.state, reserved(player)) == ("sending", Decimal("0.02"))
    assert withdrawal.unknown_at is None
    assert alarms() == ["withdrawal.stuck"]

    settings.COINSPAID_BASE_URL = coinspaid.base_url
    make_due()
    payouts.send_due()
    withdrawal.refresh_from_db()
    assert withdrawal.state == "sent"


def test_a_clear_refusal_of_the_first_call_returns_the_money(player, finance, coinspaid):
    withdrawal = approved_withdrawal(player, finance)
    coinspaid.switches(api_answer="refuse", remaining=1)

    payouts.send_due()

    withdrawal.refresh_from_db()
    assert (withdrawal.state, cash(player)) == ("released", Decimal("0.05"))


def test_a_refusal_after_an_unclear_call_waits_before_it_counts(player, finance, coinspaid):
    withdrawal = approved_withdrawal(player, finance)
    coinspaid.switches(api_answer="error_before", remaining=1)
    payouts.send_due()

    coinspaid.switches(api_answer="refuse", only="withdrawal")
    make_due()
    payouts.send_due()
    withdrawal.refresh_from_db()
    assert (withdrawal.state, reserved(player)) == ("sending", Decimal("0.02"))

    long_ago = now() - payouts.SETTLE_TIME - timedelta(seconds=1)
    Withdrawal.objects.update(unknown_at=long_ago)
    make_due()
    payouts.send_due()
    withdrawal.refresh_from_db()
    assert (withdrawal.state, cash(player)) == ("released", Decimal("0.05"))


def test_a_worker_that_dies_after_the_call_pays_once(player, finance, coinspaid, monkeypatch):
    withdrawal = approved_withdrawal(player, finance)

    def die(*_args: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(payouts, "_record", die)
        with pytest.raises(SystemExit):
            payouts.send_due()
    withdrawal.refresh_from_db()
    assert withdrawal.state == "sending"
    assert payouts.send_due() == 0  # the lease still holds

    make_due()
    payouts.send_due()
    withdrawal.refresh_from_db()
    assert withdrawal.state == "sent"
    assert len(coinspaid.transactions(kind="withdrawal")) == 1


def test_already_taken_means_that_the_first_call_got_through(player, finance, coinspaid):
    withdrawal = approved_withdrawal(player, finance)
    payouts.send_due()
    Withdrawal.objects.filter(pk=withdrawal.pk).update(state="approved", tries=0, outside_ref="")

    make_due()
    payouts.send_due()

    withdrawal.refresh_from_db()
    assert withdrawal.state == "sent"
    assert len(coinspaid.transactions(kind="withdrawal")) == 1


def test_eight_workers_send_once(player, finance, coinspaid):
    for number in range(2):
        withdrawals.approve(request_withdrawal(player, key=f"k{number}"), finance, "Yes.")

    done = in_parallel([payouts.send_due] * 8)

    assert sum(done) == 2
    assert len(coinspaid.transactions(kind="withdrawal")) == 2


def test_a_lost_callback_is_made_up_for_by_asking(player, finance, coinspaid):
    withdrawal = approved_withdrawal(player, finance)
    payouts.send_due()
    coinspaid.switches(callback_hold=True)
    coinspaid.move(coinspaid.withdrawal(withdrawal.public_id)["id"], "confirmed")

    make_due()
    payouts.send_due()

    withdrawal.refresh_from_db()
    assert (withdrawal.state, reserved(player)) == ("paid", Decimal(0))


def test_the_gateway_is_asked_in_the_right_words(player, coinspaid):
    assert gateway("coinspaid").find_payout("wd_nobody") is None
