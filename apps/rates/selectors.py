"""What money is worth. To *settle* a rate must be young and undisputed; to *show* the last one does."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from django.conf import settings
from django.db import connection, transaction

from apps.core.clock import now
from apps.core.money import EXACT, Currency, Money
from apps.ledger.selectors import currency
from apps.rates.errors import RateUnavailable
from apps.rates.models import EntryWorth, Rate

Use = Literal["display", "settlement"]
IN_FORCE_LOCK = 0x7261746573  # held while rates are written, shared by who asks for an entry's


@dataclass(frozen=True, slots=True)
class Price:
    """What one unit is worth in the base currency. rate_id: None for the base currency itself."""

    code: str
    value: Decimal
    rate_id: int | None
    source: str
    as_of: datetime | None
    is_stale: bool
    may_settle: bool


@dataclass(frozen=True, slots=True)
class Converted:
    """money: rounded down. rate: units of its currency for one unit of the other."""

    money: Money
    rate: Decimal
    rate_ids: tuple[int, ...]
    is_stale: bool


def convert(money: Money, to: str, *, use: Use) -> Converted | None:
    """An amount in another currency, rounded down to its unit once, at the end.

    display: None where there never was a rate, or none for days. settlement: raises RateUnavailable
    rather than guess.
    """
    if money.currency.code == to:
        return Converted(money, Decimal(1), (), is_stale=False)
    found = prices([money.currency.code, to])
    ours, theirs = found.get(money.currency.code), found.get(to)
    if use == "settlement" and not (ours and ours.may_settle and theirs and theirs.may_settle):
        raise RateUnavailable
    if ours is None or theirs is None:
        return None
    return converted(money, ours, theirs)


def converted(money: Money, ours: Price, theirs: Price) -> Converted:
    """An amount at two prices that are at hand already."""
    target = currency(theirs.code)
    units = (
        Fraction(money.units) * Fraction(ours.value) / Fraction(theirs.value)
        * Fraction(10) ** (target.scale - money.currency.scale)
    )  # fmt: skip
    return Converted(
        # Towards zero: neither a balance nor a debt is overstated.
        Money(int(units), target),
        EXACT.divide(ours.value, theirs.value),
        tuple(one.rate_id for one in (ours, theirs) if one.rate_id is not None),
        is_stale=ours.is_stale or theirs.is_stale,
    )


def base_currency() -> Currency:
    return currency(settings.BASE_CURRENCY)


def base_value(money: Money) -> Money | None:
    """What it is worth for limits, in the base currency; None when no rate may settle."""
    return value_in(money, settings.BASE_CURRENCY)


def value_in(money: Money, code: str) -> Money | None:
    """The same in another currency."""
    try:
        found = convert(money, code, use="settlement")
    except RateUnavailable:
        return None
    return found.money if found else None


def prices(codes: Iterable[str], *, at: datetime | None = None) -> dict[str, Price]:
    """The price in force of each currency that has one, in two queries at most."""
    at = at or now()
    asked = set(codes)
    found = {code: _base_price() for code in asked & {settings.BASE_CURRENCY}}
    asked -= set(found)
    oldest = at - timedelta(days=settings.RATE_SHOWN_DAYS)
    for code, rate in newest(asked).items():
        is_stale = rate.verdict == Rate.Verdict.HELD or rate.valid_until <= at
        found[code] = _price(rate, is_stale=is_stale, may_settle=not is_stale)
    lacking = {code for code in asked if code not in found or found[code].is_stale}
    for code, rate in (newest(lacking, for_display_only=True) if lacking else {}).items():
        known = found.get(code)
        if known is None or (known.as_of and known.as_of < rate.as_of):
            found[code] = _price(rate, is_stale=rate.valid_until <= at, may_settle=False)
    # A currency that left its feed for good has no price rather than its last one for ever.
    return {code: one for code, one in found.items() if one.as_of is None or one.as_of > oldest}


def newest(codes: Iterable[str], *, for_display_only: bool = False) -> dict[str, Rate]:
    """The latest row of each currency. One index look each: the table only grows."""
    rows = Rate.objects.raw(
        "SELECT r.* FROM unnest(%s::text[]) asked(code) CROSS JOIN LATERAL ("
        " SELECT * FROM rates_rate WHERE code = asked.code AND base = %s AND for_display_only = %s"
        " ORDER BY id DESC LIMIT 1) r",
        [sorted(codes), settings.BASE_CURRENCY, for_display_only],
    )
    return {rate.code: rate for rate in rows}


def rate_of(entry_id: int, code: str) -> Decimal | None:
    """What a unit was worth in the base currency for an entry of the journal; None before any rate.

    The answer for an entry that exists never changes: rates that are being written are waited for.
    """
    if code == settings.BASE_CURRENCY:
        return Decimal(1)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [IN_FORCE_LOCK])
        in_force = Rate.objects.filter(
            code=code,
            base=settings.BASE_CURRENCY,
            for_display_only=False,
            entry_from__lte=entry_id,
        )
        return in_force.order_by("-entry_from", "-id").values_list("value", flat=True).first()


def worth_of(entry_ids: Collection[int]) -> dict[int, Decimal]:
    """What entries are worth in the base currency at the rates in force for them, in one query.

    Those that nobody can value are missing. Call it in a transaction: rates that are being written
    are waited for, and later ones wait for its end.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [IN_FORCE_LOCK])
    found = EntryWorth.objects.filter(pk__in=entry_ids).values_list("pk", "code", "amount", "value")
    worth = {
        pk: amount if code == settings.BASE_CURRENCY else value for pk, code, amount, value in found
    }
    return {pk: value for pk, value in worth.items() if value is not None}


def _price(rate: Rate, *, is_stale: bool, may_settle: bool) -> Price:
    return Price(rate.code, rate.value, rate.pk, rate.source, rate.as_of, is_stale, may_settle)


def _base_price() -> Price:
    return Price(
        settings.BASE_CURRENCY, Decimal(1), None, "base", None, is_stale=False, may_settle=True
    )
