"""The published vectors of `pf-1`, and what every table pays, computed exactly."""

import itertools
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import comb

import pytest

from apps.originals.fairness import crash, games, tables
from apps.originals.fairness.draws import Draws, commitment, hidden_trigger, weighted, wide_number
from apps.originals.fairness.games import InvalidChoice

SERVER_SEED = "bd26cba844b7ca27ccecd4f96a1daba48efdf4ac686b197df927e917cd247acc"
ONE = tables.ONE


def draws() -> Draws:
    return Draws(SERVER_SEED, "example-client", 1)


def test_the_commitment_and_the_numbers() -> None:
    stream = draws()

    assert commitment(SERVER_SEED) == (
        "549a009733d527646299f70a87c8d49e36a4bd93be97a8d8db912e2801ce6595"
    )
    assert [stream.number() for _ in range(3)] == [3992939444, 692332070, 1357653019]


def test_the_results_of_the_vector() -> None:
    assert games.dice(draws(), target=5000, over=True).detail == {"roll": 9297}
    assert games.limbo(draws(), target=106).detail == {"result": 106}
    assert games.roulette(draws(), chips={"34": 1, "black": 6}).pays(700) == 3600
    ball = games.plinko(draws(), rows=8, risk="low").detail
    assert ball == {"path": [1, 0, 0, 0, 0, 1, 1, 0], "bucket": 3}
    lost = games.mines(draws(), mines=3, opened=[23], cashed_out=False)
    assert (lost.multiplier, lost.detail["mines"]) == (0, [3, 8, 23])
    drawn = games.keno(draws(), picks=[2], risk="low").detail["drawn"]
    assert sorted(drawn) == [2, 3, 7, 9, 14, 17, 25, 30, 32, 38]


def test_the_hand_of_the_vector() -> None:
    dealt = games.blackjack(draws(), actions=[])
    stood = games.blackjack(draws(), actions=["stand"])

    assert dealt.is_open
    assert dealt.detail["dealer"] == ["6D"]
    assert dealt.detail["hands"] == [{"cards": ["AD", "4D"], "parts": 1}]
    assert stood.detail["dealer"] == ["6D", "2C", "6C", "JH"]
    assert stood.multiplier == 2 * ONE


def test_the_crash_point_of_the_vector() -> None:
    h0 = "9f6ebbd05f44df1551885f8996922444dc5a6ca033cbfea7848741166a550f9e"
    h1 = "dd6dc76c663c7c613ed211dbef5446fd9444420d93ca61606eab3d202f56d20e"
    salt = "83cd2dd399e08167f5b182b458c5776ac83b8cf779b753bcaec132323eb178ab"

    assert crash.earlier(h1) == h0
    assert crash.chain(h1, 1) == [h0, h1]
    assert crash.point(h1, salt) == 167


def test_the_draws_of_jackpots_and_raffles() -> None:
    drop = wide_number(SERVER_SEED, "jackpot", "daily:1")

    assert hidden_trigger(drop, 1000, 50000) == 11978
    assert weighted(wide_number(SERVER_SEED, "raffle", "2030-W01"), [3, 1, 6]) == 2


def test_exact_boundaries_have_no_binary_fraction() -> None:
    class Fixed(Draws):
        def number(self) -> int:
            return 2 << 8

    assert games.limbo(Fixed("", "", 0), target=101).detail["result"] == 553_648_128


def test_multipliers_as_published() -> None:
    assert games.dice_multiplier(target=4950, over=False) == 20_002
    assert [games.mines_multiplier(3, safe) for safe in (1, 2, 3)] == [11_250, 12_857, 14_785]


