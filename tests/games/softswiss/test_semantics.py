"""The rules of the protocol notes, section 9, each for both generations."""

from collections.abc import Callable

import pytest
from django.db import connection

from apps.accounts.models import Player
from apps.audit.models import Alarm
from apps.games import services
from apps.games.models import Game, Round, RoundFinish
from apps.ledger.models import Entry, Operation
from apps.wallet import services as wallets
from tests.games.factories import Table, follow_rounds, make_session, world


def test_a_bet_and_a_win_move_the_balance(table: Table) -> None:
    answer = table.act([("bet", "a-1", 100), ("win", "a-2", 250)], finished=True)

    assert answer.status == 200
    assert table.balance(answer) == 1150
    assert [key for key, _ in table.ids(answer)] == ["a-1", "a-2"]
    assert table.held.text == "11.50"


def test_the_balance_can_be_asked_for(table: Table) -> None:
    answer = table.ask()

    assert answer.status == 200
    assert table.balance(answer) == 1000
    assert "transactions" not in answer.json


# ---- 1: order and atomicity -----------------------------------------------------------------------


def test_a_bet_that_cannot_be_covered_at_its_place_refuses_the_whole_call(table: Table) -> None:
    before = world()

    answer = table.act([("bet", "a-1", 2000), ("win", "a-2", 5000)])

    assert (answer.status, answer.code) == ((412, 100) if table.generation == "v1" else (400, 100))
    assert table.balance(answer) == 1000
    assert world() == before


def test_a_win_before_the_bet_covers_it(table: Table) -> None:
    answer = table.act([("win", "a-1", 5000), ("bet", "a-2", 5500)])

    assert answer.status == 200
    assert table.balance(answer) == 500


def test_a_refused_call_can_be_sent_again_after_a_deposit(table: Table) -> None:
    assert table.bet("a-1", 1500).code == 100
    table.win("a-0", 1000, round_id="r-0")

    answer = table.bet("a-1", 1500)

    assert answer.status == 200
    assert table.balance(answer) == 500


# ---- 2: the same id again -------------------------------------------------------------------------


def test_the_same_call_again_moves_nothing_and_gets_the_same_id(table: Table) -> None:
    first = table.bet("a-1", 300)
    table.win("a-2", 50, round_id="r-2")
    before = world()

    again = table.bet("a-1", 300)

    assert again.status == 200
    assert table.ids(again) == table.ids(first)
    assert table.balance(again) == 750, "the balance of now, not of then"
    assert world() == before


def test_the_stored_balance_is_a_setting(table: Table, settings: object) -> None:
    settings.SOFTSWISS_DUPLICATE_BALANCE = "stored"  # type: ignore[attr-defined]  # pytest-django
    table.bet("a-1", 300)
    table.win("a-2", 50, round_id="r-2")

    assert table.balance(table.bet("a-1", 300)) == 700


def test_a_mix_of_seen_and_new_applies_the_new_only(table: Table) -> None:
    first = table.bet("a-1", 300)

    answer = table.act([("bet", "a-1", 300), ("win", "a-2", 100)])

    assert answer.status == 200
    assert table.ids(answer)[0] == table.ids(first)[0]
    assert table.balance(answer) == 800


def test_a_repeated_bet_is_answered_though_the_money_is_gone(table: Table) -> None:
    first = table.bet("a-1", 1000)

    again = table.bet("a-1", 1000)

    assert again.status == 200
    assert table.ids(again) == table.ids(first)
    assert table.balance(again) == 0


def test_a_repeated_bet_is_answered_after_the_session_has_ended(table: Table) -> None:
    first = table.bet("a-1", 100)
    services.end_session(session=table.session)

    assert table.ids(table.bet("a-1", 100)) == table.ids(first)


# ---- 3: the same id with other content ------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "cents", "round_id"), [("bet", 400, "r-1"), ("win", 300, "r-1"), ("bet", 300, "r-2")]
)
def test_other_content_under_a_known_id_is_a_conflict(
    table: Table, kind: str, cents: int, round_id: str
) -> None:
    table.bet("a-1", 300)
    before = world()

    answer = table.act([(kind, "a-1", cents)], round_id=round_id)

    assert (answer.status, answer.code) == ((400, 400) if table.generation == "v1" else (409, 409))
    assert table.balance(answer) == 700
    assert world() == before
    assert Alarm.objects.filter(code="games.key_conflict").count() == 1


