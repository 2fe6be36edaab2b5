"""The games part of the API: as a guest, a player, a key of either scope, somebody else."""

from typing import Any

import pytest
from django.test import Client

from apps.accounts import services as accounts
from apps.accounts.models import Player
from apps.games.models import Game, GameSession
from tests.games.conftest import fund
from tests.games.factories import Table, follow_rounds, make_game, make_session
from tests.games.test_services import SLOT
from tests.simulator_client import Softswiss


@pytest.fixture
def slot(db: None) -> Game:
    return make_game(SLOT.title, identifier=SLOT.identifier, rtp="96.10")


def key(player: Player, *scopes: str) -> dict[str, str]:
    _, text = accounts.create_api_key(player=player, name="test", scopes=list(scopes))
    return {"Authorization": f"Bearer {text}"}


def launch(game: Game, headers: dict[str, str], **data: Any) -> Any:
    return Client().post(
        f"/api/v1/games/{game.slug}/launch/", data, content_type="application/json", headers=headers
    )


def test_anyone_may_list_games(slot: Game) -> None:
    make_game("Green Baize", category="card")

    every = Client().get("/api/v1/games/").json()
    cards = Client().get("/api/v1/games/?category=card").json()
    found = Client().get("/api/v1/games/", {"search": SLOT.title[:6]}).json()

    assert [game["title"] for game in every["results"]] == ["Green Baize", SLOT.title]
    assert [game["title"] for game in cards["results"]] == ["Green Baize"]
    assert [game["slug"] for game in found["results"]] == [slot.slug]
    assert every["results"][1]["rtp"] == "96.10"
    assert every["results"][1]["studio"] == {"slug": "inkfield", "name": "Inkfield"}


def test_the_list_pages_by_cursor_in_few_queries(db: None, django_assert_num_queries: Any) -> None:
    for number in range(5):
        make_game(f"Game {number}")

    with django_assert_num_queries(1):
        first = Client().get("/api/v1/games/?limit=3").json()
    second = Client().get("/api/v1/games/", {"limit": 3, "cursor": first["next_cursor"]}).json()

    assert [game["title"] for game in first["results"]] == ["Game 4", "Game 3", "Game 2"]
    assert [game["title"] for game in second["results"]] == ["Game 1", "Game 0"]
    assert second["next"] is None


@pytest.mark.parametrize("query", ["colour=red", "cursor=zzz", "limit=0", "search=" + "x" * 61])
def test_wrong_questions_are_refused(slot: Game, query: str) -> None:
    response = Client().get(f"/api/v1/games/?{query}")

    assert response.status_code == 400
    assert response.json()["error"]["code"] == "invalid_input"


def test_a_game_has_its_facts(slot: Game) -> None:
    told = Client().get(f"/api/v1/games/{slot.slug}/").json()

    assert (told["slug"], told["enabled"], told["features"]) == (slot.slug, True, [])
    assert Client().get("/api/v1/games/nothing/").status_code == 404


def test_a_key_that_may_play_launches(softswiss: Softswiss, player: Player, slot: Game) -> None:
    fund(player, "10.00", "EUR")

    response = launch(slot, key(player, "play"), currency="EUR")

    assert response.status_code == 200
    assert response.json()["strategy"] == "iframe"
    assert response.json()["url"].startswith(softswiss.base_url)
    assert GameSession.objects.get().player == player


def test_the_active_currency_is_the_default(
    softswiss: Softswiss, player: Player, slot: Game
) -> None:
    launch(slot, key(player, "play"))

    assert GameSession.objects.get().currency == "BTC"


@pytest.mark.parametrize("scopes", [(), ("read",), ("money",), ("read", "money")])
def test_others_launch_nothing(
    softswiss: Softswiss, player: Player, slot: Game, scopes: tuple[str, ...]
) -> None:
    response = launch(slot, key(player, *scopes) if scopes else {})

    assert response.status_code == (403 if scopes else 401)
    assert softswiss.sessions() == []
    assert GameSession.objects.count() == 0


@pytest.mark.parametrize(
    "data",
    [{"mode": "free"}, {"currency": 7}, {"currency": "XXX"}, {"client_type": "tv"}, {"ip": "1"}],
)
def test_a_wrong_launch_is_refused(
    softswiss: Softswiss, player: Player, slot: Game, data: dict[str, Any]
) -> None:
    response = launch(slot, key(player, "play"), **data)

    assert response.status_code == 400
    assert softswiss.sessions() == []


def test_refusals_have_their_codes(softswiss: Softswiss, player: Player, slot: Game) -> None:
    headers = key(player, "play")
    softswiss.switches(api_answer="error_before")
    down = launch(slot, headers)
    Game.objects.update(enabled=False)
    closed = launch(slot, headers)
    Game.objects.update(enabled=True, blocked_countries=["DE"])
    restricted = launch(slot, headers)

    told = [(one.status_code, one.json()["error"]["code"]) for one in (down, closed, restricted)]
    assert told == [(503, "provider_down"), (409, "game_unavailable"), (403, "game_restricted")]


def test_rounds_are_the_players_own(player: Player, other_player: Player, slot: Game) -> None:
    for number, owner in enumerate([player, other_player]):
        fund(owner, "10.00", "EUR")
        table = Table(owner, slot, make_session(owner, slot, ref=f"s-{number}"), "v1")
        table.act(
            [("bet", f"a-{number}", 100), ("win", f"w-{number}", 30)],
            round_id=f"r-{number}", finished=True,
        )  # fmt: skip
    follow_rounds()

    told = Client().get("/api/v1/rounds/", headers=key(player, "read")).json()["results"]

    [one] = told
    assert (one["round"], one["game"], one["currency"]) == ("r-0", slot.slug, "EUR")
    assert (one["stake"], one["win"], one["net"], one["state"]) == (
        "1.00",
        "0.30",
        "-0.70",
        "closed",
    )
    assert Client().get("/api/v1/rounds/").status_code == 401
