"""Amounts and documents as text for back-office lists, exact and never rounded."""

import json
from decimal import Decimal
from typing import Any

from apps.core.money import Currency, Money

MINUS = "\N{MINUS SIGN}"


def amount(value: Decimal, currency: Currency) -> str:
    """`−1,234.50000000 BTC`: every digit there is, and zeros up to what the currency shows."""
    text = Money.from_major(value, currency).text
    whole, _, fraction = text.lstrip("-").partition(".")
    fraction = fraction.rstrip("0").ljust(currency.display_decimals, "0")
    sign = MINUS if text.startswith("-") else ""
    return f"{sign}{int(whole):,}{'.' if fraction else ''}{fraction} {currency.code}"


def shown(money: Money) -> str:
    """The same of a `Money`."""
    return amount(money.major, money.currency)


def pretty(document: bytes | memoryview | None) -> str:
    """A message as a person reads it: JSON indented, anything else as it came."""
    if document is None:
        return ""
    text = bytes(document).decode("utf-8", errors="backslashreplace")
    try:
        return json.dumps(
            json.loads(text, parse_float=Decimal), indent=2, ensure_ascii=False, default=str
        )
    except ValueError:
        return text


def pretty_value(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) if value is not None else ""
