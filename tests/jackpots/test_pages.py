"""What players and staff see, and who may do what."""

import json
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.cache import cache
from django.test import Client

from apps.accounts.models import Player, User
from apps.audit import proposals
from apps.audit.models import Proposal, Record
from apps.core.clock import now
from apps.games.models import Game
from apps.games.providers.softswiss.simulator import catalogue
from apps.jackpots import booking, feeds, payouts, selectors
from apps.jackpots.models import Jackpot, PartnerPot, Version, Win
from apps.operator.roles import PERMISSIONS
from tests.games.factories import make_game
from tests.jackpots.factories import bet, level, make_jackpot, read, rich
from tests.operator.factories import make_staff, signed_in
from tests.simulator_client import Softswiss
from tests.site.browser import DESKTOP, PHONE, visiting

pytestmark = pytest.mark.django_db
SOON = level(seed="10.00", low="10.01", high="10.05")
GRAND = level("grand", seed="1000.00", kind="time", hours=24, high="5000.00", share_bps=1000)
AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], "preload": False}


@pytest.fixture(autouse=True)
def _nothing_cached() -> None:
    cache.delete("jackpots.ticker")


@pytest.fixture
def finance(db: None) -> User:
    return make_staff("finance")


@pytest.fixture
def won(player: Player) -> Win:
    """A jackpot of two levels, one of which was won and paid."""
    make_jackpot(SOON | {"share_bps": 9000}, GRAND)
    rich(player)
    bet(player, "100.00")
    read()
    payouts.pay_due()
    booking.book_all()
    return Win.objects.get()


def test_a_winner_who_hides_is_nobody_to_strangers(won: Win) -> None:
    Player.objects.filter(pk=won.player_id).update(hides_name=True)

    assert [one.name for one in selectors.winners()] == ["Hidden"]


