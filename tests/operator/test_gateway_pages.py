"""The callback inbox with its diff, the switch of all payouts, and the house's exchanges."""

import json
from datetime import timedelta

import pytest
from django.test import Client

from apps.core.clock import now
from apps.integrations import inbox
from apps.integrations.models import InboxMessage
from apps.payments.models import Exchange, GatewayCurrency, PayoutStop
from apps.payments.services import payout_switch
from tests.operator.factories import World, make_staff, signed_in

pytestmark = pytest.mark.django_db

INBOX = "/operator/integrations/inboxmessage/"
SWITCH = "/operator/payments/payoutstop/"
EXCHANGES = "/operator/payments/exchange/"


@pytest.fixture
def administrator_page() -> Client:
    return signed_in(make_staff("administrator"))


@pytest.fixture
def finance_page() -> Client:
    return signed_in(make_staff("finance"))


def keep(ref: str, body: bytes, *, partner: str = "coinspaid") -> InboxMessage:
    headers = {"content-type": "application/json", "x-processing-signature": "5ecre7"}
    return inbox.receive(partner, "deposit confirmed", body, headers, outside_ref=ref)


def page_of(client: Client, message: InboxMessage) -> str:
    return client.get(f"{INBOX}{message.pk}/change/").content.decode()


def test_a_message_shows_what_changed_since_the_one_before(administrator_page: Client) -> None:
    first = {"id": 7, "status": "not_confirmed", "transactions": [{"confirmations": 0}]}
    second = {"id": 7, "status": "confirmed", "transactions": [{"confirmations": "3"}], "error": ""}
    keep("7", json.dumps(first).encode())
    keep("8", b'{"id":8}')
    message = keep("7", json.dumps(second).encode())

    shown = page_of(administrator_page, message)

    for path, before, after in (
        ("status", "&quot;not_confirmed&quot;", "&quot;confirmed&quot;"),
        ("transactions.0.confirmations", "0", "&quot;3&quot;"),
        ("error", "–", "&quot;&quot;"),
    ):
        row = f"<th scope='row'>{path}</th><td><del>{before}</del></td><td><ins>{after}</ins></td>"
        assert row in shown
    assert "<th scope='row'>id</th>" not in shown
    assert "5ecre7" not in shown
    assert "(kept out)" in shown


def test_the_first_message_and_an_equal_one_say_so(administrator_page: Client) -> None:
    first, again = keep("7", b'{"id":7}'), keep("7", b'{"id": 7}')

    assert "the first about this" in page_of(administrator_page, first)
    assert "no difference" in page_of(administrator_page, again)


def test_what_is_not_json_is_shown_as_it_came(administrator_page: Client) -> None:
    keep("7", b'{"id":7}')
    message = keep("7", b"<script>\xff")

    shown = page_of(administrator_page, message)

    assert "&lt;script&gt;\\xff" in shown
    assert "<script>\\xff" not in shown


def test_a_message_leads_to_its_payment(administrator_page: Client, world: World) -> None:
    deposit = world.deposit
    message = keep(deposit.outside_ref, b'{"id":1}', partner=deposit.provider)

    shown = page_of(administrator_page, message)

    assert f"/operator/payments/deposit/{deposit.pk}/change/" in shown
    assert deposit.public_id in shown


def test_the_list_says_how_long_a_message_waits(administrator_page: Client) -> None:
    message = keep("7", b"{}")
    InboxMessage.objects.filter(pk=message.pk).update(
        state="parked", tries=8, received_at=now() - timedelta(hours=3)
    )

    shown = administrator_page.get(INBOX).content.decode()

    assert "3\xa0hours" in shown


def test_payouts_are_stopped_by_finance_and_resumed_by_an_administrator(
    finance_page: Client, administrator_page: Client
) -> None:
    assert finance_page.post(f"{SWITCH}stop/", {"reason": ""}).status_code == 422
    assert not payout_switch.is_stopped()

    answer = finance_page.post(f"{SWITCH}stop/", {"reason": "Odd."})
    assert answer.status_code == 302
    assert payout_switch.is_stopped()
    assert "Odd." in finance_page.get(SWITCH).content.decode()

    assert finance_page.post(f"{SWITCH}resume/", {"reason": "Fine."}).status_code == 403
    assert administrator_page.post(f"{SWITCH}resume/", {"reason": "Fine."}).status_code == 302
    assert PayoutStop.objects.get().resume_reason == "Fine."


@pytest.mark.django_db(transaction=True)
def test_an_exchange_shows_its_price_before_it_is_ordered(coinspaid) -> None:
    for code in ("BTC", "EUR"):
        GatewayCurrency.objects.create(
            provider="coinspaid", provider_code=code, kind="x", minimum=1, precision=8,
            is_visible=True, seen_at=now(),
        )  # fmt: skip
    client = signed_in(make_staff("finance"))
    wanted = {
        "sold_code": "BTC", "bought_code": "EUR", "sold": "0.01", "reason": "Euros.",
        "key": "office:1",
    }  # fmt: skip

    quoted = client.post(f"{EXCHANGES}order/", wanted)
    shown = quoted.content.decode()
    assert "0.01 BTC give 597.6 EUR" in shown
    assert Exchange.objects.count() == 0

    price = {
        "price": "60000.00000000",
        "price_until": quoted.context["form"]["price_until"].value(),
    }
    assert client.post(f"{EXCHANGES}order/", wanted | price).status_code == 302
    assert client.post(f"{EXCHANGES}order/", wanted | price).status_code == 302
    exchange = Exchange.objects.get()
    assert (exchange.price, exchange.reason) == ("60000.00000000", "Euros.")


def test_a_quote_nobody_can_give_is_told(finance_page: Client) -> None:
    wanted = {"sold_code": "BTC", "bought_code": "BTC", "sold": "x", "reason": "", "key": "k"}

    assert finance_page.post(f"{EXCHANGES}order/", wanted).status_code == 422
    assert Exchange.objects.count() == 0
