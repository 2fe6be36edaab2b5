"""Converting, the rate of every journal entry, and rates that staff vouch for."""

import threading
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from apps.audit.models import Record
from apps.core.clock import now
from apps.core.errors import DomainError
from apps.core.money import Money
from apps.ledger.models import Entry
from apps.ledger.selectors import currency
from apps.rates import selectors, services
from apps.rates.calendar import easter, is_working_day, next_working_day
from apps.rates.errors import RateUnavailable
from apps.rates.guards import Said
from apps.rates.models import EntryWorth, Rate
from apps.rates.providers.base import Problem, Reading, number
from apps.rates.providers.registry import settlement_feeds
from tests.conftest import fund
from tests.rates.factories import set_rates
from tests.simulator_client import Market

pytestmark = pytest.mark.django_db


def converted(amount: str, code: str, to: str) -> str:
    found = selectors.convert(Money.parse(amount, currency(code)), to, use="settlement")
    assert found is not None
    return found.money.text


def test_amounts_are_cut_once_at_the_end() -> None:
    set_rates(BTC="60000", JPY="0.007")
    assert converted("1", "BTC", "JPY") == "8571428"
    assert converted("0.00000001", "BTC", "JPY") == "0"
    assert converted("1", "JPY", "BTC") == "0.00000011"
    assert converted("5.00", "EUR", "EUR") == "5.00"


def test_a_debt_is_cut_towards_zero() -> None:
    set_rates(USD="0.9")
    found = selectors.convert(-Money.parse("0.01", currency("EUR")), "USD", use="display")
    assert found is not None
    assert found.money.text == "-0.01"


@given(units=st.integers(0, 10**20), value=st.decimals("0.000001", "1000000", places=8))
def test_converting_is_exact(units: int, value: Decimal) -> None:
    ours = selectors.Price("BTC", value, 1, "test", now(), is_stale=False, may_settle=True)
    theirs = selectors.Price("EUR", Decimal(1), None, "base", None, is_stale=False, may_settle=True)
    found = selectors.converted(Money(units, currency("BTC")), ours, theirs)
    numerator, denominator = value.as_integer_ratio()
    assert found.money.units == units * numerator * 100 // (denominator * 10**8)


def test_an_old_rate_is_shown_but_settles_nothing() -> None:
    set_rates(BTC="60000", minutes=-1)
    with pytest.raises(RateUnavailable):
        converted("1", "BTC", "EUR")
    shown = selectors.convert(Money.parse("1", currency("BTC")), "EUR", use="display")
    assert shown is not None
    assert (shown.money.text, shown.is_stale) == ("60000.00", True)


@pytest.mark.parametrize(
    ("raw", "outcome"),
    [
        ("1.5", Decimal("1.5")),
        ("1e-7", Decimal("1e-7")),
        (Decimal("40067"), Decimal(40067)),
        (None, Problem.MISSING),
        ("", Problem.MISSING),
        ("0", Problem.NOT_POSITIVE),
        ("-3", Problem.NOT_POSITIVE),
        ("NaN", Problem.NOT_A_NUMBER),
        ("Infinity", Problem.NOT_A_NUMBER),
        (Decimal("NaN"), Problem.NOT_A_NUMBER),
        ("1,5", Problem.NOT_A_NUMBER),
        ("٣", Problem.NOT_A_NUMBER),
        ("1e999", Problem.NOT_A_NUMBER),
        (True, Problem.NOT_A_NUMBER),
        ([], Problem.NOT_A_NUMBER),
    ],
)
def test_numbers_are_read_strictly(raw: object, outcome: object) -> None:
    assert number(raw) == outcome


# ---- the rate of an entry ------------------------------------------------------------------------


def test_every_entry_has_exactly_one_rate_for_ever(player: Any) -> None:
    assert fund(player, "1", "BTC").entry_id
    first = Entry.objects.latest("id").pk
    services_at = now() - timedelta(minutes=5)
    set_rates(BTC="50000")
    # What came before any rate has the first one: none was more right.
    assert selectors.rate_of(first, "BTC") is None
    fund(player, "1", "BTC")
    second = Entry.objects.latest("id").pk
    set_rates(BTC="60000")
    fund(player, "1", "BTC")
    third = Entry.objects.latest("id").pk
    assert services_at < now()

    assert selectors.rate_of(second, "BTC") == 50_000
    assert selectors.rate_of(third, "BTC") == 60_000
    assert selectors.rate_of(third, "EUR") == 1
    worth = {one.entry_id: one.value for one in EntryWorth.objects.all()}
    assert (worth[first], worth[second], worth[third]) == (None, 50_000, 60_000)