def test_another_players_id_is_a_conflict(table: Table, other_player: Player) -> None:
    table.bet("a-1", 300)
    theirs = Table(
        other_player,
        table.game,
        make_session(other_player, table.game, ref="s-2"),
        table.generation,
    )
    before = world()

    assert theirs.win("a-1", 300).code == (400 if table.generation == "v1" else 409)
    assert theirs.roll_back(("b-1", "a-1")).code == (400 if table.generation == "v1" else 409)
    assert world() == before


def test_a_conflict_anywhere_in_a_list_undoes_the_list(table: Table) -> None:
    table.bet("a-1", 300)
    before = world()

    answer = table.act([("win", "a-2", 500), ("bet", "a-1", 301)])

    assert answer.code == (400 if table.generation == "v1" else 409)
    assert world() == before


# ---- 4 to 7: rollbacks ----------------------------------------------------------------------------


def test_a_rollback_gives_a_bet_back(table: Table) -> None:
    table.bet("a-1", 300)

    answer = table.roll_back(("b-1", "a-1"))

    assert answer.status == 200
    assert table.balance(answer) == 1000
    assert [key for key, _ in table.ids(answer)] == ["b-1"]


def test_a_rolled_back_win_that_was_spent_leaves_a_debt_and_shows_zero(table: Table) -> None:
    table.win("a-1", 500)
    table.bet("a-2", 1400, round_id="r-2")

    answer = table.roll_back(("b-1", "a-1"))

    assert answer.status == 200
    assert table.balance(answer) == 0
    assert table.held.text == "-4.00"


def test_a_debt_is_repaid_by_the_next_credits_first(table: Table) -> None:
    table.win("a-1", 500)
    table.bet("a-2", 1400, round_id="r-2")
    table.roll_back(("b-1", "a-1"))

    refused = table.bet("a-3", 1, round_id="r-3")
    answer = table.win("a-4", 600, round_id="r-4")

    assert refused.code == 100
    assert table.balance(refused) == 0
    assert table.balance(answer) == 200
    assert table.held.text == "2.00"


def test_a_rollback_of_the_unknown_is_answered_and_never_forgotten(table: Table) -> None:
    first = table.roll_back(("b-1", "a-1"))

    assert first.status == 200
    assert table.balance(first) == 1000
    assert table.ids(first)[0][1] != ""
    assert Operation.objects.get(outside_id="a-1").state == Operation.State.TOMBSTONE


@pytest.mark.parametrize("kind", ["bet", "win"])
def test_what_comes_after_its_rollback_is_answered_and_moves_nothing(
    table: Table, kind: str
) -> None:
    table.roll_back(("b-1", "a-1"))

    late = table.act([(kind, "a-1", 300)])
    again = table.act([(kind, "a-1", 300)])

    assert late.status == 200
    assert table.balance(late) == 1000
    assert table.ids(late)[0][1] != ""
    assert table.ids(again) == table.ids(late)
    assert table.held.text == "10.00"


def test_a_late_bet_is_a_no_op_though_there_is_no_money_for_it(table: Table) -> None:
    table.roll_back(("b-1", "a-1"))

    assert table.bet("a-1", 99_999).status == 200
    assert table.held.text == "10.00"


def test_only_the_rolled_back_entry_of_a_late_call_is_a_no_op(table: Table) -> None:
    table.roll_back(("b-1", "a-1"))

    answer = table.act([("bet", "a-1", 300), ("win", "a-2", 50)])

    assert answer.status == 200
    assert table.balance(answer) == 1050


def test_the_same_rollback_again_gets_the_same_answer(table: Table) -> None:
    table.bet("a-1", 300)
    first = table.roll_back(("b-1", "a-1"))

    again = table.roll_back(("b-1", "a-1"))

    assert table.ids(again) == table.ids(first)
    assert table.balance(again) == 1000


