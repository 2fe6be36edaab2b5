"""The games: what a player may choose, and what a round of draws makes of it.

A multiplier is a whole number of ten-thousandths of the stake. `Outcome.detail` is what the page
draws and what a receipt shows. Games of several steps (mines, hi-lo, blackjack) are replayed from
their draws and the list of what the player did, so a round needs no state but these two.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import comb
from typing import Any

from apps.originals.fairness import crash as curve
from apps.originals.fairness import tables
from apps.originals.fairness.draws import Draws
from apps.originals.fairness.tables import EDGE_BP, ONE

KEPT = ONE - EDGE_BP


class InvalidChoice(ValueError):
    """The player asked for what the rules do not have. `args[0]` says what."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What comes back is `multiplier / per` of the base stake. is_open: the player has to act.

    While a round is open the multiplier is what leaving now would pay.
    """

    multiplier: int
    detail: dict[str, Any] = field(default_factory=dict)
    is_open: bool = False
    per: int = ONE

    def pays(self, units: int) -> int:
        """Smallest units for a base stake of `units`, rounded down."""
        return units * self.multiplier // self.per


# ---- one step -------------------------------------------------------------------------------------

DICE_OUTCOMES = 10_001
DICE_WINNING_MIN, DICE_WINNING_MAX = 1, 9_800


def dice(draws: Draws, *, target: int, over: bool) -> Outcome:
    """Roll 0.00 to 100.00. target: hundredths; a roll equal to it loses."""
    multiplier = dice_multiplier(target=target, over=over)
    roll = draws.below(DICE_OUTCOMES)
    wins = roll > target if over else roll < target
    return Outcome(multiplier if wins else 0, {"roll": roll})


def dice_multiplier(*, target: int, over: bool) -> int:
    winning = DICE_OUTCOMES - 1 - target if over else target
    if not DICE_WINNING_MIN <= winning <= DICE_WINNING_MAX:
        raise InvalidChoice("This target wins always or never.")
    return KEPT * DICE_OUTCOMES // winning


LIMBO_TARGET_MIN, LIMBO_TARGET_MAX = 101, 100_000_000


def limbo(draws: Draws, *, target: int) -> Outcome:
    """A point rises; whoever asked for no more is paid what was asked. target: hundredths."""
    if not LIMBO_TARGET_MIN <= target <= LIMBO_TARGET_MAX:
        raise InvalidChoice("Aim between 1.01 and 1,000,000.")
    k = draws.number() >> 8
    result = max(100, KEPT * 100 * 2**24 // (ONE * (k + 1)))
    return Outcome(target * 100 if result >= target else 0, {"result": result})


CRASH_AUTO_MAX = 100_000_000
CRASH_LEFT = re.compile(r"(cash_out|auto|ceiling):([0-9]{3,12})", re.ASCII)


def crash(draws: Draws, *, auto: int, actions: Sequence[str]) -> Outcome:
    """One point a round for all; whoever left no later is paid what they left at.

    auto: hundredths to leave at, 0 is not by itself. actions: how the bet left, if it did:
    `cash_out:150` by hand, `auto:200`, `ceiling:5000` at the most that is paid.
    """
    if auto and not curve.LEAVE_MIN <= auto <= CRASH_AUTO_MAX:
        raise InvalidChoice("Cash out between 1.01 and 1,000,000, or 0 for by hand.")
    point = curve.point_of(draws.number())
    if not actions:
        left = auto if auto and auto <= point else 0
    else:
        said = CRASH_LEFT.fullmatch(actions[0])
        if said is None or len(actions) > 1:
            raise InvalidChoice("A bet leaves once.")
        left = int(said[2])
        if not curve.LEAVE_MIN <= left <= point or (said[1] == "auto" and left != auto):
            raise InvalidChoice("It cannot have left there.")
    return Outcome(left * 100, {"left_at": left})


WHEEL_CHOICES = tuple((n, risk) for n in tables.WHEEL_SEGMENTS for risk in tables.RISKS)


def wheel(draws: Draws, *, segments: int, risk: str) -> Outcome:
    if (segments, risk) not in WHEEL_CHOICES:
        raise InvalidChoice("There is no such wheel.")
    at = draws.below(segments)
    return Outcome(tables.wheel(segments, risk)[at], {"segment": at})


def plinko(draws: Draws, *, rows: int, risk: str) -> Outcome:
    """Each peg sends the ball left (0) or right (1)."""
    if rows not in tables.plinko_rows() or risk not in tables.RISKS:
        raise InvalidChoice("There is no such board.")
    path = [draws.below(2) for _ in range(rows)]
    bucket = sum(path)
    return Outcome(tables.plinko(rows, risk)[bucket], {"path": path, "bucket": bucket})


def keno(draws: Draws, *, picks: Sequence[int], risk: str) -> Outcome:
    """Ten of forty are drawn. picks: one to ten different numbers, 1 to 40."""
    chosen = set(picks)
    fits = 1 <= len(picks) <= tables.KENO_PICKS_MAX and len(chosen) == len(picks)
    if not fits or not all(1 <= one <= tables.KENO_CELLS for one in picks):
        raise InvalidChoice("Pick one to ten different numbers from 1 to 40.")
    if risk not in tables.RISKS:
        raise InvalidChoice("There is no such risk.")
    drawn = [place + 1 for place in draws.picks(tables.KENO_CELLS, tables.KENO_DRAWN)]
    hits = len(chosen.intersection(drawn))
    return Outcome(tables.keno(len(picks), risk)[hits], {"drawn": drawn, "hits": hits})


# ---- roulette -------------------------------------------------------------------------------------

RED = frozenset({1, 3, 5, 7, 9, 12, 14, 16, 18, 19, 21, 23, 25, 27, 30, 32, 34, 36})
_PAYS = {1: 36, 2: 18, 3: 12, 4: 9, 6: 6, 12: 3, 18: 2}


def _roulette_spots() -> dict[str, frozenset[int]]:
    spots = {str(n): frozenset({n}) for n in range(37)}
    rows = [frozenset({3 * n + 1, 3 * n + 2, 3 * n + 3}) for n in range(12)]
    for n, row in enumerate(rows):
        spots[f"street:{n + 1}"] = row
        if n:
            spots[f"line:{n}"] = row | rows[n - 1]
    for n in range(1, 37):
        if n % 3:
            spots[f"split:{n}-{n + 1}"] = frozenset({n, n + 1})
        if n <= 33:
            spots[f"split:{n}-{n + 3}"] = frozenset({n, n + 3})
        if n % 3 and n <= 32:
            spots[f"corner:{n}"] = frozenset({n, n + 1, n + 3, n + 4})
    for n in (1, 2, 3):
        spots[f"split:0-{n}"] = frozenset({0, n})
        spots[f"dozen:{n}"] = frozenset(range(12 * n - 11, 12 * n + 1))
        spots[f"column:{n}"] = frozenset(range(n, 37, 3))
    spots["street:0-1-2"], spots["street:0-2-3"] = frozenset({0, 1, 2}), frozenset({0, 2, 3})
    spots["corner:0"] = frozenset({0, 1, 2, 3})
    numbers = frozenset(range(1, 37))
    spots["red"], spots["black"] = RED, numbers - RED
    spots["odd"] = frozenset(n for n in numbers if n % 2)
    spots["even"] = numbers - spots["odd"]
    spots["low"], spots["high"] = frozenset(range(1, 19)), frozenset(range(19, 37))
    return spots


ROULETTE_SPOTS = _roulette_spots()


def roulette(draws: Draws, *, chips: dict[str, int]) -> Outcome:
    """A single-zero wheel. chips: how many parts of the stake lie on each spot."""
    if not chips or not chips.keys() <= ROULETTE_SPOTS.keys() or min(chips.values()) < 1:
        raise InvalidChoice("Place chips on spots of the table.")
    pocket = draws.below(37)
    returned = sum(
        parts * _PAYS[len(ROULETTE_SPOTS[spot])]
        for spot, parts in chips.items()
        if pocket in ROULETTE_SPOTS[spot]
    )
    return Outcome(returned, {"pocket": pocket}, per=sum(chips.values()))


# ---- mines ----------------------------------------------------------------------------------------

MINES_CELLS = 25


def mines(draws: Draws, *, mines: int, opened: Sequence[int], cashed_out: bool) -> Outcome:
    """Open cells, then leave with what they are worth. opened: cells 0 to 24 in order."""
    if not 1 <= mines <= MINES_CELLS - 1:
        raise InvalidChoice("Choose 1 to 24 mines.")
    fits = len(set(opened)) == len(opened) and all(0 <= one < MINES_CELLS for one in opened)
    if not fits:
        raise InvalidChoice("Open each cell once.")
    hidden = draws.picks(MINES_CELLS, mines)
    safe = next((n for n, cell in enumerate(opened) if cell in hidden), len(opened))
    if safe < len(opened):
        if safe + 1 < len(opened) or cashed_out:
            raise InvalidChoice("The round is over.")
        return Outcome(0, {"mines": sorted(hidden), "opened": [*opened]})
    if cashed_out and not opened:
        raise InvalidChoice("Open a cell first.")
    is_over = cashed_out or safe == MINES_CELLS - mines
    shown = {"mines": sorted(hidden)} if is_over else {}
    return Outcome(
        mines_multiplier(mines, safe) if opened else 0,
        {**shown, "opened": [*opened]},
        is_open=not is_over,
    )


def mines_multiplier(mines: int, safe: int) -> int:
    return KEPT * comb(MINES_CELLS, safe) // comb(MINES_CELLS - mines, safe)


# ---- cards ----------------------------------------------------------------------------------------

RANKS, SUITS = "23456789TJQKA", "DHSC"
DECK = tuple(rank + suit for rank in RANKS for suit in SUITS)


def card(draws: Draws) -> str:
    """From an endless deck: every draw is one of 52."""
    return DECK[draws.below(52)]


def height(name: str) -> int:
    """0 for a two … 12 for an ace."""
    return RANKS.index(name[0])


HILO_GUESSES = ("higher", "lower", "skip")


def hilo(draws: Draws, *, guesses: Sequence[str], cashed_out: bool) -> Outcome:
    """Guess whether the next card is higher or lower; an equal one wins, but at the ends.

    Below a two and above an ace there is nothing: there `lower` and `higher` mean equal, and the
    other word means strictly.
    """
    cards = [card(draws)]
    ways, chances = 1, 1
    guessed = 0
    for n, guess in enumerate(guesses):
        if guess not in HILO_GUESSES:
            raise InvalidChoice("Guess higher or lower, or skip.")
        before = height(cards[-1])
        cards.append(card(draws))
        if guess == "skip":
            continue
        winning = hilo_winning(before, guess)
        guessed += 1
        if height(cards[-1]) not in winning:
            if n + 1 < len(guesses) or cashed_out:
                raise InvalidChoice("The round is over.")
            return Outcome(0, {"cards": cards})
        ways, chances = ways * 13, chances * len(winning)
    if cashed_out and not guessed:
        raise InvalidChoice("Guess once first.")
    multiplier = KEPT * ways // chances if guessed else 0
    return Outcome(multiplier, {"cards": cards}, is_open=not cashed_out)


def hilo_winning(before: int, guess: str) -> range:
    """The heights that a guess wins with."""
    if guess == "higher":
        return range(before + (before == 0), 13) if before < 12 else range(12, 13)
    return range(before + (before < 12)) if before else range(1)


# ---- blackjack ------------------------------------------------------------------------------------

NATURAL_PAYS = 25_000
BLACKJACK_ACTIONS = ("hit", "stand", "double", "split")


@dataclass(slots=True)
class Hand:
    """parts: how many base stakes lie on it. is_done: it takes no more cards."""

    cards: list[str]
    parts: int = 1
    is_done: bool = False

    @property
    def value(self) -> int:
        """The best count; above 21 it is bust."""
        return best_count(self.cards)


def best_count(cards: Sequence[str]) -> int:
    hard = sum(_pips(one) for one in cards)
    has_ace = any(one[0] == "A" for one in cards)
    return hard + 10 if has_ace and hard <= 11 else hard


def _pips(name: str) -> int:
    """An ace as one."""
    if name[0] == "A":
        return 1
    return min(10, height(name) + 2)


def blackjack(draws: Draws, *, actions: Sequence[str]) -> Outcome:
    """An endless deck, dealer stands on all 17, naturals pay 3 to 2, double any two, split once.

    The dealer looks for a natural before anything is played. Split aces get one card each.
    detail.parts: base stakes at risk so far; detail.may: what the player may do now.
    """
    hands = [Hand([card(draws), card(draws)])]
    dealer = [card(draws), card(draws)]
    left = list(actions)
    if is_natural(hands[0].cards) or is_natural(dealer):
        if left:
            raise InvalidChoice("The round is over.")
        return _settled(hands, dealer)
    for action in left:
        at = next((hand for hand in hands if not hand.is_done), None)
        if at is None:
            raise InvalidChoice("The round is over.")
        if action not in _allowed(hands, at):
            raise InvalidChoice("The rules do not allow this now.")
        match action:
            case "stand":
                at.is_done = True
            case "hit":
                at.cards.append(card(draws))
            case "double":
                at.cards.append(card(draws))
                at.parts, at.is_done = 2, True
            case "split":
                other = Hand([at.cards.pop()])
                hands.append(other)
                at.cards.append(card(draws))
                other.cards.append(card(draws))
                at.is_done = other.is_done = at.cards[0][0] == "A"
        for hand in hands:
            hand.is_done = hand.is_done or hand.value >= 21
    at = next((hand for hand in hands if not hand.is_done), None)
    if at is not None:
        shown = {**_shown(hands, dealer[:1]), "may": _allowed(hands, at), "at": hands.index(at)}
        return Outcome(0, shown, is_open=True)
    if any(hand.value <= 21 for hand in hands):
        while best_count(dealer) < 17:
            dealer.append(card(draws))
    return _settled(hands, dealer)


def is_natural(cards: Sequence[str]) -> bool:
    return len(cards) == 2 and best_count(cards) == 21


def _allowed(hands: list[Hand], at: Hand) -> list[str]:
    may = ["hit", "stand"]
    if len(at.cards) == 2:
        may.append("double")
        if len(hands) == 1 and _pips(at.cards[0]) == _pips(at.cards[1]):
            may.append("split")
    return may


def _settled(hands: list[Hand], dealer: list[str]) -> Outcome:
    against = best_count(dealer)
    is_split = len(hands) > 1
    returned = 0
    for hand in hands:
        natural = is_natural(hand.cards) and not is_split
        if natural or is_natural(dealer):
            if natural and is_natural(dealer):
                returned += ONE
            elif natural:
                returned += NATURAL_PAYS
        elif hand.value <= 21:
            if against > 21 or hand.value > against:
                returned += 2 * ONE * hand.parts
            elif hand.value == against:
                returned += ONE * hand.parts
    return Outcome(returned, _shown(hands, dealer))


def _shown(hands: list[Hand], dealer: list[str]) -> dict[str, Any]:
    return {
        "hands": [{"cards": [*hand.cards], "parts": hand.parts} for hand in hands],
        "dealer": [*dealer],
        "parts": sum(hand.parts for hand in hands),
    }
