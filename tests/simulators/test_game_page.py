"""The page a player sees, in a real browser inside the casino's frame."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.chromium import shared
from tests.simulator_client import Softswiss
from tests.simulators.factories import SmallWallet, a_game, open_v1

GO = '[data-part="go"]:not([disabled])'
WIDE, UPRIGHT = (960, 540), (390, 760)

pytestmark = [
    pytest.mark.browser,
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with shared.open() as browser:
        yield browser


def open_page(
    browser: Browser, softswiss: Softswiss, session: str, size: tuple[int, int] = WIDE
) -> tuple[Page, list[str]]:
    page = browser.new_page(viewport={"width": size[0], "height": size[1]}, reduced_motion="reduce")
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{softswiss.base_url}/game/{session}/")
    page.wait_for_selector(GO)
    return page, complaints


@pytest.mark.parametrize("size", [WIDE, UPRIGHT])
def test_a_player_spins_and_sees_the_casinos_balance(
    browser: Browser, softswiss: Softswiss, wallet: SmallWallet, size: tuple[int, int]
) -> None:
    session = open_v1(softswiss, a_game(category="slots", lines=20, has_freespins=False))
    page, complaints = open_page(browser, softswiss, session, size)
    before = page.inner_text('[data-part="balance"]')

    page.click(GO)
    page.wait_for_selector(GO)

    cents = f"{wallet.units // 100}.{wallet.units % 100:02d}"
    assert before.split() == ["1000.00", "EUR"]
    assert page.inner_text('[data-part="balance"]').split() == [cents, "EUR"]
    assert page.locator(".cell").count() == 15
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert complaints == []
    page.close()


def test_a_refusal_is_shown_and_nothing_is_won(
    browser: Browser, softswiss: Softswiss, wallet: SmallWallet
) -> None:
    session = open_v1(softswiss, a_game(category="slots", lines=10))
    page, _ = open_page(browser, softswiss, session)
    wallet.refuse = (412, {"code": 100, "message": "no", "balance": 5})

    page.click(GO)
    page.wait_for_selector(GO)

    line = page.locator('[data-part="line"]')
    assert line.inner_text() == "Not enough funds for this bet. Deposit"
    assert line.get_by_role("link").get_attribute("href") == "https://casino.example/wallet/"
    assert page.inner_text('[data-part="balance"]').split() == ["0.05", "EUR"]
    assert page.inner_text('[data-part="win"]').split() == ["0", "EUR"]
    page.close()


@pytest.mark.parametrize("category", ["scratch", "card", "crash"])
def test_the_other_games_play_a_round(
    browser: Browser, softswiss: Softswiss, wallet: SmallWallet, category: str
) -> None:
    session = open_v1(softswiss, a_game(category=category))
    page, complaints = open_page(browser, softswiss, session)

    page.click(GO)
    page.wait_for_selector(GO)

    assert softswiss.totals()[0]["bet"] == 100
    assert page.inner_text('[data-part="line"]').strip()
    assert complaints == []
    page.close()


@pytest.mark.parametrize("size", [WIDE, UPRIGHT])
def test_roulette_takes_chips_and_pays_the_number(
    browser: Browser, softswiss: Softswiss, wallet: SmallWallet, size: tuple[int, int]
) -> None:
    session = open_v1(softswiss, a_game(category="roulette"))
    page = browser.new_page(viewport={"width": size[0], "height": size[1]}, reduced_motion="reduce")
    page.goto(f"{softswiss.base_url}/game/{session}/")

    page.click('[data-spot="red"]')
    page.click('[data-spot="black"]')
    page.click(GO)
    page.wait_for_selector(GO)

    totals = softswiss.totals()[0]
    assert totals["bet"] == 200
    assert totals["win"] in {0, 200}
    page.close()


def test_the_game_may_stand_in_the_casinos_frame(softswiss: Softswiss) -> None:
    session = open_v1(softswiss, a_game(category="slots"))

    page = softswiss.http.get(f"/softswiss/game/{session}/")

    assert "x-frame-options" not in page.headers
    assert "frame-ancestors http: https:" in page.headers["content-security-policy"]
    assert "unsafe-inline" not in page.headers["content-security-policy"]
    assert "style=" not in page.text
