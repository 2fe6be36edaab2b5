"""Reads of the journal and its reference data that more than one app needs."""

from functools import cache

from django.db import connection

from apps.core.errors import InvalidInput
from apps.core.money import Currency
from apps.ledger.models import Account, Partner
from apps.ledger.models import Currency as CurrencyRow


class UnknownCurrency(InvalidInput):
    code = "unknown_currency"
    message = "We do not know this currency."


@cache
def _by_code() -> dict[str, tuple[int, Currency]]:
    # Reference data changes by a migration or a new row, and then processes restart.
    return {row.code: (row.pk, row.as_money_currency()) for row in CurrencyRow.objects.all()}


def currency(code: str) -> Currency:
    """The currency of a code. Raises UnknownCurrency."""
    return _find(code)[1]


def currency_id(code: str) -> int:
    return _find(code)[0]


@cache
def currency_of_id(currency_pk: int) -> Currency:
    return next(found for pk, found in _by_code().values() if pk == currency_pk)


def currencies() -> list[Currency]:
    """Every currency players can hold, in display order."""
    enabled = CurrencyRow.objects.filter(enabled=True).values_list("code", flat=True)
    return [currency(code) for code in enabled]


@cache
def account_id(code: str) -> int:
    return Account.objects.get(code=code).pk


@cache
def partner_id(code: str) -> int:
    return Partner.objects.get(code=code).pk


def postings_sum() -> list[tuple[str, str]]:
    """Per currency what all postings add up to, for those where it is not zero: never any."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.code, sum(p.amount)::text FROM ledger_posting p
              JOIN ledger_currency c ON c.id = p.currency_id
             GROUP BY c.code HAVING sum(p.amount) <> 0
            """
        )
        return list(cursor.fetchall())


def _find(code: str) -> tuple[int, Currency]:
    try:
        return _by_code()[code]
    except (KeyError, TypeError):
        raise UnknownCurrency(fields={"currency": UnknownCurrency.message}) from None
