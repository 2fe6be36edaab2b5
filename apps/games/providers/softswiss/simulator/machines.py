"""How the simulated games decide a round, at exactly the return their catalogue entry promises.

Chances are whole weights out of a million and pays are whole numbers, so the return of every game
is a fraction that can be computed and is compared with the catalogue by a test.
"""

import functools
import secrets
from dataclasses import dataclass, field
from fractions import Fraction
from random import Random
from typing import Any

from apps.games.providers.softswiss.simulator.catalogue import Game, pick

Json = dict[str, Any]

WEIGHT_TOTAL = 1_000_000
WILD, SCATTER = "wild", "scatter"
HIGH = ("high1", "high2", "high3", "high4")
LOW = ("low1", "low2", "low3", "low4")
SYMBOLS = HIGH + LOW
# Chance of each symbol where neither a wild nor a scatter lands.
SYMBOL_WEIGHTS = dict(
    zip(
        SYMBOLS, (60_000, 80_000, 100_000, 120_000, 150_000, 150_000, 170_000, 170_000), strict=True
    )
)
SCATTER_WEIGHT = {9: 52_000, 15: 34_000}  # per cell, by cells on the screen
SCATTERS_NEEDED = 3
FREE_SPINS = 8
FREE_SPINS_MULTIPLIER = 2
WAYS_DIVISOR = 100  # a way pays in hundredths of the whole stake
WILD_WEIGHT_MAX = 400_000

# Pays of symbols from the best to the least, for three, four and five in a row.
LINE_PAYS = {
    "calm": (
        (25, 75, 250), (20, 50, 150), (15, 40, 100), (12, 30, 80),
        (8, 20, 50), (8, 20, 50), (5, 12, 40), (5, 12, 40),
    ),
    "even": (
        (50, 200, 1000), (30, 100, 500), (20, 60, 250), (15, 40, 150),
        (10, 25, 100), (10, 25, 100), (5, 15, 60), (5, 15, 60),
    ),
    "wild": (
        (75, 400, 3000), (40, 200, 1000), (20, 80, 400), (15, 50, 200),
        (5, 20, 80), (5, 20, 80), (5, 10, 50), (5, 10, 50),
    ),
}  # fmt: skip
WAY_PAYS = (
    (30, 100, 400), (20, 60, 200), (15, 40, 120), (10, 30, 100),
    (6, 15, 40), (6, 15, 40), (4, 10, 30), (4, 10, 30),
)  # fmt: skip
THREE_REEL_PAYS = ((150,), (60,), (30,), (20,), (10,), (10,), (5,), (5,))
TEMPER = {
    "low": "calm",
    "medium-low": "calm",
    "medium": "even",
    "medium-high": "even",
    "high": "wild",
    "very-high": "wild",
}

# Rows of the cells a line runs through, per reel.
LINES_FIVE = (
    (1, 1, 1, 1, 1), (0, 0, 0, 0, 0), (2, 2, 2, 2, 2), (0, 1, 2, 1, 0), (2, 1, 0, 1, 2),
    (0, 0, 1, 2, 2), (2, 2, 1, 0, 0), (1, 0, 0, 0, 1), (1, 2, 2, 2, 1), (1, 0, 1, 2, 1),
    (1, 2, 1, 0, 1), (0, 1, 0, 1, 0), (2, 1, 2, 1, 2), (0, 1, 1, 1, 0), (2, 1, 1, 1, 2),
    (1, 1, 0, 1, 1), (1, 1, 2, 1, 1), (0, 2, 0, 2, 0), (2, 0, 2, 0, 2), (0, 2, 2, 2, 0),
    (2, 0, 0, 0, 2), (0, 0, 2, 0, 0), (2, 2, 0, 2, 2), (1, 0, 2, 0, 1), (1, 2, 0, 2, 1),
)  # fmt: skip
LINES_THREE = ((1, 1, 1), (0, 0, 0), (2, 2, 2), (0, 1, 2), (2, 1, 0))

RED = frozenset({1, 3, 5, 7, 9, 12, 14, 16, 18, 19, 21, 23, 25, 27, 30, 32, 34, 36})
SPOTS: dict[str, frozenset[int]] = {
    "red": RED,
    "black": frozenset(range(1, 37)) - RED,
    "odd": frozenset(range(1, 37, 2)),
    "even": frozenset(range(2, 37, 2)),
    "low": frozenset(range(1, 19)),
    "high": frozenset(range(19, 37)),
    "dozen1": frozenset(range(1, 13)),
    "dozen2": frozenset(range(13, 25)),
    "dozen3": frozenset(range(25, 37)),
    "column1": frozenset(range(1, 37, 3)),
    "column2": frozenset(range(2, 37, 3)),
    "column3": frozenset(range(3, 37, 3)),
} | {str(number): frozenset({number}) for number in range(37)}

