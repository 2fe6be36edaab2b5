"""The pages of exchange, vault and wallets, with and without htmx."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from apps.core.clock import now
from apps.wallet.models import ExchangeQuote
from tests.conftest import PASSWORD
from tests.payments.test_pages import text_of
from tests.rates.factories import set_rates

pytestmark = pytest.mark.django_db

PAGES = ["/wallet/exchange/", "/wallet/exchange/estimate/", "/wallet/vault/", "/wallet/total/"]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def page(client: Client, player: Any, fund: Any) -> Client:
    set_rates()
    fund(player, "0.05", "BTC")
    fund(player, "20", "USDT")
    client.force_login(player.user)
    return client


def ask(page: Client, **changes: str) -> Any:
    wish = {"source": "BTC", "target": "USDT", "amount": "0.01"} | changes
    return page.post("/wallet/exchange/quote/", wish, follow=True)


@pytest.mark.parametrize("path", PAGES)
def test_guests_are_sent_to_sign_in_and_staff_are_refused(
    client: Client, finance: Any, path: str
) -> None:
    assert client.get(path).status_code == 302
    client.force_login(finance)
    assert client.get(path).status_code == 403


def test_an_exchange_from_the_form_to_the_receipt(page: Client) -> None:
    assert "You have 0.05000000 BTC" in text_of(page.get("/wallet/exchange/?from=BTC&to=USDT"))

    shown = ask(page)
    assert shown.status_code == 200
    quote = ExchangeQuote.objects.get()
    assert "660.00" in text_of(shown)
    assert "Exchange 0.01000000 BTC" in text_of(shown)
    assert re.search(r'data-seconds="1[45]"', shown.content.decode())

    done = page.post(f"/wallet/exchange/{quote.public_id}/accept/")
    again = page.post(f"/wallet/exchange/{quote.public_id}/accept/")
    assert done.url == again.url == f"/wallet/exchange/{quote.public_id}/"

    receipt = text_of(page.get(done.url))
    assert "You received 660.00" in receipt
    assert quote.public_id in receipt
    assert quote.public_id in page.get("/wallet/exchange/").content.decode()


def test_the_estimate_follows_the_typing_and_keeps_nothing(page: Client) -> None:
    query = "?source=BTC&target=USDT&amount=0.01"
    shown = text_of(page.get(f"/wallet/exchange/estimate/{query}", headers=HTMX))

    assert "You receive 660.00" in shown
    assert "1 BTC = 66,666.667 USDT" in shown
    assert not ExchangeQuote.objects.exists()


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("amount=", "Enter an amount"),
        ("amount=x", "Enter an amount like 0.01"),
        ("amount=0.00000001", "Exchange at least 0.00001667 BTC"),
        ("amount=0.00001", "Exchange at least 0.00001667 BTC"),
        ("amount=0.000000001", "8 decimals at most"),
        ("source=NOPE&target=BTC&amount=1", "You receive"),
    ],
)
def test_the_estimate_says_what_is_wrong(page: Client, query: str, words: str) -> None:
    assert words in text_of(page.get(f"/wallet/exchange/estimate/?source=BTC&target=USDT&{query}"))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"amount": ""}, "Enter the amount."),
        ({"amount": "1e3"}, "Enter an amount like 0.01"),
        ({"amount": "0.06"}, "You have 0.05000000 BTC."),
        ({"target": "BTC"}, "Choose two different currencies."),
        ({"target": "XXX"}, "Select a valid choice"),
        ({"amount": "0.00000001"}, "Exchange at least 0.00001667 BTC."),
    ],
)
def test_a_wrong_wish_is_explained_and_keeps_nothing(
    page: Client, changes: dict[str, str], words: str
) -> None:
    answer = ask(page, **changes)
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert not ExchangeQuote.objects.exists()


def test_an_expired_quote_offers_a_new_one(page: Client) -> None:
    ask(page)
    quote = ExchangeQuote.objects.get()
    ExchangeQuote.objects.update(expires_at=now() - timedelta(seconds=1))

    answer = page.post(f"/wallet/exchange/{quote.public_id}/accept/")

    assert answer.status_code == 422
    assert "This quote has expired" in text_of(answer)
    assert "New quote" in text_of(answer)


def test_without_rates_the_page_says_so(client: Client, player: Any, fund: Any) -> None:
    fund(player, "0.05", "BTC")
    client.force_login(player.user)
    assert "no reliable rate right now" in text_of(client.get("/wallet/exchange/"))
    assert ask(client).status_code == 422


def test_a_quote_or_receipt_of_somebody_else_is_not_there(page: Client, other_player: Any) -> None:
    ask(page)
    quote = ExchangeQuote.objects.get()
    page.force_login(other_player.user)
    assert page.post(f"/wallet/exchange/{quote.public_id}/accept/").status_code == 404
    assert page.get(f"/wallet/exchange/{quote.public_id}/").status_code == 404


# ---- vault ---------------------------------------------------------------------------------------


def test_into_the_vault_and_out_with_the_password(page: Client) -> None:
    wish = {"currency": "USDT", "amount": "15", "key": "one"}
    assert page.post("/wallet/vault/put/", wish).status_code == 302
    shown = text_of(page.get("/wallet/vault/"))
    assert "15.00" in shown
    assert "≈ 13.50 EUR" in shown

    out = wish | {"key": "two", "amount": "5"}
    for password, words in (("", "Enter your password once more"), ("wrong", "not your password")):
        refused = page.post("/wallet/vault/take/", out | {"password": password})
        assert refused.status_code == 422
        assert words in text_of(refused)
    assert page.post("/wallet/vault/take/", out | {"password": PASSWORD}).status_code == 302
    assert "10.00" in text_of(page.get("/wallet/vault/"))


def test_the_delay_of_the_vault_is_chosen_and_followed(page: Client) -> None:
    page.post("/wallet/vault/put/", {"currency": "USDT", "amount": "15", "key": "one"})
    page.post("/wallet/vault/delay/", {"hours": "24"})
    page.post(
        "/wallet/vault/take/",
        {"currency": "USDT", "amount": "5", "key": "two", "password": PASSWORD},
    )
    shown = page.get("/wallet/vault/")
    assert "On its way out" in text_of(shown)

    [action] = re.findall(r"/wallet/vault/vr_\w+/cancel/", shown.content.decode())
    page.post(action)
    assert "On its way out" not in text_of(page.get("/wallet/vault/"))
    assert page.post("/wallet/vault/delay/", {"hours": "x"}).status_code == 302


# ---- wallets -------------------------------------------------------------------------------------


def test_everything_is_shown_in_the_display_currency(page: Client) -> None:
    shown = text_of(page.get("/wallet/"))
    assert "All together ≈ 3,018.00 EUR" in shown

    page.post("/wallet/display/", {"display": "JPY"})
    shown = text_of(page.get("/wallet/"))
    assert "≈ 503,000 JPY" in shown
    assert "503,000" in text_of(page.get("/wallet/total/", headers=HTMX))

    page.post("/wallet/display/", {"display": ""})
    assert "≈" not in text_of(page.get("/wallet/"))
    assert page.post("/wallet/display/", {"display": "XAU"}).status_code == 400


def test_empty_wallets_are_hidden_until_asked_for(page: Client) -> None:
    assert "Litecoin" not in text_of(page.get("/wallet/"))
    page.post("/wallet/display/", {"empty": "show"})
    assert "Litecoin" in text_of(page.get("/wallet/"))
    page.post("/wallet/display/", {"empty": "hide"})
    assert "Litecoin" not in text_of(page.get("/wallet/"))


def test_a_worth_by_an_old_rate_says_so(page: Client) -> None:
    from apps.rates.models import Rate

    set_rates(BTC="50000", minutes=-1)
    shown = page.get("/wallet/").content.decode()
    assert "2,518.00" in text_of(page.get("/wallet/"))
    assert "not been confirmed lately" in shown
    assert Rate.objects.filter(code="BTC").count() == 2


def test_a_currency_without_a_rate_is_named_and_left_out_of_the_sum(
    client: Client, player: Any, fund: Any
) -> None:
    set_rates(USDT="0.9")
    fund(player, "20", "USDT")
    fund(player, "1", "LTC")
    client.force_login(player.user)
    shown = text_of(client.get("/wallet/"))
    assert "All together ≈ 18.00 EUR" in shown
    assert "not in the sum: LTC" in shown
