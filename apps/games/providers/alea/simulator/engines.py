"""How the games decide. All are of one kind: chips on spots, one outcome, each spot pays or not.

A spot's pays are hundredths of its stake, the stake included: 200 is even money, 0 a loss. Every
outcome has a whole weight, so what a spot returns is a fraction, and the catalogue states it.
"""

import functools
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from random import Random
from typing import Any

Json = dict[str, Any]

RED = frozenset({1, 3, 5, 7, 9, 12, 14, 16, 18, 19, 21, 23, 25, 27, 30, 32, 34, 36})
# The order of the pockets on a wheel with one zero.
POCKETS = (
    *(0, 32, 15, 19, 4, 21, 2, 25, 17, 34, 6, 27, 13, 36, 11, 30, 8, 23, 10),
    *(5, 24, 16, 33, 1, 20, 14, 31, 9, 22, 18, 29, 7, 28, 12, 35, 3, 26),
)
NUMBERS: dict[str, frozenset[int]] = {
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
RANKS = ("A", "2", "3", "4", "5", "6", "7", "8", "9", "10", "J", "Q", "K")
# label, how many of the wheel's 54 pockets, what it pays: each returns 52 of 54.
SEGMENTS = (
    ("1", 26, 200),
    ("3", 13, 400),
    ("5", 8, 650),
    ("12", 4, 1300),
    ("25", 2, 2600),
    ("51", 1, 5200),
)
DICE_TOTALS = {4: 6100, 5: 3100, 6: 1800, 7: 1300, 8: 900, 9: 700, 10: 700}


@dataclass(frozen=True)
class Outcome:
    """What fell: `result` is what pays, `show` is what the page draws, `name` the history's word."""

    result: Any
    show: Json
    name: str
    tone: str = ""


@dataclass(frozen=True)
class Engine:
    """spots: name to label. draw: an outcome. pays: of a result, per spot, in hundredths."""

    spots: dict[str, str]
    draw: Callable[[Random], Outcome]
    pays: Callable[[Any, str], int]
    results: Callable[[], Iterator[tuple[Any, int]]]
    main: str  # the spot whose return the catalogue names

    def win_units(self, outcome: Outcome, chips: dict[str, int]) -> int:
        return sum(stake * self.pays(outcome.result, spot) // 100 for spot, stake in chips.items())

    def hits(self, outcome: Outcome) -> list[str]:
        return [spot for spot in self.spots if self.pays(outcome.result, spot) > 100]

    def payback(self, spot: str) -> Fraction:
        """What a spot returns of its stake, exactly."""
        total = paid = 0
        for result, weight in self.results():
            total += weight
            paid += weight * self.pays(result, spot)
        return Fraction(paid, total * 100)


# ---- roulette -------------------------------------------------------------------------------------


def _spin(random: Random) -> Outcome:
    number = random.randrange(37)
    colour = "green" if number == 0 else "red" if number in RED else "black"
    return Outcome(number, {"number": number, "colour": colour}, str(number), colour)


def _roulette_pays(number: int, spot: str) -> int:
    covered = NUMBERS[spot]
    return 3600 // len(covered) if number in covered else 0


# ---- baccarat -------------------------------------------------------------------------------------


def _value(card: int) -> int:
    return min(card + 1, 10) % 10


def _third_of_banker(total: int, third: int | None) -> bool:
    """Whether the banker draws. third: the value of the player's third card, None without one."""
    if third is None:
        return total <= 5
    return total <= 2 or third in {
        3: (0, 1, 2, 3, 4, 5, 6, 7, 9),
        4: (2, 3, 4, 5, 6, 7),
        5: (4, 5, 6, 7),
        6: (6, 7),
    }.get(total, ())


def _side(player: int, banker: int) -> str:
    if player == banker:
        return "tie"
    return "player" if player > banker else "banker"


def _coup(random: Random) -> Outcome:
    cards = iter([(random.randrange(13), random.randrange(4)) for _ in range(6)])
    player, banker = [next(cards), next(cards)], [next(cards), next(cards)]
    totals = [sum(_value(rank) for rank, _ in hand) % 10 for hand in (player, banker)]
    if max(totals) < 8:
        third = None
        if totals[0] <= 5:
            player.append(next(cards))
            third = _value(player[2][0])
            totals[0] = (totals[0] + third) % 10
        if _third_of_banker(totals[1], third):
            banker.append(next(cards))
            totals[1] = (totals[1] + _value(banker[2][0])) % 10
    side = _side(*totals)
    hands = {"Player": player, "Banker": banker}
    show = {
        "hands": [
            {"name": name, "cards": cards_of(hand), "total": str(total)}
            for (name, hand), total in zip(hands.items(), totals, strict=True)
        ]
    }
    return Outcome(side, show, side[0].upper(), side)


def cards_of(hand: list[tuple[int, int]]) -> list[Json]:
    return [{"rank": RANKS[rank], "suit": suit} for rank, suit in hand]


@functools.cache
def _coups() -> tuple[tuple[str, int], ...]:
    """Every coup by its side, from an endless shoe, as weights out of 13 to the sixth."""
    values = Counter(_value(rank) for rank in range(13))
    pairs = Counter[int]()
    for one, ones in values.items():
        for two, twos in values.items():
            pairs[(one + two) % 10] += ones * twos
    sides = Counter[str]()
    for player, p_weight in pairs.items():
        for banker, b_weight in pairs.items():
            for side, weight in _finish(player, banker, values):
                sides[side] += p_weight * b_weight * weight
    return tuple(sides.items())


def _finish(player: int, banker: int, values: "Counter[int]") -> Iterator[tuple[str, int]]:
    """How a coup ends after two cards each; third cards weigh 13 each, drawn or not."""
    if max(player, banker) >= 8:
        yield _side(player, banker), 169
        return
    thirds = values.items() if player <= 5 else [(None, 13)]
    for third, weight in thirds:
        total = player if third is None else (player + third) % 10
        if not _third_of_banker(banker, third):
            yield _side(total, banker), weight * 13
            continue
        for drawn, more in values.items():
            yield _side(total, (banker + drawn) % 10), weight * more


def _baccarat_pays(side: str, spot: str) -> int:
    if side == "tie":
        return 900 if spot == "tie" else 100
    return {"player": 200, "banker": 195}[side] if spot == side else 0


# ---- dragon and tiger -----------------------------------------------------------------------------


def _pair(random: Random) -> Outcome:
    dealt = [(random.randrange(13), random.randrange(4)) for _ in range(2)]
    dragon, tiger = (rank for rank, _ in dealt)
    side = "tie" if dragon == tiger else "dragon" if dragon > tiger else "tiger"
    show = {
        "hands": [
            {"name": name, "cards": cards_of([card]), "total": ""}
            for name, card in zip(("Dragon", "Tiger"), dealt, strict=True)
        ]
    }
    return Outcome(side, show, side[0].upper() if side != "tie" else "=", side)


def _pair_pays(side: str, spot: str) -> int:
    if side == "tie":
        return 1200 if spot == "tie" else 50
    return 200 if spot == side else 0


# ---- dice -----------------------------------------------------------------------------------------


def _throw(random: Random) -> Outcome:
    dice = tuple(sorted(random.randint(1, 6) for _ in range(3)))
    triple = dice[0] == dice[2]
    tone = "triple" if triple else "big" if sum(dice) > 10 else "small"
    return Outcome(dice, {"dice": list(dice)}, str(sum(dice)), tone)


def _dice_pays(dice: tuple[int, int, int], spot: str) -> int:
    total, triple = sum(dice), dice[0] == dice[2]
    if spot == "triple":
        return 3100 if triple else 0
    if spot.startswith("total"):
        wanted = int(spot[5:])
        return DICE_TOTALS[min(wanted, 21 - wanted)] if total == wanted else 0
    if spot.startswith("die"):
        return (0, 200, 300, 400)[dice.count(int(spot[3:]))]
    hit = {
        "small": total <= 10,
        "big": total > 10,
        "odd": total % 2 == 1,
        "even": total % 2 == 0,
    }[spot]
    return 200 if hit and not triple else 0


def _throws() -> Iterator[tuple[tuple[int, ...], int]]:
    sides = range(1, 7)
    return ((tuple(sorted((a, b, c))), 1) for a in sides for b in sides for c in sides)


# ---- the wheel ------------------------------------------------------------------------------------


@functools.cache
def wheel_layout() -> tuple[str, ...]:
    """The 54 pockets, each label spread as evenly as it goes."""
    places = sorted(
        ((number + 0.5) / count, label) for label, count, _ in SEGMENTS for number in range(count)
    )
    return tuple(label for _, label in places)


def _turn(random: Random) -> Outcome:
    pocket = random.randrange(len(wheel_layout()))
    label = wheel_layout()[pocket]
    return Outcome(label, {"pocket": pocket, "label": label}, label, f"s{label}")


def _wheel_pays(label: str, spot: str) -> int:
    return {f"s{name}": pays for name, _, pays in SEGMENTS}[spot] if spot == f"s{label}" else 0


ENGINES = {
    "roulette": Engine(
        {name: name for name in NUMBERS},
        _spin,
        _roulette_pays,
        lambda: ((number, 1) for number in range(37)),
        "red",
    ),
    "baccarat": Engine(
        {"player": "Player 1:1", "tie": "Tie 8:1", "banker": "Banker 0.95:1"},
        _coup,
        _baccarat_pays,
        lambda: iter(_coups()),
        "banker",
    ),
    "dragon_tiger": Engine(
        {"dragon": "Dragon 1:1", "tie": "Tie 11:1", "tiger": "Tiger 1:1"},
        _pair,
        _pair_pays,
        lambda: iter((("dragon", 6), ("tiger", 6), ("tie", 1))),
        "dragon",
    ),
    "sic_bo": Engine(
        {
            "small": "Small 4–10",
            "odd": "Odd",
            "triple": "Any triple",
            "even": "Even",
            "big": "Big 11–17",
        }
        | {f"total{total}": str(total) for total in range(4, 18)}
        | {f"die{die}": "⚀⚁⚂⚃⚄⚅"[die - 1] for die in range(1, 7)},
        _throw,
        _dice_pays,
        _throws,
        "small",
    ),
    "show": Engine(
        {f"s{label}": f"{label}" for label, _, _ in SEGMENTS},
        _turn,
        _wheel_pays,
        lambda: ((label, count) for label, count, _ in SEGMENTS),
        "s1",
    ),
}
