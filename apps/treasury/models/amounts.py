"""Columns that several tables share."""

from decimal import Decimal
from typing import Any

from django.db import models

from apps.core.money import Money
from apps.ledger import selectors as ledger

AMOUNT: dict[str, Any] = {"max_digits": 38, "decimal_places": 18}


def currency_column() -> "models.ForeignKey[Any, Any]":
    return models.ForeignKey(
        "ledger.Currency",
        to_field="code",
        db_column="currency",
        on_delete=models.PROTECT,
        related_name="+",
    )


def money(amount: Decimal, code: str) -> Money:
    """Cut below our smallest unit: a gateway may count finer than we do."""
    return Money.from_major(amount, ledger.currency(code), rounding="down")
