"""Stopping all payouts, by hand and by itself; and working a payout out again before it leaves."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection

from apps.audit.models import Record
from apps.core.clock import now
from apps.core.errors import Forbidden, InvalidInput
from apps.payments.errors import PayoutsNotStopped, PayoutsStopped
from apps.payments.models import Approval, PayoutIntent, PayoutStop, Withdrawal
from apps.payments.services import payout_cover, payout_switch, payout_watch, payouts, withdrawals
from tests.payments.factories import (
    WALLET_ADDRESS,
    alarms,
    approved_withdrawal,
    cash,
    request_withdrawal,
    reserved,
)
from tests.simulators.factories import ask_gateway

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture(autouse=True)
def _funded(player, fund, coinspaid, live_server):
    fund(player, "0.5", "BTC")
    coinspaid.call_back(live_server.url)
    coinspaid.options(withdrawals_auto=False, deposits_auto=False)


def make_due() -> None:
    Withdrawal.objects.filter(due_at__isnull=False).update(due_at=now() - timedelta(seconds=1))


def approved(player, by, number: int, amount: str = "0.01") -> Withdrawal:
    return withdrawals.approve(
        request_withdrawal(player, amount, key=f"key-{number}"), by, "Looks right."
    )


def at_gateway(coinspaid) -> int:
    return len(coinspaid.transactions(kind="withdrawal"))


# ---- by hand -----------------------------------------------------------------------------------


def test_nothing_is_sent_while_payouts_are_stopped(player, finance, administrator, coinspaid):
    withdrawal = approved_withdrawal(player, finance)
    payout_switch.stop(by=finance, reason="Something is odd.")

    assert payouts.send_due() == 0
    withdrawal.refresh_from_db()
    assert (withdrawal.state, at_gateway(coinspaid)) == ("approved", 0)
    assert reserved(player) == Decimal("0.02")
    assert alarms() == ["payouts.stopped"]

    payout_switch.resume(by=administrator, reason="It was not.")
    assert payouts.send_due() == 1
    withdrawal.refresh_from_db()
    assert (withdrawal.state, at_gateway(coinspaid)) == ("sent", 1)
    actions = Record.objects.filter(action__startswith="payouts.").order_by("pk")
    assert [(row.action, row.reason) for row in actions] == [
        ("payouts.stopped", "Something is odd."),
        ("payouts.resumed", "It was not."),
    ]


def test_what_was_sent_before_is_still_asked_about_and_paid(player, finance, coinspaid):
    withdrawal = approved_withdrawal(player, finance)
    coinspaid.switches(api_answer="error_after", remaining=1)
    payouts.send_due()
    payout_switch.stop(by=finance, reason="Wait.")

    make_due()
    payouts.send_due()
    withdrawal.refresh_from_db()
    assert withdrawal.state == "sent"
    coinspaid.move(coinspaid.withdrawal(withdrawal.public_id)["id"], "confirmed")
    coinspaid.delivered(kind="confirmed")
    withdrawal.refresh_from_db()
    assert withdrawal.state == "paid"


def test_an_unknown_outcome_is_not_sent_again_while_stopped(player, finance, coinspaid):
    approved_withdrawal(player, finance)
    coinspaid.switches(api_answer="error_before", remaining=1)
    payouts.send_due()
    payout_switch.stop(by=finance, reason="Wait.")

    make_due()
    payouts.send_due()

    assert at_gateway(coinspaid) == 0


def test_who_may_stop_and_who_may_resume(support, finance, administrator):
    with pytest.raises(Forbidden):
        payout_switch.stop(by=support, reason="Me too.")
    with pytest.raises(InvalidInput):
        payout_switch.stop(by=finance, reason=" ")
    with pytest.raises(PayoutsNotStopped):
        payout_switch.resume(by=administrator, reason="Go.")
    payout_switch.stop(by=finance, reason="Wait.")
    with pytest.raises(PayoutsStopped):
        payout_switch.stop(by=finance, reason="Again.")
    with pytest.raises(Forbidden):
        payout_switch.resume(by=finance, reason="Go.")

    assert PayoutStop.objects.count() == 1
    assert payout_switch.is_stopped()


# ---- by itself ---------------------------------------------------------------------------------


def test_too_many_in_an_hour_stop_everything(player, finance, administrator, coinspaid, settings):
    settings.PAYOUT_HOUR_COUNT_MAX = 2
    for number in range(4):
        approved(player, finance, number)

    payouts.send_due()

    assert at_gateway(coinspaid) == 2
    assert payout_switch.current().cause == "count"
    assert alarms() == ["payouts.stopped"]

    payout_switch.resume(by=administrator, reason="A busy evening.")
    make_due()
    payouts.send_due()
    assert at_gateway(coinspaid) == 4


def test_payouts_of_another_hour_do_not_count(player, finance, coinspaid, settings):
    settings.PAYOUT_HOUR_COUNT_MAX = 1
    approved(player, finance, 1)
    payouts.send_due()
    PayoutIntent.objects.update(at=now() - timedelta(minutes=61))

    approved(player, finance, 2)
    payouts.send_due()

    assert (at_gateway(coinspaid), payout_switch.is_stopped()) == (2, False)


@pytest.mark.rule("PAY-18")
@pytest.mark.parametrize(
    ("setting", "limit", "cause"),
    [("PAYOUT_HOUR_VALUE_MAX", 1_000, "value"), ("PAYOUT_HOUR_AVERAGE_MAX", 300, "average")],
)
def test_too_much_value_in_an_hour_stops_everything(
    player, finance, coinspaid, settings, monkeypatch, setting, limit, cause
):
    setattr(settings, setting, limit)
    worth = [Decimal(300), Decimal(290), Decimal(500), Decimal(300)]
    values = iter(worth)
    monkeypatch.setattr(payout_switch, "value_of", lambda _withdrawal: next(values))
    for number in range(4):
        approved(player, finance, number)

    payouts.send_due()

    assert at_gateway(coinspaid) == 2
    assert payout_switch.current().cause == cause


def test_without_a_rate_a_payout_waits_and_the_rest_goes_on(player, finance, coinspaid, settings):
    settings.PAYOUT_HOUR_VALUE_MAX = 1_000
    withdrawal = approved_withdrawal(player, finance)

    payouts.send_due()

    withdrawal.refresh_from_db()
    assert (withdrawal.state, at_gateway(coinspaid)) == ("approved", 0)
    assert alarms() == ["payouts.unvalued"]
    assert not payout_switch.is_stopped()


# ---- against the ledger and the approvals ------------------------------------------------------


def as_owner(sql: str, *values: object) -> None:
    """What somebody with the owner's password could do."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(sql, values)
        cursor.execute("SET session_replication_role = origin")


