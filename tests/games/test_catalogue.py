"""Taking over the aggregator's catalogue."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.audit.models import Alarm
from apps.games import selectors, services
from apps.games.models import Game, Studio
from apps.games.providers.base import Catalogue, CatalogueGame
from apps.games.providers.registry import provider
from apps.games.providers.softswiss import adapter
from apps.games.providers.softswiss.simulator import catalogue
from apps.integrations.errors import ProviderError
from tests.games.factories import make_game
from tests.simulator_client import Softswiss


def listed(name: str, **fields: Any) -> CatalogueGame:
    wanted = {
        "identifier": f"inkfield:{name}", "title": name, "studio": "Inkfield", "category": "slots",
    }  # fmt: skip
    return CatalogueGame(**(wanted | fields))


@pytest.fixture
def tell(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let the partner list these games."""

    def tell(*games: CatalogueGame, unread: frozenset[str] = frozenset()) -> int:
        monkeypatch.setattr(
            type(provider("softswiss")), "catalogue", lambda _self: Catalogue(list(games), unread)
        )
        return services.sync_provider("softswiss")

    return tell


def test_the_whole_catalogue_is_taken_over_and_again(softswiss: Softswiss, db: None) -> None:
    first = services.sync_provider("softswiss")
    slugs = dict(Game.objects.values_list("identifier", "slug"))
    again = services.sync_provider("softswiss")

    theirs = catalogue.games()
    assert first == again == len(theirs) == Game.objects.count()
    assert dict(Game.objects.values_list("identifier", "slug")) == slugs
    assert Studio.objects.count() == len({game.producer for game in theirs.values()})
    assert selectors.visible_games().count() == sum(one.is_playable for one in theirs.values())
    for game in Game.objects.select_related("studio").order_by("?")[:50]:
        told = theirs[game.identifier]
        assert (game.title, game.studio.name) == (told.title, told.producer)
        assert game.rtp is not None
        assert int(game.rtp * 100) == told.payout_bps
        assert game.blocked_countries == sorted(told.blacklist)
        assert game.volatility in {1, 2, 3, 4, 5}


def test_the_short_list_of_the_second_generation_keeps_what_is_known(
    softswiss: Softswiss, settings: Any, db: None
) -> None:
    services.sync_provider("softswiss")
    game = Game.objects.exclude(rtp=None).order_by("pk")[0]
    settings.SOFTSWISS_CATALOGUE_SOURCE = "list"

    services.sync_provider("softswiss")

    kept = Game.objects.get(pk=game.pk)
    assert (kept.rtp, kept.lines, kept.devices) == (game.rtp, game.lines, game.devices)
    assert Game.objects.filter(is_listed=False).count() == 0


def test_a_game_that_is_no_longer_listed_is_hidden_and_comes_back(tell: Any, db: None) -> None:
    tell(listed("One"), listed("Two"))
    tell(listed("One"))

    assert [game.title for game in selectors.visible_games()] == ["One"]
    assert Game.objects.count() == 2
    tell(listed("One"), listed("Two"))
    assert selectors.visible_games().count() == 2


def test_a_part_that_could_not_be_read_is_left_alone(tell: Any, db: None) -> None:
    tell(listed("One"), listed("Two"), listed("Three", identifier="kitebird:Three"))

    tell(listed("One"), unread=frozenset({"kitebird"}))

    assert {game.title for game in selectors.visible_games()} == {"One", "Three"}


def test_what_we_decide_is_not_taken_over(tell: Any, db: None) -> None:
    tell(listed("One"))
    Game.objects.update(enabled=False, popularity=7)

    tell(listed("One", title="One, again"))

    game = Game.objects.get()
    assert (game.title, game.slug, game.enabled, game.popularity) == ("One, again", "one", False, 7)


def test_two_games_of_one_title_have_two_addresses(tell: Any, db: None) -> None:
    tell(
        listed("A", title="Owl"),
        listed("B", title="Owl", studio="Paper Heron"),
        listed("C", title="Owl", studio="Paper Heron"),
        listed("D", title="Rounds"),
        listed("E", title="夜"),
    )

    assert set(Game.objects.values_list("slug", flat=True)) == {
        "owl", "owl-paper-heron", "owl-paper-heron-2", "rounds-inkfield", "inkfield-e",
    }  # fmt: skip


def test_an_empty_catalogue_hides_nothing(tell: Any, db: None) -> None:
    tell(listed("One"))

    with pytest.raises(ProviderError):
        tell()
    assert selectors.visible_games().count() == 1


def test_a_partner_that_fails_raises_an_alarm_and_keeps_its_games(
    softswiss: Softswiss, settings: Any, db: None
) -> None:
    make_game("One")
    settings.SOFTSWISS_CATALOGUE_SOURCE = "list"
    softswiss.switches(api_answer="error_before")

    services.sync_catalogue()

    assert selectors.visible_games().count() == 1
    assert Alarm.objects.filter(code="games.catalogue", subject="softswiss").count() == 1


def test_the_command_says_what_it_did(softswiss: Softswiss, capsys: Any, db: None) -> None:
    call_command("sync_games")

    assert capsys.readouterr().out.endswith("softswiss: 1200 games\n")


def test_the_command_needs_a_partner(settings: Any, db: None) -> None:
    settings.SOFTSWISS_BASE_URL = ""

    with pytest.raises(CommandError, match="No game partner"):
        call_command("sync_games")


@pytest.mark.parametrize(
    ("told", "kept"),
    [("96.12", "96.12"), (96.1, "96.10"), (0, None), ("n/a", None), (1.2, None), (None, None),
     ("NaN", None), (101, None)],
)  # fmt: skip
def test_a_return_to_player_is_a_percentage_or_not_known(told: object, kept: str | None) -> None:
    found = adapter._percent(told)

    assert (None if found is None else str(found)) == kept


@pytest.mark.parametrize(
    "entry",
    [{}, {"identifier": "no-colon", "title": "x"}, {"identifier": "a:b"},
     {"identifier": "a:b", "title": " "}, {"identifier": "a:b<script>", "title": "x"},
     {"identifier": 7, "title": "x"}],
)  # fmt: skip
def test_an_entry_without_a_name_is_passed_over(entry: dict[str, Any]) -> None:
    assert adapter._game_of_file(entry) is None


def test_odd_entries_are_read_as_far_as_they_go() -> None:
    game = adapter._game_of_file(
        {
            "identifier": "a:B",
            "title": " Owl ",
            "payout": "?",
            "volatility_rating": "Medium High",
            "lines": -4,
            "devices": None,
            "recalled": True,
            "released_at": "soon",
            "restrictions": {"default": {"blacklist": ["de", False, "Germany", 7]}},
        }
    )

    assert game is not None
    assert (game.title, game.rtp, game.volatility, game.lines) == ("Owl", None, 4, None)
    assert game.blocked_countries == ["DE", "NO"]
    assert game.recalled_on is not None
    assert game.released_on is None
