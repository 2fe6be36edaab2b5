"""Money is a whole number of an asset's smallest unit. There is no float anywhere near it."""

import re
from dataclasses import dataclass
from decimal import ROUND_DOWN, Context, Decimal
from typing import Literal, Self

from apps.core.errors import InvalidAmount

# 38 digits is what the ledger's numeric(38,18) holds; a wider context never rounds silently.
EXACT = Context(prec=60)
DIGITS_MAX = 20
PLAIN_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Currency:
    """An asset. `scale` is the number of decimals of its smallest unit (BTC 8, ETH 18, JPY 0)."""

    code: str
    scale: int
    kind: Literal["crypto", "fiat"]
    symbol: str
    name: str
    display_decimals: int

    def __str__(self) -> str:
        return self.code


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """`units` whole smallest units of `currency`; may be negative where a movement is."""

    units: int
    currency: Currency

    def __post_init__(self) -> None:
        if type(self.units) is not int:
            raise TypeError(f"Money takes whole units, not {type(self.units).__name__}.")

    @classmethod
    def zero(cls, currency: Currency) -> Self:
        return cls(0, currency)

    @classmethod
    def parse(cls, text: str, currency: Currency, *, field: str = "amount") -> Self:
        """Read what a person or an API client wrote: plain digits, a point, no sign, no exponent.

        Raises InvalidAmount; too many decimals are refused, never rounded.
        """
        if not isinstance(text, str) or not PLAIN_NUMBER.fullmatch(text):
            raise InvalidAmount(fields={field: "Enter an amount like 0.01, with digits only."})
        whole, _, decimals = text.partition(".")
        if len(decimals) > currency.scale:
            raise InvalidAmount(
                f"{currency.code} has {currency.scale} decimals.",
                fields={field: f"{currency.code} has {currency.scale} decimals at most."},
            )
        if len(whole.lstrip("0")) > DIGITS_MAX:
            raise InvalidAmount(fields={field: "This amount is too large."})
        return cls(int(whole + decimals.ljust(currency.scale, "0")), currency)

    @classmethod
    def from_major(
        cls, amount: Decimal, currency: Currency, *, rounding: Literal["exact", "down"] = "exact"
    ) -> Self:
        """Read a decimal of major units, as vendors and the database speak it.

        Raises InvalidAmount for NaN and infinities and, when exact, for digits below the unit.
        """
        if not amount.is_finite():
            raise InvalidAmount
        scaled = EXACT.scaleb(amount, currency.scale)
        whole = scaled.to_integral_value(rounding=ROUND_DOWN, context=EXACT)
        if rounding == "exact" and whole != scaled:
            raise InvalidAmount(f"{currency.code} has {currency.scale} decimals.")
        return cls(int(whole), currency)

    @property
    def major(self) -> Decimal:
        return EXACT.scaleb(Decimal(self.units), -self.currency.scale)

    @property
    def text(self) -> str:
        """Major units with the asset's exact scale: `0.04218800`."""
        return f"{self.major:f}"

    def __str__(self) -> str:
        return f"{self.text} {self.currency.code}"

    def __bool__(self) -> bool:
        return self.units != 0

    def __neg__(self) -> "Money":
        return Money(-self.units, self.currency)

    def __add__(self, other: "Money") -> "Money":
        return Money(self.units + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.units - self._same(other), self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.units < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.units <= self._same(other)

    def __gt__(self, other: "Money") -> bool:
        return self.units > self._same(other)

    def __ge__(self, other: "Money") -> bool:
        return self.units >= self._same(other)

    def _same(self, other: "Money") -> int:
        if other.currency.code != self.currency.code:
            raise TypeError(f"{self.currency} and {other.currency} do not mix.")
        return other.units