def test_everybody_sees_pots_winners_and_seals(
    client: Client, won: Win, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(25):
        page = client.get("/jackpots/").content.decode()

    assert "1,000.09" in page
    assert "al***" in page
    assert "alice" not in page
    for cycle in won.level.cycles.filter(seed=""):
        assert cycle.commitment in page
    part = client.get("/jackpots/live/").content.decode()
    assert "10.05" in part
    assert "<html" not in part
    assert "1,000.09" in client.get("/jackpots/ticker/").content.decode()


def test_a_drop_is_public_with_its_proof(client: Client, won: Win) -> None:
    page = client.get(f"/jackpots/drops/{won.public_id}/").content.decode()
    file = json.loads(client.get(f"/jackpots/drops/{won.public_id}.json").content)

    assert "This drop holds." in page
    assert file["seed"] in page
    assert file == selectors.drop(won)
    assert client.get("/jackpots/drops/jw_nothing/").status_code == 404
    assert client.get("/jackpots/drops/jw_nothing.json").status_code == 404


def test_a_player_chooses_to_take_part(client: Client, player: Player) -> None:
    make_jackpot(needs_opt_in=True)
    assert client.post("/jackpots/house/choice/", {"takes_part": "yes"}).status_code == 302
    client.force_login(player.user)

    assert client.get("/jackpots/house/choice/").status_code == 405
    client.post("/jackpots/house/choice/", {"takes_part": "yes"})
    client.post("/jackpots/house/choice/", {"takes_part": "yes"})
    rich(player)
    bet(player, "1.00")
    read()

    assert "Stop taking part" in client.get("/jackpots/").content.decode()
    assert Jackpot.objects.get().levels.get().contributed > 0
    client.post("/jackpots/house/choice/", {"takes_part": "no"})
    assert "You take part." not in client.get("/jackpots/").content.decode()
    assert client.post("/jackpots/none/choice/", {"takes_part": "yes"}).status_code == 404


def test_the_site_works_without_any_jackpot(client: Client, db: None) -> None:
    assert "No jackpot is running" in client.get("/jackpots/").content.decode()
    assert client.get("/jackpots/ticker/").content.strip() == b""
    assert selectors.ticker() == []


# ---- partners -------------------------------------------------------------------------------------


def test_the_feed_of_a_partner_is_read_and_shown(softswiss: Softswiss, settings: Any) -> None:
    settings.SOFTSWISS_JACKPOT_FEED = True
    settings.ALEA_BASE_URL = ""

    told = next(one for one in catalogue.games().values() if one.has_jackpot and one.is_playable)
    game = make_game(told.title, identifier=told.identifier, has_jackpot=True)
    other = make_game("Without", identifier="inkfield:Without")

    assert feeds.read_feeds() == 6  # three levels in two currencies; the others are not ours

    found = selectors.values_for([game.pk, other.pk])
    assert list(found) == [game.pk]
    assert (found[game.pk].name, found[game.pk].amount.currency.code) == ("Grand", "EUR")
    assert not found[game.pk].is_late
    dollars = selectors.values_for([game.pk], code="USD")[game.pk]
    assert dollars.amount.currency.code == "USD"
    PartnerPot.objects.update(seen_at=now().replace(year=2025))
    assert selectors.values_for([game.pk]) == {}


def test_a_feed_that_fails_keeps_what_was_told(softswiss: Softswiss, settings: Any) -> None:
    settings.SOFTSWISS_JACKPOT_FEED = True
    settings.SOFTSWISS_AUTH_TOKEN = "another"
    settings.ALEA_BASE_URL = ""
    game = make_game()
    PartnerPot.objects.create(
        game=game, level=1, name="Mini", currency="EUR", amount=5, seen_at=now()
    )

    assert feeds.read_feeds() == 0

    assert PartnerPot.objects.count() == 1


# ---- staff ----------------------------------------------------------------------------------------

PAGES = [
    ("/operator/pots/", "jackpots.view_jackpot"),
    ("/operator/pots/house/", "jackpots.view_jackpot"),
    ("/operator/pots/new/", "jackpots.propose_jackpot"),
    ("/operator/pots/house/rules/", "jackpots.propose_jackpot"),
    ("/operator/pots/house/pause/", "jackpots.pause_jackpot"),
    ("/operator/jackpots/win/", "jackpots.view_win"),
]


@pytest.mark.parametrize("role", sorted(PERMISSIONS))
def test_staff_see_what_their_role_includes(role: str, won: Win) -> None:
    client = signed_in(make_staff(role))

    for path, permission in PAGES:
        allowed = permission in PERMISSIONS[role]
        wanted = 200 if allowed else 403
        assert client.get(path).status_code == wanted, path
    for act in ("release", "void"):
        permission = f"jackpots.{'release' if act == 'release' else 'propose'}_win"
        status = client.get(f"/operator/jackpot-wins/{won.public_id}/{act}/").status_code
        assert status == (200 if permission in PERMISSIONS[role] else 403)


def test_nobody_else_sees_the_back_office(client: Client, player: Player, won: Win) -> None:
    client.force_login(player.user)

    for path, _permission in PAGES:
        assert client.get(path).status_code in {302, 404}


RULES = {
    "contribution": "0.005", "reserve": "0.1", "stake_min": "0.10", "rank_min": "0",
    "partners": "", "games": "", "currencies": "BTC, EUR", "countries": "", "reason": "A launch",
    "mini_name": "Mini", "mini_share_bps": "10000", "mini_seed": "5.00", "mini_kind": "amount",
    "mini_low": "6.00", "mini_high": "9.00", "mini_hours": "", "mini_mean": "",
}  # fmt: skip


@pytest.mark.rule("GAM-21")
def test_two_people_open_a_jackpot_and_change_its_rules(
    finance: User, administrator: User, player: Player
) -> None:
    desk = signed_in(finance)
    names = {"name": "Weekend", "code": "weekend", "levels": "mini"}

    first = desk.post("/operator/pots/new/", names)
    assert first.status_code == 302
    assert desk.post(first["Location"], RULES | {"mini_low": "4.00"}).status_code == 422
    assert desk.post(first["Location"], RULES | {"contribution": "x"}).status_code == 422
    assert not Proposal.objects.exists()
    assert desk.post(first["Location"], RULES).status_code == 302
    assert not Jackpot.objects.exists()
    _approve(administrator)

    jackpot = Jackpot.objects.get()
    assert jackpot.levels.get().pool == 5
    assert Record.objects.filter(action="jackpot.opened").exists()
    assert desk.get("/operator/pots/weekend/rules/").status_code == 200
    assert desk.post("/operator/pots/weekend/rules/", RULES).status_code == 422
    changed = desk.post("/operator/pots/weekend/rules/", RULES | {"contribution": "0.01"})
    assert changed.status_code == 302
    assert desk.get("/operator/pots/").status_code == 200
    _approve(administrator)
    assert [one.number for one in Version.objects.all()] == [1, 2]
    for wrong in ({"code": "No!"}, {"levels": "a,a"}, {"levels": "mini,mini"}):
        assert desk.post("/operator/pots/new/", names | wrong).status_code == 422
    assert desk.get("/operator/pots/new/?levels=mini&code=No").status_code == 200


def test_a_pause_takes_a_reason_and_is_recorded(finance: User, won: Win) -> None:
    desk = signed_in(finance)

    assert desk.post("/operator/pots/house/pause/", {"reason": ""}).status_code == 422
    assert desk.post("/operator/pots/house/pause/", {"reason": "A check"}).status_code == 302
    assert desk.post("/operator/pots/house/pause/", {"reason": "Again"}).status_code == 422

    assert Record.objects.get(action="jackpot.paused").reason == "A check"
    assert selectors.ticker() == []
    assert "Paused" in Client().get("/jackpots/").content.decode()
    assert desk.post("/operator/pots/house/resume/", {"reason": "Done"}).status_code == 302
    assert not Jackpot.objects.get().is_paused


def test_the_report_says_what_the_ledger_says(won: Win) -> None:
    mini, grand = selectors.report(Jackpot.objects.get())

    assert (mini.contributed.text, mini.paid.text) == ("0.90", "10.05")
    assert mini.liability == mini.pot + mini.reserve
    assert (mini.pot.text, mini.unpaid.text, mini.gap.text) == ("10.00", "0.00", "0.00")
    assert (grand.cost.text, grand.liability.text) == ("1000.10", "1000.10")
    assert grand.unbooked.text == "0.00"


@pytest.mark.browser
def test_pages_are_clean_on_both_sizes(
    client: Client, won: Win, player: Player, finance: User
) -> None:
    make_game("Koi", has_jackpot=True)
    with visiting(client, DESKTOP) as visit:
        _check(visit, "/jackpots/")
        visit.page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        assert not _is_wide(visit)
        _check(visit, f"/jackpots/drops/{won.public_id}/")
    with visiting(signed_in(finance)) as visit:
        _check(visit, "/operator/pots/house/")


def _check(visit: Any, path: str) -> None:
    visit.open(path)
    found = Axe().run(visit.page, options=AXE).response["violations"]
    assert [(one["id"], [n["html"][:160] for n in one["nodes"]]) for one in found] == []
    assert visit.complaints == []
    assert not _is_wide(visit), path


def _is_wide(visit: Any) -> bool:
    return bool(visit.page.evaluate("document.documentElement.scrollWidth > innerWidth"))


def _approve(by: User) -> None:
    waiting = Proposal.objects.get(state="waiting")
    proposals.approve(waiting.public_id, by=by, reason="Agreed", seen_hash=waiting.content_hash)


def test_games_keep_their_partner_pots_apart(db: None) -> None:
    one, two = make_game("One"), make_game("Two")
    for game, amount in ((one, 5), (two, 7)):
        PartnerPot.objects.create(
            game=game, level=1, name="Mini", currency="EUR", amount=amount, seen_at=now()
        )

    found = selectors.values_for(Game.objects.values_list("pk", flat=True))

    assert {pk: pot.amount.text for pk, pot in found.items()} == {one.pk: "5.00", two.pk: "7.00"}
