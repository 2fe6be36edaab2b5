"""The rules of the protocol notes, section 7."""

import itertools
from collections.abc import Callable
from functools import partial

import pytest

from apps.accounts.models import Player
from apps.audit.models import Alarm
from apps.core.clock import now
from apps.games import services
from apps.games.models import FreeSpinIssue, Round, RoundFinish
from apps.ledger.models import Entry, Kind
from apps.wallet import services as wallets
from tests.games.alea.factories import Answer, Seat
from tests.games.conftest import fund
from tests.games.factories import follow_rounds, make_session, world

DENIED = (403, "DENIED", "BET_DENIED")
INVALID = (500, "ERROR", "INVALID_REQUEST")


# ---- 1 and 2: the key, replays --------------------------------------------------------------------


def test_type_and_id_are_the_key(seat: Seat) -> None:
    assert seat.bet(5, 1).status == 200
    assert "isAlreadyProcessed" not in seat.win(5, 3).json
    assert "isAlreadyProcessed" not in seat.bet_win(5, 1, 1).json
    assert "isAlreadyProcessed" not in seat.end(5).json
    assert seat.held == "12.00"


def test_a_rollback_may_have_the_id_of_what_it_undoes(seat: Seat) -> None:
    seat.bet(5, 4)

    first, again = seat.roll_back(5, 5), seat.roll_back(5, 5)

    assert (first.json["realBalance"], "isAlreadyProcessed" in first.json) == (10, False)
    assert again.json == first.json | {"isAlreadyProcessed": True}


@pytest.mark.parametrize("kind", ["bet", "win", "bet_win", "roll_back", "end", "promo"])
def test_a_replay_gets_the_first_answer_and_todays_balance(seat: Seat, kind: str) -> None:
    acts = {
        "bet": lambda: seat.bet(1, 2),
        "win": lambda: seat.win(1, 2),
        "bet_win": lambda: seat.bet_win(1, 2, 1),
        "roll_back": lambda: seat.roll_back(1, 90),
        "end": lambda: seat.end(1),
        "promo": lambda: seat.promo(1, "PRIZE", 2),
    }
    seat.bet(90, 1)
    first = acts[kind]()
    seat.bet(91, 0.5, "r-2")
    before = world()

    again = acts[kind]()

    assert (first.status, again.status) == (200, 200)
    assert "isAlreadyProcessed" not in first.json
    assert again.json == first.json | {
        "isAlreadyProcessed": True,
        "realBalance": first.json["realBalance"] - 0.5,
    }
    assert world() == before


def test_the_stored_balance_is_a_setting(seat: Seat, settings: object) -> None:
    settings.ALEA_DUPLICATE_BALANCE = "stored"  # type: ignore[attr-defined]  # pytest-django
    seat.bet(1, 2)
    seat.bet(2, 3)

    assert seat.bet(1, 2).json["realBalance"] == 8


def test_a_replay_is_answered_whatever_has_changed(seat: Seat) -> None:
    seat.bet(1, 10)
    services.end_session(session=seat.session)
    services.set_game_enabled(game_id=seat.game.pk, enabled=False, actor="system", reason="test")
    wallets.set_player_status(
        player_id=seat.player.pk, status="suspended", actor="system", reason="test"
    )

    again = seat.bet(1, 10)

    assert (again.status, again.json["realBalance"]) == (200, 0)
    assert again.json["isAlreadyProcessed"] is True


def test_a_refusal_is_not_remembered(seat: Seat) -> None:
    assert seat.bet(1, 12).status == 403
    seat.bet(2, 1, "r-2")
    seat.win(3, 5, "r-2")

    assert seat.bet(1, 12).json["realBalance"] == 2


# ---- 4 to 6: rollbacks and tombstones -------------------------------------------------------------


