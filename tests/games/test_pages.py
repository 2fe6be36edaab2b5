"""The game's page in each of its states, and the player's rounds."""

import re
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from channels.layers import get_channel_layer
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Player
from apps.events import live
from apps.games.models import Game, GameSession
from apps.wallet import services as wallets
from tests.games.conftest import fund
from tests.games.factories import Table, follow_rounds, make_game, make_session
from tests.games.test_services import SLOT
from tests.simulator_client import Softswiss

HTMX = {"HX-Request": "true"}


@pytest.fixture
def slot(db: None) -> Game:
    return make_game(SLOT.title, identifier=SLOT.identifier, rtp="96.10", volatility=3)


@pytest.fixture
def guest(db: None) -> Client:
    return Client()


@pytest.fixture
def browser(player: Player) -> Client:
    client = Client()
    client.force_login(player.user)
    return client


def page(client: Client, game: Game, query: str = "") -> str:
    response = client.get(f"/games/{game.slug}/{query}")
    assert response.status_code == 200
    return response.content.decode()


def test_a_guest_may_register_or_try(guest: Client, slot: Game) -> None:
    html = page(guest, slot)

    assert "Register" in html
    assert reverse("games:demo", args=[slot.slug]) in html
    assert reverse("games:launch", args=[slot.slug]) not in html
    assert "96.10% over time" in html
    assert html.count("<h1") == 1


def test_a_player_without_money_is_shown_the_way_to_pay_in(browser: Client, slot: Game) -> None:
    html = page(browser, slot)

    assert "No BTC in your wallet" in html
    assert reverse("payments:deposit") in html
    assert reverse("games:launch", args=[slot.slug]) not in html


def test_a_player_with_money_may_play(browser: Client, player: Player, slot: Game) -> None:
    fund(player, "0.05", "BTC")

    html = page(browser, slot)

    assert reverse("games:launch", args=[slot.slug]) in html
    assert 'data-balance="BTC"' in html


def test_the_fun_side_of_the_toggle(browser: Client, slot: Game) -> None:
    html = page(browser, slot, "?mode=demo")

    assert "Fun money" in html
    assert reverse("games:demo", args=[slot.slug]) in html


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"enabled": False}, "Closed for now"),
        ({"blocked_countries": ["DE"]}, "Not offered where you live"),
    ],
)
def test_a_game_that_cannot_be_played_says_why(
    browser: Client, slot: Game, change: dict[str, Any], words: str
) -> None:
    Game.objects.filter(pk=slot.pk).update(**change)

    html = page(browser, slot)

    assert words in html
    assert reverse("games:launch", args=[slot.slug]) not in html


def test_a_suspended_player_is_told(browser: Client, player: Player, slot: Game) -> None:
    wallets.set_player_status(
        player_id=player.pk, status="suspended", actor="system", reason="test"
    )

    assert "Your account is suspended" in page(browser, slot)


@pytest.mark.parametrize("change", [{"is_listed": False}, {"released_on": "2099-01-01"}])
def test_a_game_that_is_gone_has_no_page(
    browser: Client, slot: Game, change: dict[str, Any]
) -> None:
    Game.objects.filter(pk=slot.pk).update(**change)

    assert browser.get(f"/games/{slot.slug}/").status_code == 404
    assert browser.post(f"/games/{slot.slug}/launch/").status_code == 404
    assert browser.get(f"/games/{slot.slug}/demo/").status_code == 404


def test_a_launch_puts_the_game_in_the_page(
    softswiss: Softswiss, browser: Client, player: Player, slot: Game
) -> None:
    fund(player, "10.00", "EUR")

    response = browser.post(f"/games/{slot.slug}/launch/", {"currency": "EUR"})

    html = response.content.decode()
    [frame] = re.findall(r"<iframe src=\"([^\"]+)\"", html)
    assert response.status_code == 200
    assert frame.startswith(softswiss.base_url)
    assert "data-session-start" in html
    assert "<html" in html
    assert "no-store" in response.headers["Cache-Control"]
    assert GameSession.objects.get().currency == "EUR"


