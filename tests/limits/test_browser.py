"""Safer play in a real browser: both sizes, the keyboard alone, the check over a game."""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import expect

from apps.accounts.models import Player
from apps.core.clock import now
from apps.limits import selectors
from apps.limits.models import Exclusion, PlaySession, RealityCheck
from tests.limits.playing import bet, follow
from tests.rates.factories import set_rates
from tests.site import browser
from tests.site.test_browser import RULES

pytestmark = [pytest.mark.browser, pytest.mark.django_db]


def check(visit: browser.Visit, what: str) -> None:
    violations = Axe().run(visit.page, options=RULES).response["violations"]
    assert [(what, item["id"], item["nodes"][0]["html"]) for item in violations] == []


@pytest.mark.rule("RG-13", "RG-22", "RG-23")
def test_limits_a_check_and_an_exclusion_by_keyboard_on_pages_that_fit(
    client: Client, player: Player, fund: Callable[..., Any]
) -> None:
    set_rates()
    fund(player, "30.00", "EUR")
    bet(player, "4.00", won="1.50")
    follow()
    PlaySession.objects.update(next_check_at=now())
    client.force_login(player.user)
    with browser.visiting(client) as visit:
        keys = visit.page.keyboard

        visit.open("/safer-play/limits/")
        check(visit, "limits")
        visit.page.get_by_label("What I pay in").focus()
        keys.press("ArrowDown")
        keys.press("Tab")
        keys.press("Tab")
        keys.type("20")
        keys.press("Enter")
        expect(visit.page.get_by_text("Losses in 7 days").first).to_be_visible()

        for path in ("", "spending/", "self-test/", "history/", "break/"):
            visit.open(f"/safer-play/{path}")
            assert visit.width_overflow(browser.PHONE) == 0, path
            if path in ("", "break/"):
                check(visit, path)

        visit.open("/originals/dice/")
        asked = visit.page.get_by_role("alertdialog", name="Reality check")
        expect(asked).to_be_visible()
        check(visit, "check")
        keys.press("Escape")
        expect(asked).to_be_visible()
        keys.press("Tab")
        keys.press("Tab")
        expect(visit.page.get_by_role("button", name="Go on")).to_be_focused()
        keys.press("Enter")
        expect(asked).to_be_hidden()
        expect(visit.page.get_by_role("heading", level=1)).to_have_text("Dice")

        visit.open("/safer-play/break/")
        visit.page.get_by_label("6 months").focus()
        keys.press("Space")
        visit.page.get_by_role("button", name="Go on").focus()
        keys.press("Enter")
        visit.page.get_by_role("button", name="Exclude me").focus()
        keys.press("Enter")
        expect(visit.page.get_by_text("You are excluded from play").first).to_be_visible()
        assert [one for one in visit.complaints if "WebSocket" not in one] == []

    assert selectors.effective(player.pk, "loss", "week") == 20
    assert RealityCheck.objects.get(player=player).answer == "continue"
    assert Exclusion.objects.get(player=player).kind == "self_exclusion"