@pytest.mark.rule("RG-32")
def test_a_rolled_back_win_that_was_spent_leaves_a_debt_and_shows_zero(seat: Seat) -> None:
    seat.bet(1, 1)
    seat.win(2, 5)
    seat.bet(3, 14, "r-2")

    answer = seat.roll_back(4, 2)

    assert (answer.status, answer.json["realBalance"]) == (200, 0)
    assert seat.held == "-5.00"
    assert seat.bet(5, 1, "r-3").said == (403, "DENIED", "INSUFFICIENT_FUNDS")
    assert seat.win(6, 7, "r-2").json["realBalance"] == 2


def test_a_rollback_of_a_bet_win_undoes_both_halves(seat: Seat) -> None:
    seat.bet_win(1, 4, 9)

    answer = seat.roll_back(2, 1)

    assert answer.json["realBalance"] == 10
    assert Entry.objects.filter(kind=Kind.ROLLBACK).count() == 2


def test_a_rollback_is_taken_whatever_has_changed(seat: Seat) -> None:
    seat.bet(1, 3)
    seat.end(2)
    services.end_session(session=seat.session)
    wallets.set_player_status(
        player_id=seat.player.pk, status="suspended", actor="system", reason="test"
    )

    assert seat.roll_back(3, 1, round=None).json["realBalance"] == 10


def test_another_rollback_of_the_same_bet_undoes_nothing_twice(seat: Seat) -> None:
    seat.bet(1, 3)
    seat.roll_back(2, 1)

    second, again = seat.roll_back(3, 1), seat.roll_back(3, 1)

    assert second.json["realBalance"] == 10
    assert (second.json["isAlreadyProcessed"], "isNotFound" in second.json) == (True, False)
    assert again.json == second.json


def test_a_rollback_of_the_unknown_says_so_each_time(seat: Seat) -> None:
    first, again, other = seat.roll_back(2, 1), seat.roll_back(2, 1), seat.roll_back(3, 1)

    assert (first.status, first.json["isNotFound"], first.json["realBalance"]) == (200, True, 10)
    assert "isAlreadyProcessed" not in first.json
    assert again.json == first.json | {"isAlreadyProcessed": True}
    assert other.json["isNotFound"] is True


@pytest.mark.parametrize("send", ["bet", "bet_win"])
def test_a_bet_after_its_rollback_is_denied_for_ever(seat: Seat, send: str) -> None:
    seat.roll_back(2, 1)
    before = world()
    late = {"bet": lambda: seat.bet(1, 3), "bet_win": lambda: seat.bet_win(1, 3, 9)}[send]

    assert [late().said, late().said] == [DENIED, DENIED]
    assert world() == before


def test_a_late_bet_can_be_answered_as_a_no_op(seat: Seat, settings: object) -> None:
    settings.ALEA_LATE_BET = "noop"  # type: ignore[attr-defined]  # pytest-django
    seat.roll_back(2, 1)

    late = seat.bet(1, 3)

    assert (late.status, late.json["realBalance"]) == (200, 10)
    assert seat.held == "10.00"


def test_a_win_after_its_rollback_is_refused(seat: Seat) -> None:
    seat.bet(1, 3)
    seat.roll_back(3, 2)
    before = world()

    assert seat.win(2, 5).said == INVALID
    assert seat.win(2, 5, "r-without-bets").said == INVALID
    assert world() == before


def test_a_tombstone_is_for_its_transaction_and_not_for_its_round(seat: Seat) -> None:
    seat.roll_back(2, 1)
    seat.bet(3, 1)
    seat.roll_back(4, 3)

    assert seat.bet(5, 2).status == 200
    assert seat.win(6, 3).status == 200
    assert seat.held == "11.00"


def test_a_rollback_names_bets_and_wins_only(seat: Seat) -> None:
    seat.bet(1, 3)
    seat.roll_back(2, 1)
    seat.promo(7, "PRIZE", 1)

    assert seat.roll_back(8, 2).json["isNotFound"] is True
    assert seat.roll_back(9, 7).json["isNotFound"] is True
    assert seat.held == "11.00"


# ---- 7 to 10: rounds ------------------------------------------------------------------------------


