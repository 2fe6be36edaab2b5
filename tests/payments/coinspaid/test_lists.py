"""The gateway's lists, balances, export, questions, people and tags, over HTTP."""

from decimal import Decimal

import pytest

from apps.audit.models import Record
from apps.core.clock import now
from apps.core.errors import NotFound
from apps.core.money import Money
from apps.integrations.errors import ProviderError
from apps.ledger.models import Currency
from apps.payments.errors import NameNeeded
from apps.payments.identity import set_name
from apps.payments.models import Deposit, GatewayCurrency, Rail
from apps.payments.providers.registry import coin_gateway, gateway
from apps.payments.services import deposits, gateway_lists, inquiries, payouts, withdrawals
from tests.payments.factories import WALLET_ADDRESS, alarms, approved_withdrawal, cash, rail

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def casino(coinspaid, live_server):
    coinspaid.call_back(live_server.url)
    return live_server


def test_the_list_is_kept_and_nothing_changes_when_it_says_what_we_have(coinspaid):
    gateway_lists.sync("coinspaid")
    assert gateway_lists.sync("coinspaid") == 0

    kept = GatewayCurrency.objects.get(provider_code="BTC")
    assert (kept.minimum, kept.precision, kept.is_visible) == (Decimal("0.0001"), 8, True)
    assert (kept.deposit_fee, kept.withdrawal_fee) == ("0.008000", "0.002000")
    assert alarms() == []


def test_a_small_change_is_followed_and_recorded(coinspaid):
    gateway_lists.sync("coinspaid")
    coinspaid.currency("BTC", minimum_amount="0.00020000")

    assert gateway_lists.sync("coinspaid") == 1

    assert (rail().deposit_min, rail().withdrawal_min) == (Decimal("0.0002"), Decimal("0.0002"))
    row = Record.objects.get(action="rail.synchronised", after__deposit_min="0.0002")
    assert row.actor_label == "partner:coinspaid"
    assert alarms() == []


def test_a_big_rise_is_followed_and_told_a_big_fall_only_told(coinspaid):
    coinspaid.currency("BTC", minimum_amount="0.01000000")
    gateway_lists.sync("coinspaid")
    assert (rail().deposit_min, alarms()) == (Decimal("0.01"), ["rail.changed"])

    coinspaid.currency("BTC", minimum_amount="0.00010000")
    gateway_lists.sync("coinspaid")
    assert rail().deposit_min == Decimal("0.01")


def test_what_staff_set_higher_stays_higher(coinspaid):
    gateway_lists.sync("coinspaid")
    Rail.objects.filter(code="BTC").update(withdrawal_min=Decimal("0.0002"))
    coinspaid.currency("BTC", minimum_amount="0.00015000")

    gateway_lists.sync("coinspaid")

    assert (rail().deposit_min, rail().withdrawal_min) == (Decimal("0.00015"), Decimal("0.0002"))


def test_a_coin_that_is_gone_is_switched_off_and_told(coinspaid):
    coinspaid.currency("DOGE", visible=False)

    gateway_lists.sync("coinspaid")

    assert not rail("DOGE").enabled
    assert alarms() == ["rail.changed"]


@pytest.mark.parametrize("fault", ["limited", "error_before", "drop_after"])
def test_a_list_that_does_not_come_changes_nothing(coinspaid, fault):
    before = list(Rail.objects.values())
    coinspaid.switches(api_answer=fault)

    with pytest.raises(ProviderError):
        gateway_lists.sync("coinspaid")

    assert list(Rail.objects.values()) == before


def test_balances_are_in_our_currencies(coinspaid):
    held = {one.code: one.amount for one in gateway("coinspaid").balances()}

    accounts = {one["currency"]: Decimal(one["balance"]) for one in coinspaid.books()}
    assert held["USDT"] == accounts["USDTE"] + accounts["USDTT"]
    assert held["BTC"] == accounts["BTC"]


