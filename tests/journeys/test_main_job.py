"""The main job in a real browser: a new player pays in, plays and is paid out by an operator."""

import re
import signal
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, FrameLocator, Locator, Page, expect

from tests.demo.conftest import four_free_ports, is_free
from tests.demo.running import is_let_in, manage, servers, wait_for
from tests.journeys.conftest import Casino
from tests.site.browser import DESKTOP, PHONE
from tests.web import web

pytestmark = pytest.mark.slow

ARTEFACTS = Path(__file__).resolve().parents[1] / "artefacts"
SLOT = "Dappled Cormorant"
# One each: two people who are paid to one address would be looked at.
PAYOUT_ADDRESSES = {
    DESKTOP: "bc1qnjg0jd8228aq7egyzacy8cys3knf9xvrerkf9g",
    PHONE: "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu",
}
PASSWORD = "correct horse battery"
DETAILS = {
    "last_name": "Traveller",
    "street": "Lindenstrasse 5",
    "post_code": "10115",
    "city": "Berlin",
}
OPERATOR = "administrator"
SLOW_MS = 30_000  # blocks and payouts come by the simulator's own clock
expect.set_options(timeout=15_000)
SPINS_MAX = 5  # a win of exactly the stake leaves the balance where it was


class Person:
    """Somebody at a browser of their own, and what went wrong on their pages."""

    def __init__(self, browser: Browser, casino: Casino, size: tuple[int, int]) -> None:
        self.casino = casino
        self.size = size
        self.complaints: list[str] = []
        self.context: BrowserContext = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            has_touch=size == PHONE,
        )
        self.context.set_default_timeout(10_000)
        self.context.on("console", lambda message: self._note(message.type, message.text))
        self.context.on("weberror", lambda failure: self.complaints.append(str(failure.error)))
        self.page: Page = self.context.new_page()

    def _note(self, kind: str, text: str) -> None:
        if kind == "error":
            self.complaints.append(text)

    def open(self, path: str) -> None:
        answer = self.page.goto(self.casino.origin + path)
        assert answer is not None
        assert answer.ok, f"{path}: {answer.status}"

    def keep_picture(self, name: str, page: Page | None = None) -> None:
        ARTEFACTS.mkdir(exist_ok=True)
        (page or self.page).screenshot(path=ARTEFACTS / f"{self.size[0]}-{name}.png")

    def check(self, name: str) -> None:
        """Keep a picture of the page; it is accessible and no wider than the window."""
        # A toast that is just fading in has no contrast yet.
        self.page.evaluate(
            "() => Promise.allSettled(document.getAnimations()"
            ".filter(one => one.effect.getComputedTiming().endTime !== Infinity)"
            ".map(one => one.finished))"
        )
        self.keep_picture(name)
        # Without `preload`: the page is judged as the browser shows it, nothing is fetched again.
        found = (
            Axe()
            .run(
                self.page,
                context={"exclude": [["iframe"]]},
                # axe leaves the size of targets out unless it is asked for.
                options={"preload": False, "rules": {"target-size": {"enabled": True}}},
            )
            .response["violations"]
        )
        grave = [
            (one["id"], [node["target"] for node in one["nodes"]])
            for one in found
            if one["impact"] in {"serious", "critical"}
        ]
        assert grave == [], name
        width = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert width <= 0, f"{name}: {width} pixels too wide"

    @property
    def balance(self) -> Locator:
        return self.page.locator(".purse-balance [data-balance=BTC]")

    @property
    def main(self) -> Locator:
        return self.page.locator("main")


@pytest.mark.browser
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_new_player_pays_in_plays_and_is_paid_out(
    browser: Browser, casino: Casino, size: tuple[int, int]
) -> None:
    player = Person(browser, casino, size)
    operator = Person(browser, casino, size)
    name = f"traveller{size[0]}"
    try:
        sign_in(operator)  # early: the next code comes while the player plays
        register(player, name)
        game = find_a_slot(player)
        deposit(player, "0.01")
        play(player, game)
        see_the_history(player)
        say_who_one_is(player)
        withdrawal = withdraw(player, "0.004")
        approve(operator, name, withdrawal)
        look_around(operator, name, withdrawal)
        see_it_paid(player)
    except BaseException:
        for number, page in enumerate([*player.context.pages, *operator.context.pages]):
            player.keep_picture(f"failed-{number}", page)
        raise
    finally:
        player.context.close()
        operator.context.close()
    assert player.complaints == []
    assert operator.complaints == []


