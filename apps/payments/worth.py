"""What money is worth in the base currency, for limits. None means unknown: fail closed."""

from django.conf import settings

from apps.core.money import Currency, Money
from apps.ledger import selectors as ledger
from apps.rates import selectors as rates
from apps.rates.errors import RateUnavailable


def base_currency() -> Currency:
    return ledger.currency(settings.BASE_CURRENCY)


def in_base(amount: Money) -> Money | None:
    """In the base currency at a rate that may settle, or None."""
    return rates.base_value(amount)


def in_currency(amount: Money, code: str) -> Money | None:
    """In another currency at a rate that may settle, or None."""
    try:
        converted = rates.convert(amount, code, use="settlement")
    except RateUnavailable:
        return None
    return converted.money if converted else None
