"""What our own games return over many rounds, against what their tables say.

    python -m bench.rtp [--rounds 10000000] [--seed 1]

The rounds are drawn with numpy and resolved by vectors; the first rounds of every game are also played
by the code that players play on, from the same numbers, and must agree one by one. A line per game and
choice with its return, its theory and their distance in standard errors. The last line is one JSON
object with the largest distance; above 4.5 the program ends with an error.
"""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from math import comb
from typing import Any

import numpy as np

from apps.originals.fairness import crash, games, tables
from apps.originals.fairness.draws import Draws
from bench import blackjack as strategy

ONE, KEPT = tables.ONE, games.KEPT
CHECKED = 2_000
STEP = 500_000
FAR = 4.5
Numbers = np.ndarray[Any, np.dtype[np.uint64]]


class Given(Draws):
    """Draws from a row of numbers instead of seeds."""

    def __init__(self, row: Any):
        self._row = iter(row)

    def number(self) -> int:
        return int(next(self._row))


@dataclass(frozen=True)
class Trial:
    """returns: multipliers (ten-thousandths) of rows of numbers. play: the same by the real code."""

    name: str
    width: int
    returns: Callable[[Numbers], Any]
    play: Callable[[Draws], games.Outcome]
    step: int = STEP


def below(numbers: Numbers, n: int) -> Any:
    return (numbers * np.uint64(n)) >> np.uint64(32)


def dice(target: int, over: bool) -> Trial:
    pays = games.dice_multiplier(target=target, over=over)

    def returns(u: Numbers) -> Any:
        roll = below(u[:, 0], games.DICE_OUTCOMES)
        return np.where(roll > target if over else roll < target, pays, 0)

    word = "over" if over else "under"
    return Trial(f"dice {word} {target / 100:.2f}", 1, returns,
                 lambda draws: games.dice(draws, target=target, over=over))  # fmt: skip