def test_pairs_have_minimums_of_their_own(coinspaid):
    pairs = {(one.from_code, one.to_code): one for one in coin_gateway("coinspaid").pairs()}

    assert pairs["BTC", "EUR"].rate == Decimal(60_000)
    assert pairs["BTC", "EUR"].minimum == Decimal("0.00016667")
    assert pairs["BTC", "EUR"].deposit_minimum == Decimal("0.0001")
    assert pairs["EUR", "BTC"].deposit_minimum is None


def test_the_export_has_what_ended_with_every_fee(
    player, finance, fund, coinspaid, casino, django_assert_num_queries
):
    fund(player, "0.05", "BTC")
    address = deposits.take_address(player=player, rail=rail("USDTT"))
    coinspaid.send(address.address, "100", confirm=True)
    coinspaid.send(address.address, "50", confirm=False)
    withdrawal = approved_withdrawal(player, finance)
    payouts.send_due()
    kept = coinspaid.withdrawal(withdrawal.public_id)
    coinspaid.delivered(reference=str(kept["id"]), kind="confirmed")

    with django_assert_num_queries(1):  # however many rows a day has
        rows = {row.kind: row for row in gateway("coinspaid").statement(now().date())}

    assert set(rows) == {"deposit", "withdrawal"}
    into, out = rows["deposit"], rows["withdrawal"]
    assert (into.code, into.amount, into.fee, into.fee_code) == (
        "USDT", Decimal(100), Decimal("0.8"), "USDT",
    )  # fmt: skip
    assert (into.network_fee, into.network_fee_code) == (Decimal("0.00031"), "TRX")
    assert (out.reference, out.amount, out.status) == (
        withdrawal.public_id, Decimal("0.02"), "confirmed",
    )  # fmt: skip
    assert (out.fee, out.network_fee) == (Decimal("0.00004"), Decimal("0.00002"))


def test_an_export_nobody_can_read_is_an_error(coinspaid, settings):
    settings.COINSPAID_STATEMENT_URL = f"{coinspaid.base_url}/ping"
    with pytest.raises(ProviderError):
        gateway("coinspaid").statement(now().date())

    settings.COINSPAID_STATEMENT_URL = ""
    with pytest.raises(ProviderError) as error:
        gateway("coinspaid").statement(now().date())
    assert not error.value.retryable


def test_a_person_can_ask_about_a_payment_by_its_hash(player, finance, coinspaid, casino):
    address = deposits.take_address(player=player, rail=rail())
    coinspaid.switches(callback_answer="unsent")
    sent = coinspaid.send(address.address, "0.01", confirm=True)
    assert Deposit.objects.count() == 0

    said = inquiries.look_up(
        provider="coinspaid", by=finance, reason="The player asks.", txid=sent["txid"]
    )

    assert said == f"{sent['id']}: confirmed"
    assert cash(player) == Decimal("0.01")
    inquiries.look_up(
        provider="coinspaid", by=finance, reason="Again.", outside_ref=str(sent["id"])
    )
    assert cash(player) == Decimal("0.01")
    with pytest.raises(NotFound):
        inquiries.look_up(provider="coinspaid", by=finance, reason="No.", outside_ref="4999999")


def test_a_pending_deposit_is_asked_about_when_nobody_speaks(player, coinspaid, casino):
    address = deposits.take_address(player=player, rail=rail())
    sent = coinspaid.send(address.address, "0.01", confirm=False)
    coinspaid.delivered(reference=str(sent["id"]))
    coinspaid.switches(callback_answer="unsent")
    coinspaid.move(sent["id"], "confirmed")
    assert inquiries.ask_open() == 0

    Deposit.objects.update(updated_at=now() - inquiries.ASK_AFTER)
    assert inquiries.ask_open() == 1

    assert cash(player) == Decimal("0.01")


