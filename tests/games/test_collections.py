"""Shelves of the lobby: by country, by time, by hand and by tag."""

from datetime import timedelta
from typing import Any

import pytest

from apps.audit.models import Record
from apps.core.clock import now
from apps.core.errors import InvalidInput
from apps.games import collections
from apps.games.collections import Wishes, for_country
from apps.games.errors import CollectionNotFound
from apps.games.models import Collection, Game
from tests.games.factories import make_game

WHY: dict[str, Any] = {"actor": "system", "reason": "For the season."}


def shelf(title: str = "Summer", games: tuple[str, ...] = (), **wishes: Any) -> Collection:
    made = collections.create(Wishes(title=title, **wishes), **WHY)
    return collections.arrange(made.pk, games, **WHY)


def shown(country: str | None = "DE", **at: Any) -> list[tuple[str, list[str]]]:
    return [(one.title, [game.slug for game in one.games]) for one in for_country(country, **at)]


@pytest.fixture(autouse=True)
def games(db: None) -> list[Game]:
    return [
        make_game("One", popularity=1),
        make_game("Two", popularity=2, tags=["summer"]),
        make_game("Three", popularity=3, tags=["summer", "new"]),
        make_game("Four", popularity=4, blocked_countries=["DE"], tags=["summer"]),
    ]


def test_games_stand_in_the_order_they_were_put_then_by_tag() -> None:
    shelf(games=("one", "two", "four"), tag="summer")

    assert shown() == [("Summer", ["one", "two", "three"])]
    assert shown("FI") == [("Summer", ["one", "two", "four", "three"])]


def test_shelves_are_for_countries_and_in_order() -> None:
    shelf("Last", ("one",), position=300)
    shelf("Nordic", ("one",), countries=["FI", "SE"], position=200)
    shelf("First", ("two",), position=100)

    assert [title for title, _ in shown("FI")] == ["First", "Nordic", "Last"]
    assert [title for title, _ in shown("DE")] == ["First", "Last"]
    assert [title for title, _ in shown(None)] == ["First", "Last"]


def test_a_shelf_has_its_time_and_its_switch() -> None:
    at = now()
    shelf("Soon", ("one",), starts_at=at + timedelta(hours=1), ends_at=at + timedelta(hours=2))
    shelf("Off", ("one",), enabled=False)
    shelf("Empty")

    assert shown() == []
    assert shown(at=at + timedelta(minutes=90)) == [("Soon", ["one"])]
    assert shown(at=at + timedelta(hours=2)) == []


def test_the_lobby_asks_as_often_however_many_shelves(django_assert_num_queries: Any) -> None:
    for number in range(6):
        shelf(f"Shelf {number}", ("one", "two"), tag="summer")

    with django_assert_num_queries(4):
        assert len(for_country("DE")) == 6


def test_staff_see_what_a_player_sees_and_why_the_rest_is_missing() -> None:
    make_game("Five", enabled=False)
    shelf("Here", ("one", "four", "five"))
    shelf("There", ("one",), countries=["FI"])

    here, there = collections.preview("DE")

    assert [game.slug for game in here.games] == ["one"]
    assert [(game.slug, why) for game, why in here.left_out] == [
        ("four", "not offered there"), ("five", "switched off"),
    ]  # fmt: skip
    assert (here.why_hidden, there.why_hidden) == ("", "not for this country")


@pytest.mark.parametrize(
    "wishes",
    [Wishes(title=" "), Wishes(title="!!!"), Wishes(title="x", tag="Ä"),
     Wishes(title="x", countries=["Germany"]), Wishes(title="x", tag="a" * 31),
     Wishes(title="x", starts_at=now(), ends_at=now() - timedelta(hours=1))],
)  # fmt: skip
def test_nonsense_makes_no_collection(wishes: Wishes) -> None:
    with pytest.raises(InvalidInput):
        collections.create(wishes, **WHY)

    assert Collection.objects.count() == Record.objects.count() == 0


def test_a_name_is_given_once() -> None:
    shelf()

    with pytest.raises(InvalidInput):
        collections.create(Wishes(title="summer"), **WHY)
    with pytest.raises(CollectionNotFound):
        collections.arrange(0, ["one"], **WHY)


def test_a_change_is_recorded_with_before_and_after() -> None:
    made = shelf(games=("one",))
    collections.change(made.pk, Wishes(title="Winter", position=5), **WHY)
    collections.change(made.pk, Wishes(title="Winter", position=5), **WHY)

    with pytest.raises(InvalidInput):
        collections.arrange(made.pk, ["one", "nothing"], **WHY)
    found = Record.objects.get(action="collection.changed")
    assert (found.before["title"], found.after["title"]) == ("Summer", "Winter")
    assert shown() == [("Winter", ["one"])]


def test_tags_are_small_and_sorted(games: list[Game]) -> None:
    game = collections.set_tags(games[0].pk, ["  High  Rollers", "new", "NEW", ""], **WHY)

    assert game.tags == ["high rollers", "new"]
    with pytest.raises(InvalidInput):
        collections.set_tags(game.pk, ["<b>"], **WHY)
    assert Record.objects.filter(action="game.tagged").count() == 1
