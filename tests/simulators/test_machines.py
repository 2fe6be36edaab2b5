from fractions import Fraction
from random import Random

import pytest

from apps.games.providers.softswiss.simulator import catalogue, machines, money
from tests.simulators.factories import a_game


def test_every_slot_returns_what_the_catalogue_promises() -> None:
    slots = [game for game in catalogue.games().values() if game.category == "slots"]

    shortfalls = [Fraction(game.payout_bps, 10_000) - machines.slot(game).payout for game in slots]

    assert len(slots) == 880
    assert min(shortfalls) >= 0
    assert max(shortfalls) < Fraction(2, 100_000)


def test_a_slot_pays_about_its_return_over_many_spins() -> None:
    game = a_game(category="slots", volatility="low", lines=20)
    rng = Random(7)

    won = sum(machines.play(game, 1000, {}, rng).win_units for _ in range(20_000))

    assert won / 20_000_000 == pytest.approx(game.payout_bps / 10_000, abs=0.03)


def test_free_spins_are_a_win_of_their_own() -> None:
    game = a_game(category="slots", has_freespins=True)
    rng = Random(3)

    outcome = next(
        outcome
        for outcome in (machines.play(game, 1000, {}, rng) for _ in range(2_000))
        if len(outcome.wins) == 2
    )

    assert len(outcome.show["screens"]) == 1 + machines.FREE_SPINS
    assert outcome.show["screens"][0]["scatters"] >= 3
    assert outcome.wins[1] == sum(screen["win_units"] for screen in outcome.show["screens"][1:])


@pytest.mark.parametrize("category", ["scratch", "card", "crash"])
def test_other_games_return_what_they_promise(category: str) -> None:
    game = a_game(category=category)
    rng = Random(11)

    won = sum(
        machines.play(game, 10_000, {"target_cents": 150}, rng).win_units for _ in range(40_000)
    )

    assert won / 400_000_000 == pytest.approx(game.payout_bps / 10_000, abs=0.04)


def test_scratch_weights_add_up_to_the_promised_return() -> None:
    for game in catalogue.games().values():
        if game.category == "scratch":
            weights = machines.prize_weights(game)
            paid = sum(times * weight for times, weight in weights.items())
            assert game.payout_bps * 100 - paid in {0, 1}
            assert sum(weights.values()) <= machines.WEIGHT_TOTAL


def test_every_roulette_bet_has_the_edge_of_one_zero() -> None:
    for spot, numbers in machines.SPOTS.items():
        assert Fraction(36 // len(numbers) * len(numbers), 37) == Fraction(36, 37), spot


@pytest.mark.parametrize(
    "choice",
    [{}, {"bets": {}}, {"bets": {"37": "10"}}, {"bets": {"red": "-5"}}, {"bets": {"red": "0"}}],
)
def test_roulette_refuses_a_bet_it_does_not_have(choice: dict[str, object]) -> None:
    with pytest.raises(machines.BadChoice):
        machines.play(a_game(category="roulette"), 10, choice)


def test_three_alike_are_on_a_winning_scratch_card_only() -> None:
    game = a_game(category="scratch")
    rng = Random(5)

    for _ in range(500):
        outcome = machines.play(game, 100, {}, rng)
        fields = outcome.show["fields"]
        most = max(fields.count(symbol) for symbol in fields)
        assert len(fields) == 9
        assert most == 3 if outcome.show["prize"] else most < 3


def test_amounts_keep_the_digits_of_their_currency() -> None:
    assert money.text(123_456_789, "BTC") == "1.23456789"
    assert money.text(5, "JPY") == "5"
    assert money.units("0.00012345", "BTC") == 12_345
    assert money.units("1.999", "EUR") == 199
    assert money.stakes("EUR")[:4] == [10, 20, 50, 100]
