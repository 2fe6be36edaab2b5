"""Lobby, lists and search with few and with many games."""

import re

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import Player
from tests.site.factories import make_game, make_games, make_studio

pytestmark = pytest.mark.django_db

FORBIDDEN = (
    re.compile(r"<[^>]+\sstyle\s*=", re.IGNORECASE),
    re.compile(r"<script(?![^>]*\ssrc=)[^>]*>", re.IGNORECASE),
    re.compile(r"<style[\s>]", re.IGNORECASE),
    re.compile(r"<[^>]+\s(?:on[a-z]+|hx-on[^=\s]*)\s*=", re.IGNORECASE),
    re.compile(r"""(?:src|href)=["']https?://""", re.IGNORECASE),
)
PUBLIC = (
    "/",
    "/games/",
    "/category/slots/",
    "/studio/northlight/",
    "/studios/",
    "/search/?q=moon",
    "/terms/",
    "/privacy/",
)


def queries(client: Client, path: str) -> int:
    cache.clear()
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


def test_an_empty_house_says_so(client: Client) -> None:
    html = client.get("/").content.decode()

    assert "The shelves are empty" in html
    assert "Most played" not in html


def test_the_lobby_costs_the_same_with_three_and_with_eighty_games(client: Client) -> None:
    make_games(3)
    few = queries(client, "/")
    make_games_more = [make_game(f"Koi {number}") for number in range(77)]
    many = queries(client, "/")

    assert len(make_games_more) == 77
    assert many == few
    assert many <= 24
    with CaptureQueriesContext(connection) as warm:
        client.get("/")
    assert len(warm) <= 8


def test_a_game_is_shown_on_one_shelf(client: Client) -> None:
    make_games(30)
    html = client.get("/").content.decode()

    assert html.count('href="/games/moon-29/"') == 1


def test_boosted_navigation_gets_main_and_a_title_only(client: Client) -> None:
    make_game()
    response = client.get("/games/", headers={"HX-Request": "true", "HX-Boosted": "true"})
    html = response.content.decode()

    assert '<main id="main"' in html
    assert "<title>All games" in html
    assert 'class="rail"' not in html


@pytest.mark.parametrize(
    "path",
    [
        *PUBLIC,
        "/safer-play/",
        "/no-such-page/",
        "/accounts/login/",
        "/accounts/password/reset/",
        "/account/",
        "/wallet/",
        "/wallet/history/",
        "/wallet/deposit/status/",
        "/notices/",
    ],
)
@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_every_page_tells_caches_that_htmx_may_get_another(
    client: Client, player: Player, path: str, headers: dict[str, str]
) -> None:
    make_games(3)
    if "login" not in path:
        client.force_login(player.user)
    response = client.get(path, headers=headers)

    assert {"HX-Request", "HX-Boosted"} <= set(response["Vary"].split(", "))


@pytest.mark.parametrize("path", ["/manifest.webmanifest", "/robots.txt", "/avatar/x.svg"])
def test_what_is_no_page_is_cached_once(client: Client, path: str) -> None:
    assert "HX-Request" not in client.get(path).get("Vary", "")


@pytest.mark.parametrize(
    ("sort", "first"), [("title", "Amber"), ("popular", "Beryl"), ("nonsense", "Beryl")]
)
def test_lists_are_sorted(client: Client, sort: str, first: str) -> None:
    make_game("Amber", popularity=1)
    make_game("Beryl", popularity=2)
    html = client.get(f"/games/?sort={sort}").content.decode()
    titles = re.findall(r'class="poster-title"[^>]*>([^<]+)<', html)

    assert titles[0] == first


@pytest.mark.parametrize("path", ["/category/nothing/", "/studio/nobody/", "/no-such-page/"])
def test_what_does_not_exist_is_not_found(client: Client, path: str) -> None:
    make_game()

    assert client.get(path).status_code == 404


def test_search_finds_games_and_studios(client: Client) -> None:
    make_game("Tide of Koi", studio=make_studio("Moonlit Press"))
    make_game("Seven Moons")
    make_game("Brass Orchard")
    html = client.get("/search/", {"q": "moon"}, headers={"HX-Request": "true"}).content.decode()

    assert "Seven <mark>Moon</mark>s" in html
    assert "<mark>Moon</mark>lit Press" in html
    assert "Brass Orchard" not in html
    assert "<main" not in html


def test_search_without_a_match_offers_popular_games(client: Client) -> None:
    make_game("Seven Moons")
    html = client.get("/search/", {"q": "<b>zzz</b>"}).content.decode()

    assert "No match" in html
    assert "&lt;b&gt;zzz&lt;/b&gt;" in html
    assert "Seven Moons" in html


@pytest.mark.parametrize(
    "path", [*PUBLIC, "/safer-play/", "/accounts/login/", "/accounts/signup/", "/no-such-page/"]
)
def test_pages_carry_nothing_that_the_content_policy_forbids(client: Client, path: str) -> None:
    make_games(3)
    html = client.get(path).content.decode()

    assert html.count("<h1") == 1
    assert [
        found.pattern for found in FORBIDDEN if found.search(html) and path != "/safer-play/"
    ] == []


def test_the_style_guide_is_for_staff(client: Client, administrator: object) -> None:
    assert client.get("/styleguide/").status_code == 404
    client.force_login(administrator)  # type: ignore[arg-type]  # a user
    for path in ("/styleguide/", "/styleguide/?dir=rtl"):
        response = client.get(path)
        html = response.content.decode()
        assert response.status_code == 200
        assert [found.pattern for found in FORBIDDEN if found.search(html)] == []


def test_a_player_sees_the_purse_and_a_guest_the_way_in(client: Client, player: Player) -> None:
    make_game()
    guest = client.get("/").content.decode()
    client.force_login(player.user)
    own = client.get("/").content.decode()

    assert "Register" in guest
    assert "<x-live" not in guest
    assert "<x-live" in own
    assert player.display_name in own
    assert 'data-balance="BTC" data-version="1" data-decimals="8"' in own
    assert "0.04218800" in own
    assert "Register" not in own


def test_the_rail_shows_what_the_session_has_won_or_lost(client: Client, player: Player) -> None:
    make_game()
    client.force_login(player.user)

    assert "Net <b>" in client.get("/").content.decode()
    assert client.get("/session-net/").content.decode().startswith("Net <b>")


def test_a_guest_has_no_net_result(client: Client) -> None:
    assert client.get("/session-net/").content.decode().strip() == ""


def test_the_manifest_names_the_house(client: Client, settings: object) -> None:
    settings.SITE_NAME = "Another House"  # type: ignore[attr-defined]  # the fixture
    response = client.get("/manifest.webmanifest")

    assert response.json()["name"] == "Another House"
    assert response["Content-Type"] == "application/manifest+json"


def test_robots_are_kept_out_of_the_wallet(client: Client) -> None:
    assert "Disallow: /wallet/" in client.get("/robots.txt").content.decode()
