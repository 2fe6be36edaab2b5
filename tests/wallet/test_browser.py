"""Exchange, vault and wallets in a real browser: both sizes, keyboard, the clock of a quote."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import expect

from apps.core.money import Money
from apps.ledger.selectors import currency
from apps.wallet import selectors, vault
from apps.wallet.models import ExchangeQuote
from tests.rates.factories import set_rates
from tests.site import browser
from tests.site.test_browser import RULES

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db,
]


@pytest.fixture
def saver(client: Client, player: Any, fund: Any) -> Any:
    set_rates()
    fund(player, "0.05", "BTC")
    fund(player, "20", "USDT")
    vault.put(player=player, amount=Money.parse("5", currency("USDT")), key="k")
    vault.set_delay(player=player, hours=24)
    vault.take(player=player, amount=Money.parse("1", currency("USDT")), key="out")
    client.force_login(player.user)
    return player


def check(visit: browser.Visit, what: str) -> None:
    violations = Axe().run(visit.page, options=RULES).response["violations"]
    assert [(what, item["id"], item["nodes"][0]["html"]) for item in violations] == []
    assert visit.width_overflow() == 0, what


@pytest.mark.parametrize("size", [browser.DESKTOP, browser.PHONE])
def test_the_pages_are_accessible_and_fit(
    client: Client, saver: Any, size: tuple[int, int]
) -> None:
    with browser.visiting(client, size) as visit:
        for path in ("/wallet/", "/wallet/exchange/?from=BTC&to=USDT", "/wallet/vault/"):
            visit.open(path)
            check(visit, path)
        visit.open("/wallet/exchange/?from=BTC&to=USDT&amount=0.01")
        visit.page.get_by_role("button", name="Get a quote").click()
        expect(visit.page.get_by_role("heading", level=1)).to_have_text("Your quote")
        check(visit, "quote")
        visit.page.get_by_role("button", name="Exchange 0.01").click()
        expect(visit.page.get_by_role("heading", level=1)).to_have_text("Exchanged")
        check(visit, "receipt")
        assert visit.complaints == []


def test_an_exchange_with_the_keyboard_alone(client: Client, saver: Any) -> None:
    with browser.visiting(client) as visit:
        visit.open("/wallet/exchange/?from=BTC&to=USDT")
        keys, page = visit.page.keyboard, visit.page
        page.get_by_role("textbox", name="Amount").focus()
        keys.type("0.01")
        expect(page.locator("#estimate")).to_contain_text("660.00")
        keys.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Your quote")
        for _ in range(30):
            keys.press("Tab")
            if "Exchange 0.01" in page.evaluate("document.activeElement.textContent"):
                break
        keys.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Exchanged")
        assert visit.complaints == []

    quote = ExchangeQuote.objects.get()
    assert quote.accepted_at is not None
    assert selectors.balance(saver.pk, currency("BTC")).cash.text == "0.04000000"


def test_max_another_currency_and_the_other_way_round(client: Client, saver: Any) -> None:
    with browser.visiting(client) as visit:
        page = visit.page
        visit.open("/wallet/exchange/?from=BTC&to=USDT")
        page.get_by_role("button", name="Max").click()
        expect(page.get_by_role("textbox", name="Amount")).to_have_value("0.05000000")
        expect(page.locator("#estimate")).to_contain_text("3,300.00")

        page.get_by_label("From").select_option("EUR")
        expect(page.locator("#exchange-form")).to_contain_text("You have 0.00 EUR")
        expect(page.get_by_label("To", exact=True)).to_have_value("USDT")

        page.get_by_role("link", name="Swap").click()
        expect(page.get_by_label("From")).to_have_value("USDT")
        expect(page.get_by_label("To", exact=True)).to_have_value("EUR")
        assert visit.complaints == []


def test_the_clock_of_a_quote_runs_out_and_a_new_one_is_a_click_away(
    client: Client, saver: Any, settings: Any
) -> None:
    settings.EXCHANGE_QUOTE_SECONDS = 3
    with browser.visiting(client) as visit:
        page = visit.page
        visit.open("/wallet/exchange/?from=BTC&to=USDT&amount=0.01")
        page.get_by_role("button", name="Get a quote").click()
        take = page.get_by_role("button", name="Exchange 0.01")
        expect(take).to_be_visible()
        expect(take).to_be_hidden(timeout=8000)
        again = page.get_by_role("button", name="New quote")
        expect(again).to_be_visible()

        settings.EXCHANGE_QUOTE_SECONDS = 60
        again.click()
        expect(take).to_be_visible()
        take.click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Exchanged")
        assert visit.complaints == []
    assert selectors.balance(saver.pk, currency("BTC")).cash.text == "0.04000000"


def test_the_purse_tells_what_everything_is_worth(client: Client, saver: Any) -> None:
    with browser.visiting(client) as visit:
        visit.open("/safer-play/")
        visit.page.get_by_role("button", name="Balance, change currency").click()
        expect(visit.page.locator("#purse-menu")).to_contain_text("3,018.00")
        assert visit.complaints == []
