"""When what a game returned is further from its theory than luck goes. Pure arithmetic.

A round returns X = win / stake. By theory its mean is r and its variance s². After n rounds
S = sum of (X - r), V = sum of s². Three sigma of V is the band people are shown. An alarm needs S
beyond a bound that luck crosses with probability `alpha` *at any time ever*, so looking often costs
nothing (normal-mixture bound; H. Robbins, 1970):

    |S| >= sqrt((V + c) · ln((V + c) / (c · alpha²))),   c = V of the first `ROUNDS_MIN` rounds

What is not normal about games is met on both sides:
- V is the larger of theory and what was seen around the theory, so a game that jumps more than it
  is said to needs more.
- Too little: returns are not below zero, so shortfalls are tamer than the bound assumes (A. Maurer,
  2003), if V counts s² + r²; it does.
- Too much: one top prize is luck and not a fault, so the round that won the most is left out.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

ROUNDS_MIN = 1_000
SHOWN_SIGMAS = 3
# The chance of one false alarm, ever, among all games that are watched.
FALSE_ALARM = Decimal("0.01")
WEEKS = 52
# Standard deviation of a round's return by the studio's volatility, 1 to 5. Studios do not publish it;
# these are above what their sheets show for each class, as too high only delays an alarm.
SIGMAS = {1: Decimal("2.5"), 2: Decimal(4), 3: Decimal(7), 4: Decimal(12), 5: Decimal(20)}
SIGMA_UNKNOWN = Decimal(12)
Place = Literal["no_theory", "few", "inside", "watch", "outside"]


@dataclass(frozen=True, slots=True)
class Returns:
    """Sums over rounds; see `ReturnTally`. is_ceiling: the theory is for the best play."""

    rounds: int
    returned: Decimal
    expected: Decimal
    surprise: Decimal
    variance: Decimal
    top: Decimal
    is_ceiling: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """actual, theory, band and limit are returns of one staked; deviation is in sigmas.

    watch: outside of three sigmas. outside: beyond what luck does.
    """

    place: Place
    rounds: int
    actual: Decimal | None
    theory: Decimal | None = None
    band: Decimal | None = None
    limit: Decimal | None = None
    deviation: Decimal = Decimal(0)

    @property
    def is_alarm(self) -> bool:
        return self.place == "outside"


def judge(seen: Returns, *, alpha: Decimal) -> Verdict:
    """Where the returns of a game lie."""
    if not seen.rounds:
        return Verdict("no_theory", 0, None)
    number = Decimal(seen.rounds)
    theory, actual = seen.expected / number, seen.returned / number
    drift, spread = seen.returned - seen.expected, max(seen.variance, seen.surprise)
    if drift > 0:
        # Without the luckiest round; a game that pays too much does so without it too.
        lucky = max(seen.top - theory, Decimal(0))
        drift = max(drift - lucky, Decimal(0))
        spread = max(seen.variance, seen.surprise - lucky * lucky)
    else:
        spread += number * theory * theory
    spread = max(spread, Decimal(1))
    sigma = spread.sqrt()
    limit = bound(spread, spread * ROUNDS_MIN / number, alpha)
    return Verdict(
        place=_place(seen, drift, sigma, limit),
        rounds=seen.rounds,
        actual=actual,
        theory=theory,
        band=SHOWN_SIGMAS * sigma / number,
        limit=limit / number,
        deviation=drift / sigma,
    )


def bound(spread: Decimal, start: Decimal, alpha: Decimal) -> Decimal:
    """How far a sum of centred returns of this variance ever gets, but for a chance of `alpha`."""
    whole = spread + start
    return (whole * (whole / (start * alpha * alpha)).ln()).sqrt()


def share(games: int) -> Decimal:
    """What one game may claim of the false alarm of all: half for its life, half for its weeks."""
    return FALSE_ALARM / (2 * max(games, 1))


def _place(seen: Returns, drift: Decimal, sigma: Decimal, limit: Decimal) -> Place:
    if seen.is_ceiling and drift < 0:
        return "inside"
    if seen.rounds < ROUNDS_MIN:
        return "few"
    if abs(drift) >= limit:
        return "outside"
    return "watch" if abs(drift) > SHOWN_SIGMAS * sigma else "inside"