def test_another_rollback_of_the_same_bet_does_nothing_twice(table: Table) -> None:
    table.bet("a-1", 300)
    table.roll_back(("b-1", "a-1"))

    answer = table.roll_back(("b-2", "a-1"))

    assert answer.status == 200
    assert table.balance(answer) == 1000
    assert table.held.text == "10.00"


def test_a_rolled_back_bet_that_is_repeated_stays_undone(table: Table) -> None:
    first = table.bet("a-1", 300)
    table.roll_back(("b-1", "a-1"))

    again = table.bet("a-1", 300)

    assert again.status == 200
    assert table.ids(again) == table.ids(first)
    assert table.balance(again) == 1000


def test_a_rollback_of_a_rollback_is_a_conflict(table: Table) -> None:
    table.bet("a-1", 300)
    table.roll_back(("b-1", "a-1"))
    before = world()

    assert table.roll_back(("b-2", "b-1")).code == (400 if table.generation == "v1" else 409)
    assert world() == before


def test_several_rollbacks_of_one_call_are_answered_in_order(table: Table) -> None:
    table.act([("bet", "a-1", 300), ("win", "a-2", 100)])

    answer = table.roll_back(("b-1", "a-1"), ("b-2", "a-2"), ("b-3", "a-9"))

    assert answer.status == 200
    assert [key for key, _ in table.ids(answer)] == ["b-1", "b-2", "b-3"]
    assert table.held.text == "10.00"


# ---- 8: what is always accepted -------------------------------------------------------------------


def test_a_win_without_a_bet_is_paid(table: Table) -> None:
    assert table.balance(table.win("a-1", 250)) == 1250


def test_a_win_after_the_end_of_the_round_is_paid(table: Table) -> None:
    table.bet("a-1", 100, finished=True)

    assert table.balance(table.win("a-2", 250)) == 1150


def test_a_win_after_the_end_of_the_session_is_paid_and_a_bet_is_not(table: Table) -> None:
    services.end_session(session=table.session)

    won = table.win("a-1", 250)
    refused = table.bet("a-2", 100)

    assert (won.status, table.balance(won)) == (200, 1250)
    assert refused.code == 107
    assert refused.status == (412 if table.generation == "v1" else 400)
    assert table.held.text == "12.50"


@pytest.mark.rule("ACC-14", "RG-15")
def test_a_win_of_a_blocked_player_is_paid_and_a_bet_is_not(table: Table) -> None:
    table.bet("a-1", 100)
    wallets.set_player_status(
        player_id=table.player.pk, status="suspended", actor="system", reason="test"
    )

    won = table.win("a-2", 250)
    refused = table.bet("a-3", 100)

    assert (won.status, table.balance(won)) == (200, 1150)
    assert (refused.code, table.balance(refused)) == (110, 1150)
    assert table.balance(table.roll_back(("b-1", "a-1"))) == 1250


def test_a_bet_in_a_game_that_is_switched_off_is_refused(table: Table) -> None:
    services.set_game_enabled(
        game_id=table.game.pk, enabled=False, actor="system", reason="recalled by the studio"
    )

    assert table.bet("a-1", 100).code == 107
    assert table.balance(table.win("a-2", 250)) == 1250


def test_a_bet_from_a_country_the_game_is_closed_in_is_refused(table: Table) -> None:
    Game.objects.filter(pk=table.game.pk).update(blocked_countries=["DE"])

    assert table.bet("a-1", 100).code == 153
    assert table.balance(table.win("a-2", 250)) == 1250


def test_a_bet_without_any_session_is_refused_and_a_win_is_paid(
    table: Table, other_player: Player
) -> None:
    game = table.game
    theirs = make_session(other_player, game, ref="s-theirs")
    refused = [
        table.bet("a-1", 100, **named)
        for named in ({"session_id": theirs.outside_ref, "session_payload": theirs.outside_ref},)
    ]

    assert [answer.code for answer in refused] == [107]
    assert (
        table.balance(
            table.win("a-2", 10, session_id=theirs.outside_ref, session_payload=theirs.outside_ref)
        )
        == 1010
    )


