"""How often a fault of the catalogue is drawn anew.

`FAULT_SEEDS` is how many seeds each fault gets (1 without it); `FAULT_SEEDS=catalogue` gives what the
catalogue asks: 100 for three stars, 20 for two, 3 for one. The seed draws amounts, orders and faults;
it is the number in the test's name. Which test is which fault: `tests/faults/README.md`.
"""

import os
from typing import TypeVar

import pytest

WANTED = os.environ.get("FAULT_SEEDS", "1")
IS_CATALOGUE = WANTED == "catalogue"
T = TypeVar("T")


def seeds(stars: int, quick: int | None = None) -> pytest.MarkDecorator:
    """As many seeds as this fault is worth. quick: another number for the everyday run."""
    count = {3: 100, 2: 20, 1: 3}[stars] if IS_CATALOGUE else int(WANTED)
    if quick and "FAULT_SEEDS" not in os.environ:
        count = quick
    return pytest.mark.parametrize("seed", range(count))


def size(quick: T, catalogue: T) -> T:
    """How big a fault is: what the catalogue says, or enough of it for the everyday run."""
    return catalogue if IS_CATALOGUE else quick