RANKS = 13
TARGET_CENTS_MIN, TARGET_CENTS_MAX = 110, 100_00
# Prizes of a scratch card in stakes, with their weights; the doubled stake fills up the return.
PRIZES = {1: 120_000, 5: 30_000, 10: 10_000, 50: 1_000, 500: 50}
PRIZE_FILLING = 2
PRIZE_SYMBOLS = {500: "high1", 50: "high2", 10: "high3", 5: "high4", 2: "low1", 1: "low2"}


class BadChoice(ValueError):
    """The page asked for a bet this game does not take."""


@dataclass(frozen=True)
class Outcome:
    """What a round brings: the wins in the order they fall, and what the page shows."""

    stake_units: int
    wins: tuple[int, ...]
    show: Json = field(default_factory=dict)

    @property
    def win_units(self) -> int:
        return sum(self.wins)


def engine(game: Game) -> str:
    """Which of the five machines plays this category."""
    return {
        "slots": "slot",
        "roulette": "roulette",
        "scratch": "scratch",
        "card": "cards",
        "poker": "cards",
        "video_poker": "cards",
    }.get(game.category, "climb")


def play(game: Game, stake_units: int, choice: Json, rng: Random | None = None) -> Outcome:
    """Decide one round. Raises BadChoice for a bet the game does not take."""
    rng = rng or secrets.SystemRandom()
    kind = engine(game)
    if kind == "slot":
        return slot(game).spin(stake_units, rng)
    if kind == "roulette":
        return _roulette(choice, rng)
    if kind == "scratch":
        return _scratch(game, stake_units, rng)
    if kind == "cards":
        return _cards(game, stake_units, rng)
    return _climb(game, stake_units, choice, rng)


# ---- slots -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Slot:
    """Reels whose cells are drawn one by one; wilds stand on every reel but the first."""

    reels: int
    rows: int
    lines: tuple[tuple[int, ...], ...]  # empty: every way from the left pays
    pays: tuple[tuple[int, ...], ...]  # by symbol, then by run length from three on
    wild_weight: int
    scatter_weight: int
    free_spins: int

    @property
    def divisor(self) -> int:
        return len(self.lines) or WAYS_DIVISOR

    @property
    def payout(self) -> Fraction:
        """The exact expected return per unit staked."""
        return _slot_payout(self)

    def spin(self, stake_units: int, rng: Random) -> Outcome:
        screens = [self._screen(stake_units, 1, rng)]
        scatters = screens[0]["scatters"]
        if self.free_spins and scatters >= SCATTERS_NEEDED:
            screens += [
                self._screen(stake_units, FREE_SPINS_MULTIPLIER, rng)
                for _ in range(self.free_spins)
            ]
        base = screens[0]["win_units"]
        free = sum(screen["win_units"] for screen in screens[1:])
        wins = (base, free) if len(screens) > 1 else (base,)
        return Outcome(stake_units, wins, {"screens": screens})

    def _screen(self, stake_units: int, multiplier: int, rng: Random) -> Json:
        grid = [[self._cell(reel, rng) for _ in range(self.rows)] for reel in range(self.reels)]
        points, marks = self._points(grid)
        return {
            "grid": grid,
            "marks": marks,
            "scatters": sum(reel.count(SCATTER) for reel in grid),
            "multiplier": multiplier,
            "win_units": stake_units * points * multiplier // self.divisor,
        }

    def _cell(self, reel: int, rng: Random) -> str:
        if rng.randrange(WEIGHT_TOTAL) < self.scatter_weight:
            return SCATTER
        if reel > 0 and rng.randrange(WEIGHT_TOTAL) < self.wild_weight:
            return WILD
        drawn = rng.randrange(WEIGHT_TOTAL)
        for symbol, weight in SYMBOL_WEIGHTS.items():
            drawn -= weight
            if drawn < 0:
                return symbol
        raise AssertionError("the symbol weights add up to the whole")

    def _points(self, grid: list[list[str]]) -> tuple[int, list[Json]]:
        if self.lines:
            marks = [mark for line in self.lines if (mark := self._line_mark(grid, line))]
        else:
            marks = [mark for symbol in SYMBOLS if (mark := self._way_mark(grid, symbol))]
        return sum(mark["points"] for mark in marks), marks

    def _line_mark(self, grid: list[list[str]], line: tuple[int, ...]) -> Json | None:
        symbol = grid[0][line[0]]
        if symbol not in SYMBOL_WEIGHTS:
            return None
        run = 1
        while run < self.reels and grid[run][line[run]] in {symbol, WILD}:
            run += 1
        if run < SCATTERS_NEEDED:
            return None
        cells = [[reel, line[reel]] for reel in range(run)]
        points = self.pays[SYMBOLS.index(symbol)][run - 3]
        return {"symbol": symbol, "cells": cells, "points": points}

    def _way_mark(self, grid: list[list[str]], symbol: str) -> Json | None:
        cells: list[list[int]] = []
        ways, run = 1, 0
        for reel in range(self.reels):
            hits = [row for row, cell in enumerate(grid[reel]) if cell in {symbol, WILD}]
            if not hits:
                break
            ways *= len(hits)
            run += 1
            cells += [[reel, row] for row in hits]
        if run < 3:
            return None
        points = self.pays[SYMBOLS.index(symbol)][run - 3] * ways
        return {"symbol": symbol, "cells": cells, "points": points}


