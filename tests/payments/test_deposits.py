"""From the callback to the balance: every status, every order, every repeat."""

import itertools
from decimal import Decimal

import pytest

from apps.events.models import Event
from apps.integrations import inbox
from apps.integrations.models import InboxMessage
from apps.ledger.models import Entry
from apps.payments.models import Deposit
from apps.wallet.services import set_player_status
from tests.payments.factories import (
    OTHER_ADDRESS,
    alarms,
    call_back,
    cash,
    in_parallel,
    make_address,
    picture,
    recorded,
    signed_headers,
)

pytestmark = pytest.mark.django_db

SEEN, CONFIRMED = "deposit_not_confirmed", "deposit_confirmed"
CANCELLED = "deposit_cancelled"


def deposit() -> Deposit:
    return Deposit.objects.get()


def events() -> list[str]:
    names = Event.objects.order_by("pk").values_list("name", flat=True)
    return [name.rpartition(".")[2] for name in names if "Deposit" in name]


@pytest.mark.rule("PAY-05")
def test_a_deposit_is_shown_when_seen_and_credited_when_confirmed(player, address):
    assert call_back(recorded(SEEN)).status == 200
    assert (deposit().state, cash(player)) == ("pending", Decimal(0))

    assert call_back(recorded(CONFIRMED)).status == 200
    found = deposit()
    assert (found.state, found.money.text, cash(player)) == (
        "confirmed",
        "0.01000000",
        Decimal("0.01"),
    )
    assert (found.gross, found.net) == (Decimal("0.01"), Decimal("0.00992"))
    assert (found.confirmations, found.riskscore) == (1, "0.42")
    assert [step.words for step in found.steps.all()] == [
        "Seen on Bitcoin",
        "Confirmed and credited",
    ]
    assert events() == ["DepositSeen", "DepositConfirmed"]
    assert alarms() == []


@pytest.mark.parametrize(
    ("name", "credited"),
    [
        ("deposit_confirmed", "0.01"),
        ("deposit_confirmed_bare_numbers", "0.01"),
        ("deposit_confirmed_whole_number", "381"),
        ("deposit_confirmed_instantly", "0.01"),
        ("deposit_confirmed_unknown_fields", "0.01"),
        ("deposit_confirmed_internal", "0.01"),
    ],
)
def test_a_confirmation_alone_is_enough(player, address, name, credited):
    assert call_back(recorded(name)).status == 200

    assert cash(player) == Decimal(credited)
    assert Deposit.objects.count() == 1


def test_the_net_is_credited_where_that_is_chosen(settings, player, address):
    settings.COINSPAID_CREDIT = "net"

    call_back(recorded(CONFIRMED))

    assert cash(player) == Decimal("0.00992")


@pytest.mark.parametrize(
    "order", sorted(set(itertools.permutations([SEEN, SEEN, CONFIRMED, CONFIRMED])))
)
def test_every_order_of_seen_and_confirmed_ends_the_same(player, address, order):
    for name in order:
        assert call_back(recorded(name)).status == 200

    assert (deposit().state, cash(player)) == ("confirmed", Decimal("0.01"))
    assert events().count("DepositConfirmed") == 1
    assert set(InboxMessage.objects.values_list("state", flat=True)) == {"done"}
    assert alarms() == []


def test_the_ledger_knows_the_deposit_by_the_gateways_id(player, address):
    call_back(recorded(CONFIRMED))

    entry = Entry.objects.get()
    assert (entry.partner.code, entry.outside_id) == ("coinspaid", "deposit:5000001")
    assert (entry.pk, entry.source_id) == (deposit().entry_id, deposit().pk)


@pytest.mark.parametrize("order", sorted(set(itertools.permutations([SEEN, CANCELLED, CANCELLED]))))
def test_every_order_of_seen_and_cancelled_credits_nothing(player, address, order):
    for name in order:
        assert call_back(recorded(name)).status == 200

    assert (deposit().state, cash(player)) == ("cancelled", Decimal(0))
    assert events().count("DepositCancelled") == 1
    assert alarms() == []


def test_a_deposit_below_the_minimum_says_why_it_is_lost(player, address):
    call_back(recorded("deposit_cancelled_below_minimum"))
    call_back(recorded("deposit_cancelled_below_minimum"))

    assert deposit().error == "Transaction amount less than minimum deposit"
    assert cash(player) == Decimal(0)


@pytest.mark.rule("PAY-07", "SEC-12")
@pytest.mark.parametrize(
    ("first", "then", "state", "balance"),
    [(CONFIRMED, CANCELLED, "confirmed", "0.01"), (CANCELLED, CONFIRMED, "cancelled", "0")],
)
def test_a_final_state_never_changes(player, address, first, then, state, balance):
    call_back(recorded(first))

    assert call_back(recorded(then)).status == 200
    assert call_back(recorded(then)).status == 200
    assert (deposit().state, cash(player)) == (state, Decimal(balance))
    assert alarms() == ["deposit.contradiction"]


def test_the_same_id_with_another_amount_is_kept_out(player, address):
    call_back(recorded(CONFIRMED))
    changed = {"amount": "0.09", "amount_minus_fee": "0.09"}

    assert call_back(recorded(CONFIRMED, currency_received=changed)).status == 200

    assert cash(player) == Decimal("0.01")
    assert alarms() == ["deposit.contradiction"]


