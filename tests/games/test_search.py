"""Search: what is found, in which order, and that it follows the catalogue."""

import pytest
from django.db import connection

from apps.games import search
from apps.games.models import Game, SearchEntry, Studio
from tests.games.factories import make_game, make_studio

pytestmark = pytest.mark.django_db


def titles(text: str, country: str | None = None) -> list[str]:
    return [game.title for game in search.search(text, country)]


@pytest.fixture
def shelf() -> list[Game]:
    named = ["Book of Gold", "Golden Tiger", "Gold", "Fool's Gold", "Thunder Bay", "Starburst Way"]
    return [make_game(title, popularity=number) for number, title in enumerate(named)]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("bok of gol", "Book of Gold"),
        ("book of gold", "Book of Gold"),
        ("gold", "Gold"),
        ("glod", "Gold"),
        ("THUNDR", "Thunder Bay"),
        ("thnder by", "Thunder Bay"),
        ("tigre golden", "Golden Tiger"),
        ("fools gold", "Fool's Gold"),
        ("bookofgold", "Book of Gold"),
        ("star burst", "Starburst Way"),
        ("burst", "Starburst Way"),
        ("startburst", "Starburst Way"),
        ("gold unheardof", "Fool's Gold"),
    ],
)
def test_typos_and_parts_are_found(shelf: list[Game], typed: str, first: str) -> None:
    assert titles(typed)[0] == first


def test_the_order_is_exact_beginning_word_inside_and_typo(shelf: list[Game]) -> None:
    make_game("Goldd", popularity=99)
    make_game("Golf", popularity=999)

    assert titles("gold") == [
        "Gold",
        "Goldd",
        "Golden Tiger",
        "Fool's Gold",
        "Book of Gold",
        "Golf",
    ]


def test_among_equals_the_most_played_comes_first() -> None:
    make_game("Moon River", popularity=1)
    make_game("Moon Rise", popularity=5)

    assert titles("moon") == ["Moon Rise", "Moon River"]


def test_a_title_comes_before_a_studio() -> None:
    make_game("Quiet Sea", studio=make_studio("Thunder Works"), popularity=50)
    make_game("Thunder Bay")

    assert titles("thundre") == titles("thunder") == ["Thunder Bay", "Quiet Sea"]


def test_what_may_not_be_shown_is_not_found(shelf: list[Game]) -> None:
    Game.objects.filter(title="Gold").update(blocked_countries=["FR"])
    Game.objects.filter(title="Book of Gold").update(enabled=False)

    assert "Gold" not in titles("gold", "FR")
    assert "Gold" in titles("gold", "DE")
    assert "Book of Gold" not in titles("bok of gold")


def test_those_that_are_hidden_leave_no_gap() -> None:
    for number in range(30):
        make_game(f"Moon {number}", popularity=100, blocked_countries=["FR"])
    make_game("Moon Last", popularity=0)

    assert [game.title for game in search.search("moon", "FR", limit=5)] == ["Moon Last"]


@pytest.mark.parametrize(
    "typed", ["", "  ", "\x00", "'", "&|!:*()", "' & 'a':*", "%", "_", "\\", "𝄞", "a" * 5000]
)
def test_strange_input_is_only_input(shelf: list[Game], typed: str) -> None:
    assert titles(typed) == []


def test_it_follows_titles_studios_and_popularity() -> None:
    game = make_game("Old Name", studio=make_studio("Halfmoon"))
    Game.objects.filter(pk=game.pk).update(title="Été d'Or")
    Studio.objects.filter(name="Halfmoon").update(name="Kitebird")
    Game.objects.filter(pk=game.pk).update(popularity=7)

    assert titles("old name") == []
    assert titles("ete dor") == titles("kitebrd") == ["Été d'Or"]
    assert SearchEntry.objects.get(pk=game.pk).popularity == 7
    game.delete()
    assert titles("ete dor") == []


@pytest.mark.parametrize(
    "written",
    ["L'Été, 2nd", "Крейзи Тайм 7", "Sevens & Bars™", "foo_bar – baz", "Straße", "  x  ", "日本 1"],
)
def test_both_sides_fold_alike(written: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT games_folded(%s), games_trigrams('gold')", [written])
        folded, trigrams = cursor.fetchone()

    assert folded == search.folded(written)
    assert trigrams == search.trigrams("gold")


@pytest.mark.parametrize(
    ("typed", "word", "slips"),
    [
        ("gold", "gold", 0), ("glod", "gold", 1), ("gld", "gold", 1), ("goold", "gold", 1),
        ("gokd", "gold", 1), ("thundr", "thunderstruck", 1), ("abc", "xyz", 3), ("bok", "books", 2),
    ],
)  # fmt: skip
def test_slips_are_counted(typed: str, word: str, slips: int) -> None:
    assert search.distance(typed, word) == slips


def test_a_search_costs_a_few_queries(
    shelf: list[Game], django_assert_max_num_queries: object
) -> None:
    with django_assert_max_num_queries(5):  # type: ignore[operator]  # the fixture
        titles("bok of gol")
