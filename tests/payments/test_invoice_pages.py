"""The pages to pay in an exact amount, and the name a gateway must be told."""

from datetime import timedelta
from decimal import Decimal

import pytest

from apps.core.clock import now
from apps.payments import readiness
from apps.payments.models import Invoice, PayerName
from tests.payments.factories import picture, rail
from tests.payments.test_pages import text_of

pytestmark = pytest.mark.django_db


def made(player, **changes) -> Invoice:
    at = now()
    usual = {
        "player": player,
        "rail": rail(),
        "currency_id": "BTC",
        "provider": "coinspaid",
        "key": f"key-{Invoice.objects.count()}",
        "state": "open",
        "amount": Decimal("0.02"),
        "remaining": Decimal("0.02"),
        "address": "tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7",
        "outside_ref": f"{Invoice.objects.count() + 1}",
        "created_at": at,
        "updated_at": at,
        "expires_at": at + timedelta(minutes=15),
    }
    return Invoice.objects.create(**usual | changes)


@pytest.fixture
def page(client, player):
    client.force_login(player.user)
    return client


def test_an_open_invoice_shows_what_to_pay_where_and_until_when(page, player):
    found = made(player)

    answer = page.get(f"/wallet/invoices/{found.public_id}/")

    html, text = answer.content.decode(), text_of(answer)
    assert f'data-copy="{found.address}"' in html
    assert 'data-copy="0.02"' in html
    assert "<svg" in html.partition('class="qr-plate"')[2][:200]
    assert found.qr_text == f"bitcoin:{found.address}?amount=0.02"
    assert "Waiting for you" in text
    assert 895 <= int(html.partition('data-seconds="')[2].partition('"')[0]) <= 900
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.parametrize(
    ("changes", "words", "is_payable"),
    [
        ({"expires_at": now() - timedelta(seconds=1)}, "The time is over", False),
        ({"state": "failed"}, "Nothing arrived in time", False),
        ({"state": "failed", "address": ""}, "gave no address", False),
        ({"state": "opening", "address": "", "expires_at": None}, "Being prepared", False),
        (
            {"state": "paying", "sent": Decimal("0.005"), "remaining": Decimal("0.015")},
            "0.005 BTC of it is here",
            True,
        ),
    ],
)
def test_every_state_is_said_in_words(page, player, changes, words, is_payable):
    found = made(player, **changes)

    answer = page.get(f"/wallet/invoices/{found.public_id}/")

    assert words in text_of(answer)
    assert ("qr-plate" in answer.content.decode()) == is_payable
    part = page.get(f"/wallet/invoices/{found.public_id}/", headers={"HX-Request": "true"})
    assert part.content.decode().lstrip().startswith("<div")


def test_an_invoice_of_somebody_else_is_not_found(page, other_player):
    found = made(other_player)

    assert page.get(f"/wallet/invoices/{found.public_id}/").status_code == 404


def test_the_deposit_page_leads_there_and_lists_what_waits(page, player):
    found = made(player)
    made(player, state="failed", amount=Decimal("0.03"))

    shown = page.get("/wallet/deposit/?currency=BTC").content.decode()
    assert 'href="/wallet/deposit/exact/?rail=BTC"' in shown
    assert shown.count("/wallet/invoices/") == 1
    assert found.public_id in page.get("/wallet/").content.decode()
    assert "Exact amount" in text_of(page.get("/wallet/"))
    assert "exact/" not in page.get("/wallet/deposit/?rail=EURBTC").content.decode()


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("", "Enter the amount."),
        ("0", "Enter an amount above zero."),
        ("0.00000001", "The least you can pay in is 0.0001 BTC."),
        ("1e-2", ""),
        ("0.123456789", ""),
    ],
)
def test_a_wrong_amount_is_refused_next_to_its_field(page, amount, words):
    before = picture()

    answer = page.post("/wallet/deposit/exact/", {"rail": "BTC", "amount": amount, "key": "a-key"})

    assert answer.status_code == 422
    assert words in text_of(answer)
    assert "field-error" in answer.content.decode()
    assert picture() == before
    assert Invoice.objects.count() == 0


def test_a_gateway_that_is_away_costs_the_wish_and_the_form_gets_a_new_key(page, settings):
    settings.COINSPAID_BASE_URL = "http://127.0.0.1:9"
    form = {"rail": "BTC", "amount": "0.02", "key": "a-key"}

    answer = page.post("/wallet/deposit/exact/", form)

    assert answer.status_code == 503
    assert "does not answer" in text_of(answer)
    assert 'value="a-key"' not in answer.content.decode()
    assert Invoice.objects.get().state == "failed"


def test_the_name_is_asked_once_where_the_gateway_needs_it(page, player, settings):
    settings.COINSPAID_USER_DATA = True
    for path in ("/wallet/deposit/?rail=BTC", "/wallet/deposit/exact/?rail=BTC"):
        shown = page.get(path).content.decode()
        assert 'name="first_name"' in shown
        assert "Show my BTC address" not in shown
    assert "name_needed" in [one.code for one in readiness.of(player, rail()).stops]
    assert 'href="/wallet/name/"' in page.get("/wallet/withdraw/?rail=BTC").content.decode()

    wrong = page.post("/wallet/name/", {"first_name": "4lice", "last_name": ""})
    assert wrong.status_code == 422
    assert not PayerName.objects.exists()
    name = {
        "first_name": "Alice",
        "last_name": "O'Neill",
        "next": "/wallet/deposit/exact/?rail=BTC",
    }
    assert page.post("/wallet/name/", name)["Location"] == name["next"]
    away = page.post("/wallet/name/", name | {"next": "https://elsewhere.example/"})
    assert away["Location"] == "/wallet/deposit/"

    assert 'name="first_name"' not in page.get("/wallet/deposit/?rail=BTC").content.decode()
    assert str(PayerName.objects.get()) == "Alice O'Neill"
