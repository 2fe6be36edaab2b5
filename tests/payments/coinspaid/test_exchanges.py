"""The house's exchanges, against the gateway's simulator over HTTP."""

from datetime import timedelta
from decimal import Decimal

import pytest

from apps.core.clock import now
from apps.core.errors import Forbidden, InvalidInput
from apps.payments.errors import KeyReused
from apps.payments.models import Exchange
from apps.payments.providers.base import ExchangeReport, ExchangeStatus
from apps.payments.services import exchanges, gateway_lists
from tests.payments.factories import alarms

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture(autouse=True)
def _lists(coinspaid, live_server):
    coinspaid.call_back(live_server.url)
    gateway_lists.sync("coinspaid")


def order(by, **changes):
    terms = {
        "provider": "coinspaid",
        "sold_code": "BTC",
        "bought_code": "EUR",
        "sold": Decimal("0.01"),
        "bought": None,
        "reason": "Euros for players.",
        "key": "key-1",
    }
    return exchanges.request_exchange(by=by, **(terms | changes))


def make_due() -> None:
    Exchange.objects.filter(due_at__isnull=False).update(due_at=now() - timedelta(seconds=1))


def books(coinspaid) -> dict[str, Decimal]:
    return {one["currency"]: Decimal(one["changes"]) for one in coinspaid.books()}


def test_an_exchange_is_sent_settled_and_booked_on_both_sides(finance, coinspaid):
    exchange = order(finance)

    assert exchanges.send_due() == 1
    coinspaid.delivered(kind="confirmed")

    exchange.refresh_from_db()
    assert (exchange.state, exchange.sold, exchange.bought) == (
        "done", Decimal("0.01"), Decimal("597.6"),
    )  # fmt: skip
    assert (exchange.fee, exchange.fee_code) == (Decimal("2.4"), "EUR")
    changes = books(coinspaid)
    assert (changes["BTC"], changes["EUR"]) == (Decimal("-0.01"), Decimal("597.6"))
    assert alarms() == []


def test_a_quote_is_kept_to_its_price(finance, coinspaid):
    terms = exchanges.quote(
        provider="coinspaid", sold_code="BTC", bought_code="EUR", sold=Decimal("0.01"), bought=None
    )
    coinspaid.price("BTC", "50000")
    exchange = order(finance, price=terms.price, price_until=terms.expires_at)

    exchanges.send_due()
    coinspaid.delivered(kind="confirmed")

    exchange.refresh_from_db()
    assert exchange.bought == Decimal("597.6")


def test_a_quote_that_ran_out_is_not_sent(finance, coinspaid):
    exchange = order(finance, price="60000.00000000", price_until=int(now().timestamp()) - 1)

    exchanges.send_due()

    exchange.refresh_from_db()
    assert exchange.state == "refused"
    assert coinspaid.transactions(kind="exchange") == []


def test_what_shall_be_bought_can_be_named(finance, coinspaid):
    exchange = order(finance, sold=None, bought=Decimal(100))

    exchanges.send_due()
    coinspaid.delivered(kind="confirmed")

    exchange.refresh_from_db()
    assert (exchange.state, exchange.bought) == ("done", Decimal(100))


@pytest.mark.parametrize("fault", ["error_after", "drop_after"])
def test_done_but_not_answered_is_found_again_and_done_once(finance, coinspaid, fault):
    exchange = order(finance)
    coinspaid.options(exchanges_auto=False)
    coinspaid.switches(api_answer=fault, remaining=1)

    exchanges.send_due()
    exchange.refresh_from_db()
    assert (exchange.state, exchange.outside_ref) == ("sending", "")

    make_due()
    exchanges.send_due()  # "already taken": it is there
    exchange.refresh_from_db()
    assert (exchange.state, exchange.outside_ref) == ("sent", "")

    (kept,) = coinspaid.transactions(kind="exchange")
    coinspaid.move(kept["id"], "confirmed")
    coinspaid.delivered(kind="confirmed")
    exchange.refresh_from_db()
    assert (exchange.state, exchange.outside_ref) == ("done", str(kept["id"]))
    assert len(coinspaid.transactions(kind="exchange")) == 1


@pytest.mark.parametrize("fault", ["error_before", "limited"])
def test_what_never_arrived_is_sent_again_with_the_same_id(finance, coinspaid, fault):
    exchange = order(finance)
    coinspaid.switches(api_answer=fault, remaining=1)

    exchanges.send_due()
    make_due()
    exchanges.send_due()
    coinspaid.delivered(kind="confirmed")

    exchange.refresh_from_db()
    assert exchange.state == "done"
    assert len(coinspaid.transactions(kind="exchange")) == 1


def test_a_lost_callback_is_made_up_for_by_asking(finance, coinspaid):
    exchange = order(finance)
    coinspaid.options(exchanges_auto=False)
    exchanges.send_due()
    coinspaid.switches(callback_hold=True)
    exchange.refresh_from_db()
    coinspaid.move(int(exchange.outside_ref), "confirmed")

    make_due()
    exchanges.send_due()

    exchange.refresh_from_db()
    assert exchange.state == "done"


def test_a_refusal_is_final_and_told(finance, coinspaid):
    exchange = order(finance, sold=Decimal(1_000_000))

    exchanges.send_due()

    exchange.refresh_from_db()
    assert exchange.state == "refused"
    assert "Not enough balance" in exchange.error


def test_the_same_key_is_one_exchange(finance, coinspaid):
    assert order(finance).pk == order(finance).pk
    with pytest.raises(KeyReused):
        order(finance, sold=Decimal("0.02"))

    exchanges.send_due()
    assert len(coinspaid.transactions(kind="exchange")) == 1


def test_a_contradiction_is_told_and_changes_nothing(finance, coinspaid):
    exchange = order(finance)
    exchanges.send_due()
    coinspaid.delivered(kind="confirmed")
    exchange.refresh_from_db()

    exchanges.apply_report(
        ExchangeReport(
            provider="coinspaid",
            outside_ref=exchange.outside_ref,
            reference="",
            status=ExchangeStatus.REFUSED,
            sold_code="BTC",
            sold=Decimal("0.01"),
            bought_code="EUR",
            bought=Decimal("597.6"),
        )
    )

    exchange.refresh_from_db()
    assert exchange.state == "done"
    assert alarms() == ["exchange.contradiction"]


def test_who_may_not_and_what_cannot_be_is_refused(support, finance, coinspaid):
    with pytest.raises(Forbidden):
        order(support)
    for changes in (
        {"bought_code": "BTC"},
        {"sold_code": "SHELLS"},
        {"sold": Decimal("0.000000001")},
        {"sold": Decimal(-1)},
        {"bought": Decimal(1)},
        {"reason": " "},
        {"provider": "paymentiq"},
    ):
        with pytest.raises(InvalidInput):
            order(finance, **changes)
    assert Exchange.objects.count() == 0
