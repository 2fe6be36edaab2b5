"""The player's pages about notices and mail, and the simulated mailbox, in a real browser."""

import json
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Page, WebSocketRoute, expect

from apps.accounts.models import Player
from apps.messaging import letters, mail, services
from apps.messaging.models import Mail, Suppression
from tests.chromium import shared
from tests.messaging.conftest import code_mail, money_mail
from tests.operator.factories import make_staff, signed_in
from tests.simulator_client import Sendpost
from tests.site import browser
from tests.site.test_browser import RULES

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db,
]
SIZES = [browser.DESKTOP, browser.PHONE]
OFFICE_RULES = {**RULES, "preload": False}


def check(page: Page, what: str, rules: dict[str, Any] = RULES) -> None:
    violations = Axe().run(page, options=rules).response["violations"]
    assert [(what, item["id"], item["nodes"][0]["html"]) for item in violations] == []


@pytest.fixture
def reader(client: Client, player: Player) -> Player:
    Player.objects.update(wants_marketing=True)
    player.refresh_from_db()
    for kind in ("info", "success", "warning"):
        services.notify(
            player.pk,
            kind=kind,
            title=f"A {kind}",
            text="0.1 BTC",
            href="/wallet/",
            category="money",
        )
    services.notify(player.pk, kind="info", title="Welcome", category="play")
    client.force_login(player.user)
    return player


def test_the_pages_are_accessible_and_fit(client: Client, reader: Player) -> None:
    places = (
        "/notices/",
        "/notices/?show=money",
        "/notices/?show=security",
        "/notices/mail/",
        letters.unsubscribe_url(reader).removeprefix("https://casino.test"),
    )
    with browser.visiting(client) as visit:
        for place in places:
            visit.open(place)
            check(visit.page, place)
            assert visit.width_overflow(browser.PHONE, browser.SMALL) == 0, place
        assert visit.complaints == []


def test_notices_are_filtered_read_and_the_bell_counts(client: Client, reader: Player) -> None:
    with browser.visiting(client) as visit:
        page = visit.page
        visit.open("/notices/")
        bell = page.get_by_role("link", name="Notices, 4 new")
        expect(bell.locator("i")).to_have_text("4")
        page.get_by_role("navigation", name="Which notices").get_by_text("Money").click()
        expect(page.get_by_text("Welcome")).to_have_count(0)

        page.get_by_role("link", name="Open: A success").click()
        expect(page.get_by_role("heading", level=1)).not_to_have_text("Notices")
        visit.open("/notices/")
        expect(page.get_by_role("link", name="Notices, 3 new")).to_be_visible()
        page.get_by_role("button", name="Mark all read").click()
        expect(page.get_by_role("button", name="Mark all read")).to_have_count(0)
        assert visit.complaints == []
    assert services.unread(reader.pk) == 0


def test_the_bell_counts_while_the_page_stays_open(client: Client, reader: Player) -> None:
    sockets: list[WebSocketRoute] = []
    with browser.visiting(client) as visit:
        visit.page.route_web_socket("**/ws/**", lambda socket: sockets.append(socket))
        visit.open("/wallet/")
        for count, text, name in ((7, "7", "Notices, 7 new"), (120, "99+", "Notices, 120 new")):
            frame = {"stream": "unread", "seq": None, "data": {"count": count}}
            sockets[0].send(json.dumps(frame))
            expect(visit.page.get_by_role("link", name=name).locator("i")).to_have_text(text)
        sockets[0].send(json.dumps({"stream": "unread", "seq": None, "data": {"count": 0}}))
        expect(visit.page.locator("[data-bell] > i")).to_be_hidden()
        expect(visit.page.locator("[data-bell]")).to_have_attribute("aria-label", "Notices")


def test_topics_are_switched_with_the_keyboard(client: Client, reader: Player) -> None:
    with browser.visiting(client) as visit:
        visit.open("/notices/mail/")
        offers = visit.page.get_by_role("switch", name="News and offers")
        expect(offers).to_be_checked()
        offers.focus()
        visit.page.keyboard.press("Space")
        visit.page.get_by_role("button", name="Save").press("Enter")
        expect(visit.page.get_by_role("switch", name="News and offers")).not_to_be_checked()
        expect(visit.page.get_by_role("switch", name="Password and e-mail")).to_be_disabled()
    reader.refresh_from_db()
    assert not reader.wants_marketing


def test_the_back_office_pages_are_sound(player: Player) -> None:
    row = code_mail(player.user.email)
    Suppression.objects.create(email="x@example.com", reason="hard_bounce")
    places = (
        "/operator/messaging/mail/",
        f"/operator/messaging/mail/{row.pk}/change/",
        f"/operator/messaging/mail/{row.pk}/reveal/",
        "/operator/messaging/suppression/",
    )
    with browser.visiting(signed_in(make_staff("administrator"))) as visit:
        for place in places:
            visit.open(place)
            assert "404" not in visit.page.title()
            check(visit.page, place, OFFICE_RULES)


@pytest.mark.parametrize("size", SIZES)
def test_the_mailbox_shows_mails_as_their_recipients_see_them(
    player: Player, sendpost: Sendpost, size: tuple[int, int]
) -> None:
    """The simulator's own pages, from its own server."""
    code_mail()
    money_mail(player)
    mail.send_due()
    row = Mail.objects.get(kind="deposit_confirmed")
    with shared.open() as chromium:
        page = chromium.new_page(viewport={"width": size[0], "height": size[1]})
        for path in ("", "suppressions/", "calls/", "messages/none/"):
            page.goto(f"{sendpost.origin}/sendpost/{path}")
            check(page, path)
        page.goto(f"{sendpost.origin}/sendpost/?to={player.user.email}")
        page.get_by_role("link", name=row.subject).click()
        frame = page.frame_locator("iframe")
        expect(frame.get_by_role("heading", name="Your deposit is in")).to_be_visible()
        link = frame.get_by_role("link", name="See the deposit")
        expect(link).to_have_attribute("href", "https://casino.test/wallet/deposits/dp_x/")
        check(page, "message")
        page.get_by_role("button", name="Complain").click()
        expect(page.get_by_text("spam is reported.")).to_be_visible()
    assert [one["type"] for one in sendpost.suppressions()] == ["spamComplaint"]
