"""What every payment has in common: amounts, and states that change by a table only."""

from typing import Any

AMOUNT: dict[str, Any] = {"max_digits": 38, "decimal_places": 18}


class IllegalMove(AssertionError):
    """Our own code asked for a state change that no table lists."""


def check_move(moves: dict[str, set[str]], before: str, after: str, subject: str) -> None:
    if after not in moves.get(before, set()):
        raise IllegalMove(f"{subject} is {before} and cannot become {after}.")