def test_it_heals_itself_leaves_nothing_behind_and_keeps_its_data(casino: Casino) -> None:
    # A lobby with games, whose pictures and style sheets are there.
    lobby = web.get(casino.origin)
    assert lobby.status_code == 200
    assert "1,257 games" in lobby.text
    sheet = re.search(r'href="(/static/css/tokens[^"]+)"', lobby.text)
    assert sheet is not None
    assert web.get(casino.origin + sheet[1]).status_code == 200

    # The printed logins work.
    password = casino.password
    assert is_let_in(casino.origin, "player@demo.test", password)
    assert not is_let_in(casino.origin, "player@demo.test", "not the password")
    code = manage(casino.environment, "demo_otp", "finance")
    assert re.fullmatch(r"\d{6}\n", code.stdout), code.stderr
    assert (casino.data / "secrets.json").stat().st_mode & 0o777 == 0o600

    # A second one on the same folder is refused, and says why.
    second = manage(casino.environment, "demo", "--port", str(four_free_ports()))
    assert second.returncode == 1
    assert "The demo runs already" in second.stderr

    # What is killed comes back.
    killed = casino.demo.child("casino.wsgi")
    killed.kill()
    wait_for(lambda: "web was started again" in casino.demo.said, 10)
    wait_for(casino.demo.is_ready, 30)
    assert casino.demo.child("casino.wsgi").pid != killed.pid

    family = [*casino.demo.family(), *servers(casino.data)]
    assert len(family) >= 8
    assert casino.stop() == 0, casino.demo.said
    wait_for(lambda: not any(one.is_running() for one in family), 5)
    assert all(is_free(casino.port + offset) for offset in range(4))
    assert not (casino.data / "processes.json").exists()

    # The second start takes seconds, keeps the data, and stops by SIGTERM as well.
    casino.start_again()
    casino.wait_until_ready(30)
    assert "Database tables" not in casino.demo.said
    assert casino.password == password
    assert is_let_in(casino.origin, "player@demo.test", password)
    family = [*casino.demo.family(), *servers(casino.data)]
    assert casino.stop(signal.SIGTERM) == 0, casino.demo.said
    wait_for(lambda: not any(one.is_running() for one in family), 5)


# ---- the player ---------------------------------------------------------------------------------


def register(player: Person, name: str) -> None:
    page = player.page
    player.open("/accounts/signup/")
    page.fill("[name=email]", f"{name}@example.com")
    page.fill("[name=password1]", PASSWORD)
    page.fill("[name=display_name]", name)
    page.fill("[name=birth_date]", "1990-05-17")
    page.select_option("[name=country]", "DE")
    page.check("[name=terms]")
    player.check("01-register")
    player.main.get_by_role("button", name="Register").click()
    expect(page.locator(".purse")).to_be_visible()


def find_a_slot(player: Person) -> str:
    page = player.page
    player.open("/")
    expect(player.main.locator("a[href^='/games/'] img").first).to_be_visible()
    player.check("02-lobby")
    page.locator("[data-search-open]:visible").first.click()
    box = page.get_by_role("searchbox", name="Search games and studios")
    box.fill(SLOT)
    found = page.locator("dialog a.result", has_text=SLOT).first
    expect(found).to_be_visible()
    player.keep_picture("03-search")
    found.click()
    expect(page.locator("#stage h1")).to_have_text(SLOT)
    expect(page.locator("#stage").get_by_role("link", name="Deposit")).to_be_visible()
    player.check("04-game")
    return page.url.removeprefix(player.casino.origin)


def deposit(player: Person, amount: str) -> None:
    page = player.page
    player.open("/wallet/deposit/")
    # Before the first deposit a limit is asked for.
    page.get_by_label("Pay in at most, in EUR").fill("100000")
    player.check("04-first-limit")
    page.get_by_role("button", name="Set this limit").click()
    page.wait_for_url("**/wallet/deposit/")
    for code in ("ETH", "BTC"):
        page.get_by_role("navigation", name="Currency").get_by_role("link", name=code).click()
        expect(page.get_by_role("button", name=f"Show my {code} address")).to_be_visible()
    page.get_by_role("button", name="Show my BTC address").click()
    expect(page.get_by_role("img", name="QR code of the address below")).to_be_visible()
    player.check("05-deposit")
    address = page.locator("[data-copy]").first.get_attribute("data-copy")
    assert address

    with player.context.expect_page() as opened:
        page.get_by_role("link", name="Send coins from the simulator").click()
    simulator = opened.value
    simulator.wait_for_url("**/coinspaid/send?*")
    expect(simulator.locator("p.address")).to_have_text(address)
    simulator.get_by_label("Amount, BTC").fill(amount)
    player.keep_picture("06-simulator", simulator)
    simulator.get_by_role("button", name="Send", exact=True).click()
    expect(simulator.locator("main table, main dl").first).to_be_visible()
    simulator.close()

    # From here on the page is only looked at: the live socket brings everything.
    arriving = page.locator("#deposit-status")
    expect(arriving).to_contain_text("Confirming", timeout=SLOW_MS)
    player.keep_picture("07-pending")
    expect(arriving).to_contain_text("Credited", timeout=SLOW_MS)
    expect(player.balance).to_have_text(re.compile(rf"^{re.escape(amount)}0*$"))
    player.keep_picture("08-confirmed")


