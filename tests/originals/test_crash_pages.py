"""The pages of crash and autobet in a browser. The socket is played by frames of the real feed."""

import json
import os
from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Page, expect

from apps.accounts.models import Player
from apps.originals import crash, crash_feed, seeds
from apps.originals.fairness import crash as curve
from apps.originals.models import AutoRun, Bet, CrashRound
from tests.originals.test_pages import AXE
from tests.site import browser

pytestmark = [pytest.mark.django_db, pytest.mark.browser]
SHOTS = os.environ.get("ORIGINALS_SHOTS", "")
# A loaded machine is no failure: waiting longer costs nothing where all is well.
expect.set_options(timeout=20_000)


@pytest.fixture
def own(rich: Player) -> Client:
    rich.active_currency = "EUR"
    rich.save()
    client = Client()
    client.force_login(rich.user)
    return client


@pytest.fixture
def betting(settings: Any) -> CrashRound:
    """A round that takes bets, and that lasts for minutes: however slow the browser is."""
    settings.CRASH_GAME_BETTING_SECONDS, settings.CRASH_GAME_PAUSE_SECONDS = 60, 0
    chain = crash.make_chain(salt_origin="hash of block 1", length=50)
    salt = next(
        salt
        for salt in (f"{n:064x}" for n in range(100_000))
        if curve.point(crash.link_of(chain, 1), salt) > 20_000
    )
    crash.fix_salt(chain=chain.public_id, salt=salt, by="test")
    crash.advance()
    return CrashRound.objects.get()


def tell(page: Page) -> None:
    """The frame that the feed would send now."""
    with browser.no_running_loop():
        data = crash_feed.state()["data"]
    page.evaluate(
        "data => document.body.dispatchEvent(new CustomEvent('live:crash', {detail: data}))", data
    )


def step(page: Page, *, ago: int | None = None, **changes: Any) -> None:
    """Change the round, let the runner look at it once, tell the page."""
    with browser.no_running_loop():
        if ago is not None:
            changes["started_at"] = crash._instant(CrashRound(started_at=crash.clock()), -ago)
        CrashRound.objects.update(**changes)
        crash.advance()
    tell(page)


def accessible(page: Page, name: str) -> None:
    violations = Axe().run(page, options=AXE).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"][:120]) for one in violations] == []
    if SHOTS:
        for width, height in (browser.PHONE, browser.DESKTOP):
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_timeout(200)
            page.screenshot(path=f"{SHOTS}/{name}-{width}.png", full_page=True)


def test_a_round_of_crash_by_keyboard(own: Client, betting: CrashRound) -> None:
    with browser.visiting(own) as visit:
        page = visit.page
        button, said = page.locator("[data-bet]"), page.locator("[data-result]")
        visit.open("/originals/crash/")
        page.locator("#id_amount").fill("10")
        page.locator("main").focus()
        page.keyboard.press("Space")
        expect(said).to_contain_text("You are in with 10.00 EUR")
        expect(button).to_have_text("You are in")
        tell(page)
        expect(page.locator(".crash-players [data-own]")).to_contain_text("You")

        with browser.no_running_loop():
            now = crash.clock()
        step(page, betting_until=now)
        step(page, ago=3_000)
        expect(button).to_contain_text("Cash out")
        accessible(page, "crash-running")
        page.locator("main").focus()
        page.keyboard.press("Enter")
        expect(said).to_contain_text("You left at")
        tell(page)
        expect(page.locator(".crash-count")).to_have_text("1 in, 1 out")
        expect(button).to_have_text("Bet on the next round")
        page.keyboard.press("Space")
        expect(button).to_have_text("Next round: cancel the bet")

        step(page, ago=600_000)
        expect(page.locator(".crash-word")).to_have_text("Broke off")
        expect(page.locator("[data-strip] li")).to_have_count(1)
        step(page, bust_at=now)
        if SHOTS:
            accessible(page, "crash-over")
        step(page)
        expect(said).to_contain_text("You are in with 10.00 EUR")
        assert visit.complaints == []
    first, queued = Bet.objects.order_by("id")
    assert first.payout > 10
    assert first.actions == [f"cash_out:{first.detail['left_at']}"]
    assert (queued.state, queued.nonce) == (Bet.State.OPEN, 2)


def test_an_automatic_cash_out_and_the_bust_reach_the_page(
    own: Client, betting: CrashRound
) -> None:
    with browser.visiting(own, browser.PHONE) as visit:
        page = visit.page
        page.emulate_media(reduced_motion="reduce")
        visit.open("/originals/crash/")
        page.locator("#id_amount").fill("10")
        page.locator("#id_auto").fill("1.20")
        page.locator("[data-bet]").click()
        expect(page.locator("[data-result]")).to_contain_text("out at 1.20")
        with browser.no_running_loop():
            now = crash.clock()
        step(page, betting_until=now)
        step(page, ago=4_000)

        expect(page.locator("[data-result]")).to_contain_text("You left at 1.20×. Pays 12.00 EUR.")
        assert visit.complaints == []


