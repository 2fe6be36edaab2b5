"""Rounds of all games on one page, one round by its address, and the feed of everybody's bets."""

import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import Player
from apps.accounts.profile import set_hides_name
from apps.core.clock import now
from apps.core.money import Money
from apps.games.models import Game, Round
from apps.ledger.models import Cursor
from apps.ledger.selectors import currency
from apps.originals import services as originals
from apps.originals.models import Bet
from tests.games.factories import Table, follow_rounds, make_session
from tests.rates.factories import set_rates
from tests.site.factories import fund, make_game

pytestmark = pytest.mark.django_db


@pytest.fixture
def slot() -> Game:
    return make_game("Tide of Koi")


@pytest.fixture
def played(player: Player, slot: Game) -> dict[str, Round]:
    """A win of 3.00 and a loss of 2.00 on a slot, and a bet on dice."""
    fund(player, "20.00", "EUR")
    table = Table(player, slot, make_session(player, slot), "v1")
    table.act([("bet", "a-1", 100), ("win", "a-2", 400)], round_id="won-1", finished=True)
    table.act([("bet", "b-1", 200)], round_id="lost-1", finished=True)
    dice(player, "one")
    follow_rounds()
    return {one.round_ref: one for one in Round.objects.all()}


def dice(player: Player, key: str, **more: bool) -> Bet:
    stake = Money.parse("1.00", currency("EUR"))
    choice = {"target": 5050, "over": True}
    return originals.place(player=player, game="dice", choice=choice, stake=stake, key=key, **more)  # type: ignore[arg-type]  # is_hidden alone


@pytest.fixture
def own(client: Client, player: Player) -> Client:
    client.force_login(player.user)
    return client


def html_of(client: Client, path: str, **query: str) -> str:
    return client.get(path, query).content.decode()


def test_our_games_stand_among_the_others(own: Client, played: dict[str, Round]) -> None:
    bet = Bet.objects.get()
    html = html_of(own, "/games/rounds/")

    assert {"won-1", "lost-1", bet.public_id} == set(played)
    assert ">Tide of Koi</a>" in html
    assert ">Dice</a>" in html
    assert f'href="/originals/bets/{bet.public_id}/"' in html
    assert ">Won<" in html
    assert ">Lost<" in html


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"game": "tide-of-koi"}, {"won-1", "lost-1"}),
        ({"game": "dice"}, {"bet"}),
        ({"outcome": "won", "game": "tide-of-koi"}, {"won-1"}),
        ({"outcome": "lost", "game": "tide-of-koi"}, {"lost-1"}),
        ({"outcome": "open"}, set()),
        ({"outcome": "undone"}, set()),
        ({"outcome": "nonsense", "from": "x", "to": "99999-01-01"}, {"won-1", "lost-1", "bet"}),
        ({"to": "2020-01-01"}, set()),
        ({"from": "2020-01-01", "to": "9999-12-31"}, {"won-1", "lost-1", "bet"}),
    ],
)
def test_rounds_are_narrowed(
    own: Client, played: dict[str, Round], query: dict[str, str], found: set[str]
) -> None:
    answer = own.get("/games/rounds/", query)
    shown = {one.ref if not one.is_original else "bet" for one in answer.context["rounds"]}

    assert answer.status_code == 200
    assert shown == found


def test_pages_keep_the_filter(own: Client, player: Player, slot: Game) -> None:
    fund(player, "20.00", "EUR")
    table = Table(player, slot, make_session(player, slot), "v1")
    for number in range(27):
        table.bet(f"a-{number}", 1, round_id=f"round-{number:02}", finished=True)
    follow_rounds()
    html = html_of(own, "/games/rounds/", game=slot.slug, outcome="lost")
    [older] = re.findall(r'href="(\?[^"]*before=\d+)"', html)
    with CaptureQueriesContext(connection) as queries:
        second = own.get("/games/rounds/" + older.replace("&amp;", "&")).content.decode()

    assert "outcome=lost" in older
    assert "round-01" in second
    assert "round-02" not in second
    assert len(queries) <= 18


def test_an_address_shows_one_round_to_whoever_has_it(
    own: Client, played: dict[str, Round]
) -> None:
    [address] = re.findall(
        r'href="(/games/rounds/[^"]+/)" title="won-1"', html_of(own, "/games/rounds/")
    )
    mine = html_of(own, address)
    theirs = Client().get(address).content.decode()

    assert "Played by you" in mine
    assert ">Net<" in mine
    assert "Played by al***" in theirs
    assert ">Net<" not in theirs
    assert "4.00×" in theirs