def play(player: Person, game: str) -> None:
    page = player.page
    player.open(game)
    page.locator("#stage").get_by_role("button", name="Play").click()
    net = page.locator("#session-net")
    expect(net).to_contain_text("Net")
    net_before = net.inner_text()
    frame: FrameLocator = page.frame_locator("#stage iframe")
    spin = frame.get_by_role("button", name="Spin")
    expect(spin).to_be_enabled(timeout=SLOW_MS)
    before = player.balance.inner_text()
    for _ in range(SPINS_MAX):
        version = int(player.balance.get_attribute("data-version") or 0)
        spin.click()
        page.wait_for_function(
            "before => Number(document.querySelector("
            "'.purse-balance [data-balance=BTC]').dataset.version) > before",
            arg=version,
        )
        expect(spin).to_be_enabled()
        if player.balance.inner_text() != before:
            break
    expect(player.balance).not_to_have_text(before)
    # The stage's own result follows over the socket, and the rail says the same.
    expect(net).not_to_have_text(net_before, use_inner_text=True)
    shown = re.search(r"[\d.]+", net.inner_text())
    assert shown is not None
    if player.size == DESKTOP:
        expect(page.locator(".session")).to_contain_text(shown[0])
    player.check("09-played")


def see_the_history(player: Person) -> None:
    player.open("/wallet/")
    player.check("10-wallet")
    player.open("/wallet/history/")
    movements = player.page.locator("#movements, table").first
    expect(movements).to_contain_text("Deposit")
    expect(movements).to_contain_text("Bet")
    player.check("11-history")


def say_who_one_is(player: Person) -> None:
    """Before the first withdrawal; decided at once when nothing speaks against it."""
    page = player.page
    player.open("/account/verification/")
    # Somebody else at each size: two accounts of one person would be looked at.
    page.fill("[name=first_name]", "Ada" if player.size == DESKTOP else "Grace")
    for field, value in DETAILS.items():
        page.fill(f"[name={field}]", value)
    player.check("11-verification")
    page.get_by_role("button", name="Save and go on").click()
    expect(player.main).to_contain_text("Level 2")


def withdraw(player: Person, amount: str) -> str:
    page = player.page
    player.open("/wallet/withdraw/?currency=BTC")
    page.fill("[name=amount]", amount)
    page.fill("[name=address]", PAYOUT_ADDRESSES[player.size])
    player.check("12-withdraw")
    page.get_by_role("button", name="Review").click()
    expect(page.get_by_role("heading", name="Is this right?")).to_be_visible()
    page.fill("#withdraw-review [name=password]", PASSWORD)
    player.check("13-review")
    page.get_by_role("button", name=re.compile("^Withdraw ")).click()
    page.wait_for_url("**/wallet/withdrawals/*/")
    expect(page.locator("#payment-status")).to_contain_text("In review")
    expect(page.locator("#payment-status")).to_contain_text("our payments team")
    player.check("14-waiting")
    return page.url.rstrip("/").rsplit("/", 1)[1]


def see_it_paid(player: Person) -> None:
    # The page stands open since the request and was not loaded again.
    status = player.page.locator("#payment-status")
    expect(status.get_by_text("Paid", exact=True).first).to_be_visible(timeout=SLOW_MS)
    player.check("20-paid")


# ---- the operator -------------------------------------------------------------------------------


def sign_in(operator: Person) -> None:
    page = operator.page
    operator.open("/operator/login/")
    operator.check("15-entrance")
    page.fill("[name=username]", f"{OPERATOR}@demo.test")
    page.fill("[name=password]", operator.casino.password)
    page.fill("[name=otp_token]", operator.casino.fresh_code(OPERATOR))
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/operator/")
    expect(page.locator("#ops-wall")).to_be_visible()
    operator.check("15-dashboard")


def approve(operator: Person, name: str, withdrawal: str) -> None:
    page = operator.page
    operator.open("/operator/queue/")
    row = page.locator("tr[data-ops-row]", has_text=name)
    expect(row).to_be_visible()
    operator.check("16-queue")
    row.get_by_role("link", name="Approve").click()
    page.wait_for_url(f"**/{withdrawal}/approve/")
    page.fill("[name=reason]", "Known wallet, small amount")
    page.fill("[name=code]", operator.casino.fresh_code(OPERATOR))
    operator.check("17-approve")
    page.locator(".ops-form button[type=submit]").click()
    page.wait_for_url(lambda url: not url.endswith("/approve/"))


def look_around(operator: Person, name: str, withdrawal: str) -> None:
    page = operator.page
    operator.open(f"/operator/queue/{withdrawal}/")
    operator.check("18-withdrawal")
    page.locator(".ops-facts").get_by_role("link", name=name).click()
    page.wait_for_url("**/operator/players/*/")
    timeline = page.locator(".ops-timeline")
    expect(timeline).to_contain_text("withdrawal", ignore_case=True)
    operator.check("18-player")
    timeline.locator("a[href*='/operator/entries/']").first.click()
    page.wait_for_url("**/operator/entries/*/")
    expect(page.get_by_text("Chain link")).to_be_visible()
    operator.check("19-entry")
    operator.open("/operator/audit/record/")
    expect(page.locator("#result_list, table").first).to_contain_text("withdrawal.approved")
    operator.check("19-audit")
