"""Best play of our blackjack and what it returns, worked out exactly; and the same for many rows at once.

Rules as in apps/originals/fairness/games.py: an endless deck, the dealer stands on all 17 and looks for
a natural first, double any two cards, split once, split aces get one card each.
"""

from collections.abc import Iterable
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np

from apps.originals.fairness import games

WIDTH = 40
PIPS = range(1, 11)  # an ace is 1
ACTIONS = ("stand", "hit", "double", "split")
STAND, HIT, DOUBLE, SPLIT = range(4)
Hand = tuple[int, bool]  # what the cards count with aces as one, and whether there is an ace


def chance(pips: int) -> Fraction:
    return Fraction(4 if pips == 10 else 1, 13)


def with_card(hand: Hand, pips: int) -> Hand:
    return hand[0] + pips, hand[1] or pips == 1


def best(hand: Hand) -> int:
    hard, has_ace = hand
    return hard + 10 if has_ace and hard <= 11 else hard


@cache
def dealer_from(hand: Hand) -> dict[int, Fraction]:
    """Final counts of a dealer who draws on; 22 is bust."""
    if best(hand) > 21:
        return {22: Fraction(1)}
    if best(hand) >= 17:
        return {best(hand): Fraction(1)}
    return _mixed((chance(pips), dealer_from(with_card(hand, pips))) for pips in PIPS)


@cache
def dealer_showing(up: int) -> dict[int, Fraction]:
    """Final counts of a dealer who has looked and has no natural."""
    hidden = [pips for pips in PIPS if {up, pips} != {1, 10}]
    whole = sum((chance(pips) for pips in hidden), start=Fraction(0))
    first = with_card((0, False), up)
    return _mixed((chance(pips) / whole, dealer_from(with_card(first, pips))) for pips in hidden)


def _mixed(parts: Iterable[tuple[Fraction, dict[int, Fraction]]]) -> dict[int, Fraction]:
    found: dict[int, Fraction] = {}
    for weight, counts in parts:
        for count, its in counts.items():
            found[count] = found.get(count, Fraction(0)) + weight * its
    return found


@cache
def stand(hand: Hand, up: int) -> Fraction:
    """What a hand gains on average, in stakes."""
    if best(hand) > 21:
        return Fraction(-1)
    gained = Fraction(0)
    for count, its in dealer_showing(up).items():
        if count > 21 or count < best(hand):
            gained += its
        elif count > best(hand):
            gained -= its
    return gained


@cache
def hit(hand: Hand, up: int) -> Fraction:
    return sum((chance(p) * later(with_card(hand, p), up) for p in PIPS), start=Fraction(0))


@cache
def later(hand: Hand, up: int) -> Fraction:
    """A hand of three cards and more."""
    return stand(hand, up) if best(hand) >= 21 else max(stand(hand, up), hit(hand, up))


@cache
def double(hand: Hand, up: int) -> Fraction:
    return 2 * sum((chance(p) * stand(with_card(hand, p), up) for p in PIPS), start=Fraction(0))


@cache
def split(pips: int, up: int) -> Fraction:
    gained = Fraction(0)
    for other in PIPS:
        hand = with_card(with_card((0, False), pips), other)
        is_done = pips == 1 or best(hand) >= 21
        gained += chance(other) * (stand(hand, up) if is_done else max(gains(hand, up)))
    return 2 * gained


def gains(hand: Hand, up: int, pair: int = 0) -> list[Fraction]:
    """What each action gains with two cards, in the order of ACTIONS."""
    found = [stand(hand, up), hit(hand, up), double(hand, up)]
    return [*found, split(pair, up)] if pair else found


@cache
def choice(hand: Hand, up: int, *, is_first: bool, pair: int = 0) -> int:
    """The best action. is_first: two cards. pair: their pips where a split is allowed."""
    found = gains(hand, up, pair) if is_first else [stand(hand, up), hit(hand, up)]
    return found.index(max(found))


@cache
def theory() -> float:
    """Return of best play: a stake and what it gains."""
    gained = Fraction(0)
    for one in PIPS:
        for two in PIPS:
            hand = with_card(with_card((0, False), one), two)
            for up in PIPS:
                weight = chance(one) * chance(two) * chance(up)
                natural = chance(11 - up) if up in {1, 10} else Fraction(0)
                if best(hand) == 21:
                    gained += weight * (1 - natural) * Fraction(3, 2)
                else:
                    pair = one if one == two else 0
                    gained += weight * ((1 - natural) * max(gains(hand, up, pair)) - natural)
    return float(1 + gained)


def action(detail: dict[str, Any]) -> str:
    """The best action in a round as the game shows it."""
    cards = detail["hands"][detail["at"]]["cards"]
    pips = [games._pips(one) for one in cards]
    hand = (sum(pips), 1 in pips)
    pair = pips[0] if "split" in detail["may"] else 0
    return ACTIONS[
        choice(hand, games._pips(detail["dealer"][0]), is_first=len(cards) == 2, pair=pair)
    ]


