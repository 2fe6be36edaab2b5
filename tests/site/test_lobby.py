"""The lobby's rows: a player's own, those of the house, and that nothing kept outlives a change."""

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import Player
from apps.games import collections, kept, stops
from apps.games.models import Favourite, Game
from tests.games.factories import Table, follow_rounds, make_session
from tests.site.factories import fund, make_game, make_games, make_studio

pytestmark = pytest.mark.django_db


def html_of(client: Client, path: str = "/") -> str:
    return client.get(path).content.decode()


def shelf_of(html: str, name: str) -> str:
    _, _, rest = html.partition(f'id="shelf-{name}"')
    return rest.partition("</section>")[0]


@pytest.mark.parametrize(
    "change",
    [
        lambda game: Game.objects.filter(pk=game.pk).update(enabled=False),
        lambda game: Game.objects.filter(pk=game.pk).update(is_listed=False),
        lambda game: stops.begin(scope="studio", studio=game.studio, actor="staff", reason="x"),
        lambda game: Game.objects.filter(pk=game.pk).update(title="Another"),
    ],
)
def test_a_change_shows_at_once_though_rows_are_kept(client: Client, change: object) -> None:
    game = make_game("Seven Moons", studio=make_studio("Halfmoon"))
    make_game("Other")
    before = [html_of(client, path) for path in ("/", "/games/", "/search/?q=seven")]
    change(game)  # type: ignore[operator]  # one of the above
    after = [html_of(client, path) for path in ("/", "/games/", "/search/?q=seven")]

    assert all("Moons" in html for html in before)
    assert not any("Moons" in html for html in after)


def test_nothing_is_read_twice_until_something_changes() -> None:
    read: list[int] = []

    def look() -> int:
        read.append(1)
        return len(read)

    assert [kept.kept("test", look), kept.kept("test", look)] == [1, 1]
    make_game()
    assert kept.kept("test", look) == 2


def test_a_warm_lobby_costs_few_queries_whatever_it_shows(client: Client, player: Player) -> None:
    make_games(30, has_jackpot=True)
    client.force_login(player.user)
    for game in Game.objects.all()[:5]:
        Favourite.objects.create(player=player, game=game, created_at=game.synced_at)
    client.get("/")
    with CaptureQueriesContext(connection) as queries:
        client.get("/")

    assert len(queries) <= 26


def test_collections_are_rows_where_they_apply(client: Client, player: Player) -> None:
    games = make_games(3)
    wishes = collections.Wishes(title="Rainy days", countries=["PT"])
    made = collections.create(wishes, actor="staff", reason="x")
    collections.arrange(made.pk, [games[0].slug], actor="staff", reason="x")
    client.force_login(player.user)

    assert "Rainy days" not in html_of(client)
    player.country = "PT"
    player.save()
    assert "moon-0" in shelf_of(html_of(client), f"c-{made.slug}")


def test_continue_has_open_rounds_first_and_then_open_games(client: Client, player: Player) -> None:
    waiting, opened, left = (make_game(title) for title in ("Waiting", "Opened", "Left"))
    fund(player, "10.00", "EUR")
    Table(player, waiting, make_session(player, waiting, ref="w"), "v1").bet("a", 100)
    make_session(player, opened, ref="o")
    make_session(player, left, ref="l", ended_at=left.synced_at)
    follow_rounds()
    client.force_login(player.user)
    html = html_of(client)
    going_on, recent = shelf_of(html, "continue"), shelf_of(html, "recent")

    assert going_on.index("/games/waiting/") < going_on.index("/games/opened/")
    assert "Round open" in going_on
    assert "/games/left/" in recent
    assert "/games/opened/" not in recent
    assert "/games/left/" in html_of(client, "/recent/")


# ---- favourites ---------------------------------------------------------------------------------


def test_the_heart_marks_and_unmarks_without_script(client: Client, player: Player) -> None:
    game = make_game("Seven Moons")
    client.force_login(player.user)
    headers = {"Referer": "http://testserver/games/?sort=rtp"}
    marked = client.post("/favourites/set/", {"add": game.slug}, headers=headers)
    html = html_of(client)

    assert marked["Location"] == "/games/?sort=rtp"
    assert "seven-moons" in shelf_of(html, "favourites")
    assert 'name="remove" value="seven-moons" aria-pressed="true"' in html
    assert "Seven Moons" in html_of(client, "/favourites/")
    client.post("/favourites/set/", {"remove": game.slug})
    assert "No favourites yet" in html_of(client, "/favourites/")


def test_the_same_again_changes_nothing(client: Client, player: Player) -> None:
    game = make_game()
    client.force_login(player.user)
    for _ in range(2):
        answer = client.post("/favourites/set/", {"add": game.slug}, headers={"HX-Request": "true"})
        assert answer.status_code == 204

    assert Favourite.objects.count() == 1


@pytest.mark.parametrize(
    "referer", ["https://elsewhere.example/x", "", "http://testserver//elsewhere.example"]
)
def test_the_way_back_stays_in_the_house(client: Client, player: Player, referer: str) -> None:
    game = make_game()
    client.force_login(player.user)
    answer = client.post("/favourites/set/", {"add": game.slug}, headers={"Referer": referer})

    assert answer["Location"] == "/"


def test_favourites_need_a_player_and_a_game(client: Client, player: Player) -> None:
    game = make_game()

    assert "/accounts/login/" in client.post("/favourites/set/", {"add": game.slug})["Location"]
    assert client.get("/favourites/").status_code == 302
    assert "data-heart" not in html_of(client)
    client.force_login(player.user)
    assert client.post("/favourites/set/", {"add": "nothing"}).status_code == 404
    assert client.post("/favourites/set/", {}).status_code == 404
    assert client.get("/favourites/set/").status_code == 405


def test_favourites_of_another_are_not_mine(
    client: Client, player: Player, administrator: object
) -> None:
    game = make_game()
    Favourite.objects.create(player=player, game=game, created_at=game.synced_at)
    cache.clear()

    assert 'aria-pressed="true"' not in html_of(client, "/games/")