def test_the_same_id_for_another_player_is_kept_out(player, other_player, address):
    make_address(other_player, text=OTHER_ADDRESS)
    call_back(recorded(CONFIRMED))

    assert call_back(recorded(CONFIRMED, crypto_address={"address": OTHER_ADDRESS})).status == 200

    assert (cash(player), cash(other_player)) == (Decimal("0.01"), Decimal(0))
    assert alarms() == ["deposit.contradiction"]


def test_two_payments_to_one_address_are_two_deposits(player, address):
    call_back(recorded(CONFIRMED))
    call_back(recorded(CONFIRMED, id=5000009))

    assert cash(player) == Decimal("0.02")


@pytest.mark.rule("PAY-06")
def test_what_arrived_decides_the_currency(player, address):
    call_back(recorded("deposit_cross_currency_confirmed"))

    found = deposit()
    assert (found.currency_id, found.money.text) == ("USDT", "25.123456")
    assert found.gross == Decimal("25.12345678")
    assert (cash(player, "USDT"), cash(player, "BTC")) == (Decimal("25.123456"), Decimal(0))


def test_an_exchanged_deposit_is_credited_in_the_target_rounded_down(player, address):
    call_back(recorded("deposit_exchange_confirmed"))

    assert cash(player, "EUR") == Decimal("600.12")
    assert deposit().gross == Decimal("600.12345678")


def test_less_than_the_smallest_unit_credits_nothing_and_says_so(player, address):
    tiny = {"currency": "EUR", "amount": "0.00900000", "amount_minus_fee": "0.00900000"}

    call_back(recorded("deposit_exchange_confirmed", currency_received=tiny))

    assert (deposit().state, cash(player, "EUR")) == ("confirmed", Decimal(0))
    assert "deposit.contradiction" in alarms()


def test_a_suspended_player_keeps_what_they_sent(player, address, finance):
    set_player_status(player_id=player.pk, status="suspended", actor=finance, reason="Check.")

    call_back(recorded(CONFIRMED))

    assert cash(player) == Decimal("0.01")
    assert alarms() == ["deposit.contradiction"]


def test_an_unknown_address_waits_and_is_credited_once_it_is_known(player):
    assert call_back(recorded(CONFIRMED)).status == 200
    message = InboxMessage.objects.get()
    assert (message.state, message.tries, Deposit.objects.count()) == ("failed", 1, 0)

    make_address(player)
    assert inbox.run(message)

    assert cash(player) == Decimal("0.01")


def test_what_never_becomes_known_is_parked_with_an_alarm(player):
    call_back(recorded(CONFIRMED))
    message = InboxMessage.objects.get()

    for _ in range(inbox.TRIES_MAX):
        inbox.run(message)

    message.refresh_from_db()
    assert message.state == "parked"
    assert alarms() == ["callback.parked"]


@pytest.mark.parametrize(
    "body",
    [
        recorded(CONFIRMED, currency_received={"currency": "SHELLS"}),
        recorded(CONFIRMED, currency_received={"amount": "-0.01"}),
        recorded(CONFIRMED, currency_received={"amount": "9" * 21}),
        recorded(CONFIRMED, type="gift"),
        recorded(CONFIRMED, crypto_address=None),
        b'{"id":1',
        b'{"id":1,"type":"deposit","currency_received":{"amount":1e5}}',
    ],
)
def test_what_cannot_be_read_is_kept_and_changes_nothing(player, address, body):
    before = picture()

    assert call_back(body).status == 200

    assert picture() == before
    assert InboxMessage.objects.get().state == "failed"


def test_a_product_we_do_not_use_is_answered_and_reported(player, address):
    before = picture()

    assert call_back(recorded("exchange_confirmed", type="payment_request")).status == 200

    assert picture() == before
    assert InboxMessage.objects.get().state == "done"
    assert alarms() == ["payment.unsupported"]


def test_an_unknown_status_moves_nothing_and_is_reported(player, address):
    before = picture()

    assert call_back(recorded(CONFIRMED, status="maybe")).status == 200

    assert picture() == before
    assert alarms() == ["deposit.contradiction"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-processing-key": "test-coinspaid-key"},
        {"x-processing-key": "test-coinspaid-key", "x-processing-signature": "0" * 128},
        {**signed_headers(b"{}")},
        {**signed_headers(recorded(CONFIRMED)), "x-processing-key": "someone"},
    ],
)
def test_a_forged_callback_is_refused_and_leaves_nothing(player, address, headers):
    before = picture()

    assert call_back(recorded(CONFIRMED), headers).status == 403

    assert picture() == before
    assert InboxMessage.objects.count() == 0


def test_the_public_address_takes_the_callback(client, player, address):
    body = recorded(CONFIRMED)
    headers = signed_headers(body)

    answer = client.post(
        "/callbacks/coinspaid/",
        body,
        content_type="application/json",
        headers={name: headers[name] for name in ("x-processing-key", "x-processing-signature")},
    )

    assert answer.status_code == 200
    assert cash(player) == Decimal("0.01")


@pytest.mark.django_db(transaction=True)
def test_ten_copies_at_once_credit_once(player, address):
    both = [recorded(SEEN), recorded(CONFIRMED)] * 5
    statuses = in_parallel([lambda body=body: call_back(body).status for body in both])

    assert statuses == [200] * 10
    assert InboxMessage.objects.filter(state="done").count() == 10
    assert (Deposit.objects.count(), cash(player)) == (1, Decimal("0.01"))
    assert events().count("DepositConfirmed") == 1


def test_a_player_never_sees_another_players_deposit(client, player, other_player, address):
    call_back(recorded(CONFIRMED))
    client.force_login(other_player.user)

    assert client.get(f"/wallet/deposits/{deposit().public_id}/").status_code == 404
