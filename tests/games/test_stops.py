"""Stopping play: the next bet is refused, what is open finishes, and the audit trail knows why."""

from typing import Any

import pytest

from apps.audit.models import Record
from apps.core.errors import InvalidInput, NotFound
from apps.games import selectors, services, stops
from apps.games.errors import PlayStopped
from apps.games.models import Game, Stop
from tests.games.factories import Table, follow_rounds, make_game, make_studio

SCOPES = ["all", "provider", "studio", "version"]


def stop(scope: str, of: Game, **changes: Any) -> Stop:
    wanted: dict[str, Any] = {
        "scope": scope, "provider": "softswiss", "studio": of.studio, "game": of,
        "actor": "system", "reason": "It misbehaves.",
    }  # fmt: skip
    return stops.begin(**(wanted | changes))


@pytest.mark.rule("GAM-05")
@pytest.mark.parametrize("scope", SCOPES)
def test_the_next_bet_is_refused_and_the_open_round_finishes(table: Table, scope: str) -> None:
    assert table.bet("b-1", 100).status == 200
    standing = stop(scope, table.game)

    refused = table.bet("b-2", 100, round_id="r-2")
    won = table.win("w-1", 300)

    assert (refused.status != 200, refused.code) == (True, 107)
    assert won.status == 200
    assert str(table.wallet.balance.normalize()) == "12"
    stops.end(stop_id=standing.pk, actor="system", reason="Mended.")
    assert table.bet("b-3", 100, round_id="r-3").status == 200


@pytest.mark.parametrize("scope", SCOPES)
def test_what_is_stopped_is_neither_listed_nor_opened(db: None, scope: str) -> None:
    game = make_game("One")
    other = make_game("Two", studio=make_studio("Ember"), provider="alea")

    stop(scope, game)

    listed = [] if scope == "all" else [other]
    assert list(selectors.visible_games()) == listed
    with pytest.raises(PlayStopped):
        services.check_open(game, "DE")
    services.check_open(game, "DE", finishes_round=True)
    if scope != "all":
        services.check_open(other, "DE")


def test_a_new_version_is_not_stopped_with_the_old_one(table: Table) -> None:
    stop("version", table.game)
    Game.objects.filter(pk=table.game.pk).update(version=2)

    assert table.bet("b-1", 100).status == 200
    assert selectors.visible_games().count() == 1


def test_a_stop_is_recorded_once_and_lifted_once(db: None) -> None:
    game = make_game()
    first, again = stop("studio", game), stop("studio", game)
    ended = stops.end(stop_id=first.pk, actor="system", reason="Mended.")
    stops.end(stop_id=first.pk, actor="system", reason="Mended, again.")

    assert first == again == ended
    assert list(Record.objects.order_by("id").values_list("action", "reason")) == [
        ("play.stopped", "It misbehaves."), ("play.resumed", "Mended."),
    ]  # fmt: skip
    assert stop("studio", game).pk != first.pk


@pytest.mark.parametrize(
    "change", [{"reason": " "}, {"scope": "provider", "provider": ""},
               {"scope": "studio", "studio": None}, {"scope": "version", "game": None},
               {"scope": "weather"}],
)  # fmt: skip
def test_a_stop_needs_a_target_and_a_reason(db: None, change: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        stop(change.pop("scope", "all"), make_game(), **change)

    assert Stop.objects.count() == Record.objects.count() == 0


def test_only_a_stop_that_is_there_is_lifted(db: None) -> None:
    with pytest.raises(NotFound):
        stops.end(stop_id=1, actor="system", reason="Why not.")


def test_a_player_goes_back_into_the_open_round_though_play_is_stopped(
    table: Table, softswiss: Any
) -> None:
    table.bet("b-1", 100)
    follow_rounds()
    stop("all", table.game)

    left = selectors.open_round(table.player, table.game)

    assert left is not None
    assert left.currency == "EUR"
    assert [one.round_ref for one in selectors.open_rounds(table.player)] == ["r-1"]