def test_htmx_gets_the_stage_alone(
    softswiss: Softswiss, browser: Client, player: Player, slot: Game
) -> None:
    fund(player, "10.00", "EUR")

    response = browser.post(f"/games/{slot.slug}/launch/", {"currency": "EUR"}, headers=HTMX)

    html = response.content.decode()
    assert "<iframe" in html
    assert "<html" not in html
    assert html.lstrip().startswith('<section class="stage"')


def test_a_demo_opens_from_a_plain_link(softswiss: Softswiss, guest: Client, slot: Game) -> None:
    response = guest.get(f"/games/{slot.slug}/demo/")

    assert response.status_code == 200
    assert "<iframe" in response.content.decode()
    assert GameSession.objects.count() == 0


def test_a_guest_who_wants_to_play_is_sent_to_sign_in(guest: Client, slot: Game) -> None:
    response = guest.post(f"/games/{slot.slug}/launch/")

    assert response.status_code == 302
    assert response.headers["Location"] == f"{reverse('account_login')}?next=/games/{slot.slug}/"


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_partner_that_does_not_answer_is_said(
    softswiss: Softswiss, browser: Client, player: Player, slot: Game, headers: dict[str, str]
) -> None:
    fund(player, "10.00", "EUR")
    softswiss.switches(api_answer="error_before")

    response = browser.post(f"/games/{slot.slug}/launch/", {"currency": "EUR"}, headers=headers)

    assert response.status_code == (422 if headers else 503)
    assert "The studio does not answer" in response.content.decode()
    assert GameSession.objects.count() == 0


def test_a_wrong_currency_is_refused(browser: Client, player: Player, slot: Game) -> None:
    response = browser.post(f"/games/{slot.slug}/launch/", {"currency": "<b>"})

    assert response.status_code == 400
    assert "This did not open" in response.content.decode()


def test_launching_needs_a_form_of_ours(player: Player, slot: Game) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(player.user)

    assert client.post(f"/games/{slot.slug}/launch/").status_code == 403
    assert client.get(f"/games/{slot.slug}/launch/").status_code == 405


def test_leaving_ends_the_players_own_session(
    browser: Client, player: Player, other_player: Player, slot: Game
) -> None:
    mine = make_session(player, slot, ref="mine")
    theirs = make_session(other_player, slot, ref="theirs")

    response = browser.post(f"/games/{slot.slug}/leave/")

    mine.refresh_from_db()
    theirs.refresh_from_db()
    assert response.headers["Location"] == f"/games/{slot.slug}/"
    assert (mine.end_reason, theirs.ended_at) == ("left", None)


@pytest.mark.rule("GAM-06")
def test_rounds_are_the_players_own(
    browser: Client, player: Player, other_player: Player, slot: Game
) -> None:
    for number, owner in enumerate([player, other_player]):
        fund(owner, "10.00", "EUR")
        table = Table(owner, slot, make_session(owner, slot, ref=f"s-{number}"), "v1")
        table.act([("bet", f"a-{number}", 100)], round_id=f"round-{number}")
    follow_rounds()

    html = browser.get("/games/rounds/").content.decode()

    assert "round-0" in html
    assert "round-1" not in html
    assert slot.title in html
    assert "round-0" in page(browser, slot)


def test_the_page_of_rounds_goes_on(browser: Client, player: Player, slot: Game) -> None:
    fund(player, "10.00", "EUR")
    table = Table(player, slot, make_session(player, slot), "v1")
    for number in range(30):
        table.bet(f"a-{number}", 1, round_id=f"round-{number:02}")
    follow_rounds()

    first = browser.get("/games/rounds/").content.decode()
    [older] = re.findall(r"before=(\d+)", first)
    second = browser.get(f"/games/rounds/?before={older}").content.decode()

    assert "round-29" in first
    assert "round-04" not in first
    assert "round-04" in second
    assert "round-05" not in second


