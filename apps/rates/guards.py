"""May this be believed? Pure rules over what the feeds said; nothing here reads or writes.

Silence is tolerated as long as enough feeds still speak. Nonsense and contradiction are not: then
nothing new is accepted, and the last good rate is kept for show.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import combinations
from typing import Any

from django.conf import settings

from apps.core.money import EXACT
from apps.rates.providers.base import Feed, Problem, Reading

# What the column holds: 18 decimals, 18 digits before them.
PLACES = Decimal("1e-18")
VALUE_MAX = Decimal(10) ** 18
CLOCK_SKEW = timedelta(seconds=60)
# A price older than this says nothing about whether the next one jumped.
JUMP_WITHIN = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Said:
    """A reading and who gave it."""

    feed: Feed
    reading: Reading


@dataclass(frozen=True, slots=True)
class Decision:
    """Either a value to accept or the problem that forbids it; `seen` is the evidence for both."""

    code: str
    seen: list[dict[str, Any]]
    value: Decimal = Decimal(0)
    source: str = ""
    as_of: datetime | None = None
    problem: Problem | None = None


def decide(
    code: str,
    said: Sequence[Said],
    *,
    last: tuple[Decimal, datetime] | None,
    at: datetime,
) -> Decision:
    """Judge what the feeds said of one currency, in the order of the settings.

    last: the last good value and when it was fetched.
    """
    judged = [replace(one, reading=judge(one.reading, one.feed, at)) for one in said]
    seen = [_evidence(one) for one in judged]
    for one in judged:
        if one.reading.problem and not one.reading.problem.is_silence:
            return Decision(code, seen, problem=one.reading.problem)
    good = [(one, one.reading.value) for one in judged if one.reading.value is not None]
    if len(good) < settings.RATE_SOURCES_MIN:
        return Decision(code, seen, problem=Problem.TOO_FEW_SOURCES)
    if any(gap(a, b) > settings.RATE_GAP_MAX for (_, a), (_, b) in combinations(good, 2)):
        return Decision(code, seen, problem=Problem.DIVERGING)
    limit = timedelta(seconds=settings.RATE_AGE_SECONDS)
    young = [(one, value) for one, value in good if one.reading.as_of > at - limit]
    if not young:
        return Decision(code, seen, problem=Problem.OLD)
    lead, value = young[0]
    if (
        last is not None
        and last[1] > at - JUMP_WITHIN
        and gap(value, last[0]) > settings.RATE_JUMP_MAX
    ):
        return Decision(code, seen, problem=Problem.JUMP)
    return Decision(code, seen, value, lead.feed.name, lead.reading.as_of)


def off_peg(decisions: Mapping[str, Decision]) -> list[Decision]:
    """Stable coins that trade away from their money; the answer replaces their decisions."""
    found = []
    for code, money in settings.RATE_PEGS.items():
        coin, anchor = decisions.get(code), decisions.get(money)
        if coin is None or anchor is None or coin.problem or anchor.problem:
            continue
        if gap(coin.value, anchor.value) > settings.RATE_PEG_MAX:
            found.append(replace(coin, problem=Problem.OFF_PEG))
    return found


def judge(reading: Reading, feed: Feed, at: datetime) -> Reading:
    """What can be said of a reading alone."""
    if reading.value is None:
        return reading
    if not PLACES <= reading.value < VALUE_MAX:
        return replace(reading, value=None, problem=Problem.NOT_POSITIVE)
    if reading.as_of > at + CLOCK_SKEW:
        return replace(reading, value=None, problem=Problem.FROM_THE_FUTURE)
    if not feed.for_display_only and reading.as_of < at - timedelta(seconds=feed.max_age_seconds):
        return replace(reading, value=None, problem=Problem.OLD)
    # The clock of a source may be a little ahead; that does not make its word younger than now.
    return replace(reading, as_of=min(reading.as_of, at))


def gap(one: Decimal, other: Decimal) -> Decimal:
    """How far apart, as a share of the smaller."""
    return EXACT.divide(abs(one - other), min(one, other))


def _evidence(one: Said) -> dict[str, Any]:
    return {
        "source": one.feed.name,
        "said": one.reading.raw,
        "as_of": one.reading.as_of.isoformat(),
        "problem": one.reading.problem or "",
    }
