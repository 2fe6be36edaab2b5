from datetime import timedelta

import pytest

from apps.accounts.models import Player
from apps.core.clock import now
from apps.games import search, selectors
from apps.games.models import Game, Studio
from tests.games.factories import make_game, make_session


@pytest.fixture
def games(db: None) -> dict[str, Game]:
    heron = Studio.objects.create(name="Paper Heron", slug="paper-heron")
    return {
        "koi": make_game("Tide of Koi", popularity=5),
        "owl": make_game("Owl Meridian", popularity=9, studio=heron),
        "night": make_game("Night Owl", popularity=1, category="crash"),
        "owls": make_game("Howling Owls", popularity=7),
    }


def titles(found: object) -> list[str]:
    return [game.title for game in found]  # type: ignore[attr-defined]  # a query or a list


def test_games_are_found_by_title_then_word_then_beginning(games: dict[str, Game]) -> None:
    assert titles(search.search("owl")) == ["Owl Meridian", "Night Owl", "Howling Owls"]
    assert titles(search.search("OWL MER")) == ["Owl Meridian"]
    assert titles(search.search("koi tide")) == ["Tide of Koi"]
    assert titles(search.search("heron")) == ["Owl Meridian"]
    assert titles(search.search("owl heron")) == ["Owl Meridian"]


@pytest.mark.parametrize(
    "text", ["", "   ", "%", "_", "\\", "zzz", "\x00", "'; DROP TABLE", "x" * 999]
)
def test_odd_searches_find_nothing(games: dict[str, Game], text: str) -> None:
    assert titles(search.search(text)) == []


@pytest.mark.rule("GAM-12")
def test_restricted_games_are_hidden_where_they_are(games: dict[str, Game]) -> None:
    Game.objects.filter(pk=games["koi"].pk).update(blocked_countries=["DE", "AT"])

    assert "Tide of Koi" not in titles(selectors.visible_games("DE"))
    assert "Tide of Koi" in titles(selectors.visible_games("FI"))
    assert "Tide of Koi" in titles(selectors.visible_games())
    assert titles(search.search("koi", "DE")) == []


def test_what_is_not_out_or_taken_back_is_hidden(games: dict[str, Game]) -> None:
    today = now().date()
    Game.objects.filter(pk=games["koi"].pk).update(released_on=today + timedelta(days=1))
    Game.objects.filter(pk=games["owl"].pk).update(recalled_on=today)
    Game.objects.filter(pk=games["night"].pk).update(enabled=False)

    assert titles(selectors.visible_games()) == ["Howling Owls"]


def test_recent_games_are_each_there_once_latest_first(
    games: dict[str, Game], player: Player, other_player: Player
) -> None:
    for index, name in enumerate(["koi", "owl", "koi", "night"]):
        make_session(player, games[name], ref=f"s-{index}", ended_at=now())
    make_session(other_player, games["owls"], ref="s-9")
    Game.objects.filter(pk=games["owl"].pk).update(enabled=False)

    assert titles(selectors.recent_games(player, 5)) == ["Night Owl", "Tide of Koi"]
    assert titles(selectors.recent_games(player, 1)) == ["Night Owl"]


def test_similar_games_start_with_the_studios_own(games: dict[str, Game]) -> None:
    assert titles(selectors.similar_games(games["koi"], 5)) == ["Howling Owls", "Owl Meridian"]
