"""Amounts as whole units here and plain decimals on the wire; limits of a table in each currency."""

import re
from decimal import Decimal

DECIMALS = {"BTC": 8, "ETH": 8, "LTC": 8, "DOGE": 8, "USDT": 6, "USDC": 6, "XRP": 6, "JPY": 0}
DECIMALS_DEFAULT = 2
FUN = "FUN"
AMOUNT = re.compile(r"\d{1,15}(\.\d{1,12})?")
CURRENCY = re.compile(r"[A-Z0-9]{2,15}")
# What one of the euros that limits are written in is at a table of another currency, in round sums.
WORTH = {
    "BTC": "0.00001",
    "ETH": "0.0004",
    "LTC": "0.01",
    "DOGE": "5",
    "XRP": "0.5",
    "JPY": "150",
}
CHIPS = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1000)
CHIPS_SHOWN = 6
SHORT = (
    (Decimal("0.01"), 0, ""),
    (Decimal("0.001"), 3, "m"),
    (Decimal("0.000001"), 6, "µ"),
)


def decimals(currency: str) -> int:
    return DECIMALS.get(currency, DECIMALS_DEFAULT)


def text(units: int, currency: str) -> str:
    """`50` of EUR is `0.50`: the exact digits, no grouping, no exponent."""
    return f"{Decimal(units).scaleb(-decimals(currency)):f}"


def trimmed(units: int, currency: str) -> str:
    """Without zeros at the end."""
    shown = text(units, currency)
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def short(units: int, currency: str) -> str:
    """As it fits on a chip: thousandths as `m`, millionths as `µ`."""
    major = Decimal(units).scaleb(-decimals(currency))
    for above, shift, mark in SHORT:
        if major >= above or not units:
            return f"{(major.scaleb(shift)).normalize():f}{mark if units else ''}"
    return trimmed(units, currency)


def units(amount: str | Decimal, currency: str) -> int:
    """Whole units of a decimal; digits beyond them are cut off."""
    return int(Decimal(amount).scaleb(decimals(currency)))


def in_currency(euros: Decimal, currency: str) -> int:
    """A limit at a table of this currency, in units."""
    return units(euros * Decimal(WORTH.get(currency, "1")), currency)


def chips(least: int, most: int) -> list[int]:
    """The chips a table hands out, from its least stake on."""
    return [least * times for times in CHIPS if least * times <= most][:CHIPS_SHOWN]