def assert_stopped(withdrawal: Withdrawal, coinspaid) -> None:
    payouts.send_due()
    withdrawal.refresh_from_db()
    assert (withdrawal.state, withdrawal.due_at, at_gateway(coinspaid)) == ("approved", None, 0)
    assert set(alarms()) >= {"withdrawal.changed", "payouts.stopped"}
    assert payout_switch.current().cause == "ledger"


def test_a_withdrawal_that_never_reserved_anything_is_not_paid(player, finance, coinspaid):
    withdrawal = approved_withdrawal(player, finance)
    as_owner("UPDATE payments_withdrawal SET amount = amount * 2 WHERE id = %s", withdrawal.pk)
    withdrawal.refresh_from_db()
    Withdrawal.objects.filter(pk=withdrawal.pk).update(approval_hash=withdrawal.payout_hash)
    Approval.objects.update(payout_hash=withdrawal.payout_hash)

    assert_stopped(withdrawal, coinspaid)


def test_a_changed_address_with_a_matching_hash_is_not_paid(player, finance, coinspaid):
    """Whoever can write rows can write the hash too; the signed audit row is another matter."""
    withdrawal = approved_withdrawal(player, finance)
    withdrawal.address = "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy"
    withdrawal.approval_hash = withdrawal.payout_hash
    withdrawal.save()
    Approval.objects.update(payout_hash=withdrawal.payout_hash)

    assert_stopped(withdrawal, coinspaid)