@cache
def _table(*, is_first: bool, pairs: bool) -> Any:
    """Actions by count, ace and the dealer's card."""
    table = np.zeros((32, 2, 11), dtype=np.int8)
    for up in PIPS:
        for hard in range(2, 21):
            for has_ace in (False, True):
                if best((hard, has_ace)) >= 21:
                    continue
                is_pair = pairs and (hard % 2 == 0) and (not has_ace or hard == 2)
                table[hard, int(has_ace), up] = choice(
                    (hard, has_ace), up, is_first=is_first, pair=hard // 2 if is_pair else 0
                )
    return table


class _Rows:
    """Many rounds side by side, each at its own place in its row of numbers."""

    def __init__(self, u: Any):
        ranks = ((u * np.uint64(52)) >> np.uint64(34)).astype(np.int8)
        self.pips = np.where(ranks == 12, 1, np.minimum(ranks + 2, 10)).astype(np.int8)
        self.at = np.zeros(len(u), dtype=np.int64)

    def draw(self, rows: Any) -> Any:
        found = self.pips[rows, self.at[rows]]
        self.at[rows] += 1
        return found


class _Hands:
    """One hand a row."""

    def __init__(self, size: int):
        self.hard = np.zeros(size, dtype=np.int8)
        self.ace = np.zeros(size, dtype=np.int8)
        self.parts = np.ones(size, dtype=np.int8)

    def add(self, rows: Any, pips: Any) -> None:
        self.hard[rows] += pips
        self.ace[rows] |= pips == 1

    @property
    def count(self) -> Any:
        return np.where((self.ace == 1) & (self.hard <= 11), self.hard + 10, self.hard)


def returns(u: Any) -> Any:
    """Half stakes that come back, less the stakes that were added, row by row."""
    size = len(u)
    everyone = np.arange(size)
    deck, hands, others = _Rows(u), _Hands(size), _Hands(size)
    first, second = deck.draw(everyone), deck.draw(everyone)
    up, hidden = deck.draw(everyone), deck.draw(everyone)
    hands.add(everyone, first)
    hands.add(everyone, second)
    natural = hands.count == 21
    against = (up + hidden == 11) & ((up == 1) | (hidden == 1))
    playing = ~natural & ~against

    pairs = _table(is_first=True, pairs=True)
    wishes = pairs[hands.hard, hands.ace, up]
    is_split = playing & (first == second) & (wishes == SPLIT)
    rows = np.flatnonzero(is_split)
    for hand in (hands, others):
        hand.hard[rows], hand.ace[rows] = first[rows], first[rows] == 1
    hands.add(rows, deck.draw(rows))
    others.add(rows, deck.draw(rows))
    aces = is_split & (first == 1)
    _play(deck, hands, up, playing & ~aces, may_split=playing & ~is_split & (first == second))
    _play(deck, others, up, is_split & ~aces, may_split=np.zeros(size, dtype=bool))

    alive = playing & ((hands.count <= 21) | (is_split & (others.count <= 21)))
    dealer = _Hands(size)
    dealer.add(everyone, up)
    dealer.add(everyone, hidden)
    while len(rows := np.flatnonzero(alive & (dealer.count < 17))):
        dealer.add(rows, deck.draw(rows))
    if deck.at.max() > WIDTH:
        raise SystemExit("A round needed more cards than were drawn.")

    back = np.where(natural, np.where(against, 2, 5), 0)
    for hand, is_there in ((hands, playing), (others, is_split)):
        won = (dealer.count > 21) | (hand.count > dealer.count)
        result = np.where(won, 4, np.where(hand.count == dealer.count, 2, 0)) * hand.parts
        back = back + np.where(is_there & (hand.count <= 21), result, 0)
        back = back - np.where(is_there, 2 * (hand.parts - 1), 0)
    return back - np.where(is_split, 2, 0)


def _play(deck: _Rows, hands: _Hands, up: Any, playing: Any, *, may_split: Any) -> None:
    """Play one hand of every row to its end. A pair that stays together has its own wishes."""
    table = _table(is_first=True, pairs=False)
    with_pairs = _table(is_first=True, pairs=True)
    live = playing & (hands.count < 21)
    wishes = np.where(
        may_split, with_pairs[hands.hard, hands.ace, up], table[hands.hard, hands.ace, up]
    )
    doubled = np.flatnonzero(live & (wishes == DOUBLE))
    hands.add(doubled, deck.draw(doubled))
    hands.parts[doubled] = 2
    rows = np.flatnonzero(live & (wishes == HIT))
    on = _table(is_first=False, pairs=False)
    while len(rows):
        hands.add(rows, deck.draw(rows))
        count = hands.count[rows]
        rows = rows[count < 21]
        rows = rows[on[hands.hard[rows], hands.ace[rows], up[rows]] == HIT]
