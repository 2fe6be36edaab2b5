"""Rounds follow the journal: whatever the order, the same rows, and a rebuild gives them again."""

import random
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest

from apps.accounts.models import Player
from apps.games import selectors
from apps.games.models import Game, Round
from apps.ledger.models import Cursor
from tests.games.conftest import fund
from tests.games.factories import Table, follow_rounds, make_game, make_session


@pytest.fixture
def table(player: Player, game: Game) -> Table:
    fund(player, "10.00", "EUR")
    return Table(player, game, make_session(player, game), "v1")


def facts(round_ref: str = "r-1") -> tuple[Any, ...]:
    found = Round.objects.get(round_ref=round_ref)
    return found.stake, found.win, found.bets, found.wins, found.rollbacks, found.state


@pytest.mark.rule("GAM-02")
@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_every_order_of_bet_win_rollback_and_end_gives_the_same_round(
    table: Table, order: tuple[int, ...]
) -> None:
    steps = [
        lambda: table.bet("a-1", 100),
        lambda: table.win("a-2", 250),
        lambda: table.roll_back(("b-1", "a-1")),
        lambda: table.finish(),
    ]

    answers = [steps[place]() for place in order]
    follow_rounds()

    assert [answer.status for answer in answers] == [200] * 4
    assert table.held.text == "12.50", "the bet is undone or never was, the win is paid"
    stake, win, *_, state = facts()
    assert (stake, win, state) == (Decimal(0), Decimal("2.5"), "closed")


def test_an_undone_win_leaves_the_round_as_if_it_had_not_been(table: Table) -> None:
    table.act([("bet", "a-1", 100), ("win", "a-2", 250)])
    table.roll_back(("b-1", "a-2"), finished=True)
    follow_rounds()

    assert facts() == (Decimal(1), Decimal(0), 1, 1, 1, "closed")


def test_a_round_in_several_batches_adds_up(table: Table) -> None:
    for index, cents in enumerate([100, 50, 25]):
        table.bet(f"a-{index}", cents)
        follow_rounds()
    table.win("w-1", 500, finished=True)
    follow_rounds()

    assert facts() == (Decimal("1.75"), Decimal(5), 3, 1, 0, "closed")


def test_a_rebuild_gives_the_same_rows(table: Table) -> None:
    source = random.Random(7)
    for number in range(12):
        ref = f"r-{number}"
        table.bet(f"a-{number}", source.randrange(10, 60), round_id=ref)
        table.win(f"w-{number}", source.randrange(80), round_id=ref, finished=number % 3 == 0)
        if number % 4 == 0:
            table.roll_back((f"b-{number}", f"a-{number}"), round_id=ref)
        if number % 3 == 1:
            table.finish(round_id=ref)
        if number % 5 == 0:
            follow_rounds()
    follow_rounds()
    columns = ("round_ref", "stake", "win", "bets", "wins", "rollbacks", "state", "game_id")
    before = list(Round.objects.order_by("round_ref").values_list(*columns))

    Round.objects.all().delete()
    Cursor.objects.filter(name="rounds").update(position=0)
    follow_rounds()

    assert list(Round.objects.order_by("round_ref").values_list(*columns)) == before
    assert {row[6] for row in before} == {"open", "closed"}


def test_rounds_of_two_players_with_one_reference_are_two(
    table: Table, other_player: Player
) -> None:
    fund(other_player, "10.00", "EUR")
    theirs = Table(
        other_player, table.game, make_session(other_player, table.game, ref="s-2"), "v1"
    )
    table.bet("a-1", 100)
    theirs.bet("a-2", 300)
    follow_rounds()

    assert [str(one.stake) for one in selectors.rounds(table.player)] == ["1.00 EUR"]
    assert [str(one.stake) for one in selectors.rounds(other_player)] == ["3.00 EUR"]


def test_the_list_pages_and_filters(table: Table) -> None:
    other = make_game("Owl Meridian")
    elsewhere = Table(table.player, other, make_session(table.player, other, ref="s-2"), "v1")
    for number in range(3):
        table.bet(f"a-{number}", 10, round_id=f"r-{number}")
    elsewhere.bet("x-1", 10, round_id="x-1")
    follow_rounds()

    found = selectors.rounds(table.player, limit=2)
    rest = selectors.rounds(table.player, before_id=found[-1].id)

    assert [one.round_ref for one in found] == ["x-1", "r-2"]
    assert [one.round_ref for one in rest] == ["r-1", "r-0"]
    assert [one.round_ref for one in selectors.rounds(table.player, game=other)] == ["x-1"]


def test_the_net_of_a_session(table: Table) -> None:
    table.act([("bet", "a-1", 300), ("win", "a-2", 120)])
    follow_rounds()

    net = selectors.session_net(table.session, table.held.currency)

    assert net.text == "-1.80"
