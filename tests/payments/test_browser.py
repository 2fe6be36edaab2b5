"""Withdrawing and the address book in a real browser: both sizes, by keyboard, under axe."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client

from apps.payments import addressbook
from apps.payments.models import NotMeLink, SavedAddress, Withdrawal
from apps.payments.services import withdrawals
from tests.conftest import PASSWORD
from tests.payments.factories import WALLET_ADDRESS, request_withdrawal
from tests.payments.test_invoice_pages import made
from tests.site.browser import DESKTOP, PHONE, SMALL, Visit, visiting

pytestmark = [pytest.mark.django_db, pytest.mark.browser]

# Without `preload`: axe would fetch what the style sheets import from wrong addresses.
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "preload": False,
}


@pytest.fixture
def browser_of(client: Client, player, fund) -> Client:
    fund(player, "0.05", "BTC")
    client.force_login(player.user)
    return client


def sound(visit: Visit, name: str) -> None:
    found = Axe().run(visit.page, options=RULES).response["violations"]
    assert [(one["id"], [n["target"] for n in one["nodes"]]) for one in found] == [], name
    width = visit.page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert width <= 0, f"{name}: {width} pixels too wide"
    complaints = [one for one in visit.complaints if "Cross-Origin-Opener" not in one]
    assert [one for one in complaints if "422" not in one] == [], name


def test_every_page_is_sound(browser_of, player, settings):
    settings.PAYOUT_ADDRESS_DELAY_HOURS = 24
    held = request_withdrawal(player, "0.01")
    invoice = made(player)
    other = SavedAddress.objects.get()
    link = NotMeLink.objects.latest("pk")

    with visiting(browser_of, DESKTOP) as visit:
        for name, path in {
            "withdraw": "/wallet/withdraw/?currency=BTC",
            "not ready": "/wallet/withdraw/?currency=ETH",
            "fiat": "/wallet/withdraw/?currency=EUR",
            "addresses": "/wallet/addresses/",
            "remove": f"/wallet/addresses/{other.public_id}/remove/",
            "detail": f"/wallet/withdrawals/{held.public_id}/",
            "exact": "/wallet/deposit/exact/?rail=BTC",
            "invoice": f"/wallet/invoices/{invoice.public_id}/",
            "name": "/wallet/name/",
            "not me": addressbook.not_me_path(link.pk),
        }.items():
            visit.open(path)
            sound(visit, name)
            if name == "invoice":
                # The clock runs by the server's seconds, and what is to be sent can be copied.
                assert re.fullmatch(r"1[0-4]:[0-5]\d", visit.page.inner_text("[data-left]"))
                assert (
                    visit.page.get_attribute("[aria-label='Copy the amount']", "data-copy")
                    == "0.02"
                )
            assert visit.width_overflow(PHONE, SMALL) <= 0, name


def test_a_freeze_is_said_on_the_page(browser_of, player, finance):
    withdrawals.freeze_payouts(player, because="Odd.", actor=finance)

    with visiting(browser_of, PHONE) as visit:
        visit.open("/wallet/withdraw/?currency=BTC")
        assert "Payouts are frozen" in visit.page.inner_text("main")
        sound(visit, "frozen")


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_withdrawal_is_asked_for_without_a_mouse(browser_of, player, size):
    with visiting(browser_of, size) as visit:
        page = visit.page
        visit.open("/wallet/withdraw/?currency=BTC")
        page.focus("[name=amount]")
        page.keyboard.type("0.02")
        tab_to(page, "address")
        page.keyboard.type(WALLET_ADDRESS)
        page.keyboard.press("Enter")
        page.wait_for_selector("#withdraw-review")
        sound(visit, "review")
        page.focus("#withdraw-review [name=password]")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_selector("#payment-status")
        assert "In review" in page.inner_text("main")

    made = Withdrawal.objects.get(player=player)
    assert (made.address, made.money.text) == (WALLET_ADDRESS, "0.02000000")


def tab_to(page, name: str) -> None:
    """Press Tab until the field has the focus, as somebody without a mouse does."""
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == name:
            return
    raise AssertionError(f"{name} is not reached by keyboard")