def test_the_round_has_a_page_and_a_verdict(own: Client, betting: CrashRound) -> None:
    CrashRound.objects.update(betting_until=crash.clock())
    crash.advance()
    CrashRound.objects.update(started_at="2026-01-01T00:00:00Z")
    while crash.live_round() == betting:
        crash.advance()
    betting.refresh_from_db()
    with browser.visiting(own, browser.PHONE) as visit:
        page = visit.page
        visit.open(f"/originals/crash/rounds/{betting.public_id}/")
        expect(page.locator("main")).to_contain_text(f"{betting.times}×")
        accessible(page, "crash-round")
        visit.open(f"/fairness/?round={betting.public_id}")
        expect(page.locator("x-verifier [data-verdict]")).to_contain_text("Verified")
        expect(page.locator("[data-steps]")).to_contain_text("Chain: right")

        proof = json.loads(page.locator("#verify-text").input_value())
        page.locator("#verify-text").fill(json.dumps(proof | {"point": 100}))
        page.get_by_role("button", name="Check", exact=True).click()
        expect(page.locator("x-verifier [data-verdict]")).to_contain_text("Mismatch")
        assert visit.complaints == []


# ---- autobet ---------------------------------------------------------------------------------------


def test_a_run_goes_on_after_a_reload_and_stops_by_itself(own: Client, rich: Player) -> None:
    with browser.visiting(own, browser.PHONE) as visit:
        page = visit.page
        button, line = page.locator("[data-bet]"), page.locator("[data-auto-line]")
        visit.open("/originals/limbo/")
        page.locator("main").focus()
        page.keyboard.press("a")
        expect(page.locator("#id_mode_auto")).to_be_checked()
        page.locator("#id_bets").fill("4")
        page.locator("#id_on_loss").fill("100")
        page.locator("#id_stop_loss").fill("500")
        page.locator("#id_target").fill("1000000")
        page.locator("#id_amount").fill("1.00")
        accessible(page, "limbo-auto")
        button.click()
        expect(button).to_have_text("Stop autobet")
        expect(line).to_contain_text("1 of 4 bets")
        page.evaluate("document.querySelector('x-limbo').auto.leave()")

        visit.open("/originals/limbo/")
        expect(line).to_contain_text("A run is waiting")
        button.click()
        expect(line).to_contain_text("Ended: all bets were played")
        expect(button).to_have_text("Start autobet")
        assert visit.complaints == []
    run = AutoRun.objects.get()
    assert (run.reason, run.placed) == (AutoRun.Reason.ALL_PLAYED, 4)
    assert [bet.stake for bet in Bet.objects.order_by("id")] == [1, 2, 4, 8]


def test_games_in_steps_are_played_out(own: Client, rich: Player) -> None:
    with browser.visiting(own) as visit:
        page = visit.page
        line = page.locator("[data-auto-line]")
        for game in ("mines", "hilo", "blackjack"):
            visit.open(f"/originals/{game}/")
            page.locator("label[for=id_mode_auto]").click()
            page.locator("#id_bets").fill("2")
            if game == "mines":
                page.locator("[data-bet]").click()
                expect(page.locator("[data-error]")).to_contain_text("Mark the tiles")
                page.locator(".mines-grid .tile").nth(7).click()
            page.locator("[data-bet]").click()
            expect(line).to_contain_text("Ended: all bets were played", timeout=20_000)
        assert visit.complaints == []
    assert [run.placed for run in AutoRun.objects.all()] == [2, 2, 2]
    assert Bet.objects.filter(state=Bet.State.CLOSED).count() == 6


def test_all_bets_of_a_pair_are_checked_at_once(
    own: Client, place: Callable[..., Bet], rich: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.originals.views.BULK", 3)
    for n in range(7):
        place("dice", target=5050, over=bool(n % 2))
    place("wheel", segments=10, risk="low")
    old, _ = seeds.rotate(rich)
    with browser.visiting(own) as visit:
        page = visit.page
        visit.open("/fairness/")
        page.get_by_role("button", name="Check all").click()
        told = page.locator("[data-bulk]")
        expect(told).to_have_text("All 8 bets agree, and no number is missing.")

        with browser.no_running_loop():
            false = Bet.objects.filter(game="wheel").get()
            Bet.objects.filter(pk=false.pk).update(detail={"segment": 99})
        page.get_by_role("button", name="Check all").click()
        expect(told).to_contain_text(f"7 of 8 bets agree. Not: {false.public_id}")
        assert visit.complaints == []
    stranger = Client().get(f"/fairness/pairs/{old.public_id}.json")
    assert stranger.status_code == 302
    assert own.get(f"/fairness/pairs/{seeds.pairs_of(rich)[0].public_id}.json").status_code == 404
    assert own.get(f"/fairness/pairs/{old.public_id}.json?from=x").status_code == 400
