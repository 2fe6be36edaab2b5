"""Paying in an exact amount, against the gateway's simulator over HTTP."""

from decimal import Decimal

import pytest

from apps.payments.errors import AmountTooSmall, GatewayUnavailable, KeyReused, RailUnavailable
from apps.payments.models import Deposit, Invoice
from apps.payments.services import inquiries, invoices
from tests.payments.factories import alarms, btc, cash, rail

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture(autouse=True)
def _casino(coinspaid, live_server):
    coinspaid.call_back(live_server.url)
    coinspaid.options(deposits_auto=False)


def opened(player, amount="0.02", key="key-1", **changes) -> Invoice:
    return invoices.open_invoice(player=player, rail=rail(), amount=btc(amount), key=key, **changes)


def number(invoice: Invoice) -> int:
    return int(invoice.outside_ref)


def test_an_invoice_is_paid_exactly_and_credited_once(player, coinspaid):
    invoice = opened(player)
    assert (invoice.state, invoice.remaining) == ("open", Decimal("0.02"))
    assert invoice.address.startswith("tb1")

    coinspaid.pay_invoice(number(invoice), "0.02")
    coinspaid.delivered(kind="processing")
    invoice.refresh_from_db()
    assert (invoice.state, invoice.deposit.state, cash(player)) == ("paying", "pending", 0)

    coinspaid.confirm_invoice(number(invoice))
    coinspaid.delivered(kind="confirmed")
    coinspaid.resend(number(invoice), 5, parallel=True)
    invoice.refresh_from_db()
    assert (invoice.state, invoice.deposit.state) == ("paid", "confirmed")
    assert cash(player) == Decimal("0.02")
    assert Deposit.objects.count() == 1
    assert alarms() == []


def test_parts_add_up(player, coinspaid):
    invoice = opened(player)

    coinspaid.pay_invoice(number(invoice), "0.005", confirm=True)
    coinspaid.delivered(kind="processing")
    invoice.refresh_from_db()
    assert (invoice.state, invoice.sent, invoice.remaining) == (
        "paying", Decimal("0.005"), Decimal("0.015"),
    )  # fmt: skip

    coinspaid.pay_invoice(number(invoice), "0.015", confirm=True)
    coinspaid.delivered(kind="confirmed")
    assert cash(player) == Decimal("0.02")


def test_too_little_is_not_credited_and_goes_back(player, coinspaid):
    invoice = opened(player, takes_parts=False)

    coinspaid.pay_invoice(number(invoice), "0.019", confirm=True)
    coinspaid.delivered(kind="failed")

    invoice.refresh_from_db()
    assert (invoice.state, invoice.deposit.state, cash(player)) == ("failed", "cancelled", 0)
    assert "less than requested" in invoice.error


def test_too_much_is_credited_as_asked_for(player, coinspaid):
    invoice = opened(player)

    coinspaid.pay_invoice(number(invoice), "0.05", confirm=True)
    coinspaid.delivered(kind="confirmed")

    assert cash(player) == Decimal("0.02")


def test_an_invoice_that_ran_out_leaves_nothing(player, coinspaid):
    invoice = opened(player)

    coinspaid.expire_invoice(number(invoice))
    coinspaid.delivered(kind="failed")

    invoice.refresh_from_db()
    assert (invoice.state, invoice.deposit, Deposit.objects.count()) == ("failed", None, 0)


def test_parts_of_a_run_out_invoice_are_cancelled(player, coinspaid):
    invoice = opened(player)
    coinspaid.pay_invoice(number(invoice), "0.005", confirm=True)

    coinspaid.expire_invoice(number(invoice))
    coinspaid.delivered(kind="failed")

    invoice.refresh_from_db()
    assert (invoice.state, invoice.deposit.state, cash(player)) == ("failed", "cancelled", 0)


@pytest.mark.parametrize(("first", "wrong"), [("confirmed", "failed"), ("failed", "confirmed")])
def test_a_contradiction_changes_nothing_and_is_told(player, coinspaid, first, wrong):
    invoice = opened(player)
    if first == "confirmed":
        coinspaid.pay_invoice(number(invoice), "0.02", confirm=True)
    else:
        coinspaid.expire_invoice(number(invoice))
    coinspaid.delivered(kind=first)
    before = cash(player)

    coinspaid.contradict(number(invoice), status=wrong)
    coinspaid.delivered(kind=wrong)

    assert cash(player) == before
    assert alarms() == ["deposit.contradiction"]


def test_a_lost_callback_is_made_up_for_by_asking(player, coinspaid):
    invoice = opened(player)
    coinspaid.switches(callback_answer="unsent")
    coinspaid.pay_invoice(number(invoice), "0.02", confirm=True)

    Invoice.objects.update(updated_at=invoice.created_at - inquiries.ASK_AFTER)
    assert inquiries.ask_open() == 1

    assert cash(player) == Decimal("0.02")


@pytest.mark.parametrize("fault", ["error_before", "error_after", "drop_after", "limited"])
def test_an_invoice_without_an_answer_is_given_up(player, coinspaid, fault):
    coinspaid.switches(api_answer=fault, remaining=1)

    with pytest.raises(GatewayUnavailable):
        opened(player)

    assert Invoice.objects.get().state == "failed"
    assert opened(player, key="key-2").state == "open"


def test_the_same_key_is_the_same_invoice(player, coinspaid):
    first = opened(player)

    assert opened(player).pk == first.pk
    with pytest.raises(KeyReused):
        opened(player, amount="0.03")
    assert len(coinspaid.transactions(kind="invoice")) == 1


def test_what_cannot_be_asked_for_is_refused(player, coinspaid):
    with pytest.raises(AmountTooSmall):
        opened(player, amount="0.00001")
    with pytest.raises(RailUnavailable):
        invoices.open_invoice(player=player, rail=rail("EURBTC"), amount=btc("0.02"), key="key-9")
    assert Invoice.objects.count() == 0


def test_the_api_opens_and_shows_an_invoice(client, player, other_player, coinspaid):
    client.force_login(player.user)
    body = {"amount": "0.02000000", "currency": "BTC", "rail": "BTC"}

    made = client.post(
        "/api/v1/invoices/", body, "application/json",
        headers={"Idempotency-Key": "a-key"},
    )  # fmt: skip

    assert made.status_code == 201, made.content
    assert (made.json()["state"], made.json()["amount"]) == ("open", "0.02000000")
    address = f"/api/v1/invoices/{made.json()['id']}/"
    assert client.get(address).json()["address"] == made.json()["address"]
    client.force_login(other_player.user)
    assert client.get(address).status_code == 404


def test_the_page_opens_an_invoice_once_and_follows_it(client, player, coinspaid):
    client.force_login(player.user)
    form = {"rail": "BTC", "amount": "0.02", "key": "a-key"}

    first = client.post("/wallet/deposit/exact/", form)
    assert first.status_code == 302
    assert client.post("/wallet/deposit/exact/", form)["Location"] == first["Location"]
    other = client.post("/wallet/deposit/exact/", form | {"amount": "0.03"})
    assert other.status_code == 422
    invoice = Invoice.objects.get()
    assert invoice.address in client.get(first["Location"]).content.decode()

    coinspaid.pay_invoice(number(invoice), "0.02", confirm=True)
    coinspaid.delivered(kind="confirmed")
    shown = client.get(first["Location"]).content.decode()
    assert "It is in your balance." in shown
    assert "/wallet/deposits/" in shown
    listed = client.get("/api/v1/invoices/").json()["results"]
    assert [(one["state"], one["remaining"]) for one in listed] == [("paid", "0.00000000")]
