import yaml

from apps.games.providers.softswiss.simulator import catalogue
from tests.simulator_client import Softswiss
from tests.simulators.factories import ask_aggregator
from tests.web import web


def test_there_are_1200_games_with_unlike_titles() -> None:
    games = catalogue.games()

    assert len(games) == 1200
    assert len({game.title for game in games.values()}) == 1200
    assert len({game.producer for game in games.values()}) == 40


def test_three_games_must_be_hidden() -> None:
    hidden = [game for game in catalogue.games().values() if not game.is_playable]

    assert len(hidden) == 3
    assert sum(game.recalled_at is not None for game in hidden) == 1


def test_the_catalogue_is_the_same_every_time() -> None:
    first = next(iter(catalogue.games().values()))

    assert first.identifier == "zephyrine:IvorySignalbox"
    assert first.payout_bps == 9327


def test_the_index_leads_to_every_game(softswiss: Softswiss) -> None:
    index = web.get(f"{softswiss.base_url}/allprovidersurls.txt").text.split()

    listed = [entry for url in index for entry in yaml.safe_load(web.get(url).text)]

    assert len(index) == 20
    assert len(listed) == 1200
    assert {entry["identifier"] for entry in listed} == set(catalogue.games())
    assert "acceptance:test" not in catalogue.games()
    assert all(isinstance(entry["payout"], str) for entry in listed)


def test_game_list_of_v2_names_the_same_games(softswiss: Softswiss) -> None:
    providers = ask_aggregator(softswiss, "/v2/casino_a8r.Game/List").json()["providers"]

    names = {f"{one['name']}:{game['id']}" for one in providers for game in one["games"]}

    assert names == set(catalogue.games())


def test_an_unknown_provider_has_no_file(softswiss: Softswiss) -> None:
    assert web.get(f"{softswiss.base_url}/l/nobody.yaml").status_code == 404
