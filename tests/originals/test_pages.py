"""Pages of our games: for guests and players, at both sizes, by keyboard, and the proof of a bet."""

import gzip
import json
import os
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from playwright.sync_api import expect

from apps.accounts.models import Player
from apps.audit.models import Record
from apps.core import secrets
from apps.originals import receipts, seeds, services
from apps.originals.errors import InvalidChoice
from apps.originals.models import Bet, Original
from apps.originals.pages import PAGES
from tests.operator.factories import make_staff, signed_in
from tests.site import browser

pytestmark = [pytest.mark.django_db]
AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}
STATIC = Path(settings.BASE_DIR) / "static"
SHOTS = os.environ.get("ORIGINALS_SHOTS", "")


@pytest.fixture
def own(rich: Player) -> Client:
    rich.active_currency = "EUR"
    rich.save()
    client = Client()
    client.force_login(rich.user)
    return client


def checked(visit: browser.Visit, path: str, *, with_axe: bool = True) -> None:
    """Open a page: accessible, as wide as the window at both sizes, with one heading, no complaint.

    axe looks at one size only: it takes most of the time.
    """
    visit.open(path)
    violations = Axe().run(visit.page, options=AXE).response["violations"] if with_axe else []
    found = [(item["id"], item["nodes"][0]["html"][:160]) for item in violations]
    assert (path, found) == (path, [])
    for width, height in (browser.DESKTOP, browser.PHONE):
        visit.page.set_viewport_size({"width": width, "height": height})
        assert visit.page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0, path
        if SHOTS:
            name = path.strip("/").replace("/", "-")[:40]
            visit.page.screenshot(path=f"{SHOTS}/{name}-{width}.png", full_page=True)
    assert visit.page.locator("main h1").count() == 1, path
    assert visit.complaints == [], path


@pytest.mark.browser
def test_pages_are_accessible_and_fit(own: Client, place: Callable[..., Bet]) -> None:
    bet = place("dice", target=5050, over=True)
    paths = ["/originals/", f"/originals/bets/{bet.public_id}/", "/fairness/"]
    paths += [f"/originals/{code}/" for code in PAGES]
    with browser.visiting(own, browser.PHONE) as visit:
        for path in paths:
            checked(visit, path)


@pytest.mark.browser
def test_guests_look_around(place: Callable[..., Bet]) -> None:
    bet = place("dice", target=5050, over=True)
    with browser.visiting(Client(), browser.PHONE) as visit:
        checked(visit, "/originals/dice/")
        for path in ("/originals/crash/", f"/originals/bets/{bet.public_id}/"):
            checked(visit, path, with_axe=False)


PLAYED = {
    "dice": "Rolled",
    "limbo": "Reached",
    "plinko": "Bucket",
    "wheel": "Segment",
}


@pytest.mark.browser
@pytest.mark.parametrize("game", PLAYED)
def test_a_bet_by_keyboard_alone(own: Client, rich: Player, game: str) -> None:
    # Forged requests are refused as on the site, so the page has to send its token.
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(rich.user)
    with browser.visiting(strict) as visit:
        visit.open(f"/originals/{game}/")
        page = visit.page
        page.locator("main").focus()
        page.keyboard.press(".")
        expect(page.locator("[data-bet]")).to_have_text("Bet 0.02 EUR")
        page.keyboard.press(",")
        page.keyboard.press("Space")
        expect(page.locator("[data-result]")).to_contain_text(PLAYED[game])
        expect(page.locator("[data-strip] li")).to_have_count(1)
        expect(page.locator("#tab-bets tbody tr")).to_have_count(1)

        page.locator("#id_amount").fill("0.5")
        page.keyboard.press("Enter")
        expect(page.locator("[data-strip] li")).to_have_count(2)
        assert visit.complaints == []
    bets = list(Bet.objects.order_by("id"))
    assert [bet.stake_money.text for bet in bets] == ["0.01", "0.50"]