@pytest.mark.parametrize("query", ["before=x", "before=-1", "before=" + "9" * 40, "before=%D9%A1"])
def test_a_wrong_place_in_the_list_is_the_beginning(browser: Client, query: str) -> None:
    assert browser.get(f"/games/rounds/?{query}").status_code == 200


def test_rounds_need_a_player(guest: Client, browser: Client) -> None:
    assert guest.get("/games/rounds/").status_code == 302
    assert browser.get("/games/rounds/?game=nothing").status_code == 404


def test_the_page_asks_no_more_however_many_rounds_there_are(
    browser: Client, player: Player, slot: Game, django_assert_max_num_queries: Any
) -> None:
    fund(player, "10.00", "EUR")
    table = Table(player, slot, make_session(player, slot), "v1")
    for number in range(15):
        table.bet(f"a-{number}", 1, round_id=f"round-{number}")
    follow_rounds()
    page(browser, slot)

    with django_assert_max_num_queries(26):
        page(browser, slot)


def test_games_of_the_kind_stand_below(guest: Client, slot: Game) -> None:
    make_game("Lantern Quay")
    make_game("Green Baize", category="card")

    html = page(guest, slot)

    assert "Lantern Quay" in html
    assert "Green Baize" not in html


def test_the_rows_alone_bring_the_sessions_net_with_them(
    browser: Client, player: Player, slot: Game
) -> None:
    fund(player, "10.00", "EUR")
    table = Table(player, slot, make_session(player, slot), "v1")
    table.act([("bet", "a-1", 300), ("win", "a-2", 120)])
    follow_rounds()

    html = browser.get(f"/games/rounds/?game={slot.slug}", headers=HTMX).content.decode()

    assert "<html" not in html
    assert 'id="session-net" hx-swap-oob="true"' in html
    assert "\N{MINUS SIGN}1.8" in html


def test_a_session_that_is_even_says_so(browser: Client, player: Player, slot: Game) -> None:
    fund(player, "10.00", "EUR")
    table = Table(player, slot, make_session(player, slot), "v1")
    table.act([("bet", "a-1", 300), ("win", "a-2", 300)])
    follow_rounds()

    html = browser.get(f"/games/rounds/?game={slot.slug}", headers=HTMX).content.decode()

    assert 'id="session-net" hx-swap-oob="true"' in html


def test_the_rail_keeps_its_own_result_beside_a_game(browser: Client, slot: Game) -> None:
    html = page(browser, slot)

    assert 'id="session-net"' not in html, "no session is open"
    assert "Net <b>" in html, "the rail counts since the sign-in"


def test_open_pages_are_told_when_their_rounds_are_written(
    player: Player, other_player: Player, slot: Game
) -> None:
    fund(player, "10.00", "EUR")
    follow_rounds()
    table = Table(player, slot, make_session(player, slot), "v1")
    table.act([("bet", "a-1", 300), ("win", "a-2", 120)])

    async def frames_of_a_follow() -> list[dict[str, Any]]:
        layer = get_channel_layer()
        own, others = await layer.new_channel(), await layer.new_channel()
        await layer.group_add(live.player_group(player.pk), own)
        await layer.group_add(live.player_group(other_player.pk), others)
        await sync_to_async(follow_rounds)()
        await sync_to_async(live.push)(other_player.pk, "end", {})
        return [await layer.receive(own), await layer.receive(others)]

    own, others = async_to_sync(frames_of_a_follow)()

    assert own["stream"] == "rounds"
    assert others["stream"] == "end", "the other player is told nothing"


@pytest.mark.parametrize("path", ["/games/rounds/", "/games/{slug}/"])
def test_caches_tell_pages_from_their_parts(browser: Client, slot: Game, path: str) -> None:
    whole = browser.get(path.format(slug=slot.slug))
    part = browser.get(path.format(slug=slot.slug), headers=HTMX)

    assert b"<html" in whole.content
    assert b"<html" not in part.content
    for response in (whole, part):
        assert {"HX-Request", "HX-Boosted"} <= set(response["Vary"].split(", "))