@functools.lru_cache(maxsize=2048)
def slot(game: Game) -> Slot:
    """The machine of a slot: its wilds are as frequent as the promised return needs."""
    reels, rows = 5, 3
    lines: tuple[tuple[int, ...], ...] = LINES_FIVE[: game.lines]
    pays: tuple[tuple[int, ...], ...] = LINE_PAYS[TEMPER[game.volatility]]
    if game.ways:
        lines, pays = (), WAY_PAYS
    elif game.lines == len(LINES_THREE):
        reels, lines, pays = 3, LINES_THREE, THREE_REEL_PAYS
    scatter_weight = SCATTER_WEIGHT[reels * rows] if game.has_freespins else 0
    free_spins = FREE_SPINS if game.has_freespins else 0

    def with_wilds(weight: int) -> Slot:
        return Slot(reels, rows, lines, pays, weight, scatter_weight, free_spins)

    target = Fraction(game.payout_bps, 10_000)
    low, high = 0, WILD_WEIGHT_MAX
    while low < high:
        middle = (low + high + 1) // 2
        if with_wilds(middle).payout <= target:
            low = middle
        else:
            high = middle - 1
    return with_wilds(low)


@functools.lru_cache(maxsize=65536)
def _slot_payout(machine: Slot) -> Fraction:
    scatter = Fraction(machine.scatter_weight, WEIGHT_TOTAL)
    wild = (1 - scatter) * Fraction(machine.wild_weight, WEIGHT_TOTAL)
    base = Fraction(0)
    for symbol, pays in zip(SYMBOLS, machine.pays, strict=True):
        share = Fraction(SYMBOL_WEIGHTS[symbol], WEIGHT_TOTAL)
        first = (1 - scatter) * share
        later = (1 - scatter - wild) * share + wild
        base += sum(
            pay * _run_value(machine, first, later, run) for run, pay in enumerate(pays, start=3)
        )
    if not machine.lines:
        base /= WAYS_DIVISOR
    free = _at_least(SCATTERS_NEEDED, machine.reels * machine.rows, scatter) * machine.free_spins
    return base * (1 + free * FREE_SPINS_MULTIPLIER)


def _run_value(machine: Slot, first: Fraction, later: Fraction, run: int) -> Fraction:
    """Expected number of winning lines (per line) or ways of exactly this length."""
    if machine.lines:
        ends = 1 - later if run < machine.reels else Fraction(1)
        return first * later ** (run - 1) * ends
    ends = (1 - later) ** machine.rows if run < machine.reels else Fraction(1)
    return machine.rows * first * (machine.rows * later) ** (run - 1) * ends


def _at_least(needed: int, cells: int, chance: Fraction) -> Fraction:
    fewer = Fraction(0)
    combinations = 1
    for hits in range(needed):
        fewer += combinations * chance**hits * (1 - chance) ** (cells - hits)
        combinations = combinations * (cells - hits) // (hits + 1)
    return 1 - fewer