def test_a_forged_audit_row_does_not_help(player, finance, coinspaid):
    withdrawal = approved_withdrawal(player, finance)
    withdrawal.address = "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy"
    withdrawal.approval_hash = withdrawal.payout_hash
    withdrawal.save()
    Approval.objects.update(payout_hash=withdrawal.payout_hash)
    as_owner(
        "UPDATE audit_record SET after = jsonb_set(after, '{approval_hash}', to_jsonb(%s::text))"
        " WHERE action = 'withdrawal.approved'",
        withdrawal.payout_hash,
    )

    assert_stopped(withdrawal, coinspaid)


@pytest.mark.rule("PAY-18")
def test_a_wallet_whose_entries_were_touched_pays_nothing(player, finance, coinspaid):
    """The sums still fit: only the signatures do not."""
    withdrawal = approved_withdrawal(player, finance)
    as_owner("UPDATE ledger_entry SET mac = '\\x00'::bytea WHERE source_id = %s", withdrawal.pk)

    assert_stopped(withdrawal, coinspaid)


def test_a_reserve_that_was_given_back_is_not_paid(player, finance, coinspaid):
    withdrawal = approved_withdrawal(player, finance)
    withdrawals._return_money(withdrawal)

    assert "left" in payout_cover.problem(withdrawal)
    assert_stopped(withdrawal, coinspaid)


def test_a_good_payout_has_no_problem(player, finance):
    first, second = approved(player, finance, 1), approved(player, finance, 2, "0.02")

    assert payout_cover.problem(first) == payout_cover.problem(second) == ""


# ---- against the gateway's own book ------------------------------------------------------------


def test_equal_books_stop_nothing(player, finance, coinspaid):
    for number in range(3):
        approved(player, finance, number)
    payouts.send_due()
    for one in coinspaid.transactions(kind="withdrawal")[:2]:
        coinspaid.move(one["id"], "confirmed")
    coinspaid.delivered(kind="confirmed")

    assert payout_watch.watch() == 0

    comparison = payout_watch.compare("coinspaid", now().date())
    assert comparison.gateway_total == comparison.ledger_total == {"BTC": Decimal("0.02")}


def test_what_we_have_not_heard_of_yet_is_in_flight(player, finance, coinspaid):
    withdrawal = approved(player, finance, 1)
    payouts.send_due()
    coinspaid.switches(callback_hold=True)
    coinspaid.move(coinspaid.withdrawal(withdrawal.public_id)["id"], "confirmed")

    comparison = payout_watch.compare("coinspaid", now().date())

    assert (comparison.problems, comparison.in_flight) == ([], {"BTC": Decimal("0.01")})


def test_a_payout_that_is_not_ours_stops_everything(player, finance, administrator, coinspaid):
    stolen = ask_gateway(
        coinspaid,
        "/withdrawal/crypto",
        foreign_id="thief-1",
        currency="BTC",
        amount="0.5",
        address=WALLET_ADDRESS,
        end_user_reference="thief",
    ).json()["data"]["id"]
    coinspaid.move(stolen, "confirmed")

    assert payout_watch.watch() == 1

    found = payout_switch.current()
    assert (found.cause, found.refs) == ("gateway", [str(stolen)])
    assert "is not ours (thief-1)" in found.reason
    approved_withdrawal(player, finance)
    assert payouts.send_due() == 0

    payout_switch.resume(by=administrator, reason="The key was changed.")
    assert payout_watch.watch() == 0  # looked at once, it does not stop payouts for ever


def test_a_payout_the_player_got_back_stops_everything(player, finance, coinspaid):
    withdrawal = approved(player, finance, 1)
    payouts.send_due()
    number = coinspaid.withdrawal(withdrawal.public_id)["id"]
    coinspaid.move(number, "cancelled", error="No")
    coinspaid.delivered(kind="cancelled")
    assert cash(player) == Decimal("0.5")

    coinspaid.move(number, "confirmed", force=True)
    coinspaid.delivered(kind="confirmed")

    assert payout_watch.watch() == 1
    assert payout_switch.current().cause == "gateway"
