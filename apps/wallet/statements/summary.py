"""What the movements of a statement come to. Fed line by line, so it stays small.

Totals are kept in whole units and checked on the way: every balance is the one before it plus the
movement, and each purse ends where the journal says.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from apps.core.money import Currency, Money
from apps.ledger.models import Kind, Purse
from apps.ledger.selectors import currency as currency_of
from apps.wallet.statements.journal import Line, Part
from apps.wallet.statements.naming import GameName

FEE_KINDS = (Kind.FEE, Kind.EXCHANGE_SPREAD)
OTHER_GAMES = GameName("", "Other games")
Json = dict[str, Any]


class Unbalanced(Exception):
    """The journal does not add up; the message says where."""


@dataclass(frozen=True)
class PurseLine:
    currency: Currency
    purse: Purse
    opening: Money
    came: Money
    went: Money
    closing: Money

    @property
    def net(self) -> Money:
        return self.came - self.went

    @property
    def is_empty(self) -> bool:
        return not (self.opening or self.came or self.went or self.closing)


@dataclass(frozen=True)
class KindLine:
    currency: Currency
    kind: Kind
    count: int
    came: Money
    went: Money

    @property
    def net(self) -> Money:
        return self.came - self.went


@dataclass(frozen=True)
class GameLine:
    """wagered and won: net of what was rolled back."""

    currency: Currency
    title: str
    bets: int
    wagered: Money
    wins: int
    won: Money

    @property
    def net(self) -> Money:
        return self.won - self.wagered


@dataclass(frozen=True)
class ConversionLine:
    """bought: at the middle rate, of which the spread stayed in the house."""

    count: int
    sold: Money
    bought: Money
    spread: Money

    @property
    def received(self) -> Money:
        return self.bought - self.spread


@dataclass(frozen=True)
class FeeLine:
    currency: Currency
    kind: Kind
    paid: Money


@dataclass
class _Purse:
    part: Part
    balance: int
    came: int = 0
    went: int = 0


@dataclass
class Summary:
    """Feed it every line, then read it."""

    parts: Sequence[Part]
    movements: int = 0
    _purses: dict[int, _Purse] = field(default_factory=dict)
    _kinds: dict[tuple[str, int], list[int]] = field(default_factory=dict)
    _games: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    _pairs: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    _sold: dict[int, Money] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._purses = {one.wallet_id: _Purse(one, one.opening.units) for one in self.parts}

    def add(self, line: Line) -> None:
        """Raises Unbalanced."""
        units, code = line.amount.units, line.amount.currency.code
        purse = self._purses[line.wallet_id]
        purse.balance += units
        if purse.balance != line.balance.units:
            raise Unbalanced(f"entry {line.id} does not continue the balance before it")
        self.movements += 1
        if units > 0:
            purse.came += units
        else:
            purse.went -= units
        totals = self._kinds.setdefault((code, line.kind), [0, 0, 0])
        totals[0] += 1
        totals[1 if units > 0 else 2] += abs(units)
        if line.kind in {Kind.BET, Kind.WIN, Kind.ROLLBACK}:
            self._add_play(line, code, units)
        elif line.kind in {Kind.EXCHANGE_SOLD, Kind.EXCHANGE_BOUGHT, Kind.EXCHANGE_SPREAD}:
            self._add_exchange(line, code, units)

    def check(self) -> None:
        """Opening plus movements is closing, in every purse. Raises Unbalanced."""
        for purse in self._purses.values():
            if purse.balance != purse.part.closing.units:
                raise Unbalanced(f"wallet {purse.part.wallet_id} does not end with its balance")

    def sold_for(self, line: Line) -> Money | None:
        """What was given for this bought leg, when it is in the same statement."""
        return self._sold.get(line.source_id or 0)

    def _add_play(self, line: Line, code: str, units: int) -> None:
        game = line.game or OTHER_GAMES
        if game.slug:
            self.titles[game.slug] = game.title
        bets, wagered, wins, won = 0, 1, 2, 3
        totals = self._games.setdefault((code, game.slug), [0, 0, 0, 0])
        # A bet taken back comes in, a win taken back goes out.
        is_bet = line.kind == Kind.BET or (line.kind == Kind.ROLLBACK and units > 0)
        totals[wagered if is_bet else won] += -units if is_bet else units
        if line.kind != Kind.ROLLBACK:
            totals[bets if is_bet else wins] += 1

    def _add_exchange(self, line: Line, code: str, units: int) -> None:
        quote = line.source_id or 0
        if line.kind == Kind.EXCHANGE_SOLD:
            self._sold.clear()  # legs follow one another; a quote is used once
            self._sold[quote] = -line.amount
            return
        sold = self._sold.get(quote)
        if sold is None:
            return
        totals = self._pairs.setdefault((sold.currency.code, code), [0, 0, 0, 0])
        if line.kind == Kind.EXCHANGE_BOUGHT:
            totals[0] += 1
            totals[1] += sold.units
            totals[2] += units
        else:
            totals[3] -= units

    def as_json(self) -> Json:
        """Units as text: JSON numbers are not exact everywhere."""
        return {
            "purses": [
                [
                    one.part.currency.code,
                    one.part.purse.value,
                    *_texts(one.part.opening.units, one.came, one.went, one.balance),
                ]
                for one in self._purses.values()
            ],
            "kinds": [
                [code, kind, totals[0], *_texts(*totals[1:])]
                for (code, kind), totals in sorted(self._kinds.items())
            ],
            "games": [
                [code, slug, bets, str(wagered), wins, str(won)]
                for (code, slug), (bets, wagered, wins, won) in sorted(self._games.items())
            ],
            "conversions": [
                [sold_code, bought_code, totals[0], *_texts(*totals[1:])]
                for (sold_code, bought_code), totals in sorted(self._pairs.items())
            ],
        }


@dataclass(frozen=True)
class Read:
    """A stored summary, with money in it again."""

    stored: Json
    titles: dict[str, str]

    @property
    def purses(self) -> list[PurseLine]:
        return [
            PurseLine(of, Purse(purse), *(_money(one, of) for one in units))
            for of, purse, *units in self._rows("purses")
        ]

    @property
    def kinds(self) -> list[KindLine]:
        return [
            KindLine(of, Kind(kind), count, *(_money(one, of) for one in units))
            for of, kind, count, *units in self._rows("kinds")
        ]

    @property
    def games(self) -> list[GameLine]:
        found = [
            GameLine(of, self.title(slug), bets, _money(wagered, of), wins, _money(won, of))
            for of, slug, bets, wagered, wins, won in self._rows("games")
        ]
        return sorted(found, key=lambda one: (one.currency.code, one.title))

    @property
    def conversions(self) -> list[ConversionLine]:
        found = []
        for sold_of, bought_code, count, sold, bought, spread in self._rows("conversions"):
            of = currency_of(bought_code)
            found.append(
                ConversionLine(count, _money(sold, sold_of), _money(bought, of), _money(spread, of))
            )
        return found

    @property
    def fees(self) -> list[FeeLine]:
        return [
            FeeLine(one.currency, one.kind, one.went - one.came)
            for one in self.kinds
            if one.kind in FEE_KINDS
        ]

    def title(self, slug: str) -> str:
        return self.titles.get(slug, OTHER_GAMES.title)

    def _rows(self, name: str) -> Iterator[tuple[Any, ...]]:
        """Rows with the currency in the place of its code."""
        for code, *rest in self.stored[name]:
            yield currency_of(code), *rest


def _money(units: str, of: Currency) -> Money:
    return Money(int(units), of)


def _texts(*units: int) -> list[str]:
    return [str(one) for one in units]
