"""What a feed is to us: a name, and readings of what one unit is worth in the base currency."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol

from apps.core.money import EXACT

# Exponents are how JSON numbers and some vendors write small rates; signs are read to be refused.
NUMBER = re.compile(r"-?[0-9]{1,30}(?:\.[0-9]{1,40})?(?:[eE][+-]?[0-9]{1,2})?", re.ASCII)
RAW_MAX = 60


class Problem(StrEnum):
    """Why a reading, or a whole round of them, is not believed."""

    NOT_A_NUMBER = "not_a_number"
    NOT_POSITIVE = "not_positive"
    MISSING = "missing"
    OLD = "old"
    FROM_THE_FUTURE = "from_the_future"
    TOO_FEW_SOURCES = "too_few_sources"
    DIVERGING = "diverging"
    JUMP = "jump"
    OFF_PEG = "off_peg"

    @property
    def is_silence(self) -> bool:
        """Nobody said anything about now, which contradicts nothing."""
        return self in {Problem.MISSING, Problem.OLD, Problem.TOO_FEW_SOURCES}


@dataclass(frozen=True, slots=True)
class Reading:
    """What one feed says of one currency.

    raw: as the vendor wrote it. value: one unit in the base currency, None with a problem.
    as_of: the vendor's own time where it tells one, else when we received it.
    """

    code: str
    raw: str
    value: Decimal | None
    as_of: datetime
    problem: Problem | None = None


class Feed(Protocol):
    """One source of rates. `is_on` is false until its base URL is set.

    for_display_only: good enough to show a worth, never to settle anything.
    max_age_seconds: how old its values may be, by its own clock, to count as said now.
    """

    name: str
    for_display_only: bool
    max_age_seconds: int

    @property
    def is_on(self) -> bool: ...

    def read(self, codes: Sequence[str], base: str) -> list[Reading]:
        """What the feed says of these currencies; one it does not know is left out.

        Raises ProviderError.
        """
        ...


def number(raw: object) -> Decimal | Problem:
    """Read a rate strictly: text or an exact JSON number that is finite and above zero."""
    if raw is None or raw == "":
        return Problem.MISSING
    if isinstance(raw, bool) or not isinstance(raw, str | int | Decimal):
        return Problem.NOT_A_NUMBER
    text = str(raw)
    if not NUMBER.fullmatch(text):
        return Problem.NOT_A_NUMBER
    value = Decimal(text)
    return value if value > 0 else Problem.NOT_POSITIVE


def reading(code: str, raw: object, as_of: datetime, *, inverted: bool = False) -> Reading:
    """A reading of a raw value. inverted: the vendor says how much of it one base unit buys."""
    text = str(raw)[:RAW_MAX] if raw is not None else ""
    read = number(raw)
    if isinstance(read, Problem):
        return Reading(code, text, None, as_of, read)
    return Reading(code, text, EXACT.divide(Decimal(1), read) if inverted else read, as_of)


def decode(body: bytes) -> Any:
    """JSON without a float anywhere: numbers are Decimal, `NaN` and `Infinity` are just words."""
    return json.loads(body, parse_float=Decimal, parse_int=Decimal, parse_constant=str)