@pytest.mark.browser
def test_a_round_of_mines_goes_on_after_a_reload(own: Client, rich: Player) -> None:
    with browser.visiting(own) as visit:
        page = visit.page
        visit.open("/originals/mines/")
        page.locator("#id_mines").select_option("1")
        page.locator("#id_amount").fill("1.00")
        page.keyboard.press("Enter")
        expect(page.locator("[data-bet]")).to_have_text("Open a tile")
        with browser.no_running_loop():
            bet = Bet.objects.get()
            hidden = seeds.draws_of(bet.seeds, bet.nonce).picks(25, 1)
        safe = next(cell for cell in range(1, 5) if cell not in hidden)
        page.locator(".mines-grid .tile").first.focus()
        for _ in range(safe):
            page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")
        expect(page.locator("[data-bet]")).to_have_text("Cash out 1.03 EUR")

        visit.open("/originals/mines/")
        expect(page.locator("[data-result]")).to_contain_text("still open")
        expect(page.locator("[data-bet]")).to_have_text("Cash out 1.03 EUR")
        page.locator("main").focus()
        page.keyboard.press("Enter")
        expect(page.locator("[data-result]")).to_contain_text("Pays 1.03 EUR")
        assert visit.complaints == []
    bet.refresh_from_db()
    assert (bet.state, bet.payout_money.text) == (Bet.State.CLOSED, "1.03")


@pytest.mark.browser
def test_hilo_blackjack_keno_and_roulette_play(own: Client, rich: Player) -> None:
    with browser.visiting(own, browser.PHONE) as visit:
        page = visit.page
        visit.open("/originals/keno/")
        page.locator("[data-auto]").click()
        page.locator("[data-bet]").click()
        expect(page.locator("[data-result]")).to_contain_text("of 10 hit")

        visit.open("/originals/roulette/")
        page.get_by_role("button", name="Number 17, black").click()
        page.get_by_role("button", name="Red", exact=True).click()
        page.locator("[data-inside]").select_option("split:0-1")
        page.locator("[data-place]").click()
        expect(page.locator("[data-bet]")).to_have_text("Bet 0.03 EUR")
        page.locator("[data-bet]").click()
        expect(page.locator("[data-strip] li")).to_have_count(1)

        visit.open("/originals/hilo/")
        page.locator("[data-bet]").click()
        expect(page.locator("[data-result]")).to_contain_text("Higher or lower?")
        page.get_by_role("button", name="Skip").click()
        expect(page.locator(".hilo-row li")).to_have_count(2)

        visit.open("/originals/blackjack/")
        page.locator("[data-bet]").click()
        expect(page.locator("x-blackjack[data-open], [data-strip] li").first).to_be_attached()
        while page.get_by_role("button", name="Stand").is_enabled():
            page.get_by_role("button", name="Stand").click()
            page.wait_for_timeout(100)
        expect(page.locator("[data-strip] li")).to_have_count(1)
        assert visit.complaints == []
    assert Bet.objects.count() == 4


@pytest.mark.browser
def test_refusals_are_words_and_take_nothing(own: Client, rich: Player) -> None:
    with browser.visiting(own) as visit:
        page = visit.page
        visit.open("/originals/dice/")
        for amount, said in (
            ("6000", "greatest stake"),
            ("1.005", "decimals"),
            ("nonsense", "Enter an amount"),
            ("2000", "not enough"),
        ):
            page.locator("#id_amount").fill(amount)
            page.keyboard.press("Enter")
            expect(page.locator("[data-error]")).to_contain_text(said)
    assert not Bet.objects.exists()


def test_a_closed_game_says_so_and_takes_no_bet(own: Client, administrator: Any) -> None:
    services.set_enabled(game="dice", enabled=False, by=administrator, reason="Maintenance.")

    page = own.get("/originals/dice/").content.decode()

    assert "Closed at the moment" in page
    assert "takes no new bets" in page


def test_a_page_of_ours_adds_little_to_load() -> None:
    def packed(name: str) -> int:
        return len(gzip.compress((STATIC / name).read_bytes()))

    for code in PAGES:
        own = packed("js/originals/panel.js") + packed(f"js/originals/{code}.js")
        assert own < 25 * 1024, code
    assert packed("css/originals.css") < 8 * 1024


def test_games_without_a_page_are_not_listed(own: Client) -> None:
    page = own.get("/originals/").content.decode()
    lobby = own.get("/").content.decode()

    assert 'id="shelf-originals"' in lobby
    assert all(f'href="/originals/{code}/"' in lobby for code in PAGES)
    assert all(f"/originals/{code}/" in page for code in PAGES)
    assert own.get("/originals/chess/").status_code == 404
    assert own.get("/originals/bets/bet_none/").status_code == 404


def test_pages_ask_no_more_with_more_bets(own: Client, place: Callable[..., Bet]) -> None:
    def cost(path: str) -> int:
        own.get(path)  # what is kept for a minute is asked for now
        with CaptureQueriesContext(connection) as asked:
            assert own.get(path).status_code == 200
        return len(asked)

    paths = ("/originals/dice/", "/originals/dice/bets/", "/fairness/", "/originals/")
    place("dice", target=5050, over=True)
    seeds.rotate(Bet.objects.get().player)
    few = [cost(path) for path in paths]
    for _ in range(5):
        bet = place("dice", target=5050, over=True)
        seeds.rotate(bet.player)

    assert [cost(path) for path in paths] == few


