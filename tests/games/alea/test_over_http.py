"""Whole journeys over HTTP: the simulator calls our server, which answers from real transactions."""

import random
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum

from apps.accounts.models import Player
from apps.core.clock import now
from apps.core.money import Money
from apps.games import catalogue, free_spins, services
from apps.games.models import Game
from apps.games.providers.base import Launched
from apps.ledger.models import Entry, Kind
from apps.ledger.selectors import currency
from tests.games.alea.factories import Seat
from tests.games.conftest import fund
from tests.games.test_services import URLS
from tests.simulator_client import Alea

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

LIVE, SOLO = "Candlewick Roulette", "Harbour Zero Solo"


def open_table(player: Player, game: Game, code: str = "EUR") -> Launched:
    return services.launch(
        player=player,
        game=game,
        currency_code=code,
        client_type="desktop",
        ip="203.0.113.7",
        mode="real",
        urls=URLS,
    )


@pytest.fixture
def house(alea: Alea, live_server: Any) -> Alea:
    """The vendor, calling our live server, and our catalogue taken over from it."""
    alea.call_back(live_server.url)
    catalogue.sync_provider("alea")
    return alea


def seat_at(house: Alea, player: Player, **wanted: Any) -> tuple[str, Seat]:
    """A player with 100 EUR at the first game of this kind."""
    fund(player, "100.00", "EUR")
    game = Game.objects.filter(**wanted).order_by("identifier")[0]
    play = house.open(open_table(player, game).url)
    return play, Seat(player, game, player.game_sessions.get(ended_at=None))


def assert_books_agree(house: Alea, seats: list[Seat]) -> None:
    totals = {row["player_id"]: row for row in house.totals()}
    for seat in seats:
        row = totals.get(seat.ref, dict.fromkeys(("bet", "win", "rollback", "promo"), "0"))
        theirs = (
            Decimal(row["win"])
            + Decimal(row["promo"])
            + Decimal(row["rollback"])
            - Decimal(row["bet"])
        )
        moved = Entry.objects.filter(
            partner__code="alea", wallet_id=seat.session.wallet_id
        ).aggregate(sum=Sum("amount"))["sum"]
        assert (moved or 0) == theirs, row
        assert seat.money.major == 100 + theirs


def test_a_table_game_plays_and_both_books_agree(house: Alea, player: Player) -> None:
    play, seat = seat_at(house, player, is_live=False, min_stake__lte="0.5", category="roulette")

    rounds = house.deal(play, 12, amount="0.50")

    assert all(not one["refusal"] for one in rounds)
    assert rounds[-1]["balance"] == seat.held
    assert_books_agree(house, [seat])


def test_ten_at_the_same_moment_have_one_effect_and_one_answer(house: Alea, player: Player) -> None:
    play, seat = seat_at(house, player, is_live=True)
    sent = {
        "BET": house.send(play, "BET", amount="30", id="1", round_id="r-1"),
        "WIN": house.send(play, "WIN", amount="12", id="2", round_id="r-1"),
        "BET_WIN": house.send(play, "BET_WIN", amount="5", win="1", id="3", round_id="r-2"),
        "ROLLBACK": house.send(play, "ROLLBACK", target="1", id="4", round_id="r-1"),
        "END_ROUND": house.send(play, "END_ROUND", id="5", round_id="r-1"),
    }
    assert {one["status"] for one in sent.values()} == {200}
    entries = Entry.objects.count()

    for kind, first in sent.items():
        [call] = house.calls(kind=kind)
        answers = house.repeat(call["key"], 10, parallel=True)
        assert {answer["status"] for answer in answers} == {200}
        now_held = {"realBalance": 108, "isAlreadyProcessed": True}
        assert all(answer["body"] == first["body"] | now_held for answer in answers), kind

    assert Entry.objects.count() == entries
    assert seat.held == "108.00"


def test_ten_new_ones_at_the_same_moment_have_one_effect(house: Alea, player: Player) -> None:
    play, seat = seat_at(house, player, is_live=True)
    house.switches(callback_copies=10, callback_parallel=True)

    house.send(play, "BET", amount="30", id="1", round_id="r-1")
    [call] = house.calls(kind="BET")

    answers = [one["answer"] for one in call["tries"]]
    assert len(answers) == 10
    assert len([one for one in answers if "isAlreadyProcessed" not in one]) == 1
    assert len({one.replace(',"isAlreadyProcessed":true', "") for one in answers}) == 1
    assert seat.held == "70.00"


