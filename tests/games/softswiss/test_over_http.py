"""Whole journeys over HTTP: the simulator calls our server, which answers from real transactions."""

from typing import Any

import pytest
from django.db.models import Sum

from apps.accounts.models import Player
from apps.ledger.models import Entry, Kind
from tests.games.conftest import fund
from tests.games.factories import Table, make_game
from tests.games.test_issuing import SLOT, issue
from tests.games.test_services import open_game
from tests.simulator_client import Softswiss

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.fixture(params=["v1", "v2"])
def launched(
    request: pytest.FixtureRequest,
    softswiss: Softswiss,
    live_server: Any,
    settings: Any,
    player: Player,
) -> tuple[str, Table]:
    """A game of the simulator, opened for a player with 10 EUR, that calls our live server."""
    settings.SOFTSWISS_GENERATION = request.param
    softswiss.call_back(live_server.url)
    fund(player, "10.00", "EUR")
    game = make_game(SLOT.title, identifier=SLOT.identifier)
    session_ref = softswiss.session_id(open_game(player, game).url)
    session = player.game_sessions.get()
    return session_ref, Table(player, game, session, request.param)


def test_the_vendors_book_and_ours_agree_after_play(
    softswiss: Softswiss, launched: tuple[str, Table]
) -> None:
    session_ref, table = launched

    rounds = softswiss.spins(session_ref, 20, "0.10")

    moved = Entry.objects.filter(kind__in=[Kind.BET, Kind.WIN]).aggregate(sum=Sum("amount"))["sum"]
    assert all(not one["refusal"] for one in rounds)
    assert rounds[-1]["balance"] == table.held.text
    assert table.held.major == 10 + moved


def test_a_call_repeated_at_the_same_moment_has_one_effect(
    softswiss: Softswiss, launched: tuple[str, Table]
) -> None:
    session_ref, table = launched
    softswiss.send(session_ref, {"kind": "bet", "amount": "3.00", "action_id": "a-1"})
    [call] = softswiss.calls()

    answers = softswiss.repeat(call["key"], 8, parallel=True)

    assert {answer["status"] for answer in answers} == {200}
    assert table.held.text == "7.00"
    assert Entry.objects.filter(kind=Kind.BET).count() == 1


def test_bets_at_the_same_moment_take_what_is_there_and_no_more(
    softswiss: Softswiss, launched: tuple[str, Table]
) -> None:
    session_ref, table = launched
    softswiss.switches(callback_copies=6, callback_parallel=True)

    for number in range(6):
        softswiss.send(
            session_ref, {"kind": "bet", "amount": "3.00", "action_id": f"a-{number}"},
            round_id=f"r-{number}",
        )  # fmt: skip

    assert table.held.text == "1.00"
    assert Entry.objects.filter(kind=Kind.BET).count() == 3


def test_a_bet_whose_answer_is_lost_is_rolled_back(
    softswiss: Softswiss, launched: tuple[str, Table]
) -> None:
    session_ref, table = launched
    softswiss.switches(callback_answer="lose", remaining=2)

    played = softswiss.spin(session_ref, "1.00")
    softswiss.delivered()

    assert played["refusal"]
    assert table.held.text == "10.00"


def test_a_rollback_that_overtakes_its_bet_leaves_nothing(
    softswiss: Softswiss, launched: tuple[str, Table]
) -> None:
    session_ref, table = launched

    softswiss.roll_back_first(session_ref, "2.00")

    assert table.held.text == "10.00"
    assert Entry.objects.filter(kind__in=[Kind.BET, Kind.ROLLBACK]).count() == 0


def test_free_spins_are_played_for_nothing_and_paid_once(
    softswiss: Softswiss, launched: tuple[str, Table]
) -> None:
    session_ref, table = launched
    made = issue(table.player, table.game, quantity=3)

    rounds = softswiss.spins(session_ref, 3)
    [report] = softswiss.delivered(kind="freespins")
    softswiss.repeat(report["key"], 4, parallel=True)

    made.refresh_from_db()
    assert all(not one["refusal"] for one in rounds)
    assert made.state == "played"
    assert table.held.major == 10 + made.won
    assert Entry.objects.filter(kind=Kind.FREE_SPINS_WIN).count() == 1