# ---- proof -----------------------------------------------------------------------------------------


@pytest.fixture
def revealed(place: Callable[..., Bet]) -> Bet:
    bet = place("keno", "2.00", picks=[3, 9, 27], risk="low")
    seeds.rotate(bet.player, client_seed="mine")
    return bet


@pytest.mark.browser
def test_the_verifier_judges_a_real_bet(
    own: Client, revealed: Bet, place: Callable[..., Bet]
) -> None:
    sealed = place("dice", target=5050, over=True)
    receipt = own.get(f"/originals/bets/{revealed.public_id}/receipt.json").json()
    with browser.visiting(own) as visit:
        page = visit.page
        verdict = page.locator("[data-verdict]")
        visit.open(f"/fairness/?bet={revealed.public_id}")
        expect(verdict).to_contain_text("Verified")
        expect(page.locator("[data-steps] li[data-passed=no]")).to_have_count(0)
        expect(page.locator("[data-steps]")).to_contain_text("HMAC-SHA-256")

        receipt["receipt"]["payout"] = "900.00"
        page.locator("#verify-text").fill(json.dumps(receipt))
        page.get_by_role("button", name="Check", exact=True).click()
        expect(verdict).to_contain_text("Mismatch")
        expect(page.locator("[data-steps]")).to_contain_text("Payout: wrong")

        page.locator("#verify-text").fill(sealed.public_id)
        page.get_by_role("button", name="Check", exact=True).click()
        expect(verdict).to_contain_text("Sealed")

        page.locator("#verify-text").fill("[1")
        page.get_by_role("button", name="Check", exact=True).click()
        expect(verdict).to_contain_text("not JSON")
        assert visit.complaints == []


@pytest.mark.browser
def test_the_saved_file_needs_no_server(own: Client, revealed: Bet, tmp_path: Path) -> None:
    answer = own.get("/fairness/offline/")
    assert "attachment" in answer["Content-Disposition"]
    saved = tmp_path / "verify-bet.html"
    saved.write_bytes(answer.content)
    receipt = own.get(f"/originals/bets/{revealed.public_id}/receipt.json").json()
    told = []
    for changed in ({}, {"nonce": 1}):
        receipt["receipt"] |= changed
        with browser.visiting(own) as visit:
            visit.page.unroute_all()
            visit.page.context.set_offline(True)
            visit.page.goto(saved.as_uri())
            visit.page.locator("#verify-text").fill(json.dumps(receipt))
            visit.page.get_by_role("button", name="Check", exact=True).click()
            visit.page.wait_for_selector("[data-steps] li")
            told.append(visit.page.locator("[data-verdict]").inner_text().split(":")[0])
            assert visit.complaints == []

    assert told == ["Verified", "Mismatch"]


def judged(path: Path) -> str:
    said = StringIO()
    call_command("verify_bet", str(path), stdout=said)
    return said.getvalue()


def test_the_command_checks_a_receipt_from_its_file(
    own: Client, revealed: Bet, tmp_path: Path
) -> None:
    address = f"/originals/bets/{revealed.public_id}/receipt.json?save=1"
    file = tmp_path / "receipt.json"
    file.write_bytes(own.get(address).content)
    assert "Everything in this receipt is right." in judged(file)

    whole = json.loads(file.read_text())
    for wrong, changed in (
        ("signature", {"receipt": whole["receipt"] | {"placed_at": "2020-01-01T00:00:00+00:00"}}),
        ("signature", {"signature": "00" * 64}),
        ("signature", {"key_id": 99}),
        ("payout", {"receipt": whole["receipt"] | {"payout": "900.00"}}),
        ("result", {"receipt": whole["receipt"] | {"nonce": 7}}),
        ("result", {"receipt": whole["receipt"] | {"game": "chess"}}),
        ("commitment", {"server_seed": "0" * 64}),
    ):
        file.write_text(json.dumps(whole | changed))
        with pytest.raises(CommandError, match=wrong):
            judged(file)

    for nonsense in ("{", "[]", "{}", '{"receipt": {}}', '{"receipt": {}, "server_seed": 3}'):
        file.write_text(nonsense)
        with pytest.raises(CommandError):
            judged(file)