@pytest.mark.parametrize(
    ("rows", "risk", "percent"),
    [
        (8, "low", "98.72"), (8, "medium", "98.63"), (8, "high", "98.97"),
        (12, "low", "98.98"), (12, "medium", "98.64"), (12, "high", "98.78"),
        (16, "low", "98.83"), (16, "medium", "98.67"), (16, "high", "98.66"),
    ],
)  # fmt: skip
def test_plinko_returns_what_is_published(rows: int, risk: str, percent: str) -> None:
    table = tables.plinko(rows, risk)
    returned = sum(Fraction(comb(rows, at), 2**rows) * table[at] for at in range(rows + 1)) / ONE

    assert Decimal(returned.numerator * 100 / Decimal(returned.denominator)).quantize(
        Decimal("0.01"), ROUND_HALF_UP
    ) == Decimal(percent)


@pytest.mark.parametrize("risk", tables.RISKS)
def test_wheel_and_keno_keep_about_one_per_cent(risk: str) -> None:
    for segments in tables.WHEEL_SEGMENTS:
        assert Fraction(sum(tables.wheel(segments, risk)), segments * ONE) == Fraction(99, 100)
    for picks in range(1, tables.KENO_PICKS_MAX + 1):
        table = tables.keno(picks, risk)
        assert table == sorted(table)
        returned = sum(
            Fraction(*tables.keno_chance(picks, hits)) * table[hits] for hits in range(picks + 1)
        )
        assert Fraction(98, 100) < returned / ONE <= Fraction(99, 100)


def test_every_spot_of_roulette_returns_36_of_37() -> None:
    class Pocket(Draws):
        def below(self, n: int) -> int:
            return self.at

    for spot in games.ROULETTE_SPOTS:
        returned = 0
        for pocket in range(37):
            wheel = Pocket("", "", 0)
            wheel.at = pocket
            returned += games.roulette(wheel, chips={spot: 1}).pays(1)
        assert returned == 36, spot
    assert len(games.ROULETTE_SPOTS) == 37 + 60 + 24 + 14 + 1 + 11 + 3 + 3 + 6 - 3 + 1


def test_hilo_is_fair_but_for_the_edge_at_every_height() -> None:
    for before, guess in itertools.product(range(13), ("higher", "lower")):
        assert 1 <= len(games.hilo_winning(before, guess)) <= 12


def test_a_round_in_steps_is_the_same_however_often_it_is_replayed() -> None:
    one = games.hilo(draws(), guesses=["skip", "higher"], cashed_out=False)
    two = games.hilo(draws(), guesses=["skip", "higher"], cashed_out=False)

    assert one == two


@pytest.mark.parametrize(
    "play",
    [
        lambda: games.dice(draws(), target=10_000, over=True),
        lambda: games.dice(draws(), target=0, over=False),
        lambda: games.limbo(draws(), target=100),
        lambda: games.wheel(draws(), segments=11, risk="low"),
        lambda: games.plinko(draws(), rows=9, risk="low"),
        lambda: games.plinko(draws(), rows=8, risk="mad"),
        lambda: games.keno(draws(), picks=[], risk="low"),
        lambda: games.keno(draws(), picks=[1, 1], risk="low"),
        lambda: games.keno(draws(), picks=[41], risk="low"),
        lambda: games.roulette(draws(), chips={}),
        lambda: games.roulette(draws(), chips={"37": 1}),
        lambda: games.roulette(draws(), chips={"red": 0}),
        lambda: games.mines(draws(), mines=25, opened=[], cashed_out=False),
        lambda: games.mines(draws(), mines=3, opened=[1, 1], cashed_out=False),
        lambda: games.mines(draws(), mines=3, opened=[], cashed_out=True),
        lambda: games.mines(draws(), mines=3, opened=[23, 1], cashed_out=False),
        lambda: games.hilo(draws(), guesses=["sideways"], cashed_out=False),
        lambda: games.hilo(draws(), guesses=[], cashed_out=True),
        lambda: games.blackjack(draws(), actions=["split"]),
        lambda: games.blackjack(draws(), actions=["stand", "hit"]),
    ],
)
def test_what_the_rules_do_not_have_is_refused(play: object) -> None:
    with pytest.raises(InvalidChoice):
        play()  # type: ignore[operator]
