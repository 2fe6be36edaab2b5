"""The feeds over HTTP against their simulators, with everything that can be wrong with a rate."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import Error, connection, transaction

from apps.audit.models import Alarm
from apps.core.clock import now
from apps.core.money import Money
from apps.ledger.selectors import currency
from apps.rates import selectors, services
from apps.rates.errors import RateUnavailable
from apps.rates.models import Rate
from tests.simulator_client import Coinspaid, Market

pytestmark = pytest.mark.django_db

CODES = {"BTC", "ETH", "USDT", "LTC", "DOGE", "USDC", "USD", "GBP", "JPY"}
NONSENSE = ["zero", "negative", "nan", "text", "jump", "decimal", "gap"]


def worth(code: str = "BTC", amount: str = "1") -> str | None:
    found = selectors.base_value(Money.parse(amount, currency(code)))
    return found.text if found else None


def newest(code: str) -> Rate:
    return selectors.newest([code])[code]


def open_alarms() -> set[tuple[str, str]]:
    return set(Alarm.objects.filter(resolved_at=None).values_list("code", "subject"))


def test_every_currency_gets_a_rate_of_the_first_feed(market: Market) -> None:
    assert services.refresh() == 9

    found = selectors.newest(CODES)
    assert {code: rate.source for code, rate in found.items()} == dict.fromkeys(CODES, "coinbase")
    assert {rate.verdict for rate in found.values()} == {"accepted"}
    assert found["BTC"].value == 60_000
    assert abs(found["JPY"].value - Decimal("0.006")) < Decimal("1e-12")
    assert [one["source"] for one in found["BTC"].seen] == ["coinbase", "coingecko"]
    assert worth("BTC", "0.5") == "30000.00"
    assert open_alarms() == set()


def test_the_crypto_cashier_is_a_third_opinion(market: Market, coinspaid: Coinspaid) -> None:
    services.refresh()

    seen = [one["source"] for one in newest("USDT").seen]
    assert seen == ["coinbase", "coingecko", "coinspaid"]
    # The cashier does not trade yen; two feeds are enough.
    assert [one["source"] for one in newest("JPY").seen] == ["coinbase", "coingecko"]


def test_the_crypto_cashier_can_contradict(market: Market, coinspaid: Coinspaid) -> None:
    services.refresh()
    coinspaid.control("prices", currency="BTC", eur="90000")
    services.refresh()

    assert (newest("BTC").verdict, newest("BTC").problem) == ("held", "diverging")
    assert worth("BTC") is None
    assert worth("ETH") == "2500.00"


@pytest.mark.parametrize("source", ["coinbase", "coingecko"])
@pytest.mark.parametrize("code", ["BTC", "JPY"])
@pytest.mark.parametrize("fault", NONSENSE)
def test_nonsense_of_one_feed_stops_settling_and_keeps_the_last_good_one(
    market: Market, source: str, code: str, fault: str
) -> None:
    services.refresh()
    good = newest(code)
    market.fault(source, code, fault)

    services.refresh()

    held = newest(code)
    assert (held.verdict, held.value, held.valid_until) == ("held", good.value, good.valid_until)
    assert held.problem in {"not_positive", "not_a_number", "diverging", "jump"}
    assert ("rates.refused", code) in open_alarms()
    assert worth(code, "100") is None
    with pytest.raises(RateUnavailable):
        selectors.convert(Money.parse("100", currency(code)), "EUR", use="settlement")
    shown = selectors.convert(Money.parse("100", currency(code)), "EUR", use="display")
    assert shown is not None
    assert shown.is_stale

    market.fault(source, code, "")
    services.refresh()
    assert newest(code).verdict == "accepted"
    assert worth(code, "100") is not None


def test_all_feeds_jumping_together_is_not_believed_at_once(market: Market) -> None:
    services.refresh()
    market.price("BTC", "600000")

    services.refresh()

    assert (newest("BTC").problem, newest("BTC").value) == ("jump", 60_000)
    assert worth("BTC") is None


def test_a_jump_that_all_feeds_still_claim_after_ten_minutes_is_the_market(market: Market) -> None:
    services.refresh(at=now() - timedelta(minutes=11))
    market.price("BTC", "70000")

    services.refresh()

    assert newest("BTC").value == 70_000


def test_a_small_move_is_followed(market: Market) -> None:
    services.refresh()
    market.price("BTC", "63000")
    services.refresh()

    assert worth("BTC") == "63000.00"


@pytest.mark.parametrize("fault", ["stale", "null", "missing"])
def test_silence_lets_the_last_one_hold_until_it_is_too_old(market: Market, fault: str) -> None:
    services.refresh()
    market.fault("coingecko", "BTC", fault)

    services.refresh()

    assert worth("BTC") == "60000.00"
    assert ("rates.refused", "BTC") in open_alarms()
    later = selectors.prices(["BTC"], at=now() + timedelta(seconds=61))["BTC"]
    assert (later.is_stale, later.may_settle) == (True, False)


def test_a_feed_that_is_off_is_missed_and_two_others_are_enough(
    market: Market, coinspaid: Coinspaid
) -> None:
    market.off("coingecko")

    services.refresh()

    assert newest("BTC").verdict == "accepted"
    assert ("rates.feed_silent", "coingecko") in open_alarms()
    # Nobody else speaks of pounds, and one voice is not enough.
    assert selectors.newest(["GBP"]) == {}
    assert worth("GBP") is None


def test_the_next_feed_leads_when_the_first_is_off(market: Market, coinspaid: Coinspaid) -> None:
    market.off("coinbase")
    services.refresh()

    assert newest("BTC").source == "coingecko"


@pytest.mark.parametrize("answer", ["refuse", "limited", "error_before", "drop_after"])
def test_feeds_that_fail_change_nothing(market: Market, answer: str) -> None:
    services.refresh()
    market.switches(api_answer=answer)

    assert services.refresh() == 0

    assert newest("BTC").verdict == "accepted"
    assert ("rates.feed_silent", "coinbase") in open_alarms()


def test_a_stable_coin_off_its_peg_settles_nothing(market: Market) -> None:
    services.refresh()
    market.price("USDC", "0.88")
    services.refresh()

    assert newest("USDC").problem == "off_peg"
    assert worth("USDC", "10") is None
    assert worth("USDT", "10") == "9.00"


def test_no_feed_is_no_rate(settings: Any) -> None:
    assert services.refresh() == 0
    assert worth("BTC") is None
    assert worth("EUR", "5") == "5.00"
    assert selectors.convert(Money.parse("1", currency("BTC")), "USD", use="display") is None


def test_ecb_rates_are_shown_and_never_settle(market: Market) -> None:
    market.ecb_day("2026-11-24")
    at = now().replace(year=2026, month=11, day=25, hour=12)

    assert services.refresh_display(at=at) == 3
    assert services.refresh_display(at=at) == 0

    price = selectors.prices(["USD"], at=at)["USD"]
    assert (price.source, price.is_stale, price.may_settle) == ("ecb", False, False)
    assert abs(price.value - Decimal("0.9")) < Decimal("0.001")
    assert worth("USD") is None


def test_the_day_inside_the_ecb_file_counts_over_easter(market: Market) -> None:
    market.ecb_day("2026-04-02")  # Thursday; the next file is of Tuesday the 7th
    at = now().replace(year=2026, month=4, day=3, hour=12)
    services.refresh_display(at=at)

    assert not selectors.prices(["USD"], at=at.replace(day=7, hour=20))["USD"].is_stale
    assert selectors.prices(["USD"], at=at.replace(day=8, hour=1))["USD"].is_stale
    # A currency that left the file is not shown for ever.
    assert selectors.prices(["USD"], at=at.replace(day=12)) == {}


@pytest.mark.parametrize("fault", ["zero", "negative", "nan", "text", "jump", "decimal"])
def test_nonsense_of_the_ecb_is_not_shown(market: Market, fault: str) -> None:
    market.ecb_day("2026-11-23")
    at = now().replace(year=2026, month=11, day=25, hour=12)
    services.refresh_display(at=at)
    market.ecb_day("2026-11-24")
    market.fault("ecb", "USD", fault)

    assert services.refresh_display(at=at) == 2

    shown = selectors.prices(["USD"], at=at)["USD"]
    assert abs(shown.value - Decimal("0.9")) < Decimal("0.001")
    assert ("rates.refused_for_display", "USD") in open_alarms()


def test_rates_are_never_changed_or_deleted(market: Market) -> None:
    services.refresh()
    with pytest.raises(Error), transaction.atomic():
        Rate.objects.update(value=1)
    with pytest.raises(Error), transaction.atomic():
        Rate.objects.all().delete()


def test_the_role_of_the_casino_may_only_add(market: Market) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT has_table_privilege('casino_app', 'rates_rate', p)"
            " FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) p"
        )
        assert [row[0] for row in cursor] == [True, True, False, False, False]