def test_a_sealed_receipt_is_signed_and_tells_no_seed(
    own: Client, place: Callable[..., Bet], tmp_path: Path
) -> None:
    bet = place("limbo", target=200)
    answer = Client().get(f"/originals/bets/{bet.public_id}/receipt.json")
    file = tmp_path / "receipt.json"
    file.write_bytes(answer.content)

    assert answer.json()["server_seed"] == ""
    assert "once the seed is revealed" in judged(file)


def test_every_game_has_a_receipt_that_holds(place: Callable[..., Bet], rich: Player) -> None:
    place("dice", target=5050, over=True)
    place("plinko", rows=8, risk="low")
    place("wheel", segments=10, risk="low")
    place("roulette", "3.00", chips={"red": 2, "17": 1})
    mines = place("mines", mines=1)
    services.act(player=rich, public_id=mines.public_id, action="open:0", step=0)
    cards = place("blackjack")
    hilo = place("hilo")
    services.act(player=rich, public_id=hilo.public_id, action="skip", step=0)
    for bet in (mines, cards, hilo):
        for action in ("cash_out", "stand", "higher", "higher", "cash_out"):
            bet.refresh_from_db()
            if bet.state == Bet.State.OPEN:
                try:
                    services.act(
                        player=rich, public_id=bet.public_id, action=action, step=len(bet.actions)
                    )
                except InvalidChoice:
                    continue
    seeds.rotate(rich)

    for bet in Bet.objects.select_related("seeds"):
        # As a file: through JSON and back.
        found = receipts.read(json.dumps(receipts.receipt(bet)).encode())
        assert all(step.passed for step in receipts.check(found)), bet.game_id


# ---- seeds and staff -------------------------------------------------------------------------------


def test_a_player_rotates_with_a_seed_of_their_own(own: Client, rich: Player) -> None:
    active, waiting = seeds.pairs_of(rich)
    before = own.get("/fairness/").content.decode()
    assert active.commitment in before
    assert waiting.commitment in before

    refused = own.post("/fairness/rotate/", {"client_seed": "no spaces please"})
    assert refused.status_code == 422
    assert "Use 1 to 64 letters" in refused.content.decode()
    assert seeds.pairs_of(rich)[0] == active

    after = own.post("/fairness/rotate/", {"client_seed": "mine"}, follow=True).content.decode()
    active.refresh_from_db()
    assert active.server_seed in after
    assert seeds.pairs_of(rich)[0].client_seed == "mine"


def test_no_rotation_under_an_open_round(own: Client, place: Callable[..., Bet]) -> None:
    bet = place("mines", mines=3)

    refused = own.post("/fairness/rotate/", {"client_seed": ""})

    assert refused.status_code == 422
    assert "Finish Mines" in refused.content.decode()
    bet.seeds.refresh_from_db()
    assert bet.seeds.server_seed == ""


def test_staff_see_bets_and_never_a_seed_in_use(place: Callable[..., Bet]) -> None:
    bet = place("dice", target=5050, over=True)
    desk = signed_in(make_staff("support"))
    secret = secrets.unseal(bet.seeds.sealed, place=bet.seeds.place)

    for path in (
        "/operator/originals/bet/",
        f"/operator/originals/bet/{bet.pk}/change/",
        "/operator/originals/seedpair/",
        f"/operator/originals/seedpair/{bet.seeds_id}/change/",
        "/operator/originals/original/",
    ):
        answer = desk.get(path)
        assert answer.status_code == 200, path
        assert secret not in answer.content.decode()
    assert (
        bet.seeds.commitment
        in desk.get(f"/operator/originals/seedpair/{bet.seeds_id}/change/").content.decode()
    )
    assert desk.post("/operator/originals/original/dice/close/", {"reason": "x"}).status_code == 403


def test_an_administrator_changes_limits_with_a_reason() -> None:
    desk = signed_in(make_staff("administrator"))
    new = {"stake_min": "0.10", "stake_max": "50.00", "win_max": "1000.00"}

    assert (
        desk.post("/operator/originals/original/dice/limits/", new | {"reason": ""}).status_code
        == 422
    )
    wrong = desk.post(
        "/operator/originals/original/dice/limits/", new | {"stake_max": "0.01", "reason": "Typo."}
    )
    assert wrong.status_code == 422
    assert Original.objects.get(code="dice").stake_max == 5000

    desk.post("/operator/originals/original/dice/limits/", new | {"reason": "A quiet start."})
    assert Original.objects.get(code="dice").win_max == 1000
    record = Record.objects.get(action="originals.limits_changed")
    assert (record.reason, record.after["stake_max"]) == ("A quiet start.", "50.00")

    desk.post("/operator/originals/original/dice/close/", {"reason": "Maintenance."})
    assert not Original.objects.get(code="dice").enabled