def test_a_live_round_has_many_bets_some_undone_and_several_wins(seat: Seat) -> None:
    for number in range(4):
        assert seat.bet(number, 1).status == 200
    seat.roll_back(10, 2)
    seat.win(20, 2)
    seat.win(21, 3, round={"id": "r-1", "status": "COMPLETED"})
    late = seat.bet(30, 1)

    follow_rounds()

    found = Round.objects.get(round_ref="r-1")
    assert "isAlreadyProcessed" not in late.json
    assert seat.held == "11.00"
    assert (found.bets, found.wins, found.rollbacks, found.state) == (5, 2, 1, "closed")
    assert (found.stake, found.win, found.game_id) == (4, 5, seat.game.pk)


def test_a_bet_win_covers_its_stake_before_it_adds_its_win(seat: Seat) -> None:
    before = world()

    assert seat.bet_win(1, 10.01, 20).said == (403, "DENIED", "INSUFFICIENT_FUNDS")
    assert world() == before


def test_a_win_is_paid_whatever_has_changed(seat: Seat) -> None:
    seat.bet(1, 3)
    seat.end(2)
    services.end_session(session=seat.session)
    services.set_game_enabled(game_id=seat.game.pk, enabled=False, actor="system", reason="test")
    wallets.set_player_status(
        player_id=seat.player.pk, status="suspended", actor="system", reason="test"
    )

    assert seat.win(3, 4).json["realBalance"] == 11
    assert seat.win(4, 0).status == 200
    assert seat.win(5, 1, casinoSessionId="nobody").status == 200
    assert seat.win(6, 1, casinoSessionId=None).status == 200
    assert seat.held == "13.00"


@pytest.mark.parametrize("is_followed", [False, True])
def test_a_win_without_a_bet_is_sent_back_with_an_alarm(seat: Seat, is_followed: bool) -> None:
    before = world()

    refused = seat.win(1, 5)
    unchanged = world()
    seat.bet(2, 1)
    if is_followed:
        follow_rounds()

    assert refused.said == (503, "ERROR", "GENERAL_ERROR")
    assert unchanged == before
    assert Alarm.objects.get(code="alea.win_without_bet").subject == "r-1"
    assert seat.win(1, 5).json["realBalance"] == 14, "the bet came; the repeat is paid"


@pytest.mark.parametrize(
    ("policy", "status"), [("refuse_retry", 503), ("refuse", 400), ("accept", 200)]
)
def test_a_win_without_a_bet_is_a_setting(
    seat: Seat, settings: object, policy: str, status: int
) -> None:
    settings.ALEA_WIN_WITHOUT_BET = policy  # type: ignore[attr-defined]  # pytest-django

    assert seat.win(1, 5).status == status
    assert seat.held == ("15.00" if status == 200 else "10.00")


def test_another_players_bet_in_the_round_is_no_bet(seat: Seat, other_player: Player) -> None:
    fund(other_player, "5.00", "EUR")
    theirs = Seat(other_player, seat.game, make_session(other_player, seat.game, ref="cs-2"))
    theirs.bet(1, 1)

    assert seat.win(2, 5).status == 503


def test_the_end_of_a_round_closes_it_and_moves_nothing(seat: Seat) -> None:
    seat.bet(1, 3)

    first = seat.end(2)
    follow_rounds()

    assert (first.status, first.json["realBalance"]) == (200, 7)
    assert Round.objects.get(round_ref="r-1").state == "closed"
    assert Entry.objects.filter(partner__code="alea").count() == 1


def test_the_end_of_an_unknown_round_is_answered(seat: Seat) -> None:
    answer = seat.end(1, "r-unknown")

    assert (answer.status, answer.json["realBalance"]) == (200, 10)
    assert RoundFinish.objects.get().round_ref == "r-unknown"


# ---- 11: promotions -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind", ["FREE_SPIN", "PRIZE", "CASHBACK", "SPIN_GIFT", "TOURNAMENT", "ALEA_JACKPOT"]
)
def test_a_prize_is_paid_once_without_session_or_round(seat: Seat, kind: str) -> None:
    services.end_session(session=seat.session)

    first, again = seat.promo(1, kind, 2.5), seat.promo(1, kind, 2.5)

    assert (first.json["realBalance"], first.json["realAmount"]) == (12.5, 2.5)
    assert again.json == first.json | {"isAlreadyProcessed": True}
    assert Entry.objects.get(partner__code="alea").kind == Kind.PROMO_WIN


