"""The live table in a real browser, at both sizes: watched, played, settled by its own clock."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.chromium import shared
from tests.simulator_client import Alea, Asked, RecordingCasino

WIDE, UPRIGHT = (960, 540), (390, 760)

pytestmark = [pytest.mark.browser]


class SmallCasino:
    """Enough of a casino to be played against: one session, one purse of cents."""

    def __init__(self) -> None:
        self.cents = 100_000
        self.seen: list[str] = []

    def answer(self, asked: Asked) -> tuple[int, dict[str, Any]]:
        if "/sessions/" in asked.path:
            return 200, {"country": "DE", "currency": "EUR", "casinoPlayerId": "u-1.EUR"}
        balance = {"realBalance": self.cents / 100, "bonusBalance": 0}
        if "/balance" in asked.path:
            return 200, balance
        sent = asked.json
        self.seen.append(sent["type"])
        amount = round(sent.get("amount", 0) * 100)
        self.cents += {"BET": -amount, "WIN": amount}.get(sent["type"], 0)
        return 200, balance | {"id": f"c{sent['id']}", "realBalance": self.cents / 100}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with shared.open() as browser:
        yield browser


def open_table(
    browser: Browser, alea: Alea, game: str, size: tuple[int, int]
) -> tuple[Page, list[str]]:
    page = browser.new_page(viewport={"width": size[0], "height": size[1]}, reduced_motion="reduce")
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    query = "casinoSessionId=cs-1&device=DESKTOP&gameMode=REAL&environmentId=1&locale=en"
    page.goto(f"{alea.base_url}/api/v1/games/{game}?{query}")
    page.wait_for_selector("body[data-ready]")
    return page, complaints


@pytest.mark.parametrize("size", [WIDE, UPRIGHT])
def test_a_person_watches_and_plays_a_live_roulette(
    browser: Browser, alea: Alea, recording_casino: RecordingCasino, size: tuple[int, int]
) -> None:
    casino = SmallCasino()
    recording_casino.answer = casino.answer
    alea.call_back(recording_casino.origin)
    alea.clock(betting=90, closed=60, result=60)
    page, complaints = open_table(browser, alea, "16301", size)
    clock = page.locator('[data-part="clock"]')
    page.wait_for_selector('[data-phase="betting"]')

    page.locator('[data-spot="red"]').click()
    page.locator('[data-spot="black"]').click()
    page.wait_for_selector('[data-spot="black"] .put')
    page.wait_for_selector('[data-part="staked"]:has-text("0.40")')
    fits = page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    alea.hurry()
    page.wait_for_selector('[data-phase="closed"]')
    alea.hurry()
    page.wait_for_selector('[data-phase="result"]')
    called = page.inner_text('[data-part="line"]')
    number = page.text_content(".called")
    said = clock.inner_text()
    alea.delivered()

    assert fits
    assert re.match(rf"{number} (red|black|green)", called)
    assert "Result" in said
    assert page.locator(".wedge").count() == 37
    assert page.locator('[data-part="company"] li').count() > 0
    assert casino.seen[:2] == ["BET", "BET"]
    assert casino.seen[2] == ("END_ROUND" if "green" in called else "WIN")
    alea.hurry()
    page.wait_for_selector('[data-phase="betting"]')
    assert page.locator(".put").count() == 0, "a new round, an empty cloth"
    assert complaints == []
    page.close()


@pytest.mark.parametrize(
    ("game", "spot", "drawn"), [("16319", "banker", ".card"), ("16344", "big", ".die")]
)
def test_cards_and_dice_are_drawn(
    browser: Browser,
    alea: Alea,
    recording_casino: RecordingCasino,
    game: str,
    spot: str,
    drawn: str,
) -> None:
    casino = SmallCasino()
    recording_casino.answer = casino.answer
    alea.call_back(recording_casino.origin)
    alea.clock(betting=90, closed=60, result=60)
    page, complaints = open_table(browser, alea, game, UPRIGHT)
    page.wait_for_selector('[data-phase="betting"]')

    page.locator(f'[data-spot="{spot}"]').click()
    page.wait_for_selector(".put")
    alea.hurry()
    alea.hurry()
    page.wait_for_selector('[data-phase="result"]')
    page.wait_for_selector(drawn)

    assert page.inner_text('[data-part="seats"]').startswith("Seat 1 of")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert complaints == []
    page.close()
