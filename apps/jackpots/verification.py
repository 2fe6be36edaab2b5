"""The published scheme of the draws, and a check of one drop from what was revealed alone.

It stands by itself, uses nothing but the standard library, and is what `manage.py verify_jackpot`
and docs/fairness.md describe.
"""

import hmac
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256
from typing import Any


def commitment(seed: str) -> str:
    """What is published before the first bet: SHA-256 of the seed's hexadecimal text."""
    return sha256(seed.encode()).hexdigest()


def draw(seed: str, cycle: str, block: int = 0) -> int:
    """The 64-bit number of a cycle; block counts its bets where each of them is drawn for."""
    message = f"jackpot:{cycle}:{block}".encode()
    return int.from_bytes(hmac.digest(seed.encode(), message, sha256)[:8], "big")


def hidden_trigger(number: int, low: int, high: int) -> int:
    """Where in [low, high) a jackpot drops."""
    return low + ((number * (high - low)) >> 64)


def problems(drop: Mapping[str, Any]) -> list[str]:
    """What is wrong with a drop as its page publishes it; empty when it is as it should be."""
    try:
        return list(_problems(drop))
    except (KeyError, ValueError, TypeError, ArithmeticError, AttributeError):
        return ["The file is not a drop as this casino publishes them."]


def _problems(drop: Mapping[str, Any]) -> list[str]:
    found = []
    seed, cycle = str(drop["seed"]), str(drop["cycle"])
    if commitment(seed) != drop["commitment"]:
        found.append("The revealed seed is not the one that was committed to.")
    pot, paid = _cents(drop["pot"], drop), _cents(drop["paid"], drop)
    if paid != min(pot, _cents(drop["high"], drop)):
        found.append("What was won is not the pot, nor the most that was promised.")
    if drop["kind"] == "amount":
        trigger = hidden_trigger(
            draw(seed, cycle), _cents(drop["low"], drop), _cents(drop["high"], drop)
        )
        if trigger != _cents(drop["trigger"], drop):
            found.append("The hidden amount does not follow from the seed.")
        if not _cents(drop["pot_before"], drop) < trigger <= pot:
            found.append("The winning bet is not the one that brought the pot to that amount.")
    elif drop["kind"] == "time":
        starts, ends = (datetime.fromisoformat(drop[name]) for name in ("starts_at", "ends_at"))
        span = (ends - starts) // timedelta(milliseconds=1)
        moment = starts + timedelta(milliseconds=hidden_trigger(draw(seed, cycle), 0, span))
        if moment != datetime.fromisoformat(drop["trigger"]):
            found.append("The hidden moment does not follow from the seed.")
        if drop["is_last_bet"] == (datetime.fromisoformat(drop["bet_at"]) >= moment):
            found.append("The winning bet does not lie on its side of that moment.")
    else:
        number = Fraction(draw(seed, cycle, int(drop["bet_number"])))
        hits = number * Fraction(Decimal(drop["mean"])) < Fraction(Decimal(drop["stake"])) * 2**64
        if not hits:
            found.append("The draw of the winning bet does not hit.")
    return found


def _cents(text: str, drop: Mapping[str, Any]) -> int:
    return int(Decimal(text).scaleb(int(drop["scale"])).to_integral_value("ROUND_DOWN"))


def read(text: str) -> Mapping[str, Any]:
    """The JSON of a drop's page. Raises ValueError."""
    found = json.loads(text)
    if not isinstance(found, dict):
        raise TypeError("A drop is a JSON object.")
    return found