def test_coins_are_exchanged_on_arrival_and_on_the_way_out(
    player, finance, fund, coinspaid, casino
):
    """One rail: euros here, bitcoin on the chain."""
    euros = rail("EURBTC")
    address = deposits.take_address(player=player, rail=euros)
    assert address.address.startswith("tb1")
    coinspaid.send(address.address, "0.01", confirm=True)
    coinspaid.delivered(kind="confirmed")
    assert (cash(player, "EUR"), cash(player)) == (Decimal(600), Decimal(0))

    withdrawal = withdrawals.request_withdrawal(
        player=player,
        amount=Money.parse("90", euros.money_currency),
        rail=euros,
        address=WALLET_ADDRESS,
        key="key-1",
    )
    withdrawals.approve(withdrawal, finance, "Looks right.")
    payouts.send_due()
    kept = coinspaid.withdrawal(withdrawal.public_id)
    coinspaid.delivered(reference=str(kept["id"]), kind="confirmed")

    withdrawal.refresh_from_db()
    assert withdrawal.state == "paid"
    assert (kept["type"], kept["amount"], kept["receiver_amount"], kept["receiver_currency"]) == (
        "withdrawal_exchange", "90.00000000", "0.00150000", "BTC",
    )  # fmt: skip
    assert alarms() == []


def test_on_a_chain_with_tags_the_tag_tells_players_apart(player, other_player, coinspaid, casino):
    Currency.objects.filter(code="XRP").update(enabled=True)
    Rail.objects.filter(code="XRP").update(enabled=True)
    mine = deposits.take_address(player=player, rail=rail("XRP"))
    theirs = deposits.take_address(player=other_player, rail=rail("XRP"))
    assert mine.address == theirs.address

    coinspaid.send(theirs.address, "25", tag=theirs.tag, confirm=True)
    coinspaid.delivered(kind="confirmed")

    assert (cash(player, "XRP"), cash(other_player, "XRP")) == (0, 25)


def test_the_eu_entity_is_told_who_pays_and_who_is_paid(
    player, finance, fund, coinspaid, casino, settings
):
    coinspaid.options(eu_entity=True)
    settings.COINSPAID_USER_DATA = True
    settings.COINSPAID_COMPANY_NAME = "Casino Ltd"
    settings.COINSPAID_COMPANY_COUNTRY = "DEU"
    with pytest.raises(NameNeeded):
        deposits.take_address(player=player, rail=rail())

    set_name(player=player, first_name="Alice", last_name="O'Neill")
    deposits.take_address(player=player, rail=rail())
    fund(player, "0.05", "BTC")
    withdrawal = approved_withdrawal(player, finance)
    payouts.send_due()

    people = coinspaid.withdrawal(withdrawal.public_id)["people"]
    assert people["sender_data"] == {
        "legal_name": "Casino Ltd", "country_of_registration": "DEU",
    }  # fmt: skip
    assert people["receiver_data"] == {
        "first_name": "Alice",
        "last_name": "O'Neill",
        "date_of_birth": "1990-05-17",
        "email": "alice@example.com",
    }


def test_an_internal_transfer_and_a_high_risk_are_kept_as_said(player, coinspaid, casino):
    address = deposits.take_address(player=player, rail=rail())
    coinspaid.send(address.address, "0.01", confirm=True, internal=True, riskscore="0.91")
    coinspaid.delivered(kind="confirmed")

    found = Deposit.objects.get()
    assert found.txid.startswith("internal-")
    # Coins as risky as that wait for a person (apps/risk).
    assert (found.state, found.riskscore) == ("held", "0.91")


def test_a_deposit_nobody_told_us_of_is_found_in_the_export(player, coinspaid, casino):
    address = deposits.take_address(player=player, rail=rail())
    coinspaid.switches(callback_answer="unsent")
    coinspaid.send(address.address, "0.01", confirm=True)
    coinspaid.send(address.address, "0.02", confirm=False)

    assert inquiries.read_exports() == 1
    assert inquiries.read_exports() == 0

    assert cash(player) == Decimal("0.01")
    assert alarms() == ["deposit.missed"]
