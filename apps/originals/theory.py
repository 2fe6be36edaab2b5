"""What rounds of our own games return by their rules, for `apps/games/returns.py`.

Exact where one draw decides: the mean and the variance follow from the tables. Where a player may
leave at will, leaving changes the variance and not the mean, so there only the mean is told.
Blackjack's is that of the best play, which few play.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from math import comb
from typing import Any

import msgspec

from apps.games.returns import Theory
from apps.originals.fairness import games, tables
from apps.originals.fairness.draws import Draws
from apps.originals.fairness.tables import ONE
from apps.originals.models import Bet

PLACES = Decimal("0.00000001")
# With the published rules: one split, doubles after it too, dealer stands on all 17 (bench/blackjack.py).
BLACKJACK_BEST = Fraction(9943, 10_000)
STOPPED = ("mines", "hilo", "crash")
CHOICES_KEPT = 5_000

Chances = list[tuple[Fraction, Fraction]]


def theories_of(round_refs: Sequence[str]) -> Mapping[str, Theory]:
    """The theory of each round, by its reference; a reference that is no bet has none."""
    found = Bet.objects.filter(public_id__in=round_refs, state=Bet.State.CLOSED).values_list(
        "public_id", "game_id", "game__title", "table_version", "choice"
    )
    return {
        ref: _theory(code, title, version, _text(choice))
        for ref, code, title, version, choice in found
    }


def largest(code: str, choice: Mapping[str, Any]) -> Decimal | None:
    """The most one staked may win by this choice; None where it hangs on how it is played."""
    return _largest(code, _text(choice))


@lru_cache(maxsize=CHOICES_KEPT)
def _largest(code: str, text: bytes) -> Decimal | None:
    try:
        chances = _chances(code, msgspec.json.decode(text))
    except (games.InvalidChoice, LookupError, ArithmeticError, ValueError):
        # Resolving the bet says what is wrong with it.
        return None
    pays = [one for chance, one in chances if chance]
    return _decimal(max(pays)) if pays else None


@lru_cache(maxsize=CHOICES_KEPT)
def _of_choice(code: str, text: bytes) -> tuple[Decimal | None, Decimal | None]:
    """Mean and variance of the return of one staked."""
    choice = msgspec.json.decode(text)
    if code == "blackjack":
        return _decimal(BLACKJACK_BEST), None
    if code in STOPPED:
        return _decimal(Fraction(ONE - tables.EDGE_BP, ONE)), None
    chances = _chances(code, choice)
    if not chances:
        return None, None
    mean = sum((chance * pays for chance, pays in chances), Fraction(0))
    square = sum((chance * pays * pays for chance, pays in chances), Fraction(0))
    return _decimal(mean), _decimal(square - mean * mean)


def _chances(code: str, choice: Mapping[str, Any]) -> Chances:
    """What a choice may pay and how likely, exactly; nothing for a game that is not known here."""
    match code:
        case "dice":
            target, over = choice["target"], choice["over"]
            winning = games.DICE_OUTCOMES - 1 - target if over else target
            pays = games.dice_multiplier(target=target, over=over)
            return [(Fraction(winning, games.DICE_OUTCOMES), Fraction(pays, ONE))]
        case "limbo":
            return [(_limbo_chance(choice["target"]), Fraction(choice["target"], 100))]
        case "wheel":
            return _even(tables.wheel(choice["segments"], choice["risk"]))
        case "plinko":
            rows = choice["rows"]
            return [
                (Fraction(comb(rows, bucket), 2**rows), Fraction(pays, ONE))
                for bucket, pays in enumerate(tables.plinko(rows, choice["risk"]))
            ]
        case "keno":
            picks = len(choice["picks"])
            return [
                (Fraction(*tables.keno_chance(picks, hits)), Fraction(pays, ONE))
                for hits, pays in enumerate(tables.keno(picks, choice["risk"]))
            ]
        case "roulette":
            return [(Fraction(1, 37), one) for one in _roulette_pays(choice["chips"])]
    return []


def _limbo_chance(target: int) -> Fraction:
    """The k whose result reaches the target: floor(kept · 100 · 2²⁴ / (ONE · (k + 1))) >= target."""
    reaching = games.KEPT * 100 * 2**24 // (ONE * target)
    return Fraction(min(reaching, 2**24), 2**24)


def _even(pays: Sequence[int]) -> Chances:
    return [(Fraction(1, len(pays)), Fraction(one, ONE)) for one in pays]


class _Pocket(Draws):
    """The ball, where it is put."""

    def __init__(self, pocket: int) -> None:
        self._pocket = pocket

    def below(self, n: int) -> int:
        return self._pocket


def _roulette_pays(chips: Mapping[str, int]) -> list[Fraction]:
    found = [games.roulette(_Pocket(number), chips=dict(chips)) for number in range(37)]
    # A roulette outcome counts parts, not ten-thousandths.
    return [Fraction(one.multiplier, one.per) for one in found]


def _text(choice: Mapping[str, Any]) -> bytes:
    """A choice as a key of the caches."""
    return msgspec.json.encode(choice, order="sorted")


def _theory(code: str, title: str, version: int, choice: bytes) -> Theory:
    rtp, variance = _of_choice(code, choice)
    return Theory(
        key=code,
        title=title,
        version=version,
        rtp=rtp,
        variance=variance,
        is_ceiling=code == "blackjack",
    )


def _decimal(value: Fraction) -> Decimal:
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(PLACES)