def limbo(target: int) -> Trial:
    def returns(u: Numbers) -> Any:
        k = (u[:, 0] >> np.uint64(8)) + np.uint64(1)
        result = np.maximum(100, np.uint64(KEPT * 100 * 2**24) // (np.uint64(ONE) * k))
        return np.where(result >= target, target * 100, 0)

    return Trial(f"limbo {target / 100:.2f}", 1, returns,
                 lambda draws: games.limbo(draws, target=target))  # fmt: skip


def plinko(rows: int, risk: str) -> Trial:
    table = np.array(tables.plinko(rows, risk))
    return Trial(f"plinko {rows} {risk}", rows, lambda u: table[below(u, 2).sum(axis=1)],
                 lambda draws: games.plinko(draws, rows=rows, risk=risk))  # fmt: skip


def wheel(segments: int, risk: str) -> Trial:
    table = np.array(tables.wheel(segments, risk))
    return Trial(f"wheel {segments} {risk}", 1, lambda u: table[below(u[:, 0], segments)],
                 lambda draws: games.wheel(draws, segments=segments, risk=risk))  # fmt: skip


def roulette(spot: str) -> Trial:
    wins = np.zeros(37, dtype=np.int64)
    for pocket in games.ROULETTE_SPOTS[spot]:
        wins[pocket] = 36 // len(games.ROULETTE_SPOTS[spot]) * ONE
    return Trial(f"roulette {spot}", 1, lambda u: wins[below(u[:, 0], 37)],
                 lambda draws: games.roulette(draws, chips={spot: 1}))  # fmt: skip


def shuffled(u: Numbers, of: int, count: int) -> Any:
    """The places that a shrinking list gives, row by row."""
    places = np.tile(np.arange(of, dtype=np.int8), (len(u), 1))
    rows = np.arange(len(u))
    drawn = np.empty((len(u), count), dtype=np.int8)
    for n in range(count):
        at = below(u[:, n], of - n).astype(np.int64)
        drawn[:, n] = places[rows, at]
        # What stands behind moves up by one.
        behind = np.arange(of - n - 1)[None, :] >= at[:, None]
        places[:, : of - n - 1] = np.where(behind, places[:, 1 : of - n], places[:, : of - n - 1])
    return drawn


def mines(count: int, opened: list[int]) -> Trial:
    pays = games.mines_multiplier(count, len(opened))

    def returns(u: Numbers) -> Any:
        hit = np.isin(shuffled(u, games.MINES_CELLS, count), opened).any(axis=1)
        return np.where(hit, 0, pays)

    def play(draws: Draws) -> games.Outcome:
        hidden = draws.picks(games.MINES_CELLS, count)
        return games.Outcome(0 if set(hidden) & set(opened) else pays)

    return Trial(f"mines {count}, {len(opened)} opened", count, returns, play)


def keno(picks: list[int], risk: str) -> Trial:
    table = np.array(tables.keno(len(picks), risk))

    def returns(u: Numbers) -> Any:
        drawn = shuffled(u, tables.KENO_CELLS, tables.KENO_DRAWN) + 1
        return table[np.isin(drawn, picks).sum(axis=1)]

    return Trial(f"keno {len(picks)} {risk}", tables.KENO_DRAWN, returns,
                 lambda draws: games.keno(draws, picks=picks, risk=risk))  # fmt: skip


def hilo(guesses: int) -> Trial:
    """The likelier side each time, then leave."""

    def returns(u: Numbers) -> Any:
        heights = below(u, 52) // np.uint64(4)
        heights = heights.astype(np.int64)
        alive = np.ones(len(u), dtype=bool)
        chances = np.ones(len(u), dtype=np.int64)
        for n in range(guesses):
            before, after = heights[:, n], heights[:, n + 1]
            up = before < 6
            winning = np.where(
                up, 13 - np.maximum(before, 1), np.where(before < 12, before + 1, 12)
            )
            wins = np.where(up, after >= np.maximum(before, 1), after < winning)
            alive &= wins
            chances *= winning
        return np.where(alive, KEPT * 13**guesses // chances, 0)

    def play(draws: Draws) -> games.Outcome:
        cards = [games.card(draws) for _ in range(guesses + 1)]
        said = ["higher" if games.height(one) < 6 else "lower" for one in cards[:-1]]
        row = [games.DECK.index(one) << 32 for one in cards]
        again = Given([-(-one // 52) for one in row])
        for n, guess in enumerate(said):
            if games.height(cards[n + 1]) not in games.hilo_winning(games.height(cards[n]), guess):
                return games.Outcome(0)
        return games.hilo(again, guesses=said, cashed_out=True)

    return Trial(f"hi-lo, {guesses} guesses", guesses + 1, returns, play)


def crash_out_at(target: int) -> Trial:
    """Everybody's point, and an automatic cash-out."""

    def returns(u: Numbers) -> Any:
        point = np.maximum(100, np.uint64((10_000 - crash.EDGE_BP) * 2**32 // 100) // (u[:, 0] + 1))
        return np.where(point >= target, target * 100, 0)

    def play(draws: Draws) -> games.Outcome:
        point = crash.point_of(draws.number())
        return games.Outcome(target * 100 if point >= target else 0)

    return Trial(f"crash out at {target / 100:.2f}", 1, returns, play)


def blackjack() -> Trial:
    """Every hand played best. A doubled or split stake counts as a loss before the result."""

    def play(draws: Draws) -> games.Outcome:
        row = [draws.number() for _ in range(strategy.WIDTH)]
        actions: list[str] = []
        outcome = games.blackjack(Given(row), actions=actions)
        while outcome.is_open:
            actions.append(strategy.action(outcome.detail))
            outcome = games.blackjack(Given(row), actions=actions)
        return games.Outcome(outcome.multiplier - (outcome.detail["parts"] - 1) * ONE)

    return Trial(
        "blackjack, best play", strategy.WIDTH,
        lambda u: strategy.returns(u) * (ONE // 2), play, step=STEP // 5,
    )  # fmt: skip


TRIALS: list[tuple[Trial, float]] = []


def add(trial: Trial, theory: float) -> None:
    TRIALS.append((trial, theory))


def expected(table: list[int], chances: list[float]) -> float:
    return sum(pays * chance for pays, chance in zip(table, chances, strict=True)) / ONE


def _fill() -> None:
    for target, over in ((5050, True), (4950, False), (9800, True), (200, False)):
        winning = games.DICE_OUTCOMES - 1 - target if over else target
        pays = games.dice_multiplier(target=target, over=over)
        add(dice(target, over), pays * winning / games.DICE_OUTCOMES / ONE)
    for target in (101, 200, 1000, 10000):
        # Wins while KEPT * 100 * 2**24 // (ONE * (k + 1)) >= target.
        winning = KEPT * 100 * 2**24 // (ONE * target)
        add(limbo(target), winning / 2**24 * target / 100)
    for rows in tables.plinko_rows():
        for risk in tables.RISKS:
            ways = [comb(rows, at) / 2**rows for at in range(rows + 1)]
            add(plinko(rows, risk), expected(tables.plinko(rows, risk), ways))
    for segments in tables.WHEEL_SEGMENTS:
        for risk in tables.RISKS:
            table = tables.wheel(segments, risk)
            add(wheel(segments, risk), expected(table, [1 / segments] * segments))
    for spot in ("17", "split:8-11", "street:4", "corner:1", "line:3", "dozen:2", "red"):
        add(roulette(spot), 36 / 37)
    for count, opened in ((1, [0]), (3, [4, 9, 20]), (10, [1, 2]), (24, [12])):
        safe = comb(25 - count, len(opened)) / comb(25, len(opened))
        add(mines(count, opened), games.mines_multiplier(count, len(opened)) * safe / ONE)
    for picks in (1, 4, 7, 10):
        for risk in tables.RISKS:
            chances = [a / b for a, b in (tables.keno_chance(picks, h) for h in range(picks + 1))]
            add(keno(list(range(3, 3 + picks)), risk), expected(tables.keno(picks, risk), chances))
    for guesses in (1, 4):
        add(hilo(guesses), KEPT / ONE)
    for target in (101, 200, 1000, 10000):
        points = (10_000 - crash.EDGE_BP) * 2**32 // (100 * target)
        add(crash_out_at(target), points / 2**32 * target / 100)
    add(blackjack(), strategy.theory())


def _run(trial: Trial, rounds: int, random: np.random.Generator) -> tuple[float, float]:
    """Mean return and its standard error."""
    total = squares = 0.0
    for begin in range(0, rounds, trial.step):
        size = min(trial.step, rounds - begin)
        u = random.integers(0, 2**32, size=(size, trial.width), dtype=np.uint64)
        paid = trial.returns(u).astype(np.float64) / ONE
        if begin == 0:
            for row, one in zip(u[:CHECKED], paid[:CHECKED], strict=True):
                outcome = trial.play(Given(row))
                played = outcome.multiplier / outcome.per
                if abs(played - one) > 1e-9:
                    raise SystemExit(f"{trial.name}: the vector says {one}, the game {played}.")
        total += float(paid.sum())
        squares += float((paid * paid).sum())
    mean = total / rounds
    return mean, float(np.sqrt(max(squares / rounds - mean * mean, 0.0) / rounds))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=10_000_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    random = np.random.default_rng(options.seed)
    _fill()
    worst, worst_of = 0.0, ""
    for trial, theory in TRIALS:
        mean, error = _run(trial, options.rounds, random)
        distance = abs(mean - theory) / error if error else 0.0
        if distance > worst:
            worst, worst_of = distance, trial.name
        print(f"{trial.name:<24}{mean:>9.4%} of {theory:>9.4%}{distance:>7.2f} errors", flush=True)
    print(json.dumps({"rounds": options.rounds, "farthest": worst_of, "errors": round(worst, 2)}))
    if worst > FAR:
        sys.exit(1)


if __name__ == "__main__":
    main()
