"""Amounts as the aggregator speaks them: whole subunits in v1, decimal strings in v2.

The vendor's table of subunits is not public (protocol document, section 3): Bitcoin and its kin
follow the Ruby-Money convention of the field's name, ether and the stablecoins are our choice.
"""

import re
from decimal import Decimal

# Digits after the point of the smallest unit the aggregator counts in; others have two.
DECIMALS = {
    "BTC": 8,
    "LTC": 8,
    "DOG": 8,
    "DOGE": 8,
    "BCH": 8,
    "ETH": 9,
    "USDT": 6,
    "USDC": 6,
    "TRX": 6,
    "JPY": 0,
    "KRW": 0,
    "VND": 0,
    "CLP": 0,
}
DECIMALS_DEFAULT = 2
FUN = "FUN"
V2_AMOUNT = re.compile(r"\d{1,18}(\.\d{1,12})?")
CURRENCY = re.compile(r"[A-Z0-9]{2,15}")

# Total stakes a game offers, in the smallest steps a player finds handy.
STAKES = {
    "BTC": ("0.000001", "0.00025"),
    "BCH": ("0.0001", "0.1"),
    "LTC": ("0.001", "1"),
    "DOG": ("0.5", "500"),
    "DOGE": ("0.5", "500"),
    "ETH": ("0.00002", "0.05"),
    "TRX": ("0.5", "500"),
    "JPY": ("20", "20000"),
    "KRW": ("200", "200000"),
    "VND": ("5000", "5000000"),
}
STAKES_DEFAULT = ("0.10", "100")
STEPS = (1, 2, 5)


def decimals(currency: str) -> int:
    return DECIMALS.get(currency, DECIMALS_DEFAULT)


def text(units: int, currency: str) -> str:
    """`100` of EUR is `1.00`: the exact digits, no grouping."""
    return f"{Decimal(units).scaleb(-decimals(currency)):f}"


def units(amount: str, currency: str) -> int:
    """Whole subunits of a decimal string; digits beyond them are cut off."""
    return int(Decimal(amount).scaleb(decimals(currency)))


def stakes(currency: str) -> list[int]:
    """The total stakes on offer: 1, 2, 5, 10, 20 … between the two ends of the table."""
    low, high = (units(end, currency) for end in STAKES.get(currency, STAKES_DEFAULT))
    offered: list[int] = []
    base = low
    while base <= high:
        offered += [base * step for step in STEPS if base * step <= high]
        base *= 10
    return offered
