"""How amounts look. Exact text goes in, text comes out; nothing is rounded up on the way."""

from dataclasses import dataclass
from decimal import Decimal

from apps.core.money import Money

MINUS = "\N{MINUS SIGN}"
DECIMALS_MAX = 8


@dataclass(frozen=True, slots=True)
class AmountText:
    """One amount in the forms a page needs: what is seen, what is exact."""

    shown: str
    full: str
    code: str
    name: str
    sign: int


def amount_text(
    value: Money, *, trim: bool = False, signed: bool = False, compact: bool = False
) -> AmountText:
    """Describe `value` for a page.

    trim: drop trailing zeros, for prose. signed: show a plus too. compact: 1.2M from 100,000 up.
    Digits beyond what the currency shows are cut, never rounded: a balance is not overstated.
    """
    currency = value.currency
    exact = value.text.lstrip("-")
    sign = (value.units > 0) - (value.units < 0)
    decimals = min(currency.display_decimals, DECIMALS_MAX)
    shown = shorten(abs(value.major)) if compact and abs(value.major) >= 100_000 else ""
    if not shown:
        shown = grouped(exact, decimals)
        if trim and currency.kind == "crypto" and "." in shown:
            shown = shown.rstrip("0").rstrip(".")
    prefix = MINUS if sign < 0 else "+" if signed and sign > 0 else ""
    minus = MINUS if sign < 0 else ""
    return AmountText(
        shown=prefix + shown,
        full=f"{minus}{grouped(exact, currency.scale)} {currency.code}",
        code=currency.code,
        name=currency.name,
        sign=sign,
    )


def grouped(exact: str, decimals: int) -> str:
    """`1234.5678`, 2 -> `1,234.56`."""
    whole, _, fraction = exact.partition(".")
    shown = f"{int(whole):,}"
    return f"{shown}.{fraction[:decimals].ljust(decimals, '0')}" if decimals else shown


def shorten(amount: Decimal) -> str:
    """`1234567` -> `1.23M`, cut and not rounded."""
    for size, letter in ((10**9, "B"), (10**6, "M"), (10**3, "K")):
        if amount >= size:
            hundredths = int(amount * 100 // size)
            text = f"{hundredths // 100}.{hundredths % 100:02d}".rstrip("0").rstrip(".")
            return f"{text}{letter}"
    return f"{amount:f}"