def test_the_first_rate_ever_holds_back_to_the_first_entry(market: Market, player: Any) -> None:
    fund(player, "1", "BTC")
    first = Entry.objects.latest("id").pk
    services.refresh()
    market.price("BTC", "61000")
    services.refresh()
    fund(player, "1", "BTC")

    assert selectors.rate_of(first, "BTC") == 60_000
    assert selectors.rate_of(Entry.objects.latest("id").pk, "BTC") == 61_000
    assert EntryWorth.objects.filter(rate__isnull=True).count() == 0


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_rate_that_was_told_for_an_entry_never_becomes_another(player: Any) -> None:
    """The answer waits while a rate is being written whose first entry may be this one."""
    set_rates(BTC="50000")
    told: list[Decimal | None] = []

    def ask(entry_id: int) -> None:
        told.append(selectors.rate_of(entry_id, "BTC"))
        connection.close()

    with transaction.atomic():
        set_rates(BTC="60000")  # has looked at the journal, and is not committed
        with_entry = threading.Thread(target=lambda: (fund(player, "1", "BTC"), connection.close()))
        with_entry.start()
        with_entry.join()
        newest = Entry.objects.latest("id").pk
        asking = threading.Thread(target=ask, args=(newest,))
        asking.start()
        asking.join(0.3)
        assert told == []
    asking.join(5)

    assert told == [Decimal(60_000)] == [selectors.rate_of(newest, "BTC")]


# ---- by hand -------------------------------------------------------------------------------------


def test_a_rate_set_by_hand_holds_until_it_runs_out(market: Market, finance: Any) -> None:
    services.refresh()
    services.override(
        code="BTC", value=Decimal("61000"), minutes=30, by=finance, reason="Feeds are late"
    )
    market.price("BTC", "58000")
    services.refresh()

    assert converted("1", "BTC", "EUR") == "61000.00"
    record = Record.objects.get(action="rate.overridden")
    assert (record.reason, record.after["value"]) == ("Feeds are late", "61000")

    later = now() + timedelta(minutes=31)
    said = [
        Said(feed, Reading("BTC", "58000", Decimal(58_000), later)) for feed in settlement_feeds()
    ]
    services.keep(said, codes=["BTC"], at=later)
    assert selectors.newest(["BTC"])["BTC"].value == 58_000


def test_the_feeds_take_over_when_staff_says_so(market: Market, finance: Any) -> None:
    services.refresh()
    services.override(code="BTC", value=Decimal("61000"), minutes=30, by=finance, reason="r")
    services.end_override(code="BTC", by=finance, reason="Mended")
    with pytest.raises(RateUnavailable):
        converted("1", "BTC", "EUR")
    services.refresh()

    assert converted("1", "BTC", "EUR") == "60000.00"


@pytest.mark.parametrize(
    "changes",
    [
        {"value": Decimal("600000")},
        {"value": Decimal("6000")},
        {"value": Decimal(0)},
        {"value": Decimal(-1)},
        {"value": Decimal("NaN")},
        {"value": Decimal("1e30")},
        {"minutes": 0},
        {"minutes": 1441},
        {"reason": " "},
        {"code": "EUR"},
        {"code": "NOPE"},
    ],
)
def test_a_slip_of_the_finger_is_refused(
    market: Market, finance: Any, changes: dict[str, Any]
) -> None:
    services.refresh()
    rows = Rate.objects.count()
    facts = {"code": "BTC", "value": Decimal("61000"), "minutes": 30, "reason": "r"} | changes

    with pytest.raises(DomainError):
        services.override(**facts, by=finance)

    assert Rate.objects.count() == rows


# ---- days ----------------------------------------------------------------------------------------


def test_the_calendar_of_the_ecb() -> None:
    assert easter(2026).isoformat() == "2026-04-05"
    assert easter(2038).isoformat() == "2038-04-25"
    thursday = easter(2026) - timedelta(days=3)
    assert next_working_day(thursday) == thursday + timedelta(days=5)
    assert not is_working_day(easter(2027).replace(month=12, day=25))
    assert next_working_day(thursday.replace(month=12, day=24)).isoformat() == "2026-12-28"
