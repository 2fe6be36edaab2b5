"""Pages in a real browser: nothing overflows, nothing complains, navigation keeps the shell."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import expect

from apps.accounts.models import Player
from tests.games.factories import Table, follow_rounds, make_session
from tests.site import browser
from tests.site.factories import fund, make_game, make_games

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db,
]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}
PAGES = ("/", "/games/", "/studios/", "/safer-play/", "/accounts/login/", "/accounts/signup/")


@pytest.mark.parametrize("size", [browser.DESKTOP, browser.PHONE])
def test_pages_are_accessible_and_fit(client: Client, size: tuple[int, int]) -> None:
    make_games(20)
    with browser.visiting(client, size) as visit:
        for path in PAGES:
            visit.open(path)
            violations = Axe().run(visit.page, options=RULES).response["violations"]

            assert [(path, item["id"]) for item in violations] == []
            assert visit.width_overflow(browser.SMALL) == 0, path
        assert visit.complaints == []


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
def test_the_style_guide_is_accessible_at_320_pixels(
    client: Client, administrator: object, direction: str
) -> None:
    client.force_login(administrator)  # type: ignore[arg-type]  # a user
    with browser.visiting(client, browser.SMALL) as visit:
        visit.open(f"/styleguide/?dir={direction}")
        violations = Axe().run(visit.page, options=RULES).response["violations"]

        assert [item["id"] for item in violations] == []
        assert visit.width_overflow() == 0


def test_navigation_keeps_the_shell_and_moves_the_focus(client: Client) -> None:
    make_games(5)
    make_game("Green Room", is_live=True)
    with browser.visiting(client) as visit:
        visit.open("/")
        visit.page.evaluate("window.kept = true")
        visit.page.click('.rail a[href="/category/live/"]')
        visit.page.wait_for_url("**/category/live/")
        visit.page.wait_for_selector("main:focus")

        assert visit.page.evaluate("window.kept") is True
        assert visit.page.title().startswith("Live casino")
        assert visit.page.locator("main").count() == 1
        assert visit.page.locator(".rail [aria-current]").inner_text() == "Live casino"

        visit.page.go_back()
        visit.page.wait_for_selector(".hero")
        assert visit.page.locator("main").count() == 1
        assert visit.complaints == []


def test_search_opens_with_a_key_and_answers_while_typing(client: Client) -> None:
    make_game("Tide of Koi")
    with browser.visiting(client) as visit:
        visit.open("/")
        visit.page.keyboard.press("/")
        visit.page.keyboard.type("koi")
        visit.page.wait_for_selector("#search mark")
        visit.page.keyboard.press("ArrowDown")

        focused = visit.page.evaluate("document.activeElement.textContent")
        assert "Tide of Koi" in focused
        visit.page.keyboard.press("Escape")
        assert visit.page.evaluate("document.getElementById('search').open") is False


@pytest.mark.parametrize("size", [browser.DESKTOP, browser.PHONE])
def test_the_rail_follows_to_a_game_that_was_found_by_searching(
    client: Client, size: tuple[int, int]
) -> None:
    make_game("Tide of Koi")
    with browser.visiting(client, size) as visit:
        visit.open("/")
        here = visit.page.locator("[data-nav] [aria-current]")
        assert "Lobby" in here.all_inner_texts()
        visit.page.keyboard.press("/")
        visit.page.keyboard.type("koi")
        visit.page.locator("#search a.result mark").click()
        visit.page.wait_for_selector("#stage")
        visit.page.wait_for_selector("#search", state="hidden")

        expect(here).to_have_count(0)
        assert visit.complaints == []


def test_results_that_come_late_do_not_take_the_link_away(client: Client) -> None:
    make_game("Tide of Koi")
    with browser.visiting(client) as visit:
        held = []
        visit.page.route("**/games/tide-of-koi/", lambda route: held.append(route))
        visit.open("/")
        visit.page.keyboard.press("/")
        visit.page.keyboard.type("ko")
        link = visit.page.locator("#search a.result mark")
        link.wait_for()
        link.click()
        with visit.page.expect_response("**/search/?q=koi"):
            visit.page.locator("#search input").fill("koi")
        visit.page.wait_for_timeout(100)
        browser.answer(held[0], client, visit)
        visit.page.wait_for_url("**/games/tide-of-koi/")

        expect(visit.page.locator("#stage")).to_be_visible()
        expect(visit.page.locator("[data-nav] [aria-current]")).to_have_count(0)
        expect(visit.page.locator("html.is-navigating")).to_have_count(0)
        assert visit.complaints == []


def test_the_nets_of_rail_and_stage_follow_the_rounds(client: Client, player: Player) -> None:
    game = make_game("Tide of Koi")
    client.force_login(player.user)
    table = Table(player, game, make_session(player, game, "BTC"), "v1")
    with browser.visiting(client) as visit:
        sockets = []
        visit.page.route_web_socket("**/ws/**", lambda socket: sockets.append(socket))
        visit.open(f"/games/{game.slug}/")
        stage, rail = visit.page.locator("#session-net"), visit.page.locator(".session")
        expect(stage).to_have_text("Net 0BTC")

        for key, net in (("1", "0.00001"), ("2", "0.00002")):
            with browser.no_running_loop():
                table.bet(key, 1000, round_id=key)
                follow_rounds()
            sockets[0].send('{"stream":"rounds","seq":null,"data":{}}')

            expect(stage).to_have_text(f"Net \N{MINUS SIGN}{net}BTC")
            expect(rail).to_contain_text(f"Net \N{MINUS SIGN}{net}")
        assert visit.page.locator("#rounds tbody tr").count() == 2
        assert visit.complaints == []


def test_a_link_in_a_part_that_refreshes_itself_opens_a_page(
    client: Client, player: Player
) -> None:
    client.force_login(player.user)
    with browser.visiting(client) as visit:
        visit.open("/wallet/")
        here = visit.page.locator(".rail [aria-current]")
        expect(here).to_have_attribute("aria-current", "page")
        visit.page.get_by_role("link", name="All of them").click()
        visit.page.wait_for_url("**/wallet/history/")
        visit.page.wait_for_selector("main:focus")

        assert visit.page.locator("main").count() == 1
        assert here.inner_text() == "Wallet"
        assert here.get_attribute("aria-current") == "true"
        visit.page.locator(".rail").get_by_role("link", name="Lobby").click()
        visit.page.wait_for_selector(".hero")
        assert here.inner_text() == "Lobby"
        assert visit.complaints == []


@pytest.mark.parametrize("size", [browser.DESKTOP, browser.PHONE])
def test_the_wallets_pages_have_one_red_button_at_most(
    client: Client, player: Player, size: tuple[int, int]
) -> None:
    client.force_login(player.user)
    red = """() => [...document.querySelectorAll("a, button")].filter(one => {
        const style = getComputedStyle(one);
        return one.checkVisibility() && style.backgroundImage.startsWith("linear-gradient");
    }).map(one => one.textContent.trim())"""
    with browser.visiting(client, size) as visit:
        for path, wanted in (
            ("/", ["Wallet"]),
            ("/wallet/", ["Deposit"]),
            ("/wallet/history/", []),
            ("/wallet/deposit/", []),
            ("/wallet/withdraw/", []),
        ):
            visit.open(path)

            assert visit.page.evaluate(red) == wanted, path


def test_movements_are_two_lines_each_on_a_phone(client: Client, player: Player) -> None:
    for code in ("ETH", "LTC", "USDT", "DOGE"):
        fund(player, "0.02", code)
    client.force_login(player.user)
    with browser.visiting(client, browser.PHONE) as visit:
        visit.open("/wallet/history/")
        rows = visit.page.locator("#movements tbody tr")

        assert rows.count() == 5
        for number in range(5):
            box = rows.nth(number).bounding_box()
            assert box is not None
            assert box["height"] < 72
        assert visit.width_overflow() == 0


def test_a_list_goes_on_when_its_end_is_reached(client: Client) -> None:
    make_games(60)
    with browser.visiting(client) as visit:
        visit.open("/games/")
        visit.page.evaluate("scrollTo(0, document.body.scrollHeight)")
        visit.page.locator(".poster").nth(59).wait_for()

        assert visit.page.locator(".more").count() == 0


def test_balances_follow_frames_in_order_only(client: Client, player: Player) -> None:
    make_game()
    client.force_login(player.user)
    with browser.visiting(client) as visit:
        sockets = []
        visit.page.route_web_socket("**/ws/**", lambda socket: sockets.append(socket))
        visit.open("/")
        visit.page.evaluate(
            """() => {
                const balance = document.createElement("data");
                balance.id = "held";
                balance.dataset.balance = "XYZ";
                balance.dataset.version = "5";
                balance.dataset.decimals = "4";
                balance.append(document.createElement("b"));
                document.querySelector("main").append(balance);
            }"""
        )
        frame = '{"stream":"balance","seq":%d,"data":{"currency":"XYZ","amount":"%s","version":%d}}'
        for seq, (amount, version) in enumerate(
            [("1.00000000", 4), ("1234.56789999", 7), ("9.00000000", 6)]
        ):
            sockets[0].send(frame % (seq, amount, version))
        sockets[0].send(
            '{"stream":"toast","seq":1,"data":{"kind":"success","title":"Deposit credited",'
            '"text":"<b>0.01</b> BTC","href":"/"}}'
        )
        visit.page.wait_for_selector(".toast")

        assert visit.page.locator("#held").inner_text() == "1,234.5678"
        assert visit.page.locator("#held").get_attribute("title") == "1234.56789999 XYZ"
        assert "<b>0.01</b> BTC" in visit.page.locator(".toast").inner_text()


def test_a_lost_connection_is_said_and_forgotten_after_it_returns(
    client: Client, player: Player
) -> None:
    make_game()
    client.force_login(player.user)
    with browser.visiting(client) as visit:
        sockets = []
        visit.page.route_web_socket("**/ws/**", lambda socket: sockets.append(socket))
        visit.open("/")
        visit.page.evaluate("window.dispatchEvent(new Event('offline'))")
        assert visit.page.locator("[data-offline]").is_visible()

        sockets[0].close()
        visit.page.wait_for_selector("[data-offline]", state="hidden", timeout=5000)
        assert len(sockets) == 2


def test_an_amount_is_halved_and_doubled_exactly(client: Client, administrator: object) -> None:
    client.force_login(administrator)  # type: ignore[arg-type]  # a user
    with browser.visiting(client) as visit:
        visit.open("/styleguide/")
        field = visit.page.locator("#id_sample_amount")
        for text, step, wanted in (
            ("0.1", "double", "0.2"),
            ("0.00000001", "half", "0"),
            ("0.3", "half", "0.15"),
            ("1", "half", "0.5"),
            ("nonsense", "half", "nonsense"),
            ("7", "max", "0.042188"),
        ):
            field.fill(text)
            visit.page.locator(f'[data-max] [data-amount-step="{step}"]').first.click()
            assert field.input_value() == wanted

        field.fill("0,5")
        assert field.input_value() == "0.5"


OWN_PAGES = (
    "/",
    "/games/?volatility=3",
    "/favourites/",
    "/feed/",
    "/games/rounds/",
    "/games/moon-1/",
    "/search/?q=mon",
)


def test_a_players_lists_are_accessible_and_fit(client: Client, player: Player) -> None:
    make_games(8)
    game = make_game("Seven Moons", has_jackpot=True)
    fund(player, "10.00", "EUR")
    table = Table(player, game, make_session(player, game), "v1")
    table.act([("bet", "a", 100), ("win", "b", 250)], finished=True)
    follow_rounds()
    client.force_login(player.user)
    with browser.visiting(client) as visit:
        for path in OWN_PAGES:
            visit.open(path)
            if path.startswith("/games/?"):
                visit.page.click('[popovertarget="filter-sheet"]')
                visit.page.wait_for_timeout(400)
            violations = Axe().run(visit.page, options=RULES).response["violations"]

            assert [(path, item["id"]) for item in violations] == []
            assert visit.width_overflow(browser.PHONE, browser.SMALL) == 0, path
        visit.open("/games/rounds/")
        visit.page.click('td[data-label="Round"] a')
        visit.page.wait_for_selector(".round-sum")
        assert visit.page.title().startswith("Seven Moons round")
        assert visit.complaints == []


def test_filters_hearts_and_the_feed_work_by_hand(client: Client, player: Player) -> None:
    make_games(6)
    make_game("Loud", volatility=5)
    client.force_login(player.user)
    with browser.visiting(client) as visit:
        page = visit.page
        visit.open("/games/")
        page.focus('[popovertarget="filter-sheet"]')
        page.keyboard.press("Enter")
        page.click("summary:has-text('Volatility')")
        page.check("label:has-text('Very high') input")
        expect(page.locator("#filter-sheet footer button")).to_have_text("Show 1 game")
        page.click("#filter-sheet footer button")
        page.wait_for_url("**volatility=5**")
        expect(page.locator(".poster")).to_have_count(1)
        page.click(".chosen .chip")
        expect(page.locator(".poster")).to_have_count(7)

        heart = page.locator('[data-heart][value="loud"]')
        heart.focus()
        page.keyboard.press("Enter")
        expect(heart).to_have_attribute("aria-pressed", "true")
        page.wait_for_load_state("networkidle")
        with browser.no_running_loop():
            assert player.favourites.count() == 1
        page.route("**/favourites/set/", lambda route: route.fulfill(status=500))
        # The refusal is meant: it is what the console then tells.
        heart.click()
        expect(page.locator(".toast")).to_contain_text("Nothing was changed")
        expect(heart).to_have_attribute("aria-pressed", "true")

        visit.open("/feed/")
        page.click("#feed-tab-high")
        expect(page.locator("#feed-tab-high")).to_have_attribute("aria-current", "true")
        page.click("[data-feed-pause]")
        expect(page.locator("[data-feed-pause]")).to_have_attribute("aria-pressed", "true")