def symbols_shown(game: Game) -> dict[str, str]:
    """Which drawing each symbol of this game is: four of its theme, the four suits."""
    drawings = {
        "orchard": ("cherries", "citrus", "plum", "leaf", "bell", "pear"),
        "tide": ("koi", "shell", "anchor", "lighthouse", "wave", "pearl"),
        "night": ("moth", "moon", "lantern", "comet", "eye", "owl"),
        "temple": ("mask", "pillar", "amphora", "sun", "eye", "coin"),
        "garden": ("serpent", "flower", "fan", "leaf", "beetle", "fountain"),
        "city": ("tower", "bolt", "disc", "clock", "dice", "tram"),
        "desert": ("sun", "cactus", "peaks", "hourglass", "serpent", "coin"),
        "court": ("crown", "mask", "goblet", "key", "beetle", "gem"),
    }[game.theme]
    start = pick(range(len(drawings)), "drawings", game.identifier)
    themed = [drawings[(start + step) % len(drawings)] for step in range(len(HIGH))]
    suits = ("spade", "heart", "diamond", "club")
    return dict(zip(SYMBOLS, [*themed, *suits], strict=True)) | {WILD: "wild", SCATTER: "scatter"}


# ---- the other four ----------------------------------------------------------------------------


def _roulette(choice: Json, rng: Random) -> Outcome:
    bets = choice.get("bets")
    if not isinstance(bets, dict) or not bets:
        raise BadChoice("Put a chip on the table first.")
    stakes: dict[str, int] = {}
    for spot, units in bets.items():
        if spot not in SPOTS or not str(units).isdigit() or int(units) == 0:
            raise BadChoice("There is no such bet on this table.")
        stakes[spot] = int(units)
    number = rng.randrange(37)
    hits = [spot for spot in stakes if number in SPOTS[spot]]
    win_units = sum(stakes[spot] * 36 // len(SPOTS[spot]) for spot in hits)
    colour = "green" if number == 0 else "red" if number in RED else "black"
    show = {"number": number, "colour": colour, "hits": hits}
    return Outcome(sum(stakes.values()), (win_units,), show)


def card_pays_bps(game: Game) -> int:
    """What the higher card pays when equal cards give the stake back, in 1/10000 of the stake."""
    return (RANKS * game.payout_bps - 10_000) * 2 // (RANKS - 1)


def _cards(game: Game, stake_units: int, rng: Random) -> Outcome:
    mine, theirs = ({"rank": rng.randrange(RANKS), "suit": rng.randrange(4)} for _ in range(2))
    if mine["rank"] == theirs["rank"]:
        win_units = stake_units
    elif mine["rank"] > theirs["rank"]:
        win_units = stake_units * card_pays_bps(game) // 10_000
    else:
        win_units = 0
    return Outcome(stake_units, (win_units,), {"player": mine, "dealer": theirs})


def _climb(game: Game, stake_units: int, choice: Json, rng: Random) -> Outcome:
    target = choice.get("target_cents", 200)
    if not isinstance(target, int) or not TARGET_CENTS_MIN <= target <= TARGET_CENTS_MAX:
        raise BadChoice("Choose a height between 1.10 and 100.00.")
    drawn = rng.randrange(1, WEIGHT_TOTAL + 1)
    # Reached with a chance of payout / target: then the expected return is the payout.
    reached = max(100, game.payout_bps * WEIGHT_TOTAL // (100 * drawn))
    win_units = stake_units * target // 100 if reached >= target else 0
    show = {"reached_cents": min(reached, 10_000_00), "target_cents": target}
    return Outcome(stake_units, (win_units,), show)


def prize_weights(game: Game) -> dict[int, int]:
    rest = game.payout_bps * WEIGHT_TOTAL // 10_000
    rest -= sum(prize * weight for prize, weight in PRIZES.items())
    return PRIZES | {PRIZE_FILLING: rest // PRIZE_FILLING}


def _scratch(game: Game, stake_units: int, rng: Random) -> Outcome:
    drawn = rng.randrange(WEIGHT_TOTAL)
    prize = 0
    for times, weight in prize_weights(game).items():
        drawn -= weight
        if drawn < 0:
            prize = times
            break
    # Nine fields: three alike are the prize, and nothing else appears more than twice.
    others = [symbol for symbol in SYMBOLS if symbol != PRIZE_SYMBOLS.get(prize)]
    fields = [PRIZE_SYMBOLS[prize]] * 3 if prize else []
    pool = [symbol for symbol in others for _ in range(2)]
    rng.shuffle(pool)
    fields += pool[: 9 - len(fields)]
    rng.shuffle(fields)
    return Outcome(stake_units, (stake_units * prize,), {"fields": fields, "prize": prize})
