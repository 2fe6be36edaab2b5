"""Passkeys in a real browser with a virtual authenticator, and the account's pages under axe."""

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from axe_playwright_python.sync_playwright import Axe
from django.contrib.sessions.backends.cached_db import SessionStore
from django.test import Client
from playwright.sync_api import Page, expect

from apps.accounts import phones
from apps.accounts.models import Player, SignIn
from tests.accounts.factors import enrol
from tests.conftest import PASSWORD, make_player
from tests.site import browser
from tests.site.test_browser import RULES

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

HOST = "casino.test"
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
# The rest are built of the same parts; axe takes most of the time.
GUEST_PAGES = ("/accounts/login/",)
PAGES = (
    "/account/security/",
    "/account/phone/code/",
    "/account/offers/",
    "/account/privacy/",
    "/accounts/2fa/totp/activate/",
)
ENROLLED_PAGES = ("/account/close/", "/accounts/2fa/recovery-codes/")


def test_somebody_registers_and_signs_in_with_a_passkey_by_keyboard() -> None:
    client = Client(SERVER_NAME=HOST)
    with browser.visiting(client) as visit:
        page = visit.page
        device = page.context.new_cdp_session(page)
        device.send("WebAuthn.enable")
        device.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})

        visit.open("/accounts/signup/passkey/")
        page.get_by_label("Email").focus()
        page.keyboard.type("dora@example.com")
        page.get_by_label("Display name").fill("dora")
        page.get_by_label("Birth date").fill("1990-05-17")
        page.get_by_label("Country of residence").select_option("DE")
        page.get_by_label("I am 18 or older").check()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Make your passkey")).to_be_visible(timeout=30_000)
        page.get_by_role("button", name="Make the passkey").press("Enter")
        _until(page, lambda: "_auth_user_id" in client.session)

        with browser.no_running_loop():
            player = Player.objects.get(display_name="dora")
            assert not player.user.has_usable_password()
            assert Authenticator.objects.get().type == "webauthn"
            client.post("/accounts/logout/")
        visit.open("/accounts/login/")
        page.get_by_role("button", name="Log in with a passkey").press("Enter")
        _until(page, lambda: "_auth_user_id" in client.session)
        page.wait_for_load_state()
        page.wait_for_url("**/webauthn/login/")
        # The same passkey is what a payout asks for.
        visit.open("/account/privacy/erasure/")
        assert page.get_by_text("Confirm with your passkey first").count() == 0

    assert SignIn.objects.latest("pk").method == "passkey"
    assert visit.complaints == []


def test_the_pages_are_accessible_and_fit() -> None:
    player = make_player("carol", email="carol@example.com")
    guest, client = Client(SERVER_NAME=HOST), Client(SERVER_NAME=HOST)
    client.post("/accounts/login/", {"login": "carol", "password": PASSWORD})
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    phones.begin(player=player, number="+4915112345678", session=SessionStore(), ip=None)
    with browser.visiting(guest) as visit:
        _look(visit, GUEST_PAGES)
    with browser.visiting(client) as visit:
        _look(visit, PAGES)
        with browser.no_running_loop():
            enrol(player)
        _look(visit, ENROLLED_PAGES)


def _look(visit: browser.Visit, pages: tuple[str, ...]) -> None:
    for path in pages:
        visit.open(path)
        assert visit.page.locator("h1").count() == 1, path
        assert visit.width_overflow(browser.PHONE, browser.SMALL) <= 0, path
        found: Any = Axe().run(visit.page, options=RULES).response["violations"]
        assert [(path, one["id"], one["nodes"][0]["html"]) for one in found] == []
    assert visit.complaints == []


def _until(page: Page, is_so: Any) -> None:
    for _ in range(600):
        with browser.no_running_loop():
            if is_so():
                return
        page.wait_for_timeout(50)
    raise AssertionError(page.content())