def test_an_address_outlives_a_rebuild(own: Client, played: dict[str, Round]) -> None:
    [address] = re.findall(
        r'href="(/games/rounds/[^"]+/)" title="won-1"', html_of(own, "/games/rounds/")
    )
    Round.objects.all().delete()
    Cursor.objects.filter(name="rounds").update(position=0)
    follow_rounds()

    assert "won-1" in html_of(own, address)


@pytest.mark.parametrize("address", ["x", "WzEsMiwiYSJd:bad:sig", "a" * 700, "1"])
def test_an_address_cannot_be_made_up(client: Client, address: str) -> None:
    assert client.get(f"/games/rounds/{address}/").status_code == 404


# ---- the feed -----------------------------------------------------------------------------------


def rows(client: Client, **query: str) -> list[str]:
    """Names of the games in the feed, in order."""
    cache.clear()
    html = html_of(client, "/feed/", **query).partition('id="feed-rows"')[2]
    return re.findall(r'<span class="feed-game">.*?<a href="/(?:games|originals)/([^/]+)/"', html)


def test_the_feed_has_everybodys_finished_bets_with_masked_names(
    client: Client, player: Player, played: dict[str, Round]
) -> None:
    html = html_of(client, "/feed/")

    assert rows(client) == ["dice", "tide-of-koi", "tide-of-koi"]
    assert "al***" in html
    assert player.display_name not in html
    assert rows(client, game="tide-of-koi") == ["tide-of-koi", "tide-of-koi"]
    assert client.get("/feed/?game=nothing").status_code == 404


def test_an_open_round_is_not_in_the_feed(client: Client, player: Player, slot: Game) -> None:
    fund(player, "20.00", "EUR")
    Table(player, slot, make_session(player, slot), "v1").bet("a", 100)
    follow_rounds()

    assert rows(client) == []


def test_rankings(client: Client, player: Player, played: dict[str, Round]) -> None:
    other = make_game("High Table")
    fund(player, "5.00", "USDT")
    session = make_session(player, other, "USDT", ref="usdt")
    table = Table(player, other, session, "v2")
    table.act([("bet", "h-1", 100)], round_id="high", finished=True)
    follow_rounds()

    assert rows(client, feed="top")[0] == "tide-of-koi"
    # Without a price what is staked in a currency cannot be compared.
    assert rows(client, feed="high")[0] == "tide-of-koi"
    assert "high-table" not in rows(client, feed="high")
    set_rates(USDT="50")
    assert rows(client, feed="high")[0] == "high-table"
    assert rows(client, feed="nonsense") == rows(client)


def test_a_player_may_hide(client: Client, player: Player, played: dict[str, Round]) -> None:
    client.force_login(player.user)
    client.post("/account/", {"hides_name": "on"})
    player.refresh_from_db()
    cache.clear()
    html = html_of(Client(), "/feed/")

    assert player.hides_name
    assert "al***" not in html
    assert "Hidden" in html
    set_hides_name(player=player, hides_name=False)
    cache.clear()
    assert "al***" in html_of(Client(), "/feed/")


def test_a_bet_that_was_hidden_stays_so(client: Client, player: Player) -> None:
    fund(player, "20.00", "EUR")
    dice(player, "hidden", is_hidden=True)
    follow_rounds()

    assert "al***" not in html_of(client, "/feed/")


def test_an_open_page_is_told_only_what_is_new(
    client: Client, player: Player, played: dict[str, Round]
) -> None:
    part = {"HX-Request": "true"}
    first = client.get("/feed/", headers=part)
    [seen] = re.findall(r"seen=(\w+)", first.content.decode())
    with CaptureQueriesContext(connection) as queries:
        same = client.get("/feed/", {"feed": "all", "seen": seen}, headers=part)

    assert "<main" not in first.content.decode()
    assert (same.status_code, len(queries)) == (204, 0)
    Round.objects.filter(round_ref="won-1").update(started_at=now() - timedelta(days=1))
    dice(player, "two")
    follow_rounds()
    cache.clear()
    assert client.get("/feed/", {"feed": "all", "seen": seen}, headers=part).status_code == 200


def test_the_feed_costs_the_same_however_many_play(
    client: Client, player: Player, played: dict[str, Round]
) -> None:
    def cost() -> int:
        cache.clear()
        with CaptureQueriesContext(connection) as queries:
            client.get("/feed/", headers={"HX-Request": "true"})
        return len(queries)

    few = cost()
    for number in range(10):
        dice(player, f"more-{number}")
    follow_rounds()

    assert cost() == few <= 4