def test_bets_at_the_same_moment_take_what_is_there_and_no_more(
    house: Alea, player: Player
) -> None:
    play, seat = seat_at(house, player, is_live=True)
    house.switches(callback_copies=4, callback_parallel=True)

    statuses = [
        house.send(play, "BET", amount="40", id=f"{n}", round_id="r-1")["status"] for n in range(4)
    ]

    assert sorted(statuses) == [200, 200, 403, 403]
    assert seat.held == "20.00"


def test_a_soak_with_faults_ends_with_both_books_the_same(
    house: Alea, player: Player, other_player: Player
) -> None:
    dice = random.Random(20261125)
    players = [
        seat_at(house, player, is_live=False, min_stake__lte="0.5", category="roulette"),
        seat_at(house, other_player, is_live=False, min_stake__lte="0.5", category="card"),
    ]
    faults: list[dict[str, Any]] = [
        {},
        {"callback_answer": "lose", "remaining": 1},
        {"callback_answer": "lose", "remaining": 3},
        {"callback_copies": 3, "callback_parallel": True, "remaining": 2},
        {"callback_signature": "wrong", "remaining": 1},
        {"callback_signature": "missing", "remaining": 2},
        {"callback_answer": "unsent", "remaining": 1},
        {"callback_reorder": True},
    ]

    for _ in range(14):
        fault = dice.choice(faults)
        house.switches(**fault)
        play, _seat = dice.choice(players)
        house.deal(play, dice.randint(1, 2), amount=f"{dice.randint(50, 400) / 100:.2f}")
        if dice.random() < 0.3:
            house.control(f"plays/{play}/rollback-first", amount="1.00")
        if dice.random() < 0.3 and "callback_reorder" not in fault:
            house.control(f"plays/{play}/promo", amount="0.25", kind="PRIZE")
    house.switches()
    deadline = time.monotonic() + 15
    while any(call["state"] == "waiting" for call in house.calls()):
        assert time.monotonic() < deadline
        time.sleep(0.1)

    assert_books_agree(house, [seat for _, seat in players])
    assert Entry.objects.filter(partner__code="alea", kind=Kind.ROLLBACK).exists()


def test_free_spins_are_played_for_nothing_and_paid_once(
    house: Alea, player: Player, administrator: Any
) -> None:
    play, seat = seat_at(house, player, is_live=False, min_stake__lte="0.5", category="roulette")
    made = free_spins.issue(
        player=player,
        game=seat.game,
        stake=Money.parse("1.00", currency("EUR")),
        quantity=3,
        valid_until=now() + timedelta(days=1),
        actor=administrator,
        reason="A welcome",
    )

    rounds = house.deal(play, 3)
    [call] = house.delivered(kind="PROMO_PAYOUT")
    house.repeat(call["key"], 4, parallel=True)

    made.refresh_from_db()
    assert [one["stake"] for one in rounds] == ["0.00"] * 3
    assert (made.state, seat.money.major) == ("played", 100 + made.won)
    assert Entry.objects.filter(kind=Kind.FREE_SPINS_WIN).count() == 1
    assert house.deal(play)[0]["stake"] != "0.00"


def test_free_spins_can_be_taken_back(house: Alea, player: Player, administrator: Any) -> None:
    play, seat = seat_at(house, player, is_live=False, min_stake__lte="0.5", category="roulette")
    made = free_spins.issue(
        player=player,
        game=seat.game,
        stake=Money.parse("1.00", currency("EUR")),
        quantity=3,
        valid_until=now() + timedelta(days=1),
        actor=administrator,
        reason="A welcome",
    )

    free_spins.cancel(issue_id=made.pk, actor=administrator, reason="A mistake")

    assert house.deal(play)[0]["stake"] != "0.00"


# ---- the live table -------------------------------------------------------------------------------


def wait_for(house: Alea, play: str, phase: str, seconds: float = 8) -> dict[str, Any]:
    deadline = time.monotonic() + seconds
    while True:
        state = house.page(play, "state")
        if state["phase"] == phase:
            return state
        assert time.monotonic() < deadline, state
        time.sleep(0.05)


