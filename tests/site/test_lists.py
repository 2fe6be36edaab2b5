"""Filters, their numbers, pages by position, and what one country must not see."""

import re
from decimal import Decimal

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import Player
from apps.games import browse
from apps.games.browse import Filters
from apps.games.models import Game
from tests.site.factories import make_game, make_games, make_studio

pytestmark = pytest.mark.django_db


@pytest.fixture
def shelf() -> None:
    other = make_studio("Kitebird")
    make_game("Amber", features=["wilds", "respins"], volatility=5, rtp=Decimal("97.20"))
    make_game("Beryl", features=["wilds"], volatility=1, rtp=Decimal("94.00"), has_jackpot=True)
    make_game("Coral", studio=other, features=["respins"], volatility=5, rtp=None)
    make_game("Dune", studio=other, category="card", volatility=None, blocked_countries=["FR"])


def filters(query: str) -> Filters:
    return browse.read_filters(QueryDict(query))


def titles(query: str, country: str | None = None) -> str:
    found = browse.games(filters(query), country).order_by("title")
    return " ".join(game.title for game in found)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", "Amber Beryl Coral Dune"),
        ("studio=kitebird", "Coral Dune"),
        ("studio=kitebird&studio=northlight", "Amber Beryl Coral Dune"),
        ("studio=kitebird&category=slots", "Coral"),
        ("feature=wilds&feature=respins", "Amber"),
        ("volatility=5&volatility=1", "Amber Beryl Coral"),
        ("rtp=97", "Amber"),
        ("rtp=0&rtp=97", "Amber Beryl"),
        ("jackpot=1&feature=wilds", "Beryl"),
        ("jackpot=0&rtp=12&volatility=x&sort=nonsense&unknown=1", "Amber Beryl Coral Dune"),
        ("feature=%00", "Amber Beryl Coral Dune"),
        ("studio=nobody", ""),
    ],
)
def test_filters_combine(shelf: None, query: str, found: str) -> None:
    assert titles(query) == found


def test_numbers_say_what_another_choice_would_bring(shelf: None) -> None:
    asked = filters("studio=kitebird&volatility=5")
    with CaptureQueriesContext(connection) as queries:
        found = browse.facets(asked)

    assert len(queries) == 1
    assert found.total == 1
    assert found.of("studio") == {"northlight": 1, "kitebird": 1}, "not narrowed by itself"
    assert found.of("volatility") == {"5": 1}, "narrowed by the studio"
    assert found.of("feature") == {"respins": 1}
    assert found.of("rtp") == {"": 1}


@pytest.mark.parametrize(
    "query", ["", "studio=kitebird", "rtp=97", "feature=wilds", "jackpot=1", "volatility=5"]
)
@pytest.mark.parametrize("country", [None, "FR"])
def test_every_number_is_what_the_list_then_shows(
    shelf: None, query: str, country: str | None
) -> None:
    asked = filters(query)
    found = browse.facets(asked, country)

    assert found.total == browse.games(asked, country).count()
    for group in browse.GROUPS:
        for value, count in found.of(group).items():
            if not value:
                continue
            chosen = getattr(asked, group)
            values = (*chosen, value) if group == "feature" else (value,)
            other = filters(query)
            narrowed = browse.replace(other, **{group: values})
            assert browse.games(narrowed, country).count() == count, (group, value)


@pytest.mark.parametrize("sort", list(browse.SORTS))
def test_pages_go_on_where_the_last_one_ended(sort: str) -> None:
    for number, game in enumerate(make_games(23)):
        Game.objects.filter(pk=game.pk).update(
            rtp=None if number % 3 == 0 else Decimal(90 + number % 4),
            released_on=None if number % 5 == 0 else game.released_on,
            popularity=number % 4,
        )
    seen: list[int] = []
    after = ""
    while True:
        page = browse.page(Filters(), sort=sort, after=after, size=5)
        seen += [game.pk for game in page.games]
        if not (after := page.after):
            break

    whole = browse.page(Filters(), sort=sort, size=100).games
    assert seen == [game.pk for game in whole]
    assert len(set(seen)) == 23


@pytest.mark.parametrize(
    "after",
    [
        "x",
        "!!!",
        "MQ",
        "MS54",
        "AAAA",
        "é",
        "MTIzLk5hTg",
        "OTk5OTk5OTk5OTk5OTk5OTk5OTk5Lg",
        "MS4x" * 200,
    ],
)
@pytest.mark.parametrize("sort", list(browse.SORTS))
def test_a_position_that_makes_no_sense_begins_at_the_top(
    client: Client, after: str, sort: str
) -> None:
    make_games(3)
    html = client.get("/games/", {"after": after, "sort": sort}).content.decode()

    assert html.count('class="poster"') <= 3


def test_a_page_far_down_costs_what_the_first_one_does(client: Client) -> None:
    make_games(60)
    first = client.get("/games/").content.decode()
    [more] = set(re.findall(r'href="(\?after=[^"]+)"', first))
    with CaptureQueriesContext(connection) as queries:
        second = client.get(f"/games/{more}", headers={"HX-Request": "true"}).content.decode()

    assert second.count('class="poster"') == 12
    assert "<main" not in second
    assert "Load more" not in second
    assert len(queries) <= 4


def test_the_address_keeps_the_filters_and_the_order(client: Client) -> None:
    make_games(60, volatility=4)
    make_game("Other", volatility=1)
    html = client.get("/games/?volatility=4&sort=title").content.decode()

    assert 'href="?volatility=4&amp;sort=title&amp;after=' in html
    assert 'value="4" checked' in html
    assert ">Show 60 games<" in html
    assert 'href="/games/?sort=title"' in html, "a chip takes the filter away and keeps the order"


def test_a_list_of_its_own_kind_does_not_offer_it_again(client: Client) -> None:
    make_games(2)
    make_game("Baize", category="card")
    html = client.get("/category/slots/?category=card").content.decode()

    assert html.count('class="poster"') == 2
    assert 'name="category"' not in html


def test_a_change_in_the_sheet_brings_its_groups_alone(client: Client) -> None:
    make_games(2)
    make_game("Baize", volatility=5)
    html = client.get(
        "/games/?volatility=5", headers={"HX-Request": "true", "HX-Target": "filter-groups"}
    ).content.decode()

    assert "Show 1 game<" in html
    assert 'class="poster"' not in html


def test_no_match_says_how_to_go_on(client: Client) -> None:
    make_games(2)
    html = client.get("/games/?volatility=1&jackpot=1").content.decode()

    assert "No game fits" in html
    assert "Clear all filters" in html


def test_what_is_blocked_where_the_player_lives_is_nowhere(client: Client, player: Player) -> None:
    make_game("Lost Reef", blocked_countries=["DE"], has_jackpot=True)
    make_game("Open Reef")
    client.force_login(player.user)

    for path in ("/", "/games/", "/games/?jackpot=1", "/search/?q=reef", "/search/?q=lst+ref"):
        assert "Lost Reef" not in client.get(path).content.decode(), path
    assert "Open Reef" in client.get("/games/").content.decode()


def test_studios_are_counted_where_the_visitor_is(client: Client, player: Player) -> None:
    make_game("Far Away", studio=make_studio("Kitebird"), blocked_countries=["DE"])
    make_games(2)
    guest = client.get("/studios/?sort=name").content.decode()
    client.force_login(player.user)
    own = client.get("/studios/").content.decode()

    assert ("Kitebird" in guest, "Kitebird" in own) == (True, False)
    assert "2 games" in own