def test_a_prize_of_nothing_is_answered(seat: Seat) -> None:
    assert seat.promo(1, "PRIZE", 0).json["realBalance"] == 10
    assert seat.held == "10.00"


@pytest.mark.parametrize(
    "changes",
    [
        {"playerId": "nobody.EUR"},
        {"playerId": None},
        {"currency": "USD"},
        {"prize": {"currency": "USD"}},
        {"prize": {"amount": -1}},
        {"promoType": "BIRTHDAY"},
        {"promoType": "TOURNAMENT"},
    ],
)
def test_a_prize_that_is_not_understood_moves_nothing(
    seat: Seat, changes: dict[str, object]
) -> None:
    before = world()

    assert seat.promo(1, "PRIZE", 1, **changes).said == INVALID
    assert world() == before


def issued(seat: Seat, **fields: object) -> FreeSpinIssue:
    made: FreeSpinIssue = FreeSpinIssue.objects.create(
        **{
            "player": seat.player,
            "wallet_id": seat.session.wallet_id,
            "game": seat.game,
            "currency": "EUR",
            "quantity": 5,
            "stake": 1,
            "valid_until": now(),
            "state": "issued",
            "created_at": now(),
        }
        | fields
    )
    return made


def test_our_free_spins_are_paid_by_their_id(seat: Seat) -> None:
    issue = issued(seat)
    named = {"prize": {"bonusId": issue.public_id}}

    first = seat.promo(1, "OPERATOR_FREE_SPIN", 2, **named)
    again = seat.promo(1, "OPERATOR_FREE_SPIN", 2, **named)
    more = seat.promo(2, "OPERATOR_FREE_SPIN", 1.5, **named)

    issue.refresh_from_db()
    assert (first.json["realBalance"], again.json["isAlreadyProcessed"]) == (12, True)
    assert more.json["realBalance"] == 13.5
    assert (issue.state, issue.won) == ("played", 3.5)
    assert set(Entry.objects.filter(partner__code="alea").values_list("kind", flat=True)) == {
        Kind.FREE_SPINS_WIN
    }


def test_free_spins_we_never_gave_are_not_paid(seat: Seat, other_player: Player) -> None:
    theirs = issued(seat, player=other_player, wallet_id=10**9)
    before = world()

    for bonus in ("fs_nobody", "", theirs.public_id):
        answer = seat.promo(1, "OPERATOR_FREE_SPIN", 2, prize={"bonusId": bonus or None})
        assert answer.said == INVALID
    assert world() == before


# ---- every order ----------------------------------------------------------------------------------


def test_every_order_of_a_round_comes_to_the_same_end(seat: Seat) -> None:
    """Each call is repeated, as the vendor does with what was not answered with 200."""
    for number, order in enumerate(itertools.permutations(["bet", "win", "rollback", "end"])):
        held, ref = seat.money.units, f"r-{number}"
        acts: dict[str, Callable[[], Answer]] = {
            "bet": partial(seat.bet, f"b{number}", 4, ref),
            "win": partial(seat.win, f"w{number}", 6, ref),
            "rollback": partial(seat.roll_back, f"u{number}", f"b{number}", round_id=ref),
            "end": partial(seat.end, f"e{number}", ref),
        }
        for name in order * 2:
            acts[name]()
        answers = {name: acts[name]().status for name in order}

        # The bet is undone in every order; a win counts where its bet was ever taken.
        is_taken = order.index("bet") < order.index("rollback")
        assert seat.money.units - held == (600 if is_taken else 0), order
        assert answers == {
            "bet": 200 if is_taken else 403,
            "win": 200 if is_taken else 503,
            "rollback": 200,
            "end": 200,
        }, order