def settled(house: Alea) -> None:
    """Wait until the clock has paid every hand and the casino has heard of it."""
    deadline = time.monotonic() + 20
    while not all(hand["settled"] for hand in house.hands()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    house.delivered()


def test_two_players_at_a_live_table_see_one_round_and_are_paid(
    house: Alea, player: Player, other_player: Player
) -> None:
    mine, seat = seat_at(house, player, is_live=True, category="roulette")
    theirs, other = seat_at(house, other_player, identifier=seat.game.identifier)
    house.clock(betting=90, closed=60, result=60)
    house.page(theirs, "state")

    first = house.page(mine, "place", spot="red", units="200")
    house.page(mine, "place", spot="black", units="200")
    house.page(mine, "place", spot="odd", units="100")
    taken_back = house.page(mine, "undo")
    house.page(theirs, "place", spot="7", units="50")
    seen = house.page(theirs, "state")
    house.hurry()
    turning = wait_for(house, mine, "closed")
    late = house.page(mine, "place", spot="red", units="200")
    house.hurry()
    result = wait_for(house, mine, "result")
    same = house.page(theirs, "state")
    settled(house)

    assert (first["refusal"], taken_back["refusal"]) == ("", "")
    assert "show" not in first
    assert late["refusal"] == "No more bets."
    assert result["show"] == turning["show"] == same["show"]
    assert [one["spots"] for one in seen["company"] if one["is_real"]] == [["black", "red"]]
    red = result["show"]["colour"] != "green"
    assert result["win"]["text"] == ("4.00" if red else "0.00")
    assert seat.held == ("100.00" if red else "96.00")
    assert_books_agree(house, [seat, other])
    assert Entry.objects.filter(kind=Kind.ROLLBACK).count() == 1


def test_a_hanging_casino_stops_no_table(house: Alea, player: Player) -> None:
    play, seat = seat_at(house, player, is_live=True, category="roulette")
    house.clock(betting=90, closed=60, result=60)
    house.place(play, "red", "2")
    house.place(play, "black", "2")
    house.switches(callback_delay_ms=900)
    house.hurry()
    house.hurry()
    house.clock(betting=0.8, closed=0.2, result=0.4)

    rounds = {house.page(play, "state")["round"] for _ in range(25) if not time.sleep(0.05)}
    house.switches()
    settled(house)

    assert len(rounds) >= 2
    assert_books_agree(house, [seat])


def test_a_bet_without_an_answer_is_void_and_comes_back(house: Alea, player: Player) -> None:
    play, seat = seat_at(house, player, is_live=True, category="roulette")
    house.clock(betting=5, closed=0.3, result=0.6)
    house.switches(callback_answer="lose", only="BET", remaining=2)

    said = house.place(play, "red", "2")
    house.delivered(kind="ROLLBACK")

    assert said["refusal"].startswith("The casino did not answer")
    assert seat.held == "100.00"
    assert house.hands()[0]["bets"][0]["state"] == "void"


def test_a_bet_that_is_answered_after_the_result_is_taken_back(house: Alea, player: Player) -> None:
    play, seat = seat_at(house, player, is_live=True, category="roulette")
    house.clock(betting=90, closed=60, result=60)
    house.switches(callback_delay_ms=1500, only="BET")

    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(house.place, play, "red", "2")
        deadline = time.monotonic() + 20
        while not house.hands() or not house.hands()[0]["bets"]:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        house.hurry()
        house.hurry()
        said = waiting.result()
    house.switches()
    house.delivered(kind="ROLLBACK")

    assert said["refusal"] == "The bet came too late and returns."
    assert [bet["state"] for bet in house.hands()[0]["bets"]] == ["late"]
    assert seat.held == "100.00"
    assert_books_agree(house, [seat])


def test_limits_and_seats_hold(house: Alea, player: Player, other_player: Player) -> None:
    play, seat = seat_at(house, player, is_live=True, seats=7, min_stake="0.2")
    house.clock(betting=20, closed=1, result=1)
    opened = house.page(play, "opened")

    little = house.place(play, "banker", "0.01")
    much = house.place(play, "banker", "99999")

    assert (opened["seat"], opened["seats"], opened["least"]["text"]) == (1, 7, "0.20")
    assert little["refusal"] == "The least is 0.20."
    assert much["refusal"].startswith("The most is")
    assert house.place(play, "banker", "101")["refusal"] == "Not enough money for this bet."
    assert seat.held == "100.00"
