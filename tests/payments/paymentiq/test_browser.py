"""The fiat cashier in a real browser: the vendor's own bootstrapper, its frame, and our pages."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.cached_db import SessionStore
from playwright.sync_api import FrameLocator, Page, expect

from apps.accounts.models import Player
from tests.chromium import shared
from tests.conftest import PASSWORD
from tests.payments.factories import cash, reserved
from tests.payments.paymentiq.factories import Desk, wait_for
from tests.simulator_client import Paymentiq
from tests.site.browser import DESKTOP, PHONE

# Not `pytest.mark.django_db`: the live server's threads need what is committed.
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

AXE = {"preload": False, "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
SIZES = [pytest.param(DESKTOP, id="desktop"), pytest.param(PHONE, id="phone")]


@dataclass
class Visitor:
    """A signed-in player's window, and what went wrong in it."""

    page: Page
    origin: str
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        self.page.goto(self.origin + path)

    @property
    def frame(self) -> FrameLocator:
        return self.page.frame_locator("#cashierIframe")

    def violations(self) -> list[str]:
        """Of this page and of what is in its frames."""
        found = Axe().run(self.page, options=AXE).response["violations"]
        return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found]

    def is_wide(self) -> bool:
        """Whether the page scrolls sideways."""
        return bool(
            self.page.evaluate(
                "document.documentElement.scrollWidth > document.documentElement.clientWidth"
            )
        )


@pytest.fixture
def policy(paymentiq: Paymentiq, settings: Any) -> None:
    """The page's security policy, as the demo's settings make it."""
    directives = dict(settings.CONTENT_SECURITY_POLICY["DIRECTIVES"])
    directives["frame-src"] = [paymentiq.origin]
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": directives}


@pytest.fixture(params=SIZES)
def visitor(
    request: pytest.FixtureRequest, desk: Desk, policy: None, live_server: Any
) -> Iterator[Visitor]:
    # Playwright's loop runs in this thread; Django's guard against that would refuse the test's own
    # queries, which are as synchronous as ever.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    width, height = request.param
    with shared.open() as browser:
        context = browser.new_context(viewport={"width": width, "height": height})
        context.add_cookies(
            [
                {
                    "name": settings.SESSION_COOKIE_NAME,
                    "value": signed_in(desk.player),
                    "url": live_server.url,
                }
            ]
        )
        made = Visitor(context.new_page(), live_server.url)
        made.page.on("console", lambda said: note(made, said.type, said.text))
        made.page.on("pageerror", lambda error: made.complaints.append(str(error)))
        yield made
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


def signed_in(player: Player) -> str:
    session = SessionStore()
    session[SESSION_KEY] = str(player.user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = player.user.get_session_auth_hash()
    session.save()
    return str(session.session_key)


def note(visitor: Visitor, kind: str, text: str) -> None:
    # The socket has no server in this test.
    if kind in {"error", "warning"} and "WebSocket" not in text and "/ws/" not in text:
        visitor.complaints.append(text)


def test_a_player_pays_in_by_card_with_the_vendors_own_script(visitor: Visitor, desk: Desk):
    visitor.open("/wallet/deposit/?currency=EUR")
    expect(visitor.page.get_by_role("heading", name="Deposit", exact=True).first).to_be_visible()
    assert visitor.violations() == []
    visitor.page.get_by_role("button", name="Deposit EUR").press("Enter")

    visitor.frame.get_by_role("heading", name="How do you want to pay?").wait_for()
    expect(visitor.page.locator("[data-wait]")).to_be_hidden()
    assert visitor.violations() == []
    assert not visitor.is_wide()
    card = visitor.frame.get_by_role("link", name="Card")
    card.focus()
    card.press("Enter")
    amount = visitor.frame.get_by_label("Amount in EUR")
    amount.fill("25")
    amount.press("Enter")
    visitor.frame.get_by_role("heading", name="3-D Secure").wait_for()
    visitor.frame.get_by_role("button", name="It is me, pay").press("Enter")

    visitor.frame.get_by_role("heading", name="Done").wait_for()
    wait_for(lambda: cash(desk.player, "EUR") == Decimal(25))
    expect(visitor.page.locator("[data-said]")).to_contain_text("Done.")
    assert visitor.violations() == []
    assert visitor.complaints == []


def test_what_went_wrong_is_said_in_words(visitor: Visitor, desk: Desk):
    visitor.open("/wallet/deposit/?currency=EUR")
    visitor.page.get_by_role("button", name="Deposit EUR").click()
    visitor.frame.get_by_role("link", name="Card").click()
    visitor.frame.get_by_label("Amount in EUR").fill("25")
    visitor.frame.get_by_role("button", name="Deposit").click()
    visitor.frame.get_by_role("button", name="The bank declines").click()

    visitor.frame.get_by_role("heading", name="It did not work").wait_for()
    expect(visitor.page.locator("[data-said]")).to_have_text("It did not work. Nothing was taken.")
    assert cash(desk.player, "EUR") == 0
    assert visitor.complaints == []


def test_a_player_asks_for_a_payout_after_their_password(visitor: Visitor, desk: Desk):
    desk.deposit("60.00")
    visitor.open("/wallet/withdraw/?currency=EUR")
    assert visitor.violations() == []
    visitor.page.get_by_label("Your password", exact=True).fill(PASSWORD)
    visitor.page.get_by_role("button", name="Withdraw EUR").press("Enter")

    visitor.frame.get_by_role("link", name="Card").click()
    visitor.frame.get_by_label("Amount in EUR").fill("30")
    visitor.frame.get_by_role("button", name="Withdraw").click()
    visitor.frame.get_by_role("heading", name="Requested").wait_for()

    assert (cash(desk.player, "EUR"), reserved(desk.player, "EUR")) == (Decimal(30), Decimal(30))
    assert not visitor.is_wide()
    assert visitor.violations() == []
    assert visitor.complaints == []
