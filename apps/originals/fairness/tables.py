"""What results pay, by version. A version that has paid a bet is never changed: a new one is added.

Multipliers are whole ten-thousandths: 20002 pays 2.0002 times the stake.
"""

from math import comb

VERSION = 1
ONE = 10_000
EDGE_BP = 100  # the house edge of all games without a table, in hundredths of a per cent

RISKS = ("low", "medium", "high")

# From the middle bucket outward, in hundredths.
_PLINKO_OUTWARD: dict[int, dict[str, tuple[int, ...]]] = {
    8: {
        "low": (60, 96, 115, 180, 500),
        "medium": (40, 69, 140, 280, 1200),
        "high": (20, 23, 160, 450, 2600),
    },
    12: {
        "low": (60, 97, 110, 130, 170, 250, 900),
        "medium": (35, 56, 120, 200, 350, 1000, 3000),
        "high": (20, 18, 80, 200, 800, 2200, 16000),
    },
    16: {
        "low": (60, 93, 110, 120, 140, 160, 220, 700, 1500),
        "medium": (35, 44, 100, 160, 300, 500, 900, 3800, 10000),
        "high": (20, 22, 30, 180, 400, 900, 2600, 12000, 90000),
    },
}

# One lap of ten segments, repeated around the wheel; `high` has a single winner.
_WHEEL_LAP = {
    "low": (170, 110, 130, 0, 120, 100, 130, 110, 0, 120),
    "medium": (0, 190, 0, 150, 0, 200, 0, 150, 0, 300),
}
WHEEL_SEGMENTS = (10, 20, 30, 40, 50)

KENO_CELLS, KENO_DRAWN, KENO_PICKS_MAX = 40, 10, 10
# What 0, 1, 2 … hits pay, in hundredths, by risk and by how many numbers were picked.
_KENO: dict[str, dict[int, tuple[int, ...]]] = {
    "low": {
        1: (87, 135),
        2: (0, 194, 422),
        3: (0, 137, 227, 620),
        4: (0, 115, 155, 310, 1000),
        5: (0, 105, 120, 205, 500, 1900),
        6: (0, 0, 167, 240, 490, 1400, 6300),
        7: (0, 0, 138, 181, 310, 750, 2500, 10000),
        8: (0, 0, 123, 141, 225, 470, 1300, 5000, 10000),
        9: (0, 0, 112, 120, 175, 320, 780, 2500, 10000, 10000),
        10: (0, 0, 105, 108, 140, 240, 510, 1450, 5600, 10000, 10000),
    },
    "medium": {
        1: (0, 396),
        2: (0, 176, 542),
        3: (0, 122, 242, 1000),
        4: (0, 0, 277, 762, 4200),
        5: (0, 0, 185, 391, 1350, 9500),
        6: (0, 0, 142, 241, 660, 2900, 25000),
        7: (0, 0, 0, 292, 652, 2200, 12000, 100000),
        8: (0, 0, 0, 211, 402, 1100, 4800, 33000, 100000),
        9: (0, 0, 0, 165, 270, 650, 2300, 12000, 100000, 100000),
        10: (0, 0, 0, 136, 200, 420, 1250, 5500, 38000, 100000, 100000),
    },
    "high": {
        1: (0, 396),
        2: (0, 155, 682),
        3: (0, 0, 457, 3009),
        4: (0, 0, 225, 840, 7700),
        5: (0, 0, 0, 651, 3306, 41000),
        6: (0, 0, 0, 348, 1253, 8800, 140000),
        7: (0, 0, 0, 0, 1033, 5007, 47000, 1000000),
        8: (0, 0, 0, 0, 589, 2201, 14000, 180000, 1000000),
        9: (0, 0, 0, 0, 0, 1895, 9601, 85000, 1000000, 1000000),
        10: (0, 0, 0, 0, 0, 1049, 4304, 29000, 360000, 1000000, 1000000),
    },
}


def plinko(rows: int, risk: str) -> list[int]:
    """Multiplier of every bucket, left to right."""
    outward = _PLINKO_OUTWARD[rows][risk]
    return [outward[abs(2 * bucket - rows) // 2] * 100 for bucket in range(rows + 1)]


def plinko_rows() -> tuple[int, ...]:
    return tuple(_PLINKO_OUTWARD)


def wheel(segments: int, risk: str) -> list[int]:
    """Multiplier of every segment, clockwise."""
    if risk == "high":
        return [segments * 9_900, *[0] * (segments - 1)]
    return [one * 100 for one in _WHEEL_LAP[risk]] * (segments // 10)


def keno(picks: int, risk: str) -> list[int]:
    """Multiplier of 0, 1, 2 … hits."""
    return [one * 100 for one in _KENO[risk][picks]]


def keno_chance(picks: int, hits: int) -> tuple[int, int]:
    """The chance of `hits` of `picks`, as an exact fraction."""
    ways = comb(picks, hits) * comb(KENO_CELLS - picks, KENO_DRAWN - hits)
    return ways, comb(KENO_CELLS, KENO_DRAWN)