def test_a_call_that_repeats_no_reference_finds_the_open_session_of_its_game(table: Table) -> None:
    nothing = {"session_id": None, "session_payload": None}

    assert table.bet("a-1", 100, **nothing).status == 200
    assert Entry.objects.get(outside_id="a-1").source_id == table.session.pk
    services.end_session(session=table.session)
    assert table.bet("a-2", 100, **nothing).code == 107


def test_a_table_switch_of_the_same_studio_is_accepted(table: Table) -> None:
    changed = {"game": "inkfield:TideOfKoi2", "game_id": "inkfield:TideOfKoi2"}
    if table.generation == "v1":
        del changed["game_id"]

    assert table.bet("a-1", 100, **changed).status == 200


def test_a_table_switch_can_be_forbidden(table: Table, settings: object) -> None:
    settings.SOFTSWISS_ACCEPT_GAME_SWITCH = False  # type: ignore[attr-defined]  # pytest-django
    changed = {"game": "inkfield:Other", "game_id": "inkfield:Other"}
    if table.generation == "v1":
        del changed["game_id"]

    assert table.bet("a-1", 100, **changed).code == 107
    assert table.win("a-2", 100, **changed).status == 200


# ---- 9 and 10: rounds and zeros -------------------------------------------------------------------


def test_finished_closes_the_round_and_gates_nothing(table: Table) -> None:
    table.bet("a-1", 100)
    table.win("a-2", 30, finished=True)
    late = table.bet("a-3", 50)

    follow_rounds()

    found = Round.objects.get(round_ref="r-1")
    assert late.status == 200
    assert (found.state, str(found.stake), str(found.win)) == (
        "closed",
        "1.500000000000000000",
        "0.300000000000000000",
    )
    assert (found.bets, found.wins, found.game_id) == (2, 1, table.game.pk)


def test_an_end_without_actions_closes_the_round(table: Table) -> None:
    table.bet("a-1", 100)
    first = table.finish()
    again = table.finish()

    follow_rounds()

    assert (first.status, table.balance(first)) == (200, 900)
    assert again.status == 200
    assert RoundFinish.objects.count() == 1
    assert Round.objects.get(round_ref="r-1").state == "closed"


def test_an_end_after_the_round_was_followed_closes_it_at_once(table: Table) -> None:
    table.bet("a-1", 100)
    follow_rounds()

    table.finish()

    assert Round.objects.get(round_ref="r-1").state == "closed"


def test_an_end_on_a_call_that_moves_nothing_is_kept(table: Table) -> None:
    table.bet("a-1", 100)
    follow_rounds()

    table.bet("a-1", 100, finished=True)

    assert Round.objects.get(round_ref="r-1").state == "closed"


@pytest.mark.parametrize("kind", ["bet", "win"])
def test_zero_amounts_are_recorded(table: Table, kind: str) -> None:
    answer = table.act([(kind, "a-1", 0)])

    assert answer.status == 200
    assert table.balance(answer) == 1000
    assert Entry.objects.filter(outside_id="a-1").count() == 1


def test_a_jackpot_moves_no_money_by_itself(table: Table) -> None:
    said = 5000 if table.generation == "v1" else "50.00"
    amount = 0 if table.generation == "v1" else "0"
    name, kind = ("action_id", "action") if table.generation == "v1" else ("id", "type")
    win = {kind: "win", name: "a-1", "amount": amount, "jackpot_win": said}

    answer = table.v1(win) if table.generation == "v1" else table.v2("Round/BetWin", win)

    assert (answer.status, table.balance(answer)) == (200, 1000)
    assert Alarm.objects.filter(code="softswiss.jackpot_beside_zero").count() == 1


# ---- the hot path ---------------------------------------------------------------------------------


def test_a_common_call_asks_the_database_nothing_but_the_money_statement(table: Table) -> None:
    table.bet("a-1", 100)
    statements: list[str] = []

    def note(run: Callable[..., object], sql: str, *rest: object) -> object:
        # The test's own transaction needs a savepoint; a callback's has none.
        if "SAVEPOINT" not in sql:
            statements.append(sql)
        return run(sql, *rest)

    with connection.execute_wrapper(note):
        answer = table.act([("bet", "a-2", 100), ("win", "a-3", 20)])

    assert answer.status == 200
    # The money statement goes past Django's cursors, so what is seen here would be a second trip.
    assert statements == []
