"""H1 of the fault catalogue: feeds that go mad one after the other, and exchanges all the while."""

import random
from decimal import Decimal
from typing import Any

import pytest

from apps.accounts.models import Player
from apps.audit.models import Alarm
from apps.core.money import Money
from apps.ledger.models import Entry, Kind
from apps.ledger.selectors import currency, postings_sum
from apps.rates import selectors, services
from apps.rates.errors import RateUnavailable
from apps.rates.models import Rate
from apps.wallet import exchange
from apps.wallet.errors import TooLittle
from tests.conftest import fund
from tests.seeds import seeds, size
from tests.simulator_client import Coinspaid, Market

pytestmark = pytest.mark.django_db

FAULTS = ["zero", "negative", "nan", "text", "jump", "decimal", "gap", "stale", "null", "missing"]
SOURCES = ["coinbase", "coingecko"]
CODES = ["BTC", "ETH", "JPY"]
HONEST = {"BTC": Decimal(60_000), "ETH": Decimal(2_500), "JPY": Decimal("0.006"), "EUR": Decimal(1)}
# A rate that feeds agree on may be this far from the truth of a moment before.
TOLERANCE = Decimal("0.06")


class Storm:
    """Which feed says what wrongly at the moment; the truth moves a little all the time."""

    def __init__(self, seed: int, market: Market, cashier: Coinspaid) -> None:
        self.luck = random.Random(seed)
        self.market = market
        self.cashier = cashier
        self.truth = dict(HONEST)
        self.wrong: set[tuple[str, str]] = set()

    def blow(self) -> None:
        luck = self.luck
        code, source = luck.choice(CODES), luck.choice(SOURCES)
        if luck.random() < 0.6:
            self.market.fault(source, code, luck.choice(FAULTS))
            self.wrong.add((source, code))
        elif luck.random() < 0.5 and self.wrong:
            source, code = luck.choice(sorted(self.wrong))
            self.market.fault(source, code, "")
            self.wrong.discard((source, code))
        else:
            moved = self.truth[code] * (1 + Decimal(luck.randint(-150, 150)).scaleb(-4))
            self.truth[code] = moved.quantize(Decimal("1e-8"))
            self.market.price(code, f"{self.truth[code]:f}")
            if code != "JPY":  # the crypto cashier has an opinion of coins only
                self.cashier.price(code, f"{self.truth[code]:f}")

    def is_disturbed(self, code: str) -> bool:
        # CoinGecko prices money of a state by way of the most traded coin.
        by_the_way = code == "JPY" and ("coingecko", "BTC") in self.wrong
        return by_the_way or any(which == code for _, which in self.wrong)


@seeds(2)
def test_h1_no_exchange_is_done_at_a_rate_that_is_not_the_markets(
    market: Market, coinspaid: Coinspaid, player: Player, settings: Any, seed: int
) -> None:
    settings.EXCHANGE_QUOTE_SECONDS = 60
    fund(player, "1", "BTC")
    fund(player, "100000", "EUR")
    fund(player, "10", "ETH")
    fund(player, "1000000", "JPY")
    services.refresh()
    storm = Storm(seed, market, coinspaid)
    done = 0

    for _ in range(size(6, 30)):
        storm.blow()
        services.refresh()
        sold, bought = storm.luck.sample([*CODES, "EUR"], 2)
        part = Decimal(storm.luck.randint(20, 90)) / storm.truth[sold]
        amount = Money.from_major(part, currency(sold), rounding="down")
        may = {
            code: code == "EUR" or selectors.prices([code])[code].may_settle
            for code in (sold, bought)
        }
        try:
            offer = exchange.quote(player=player, sold=amount, bought_code=bought)
            exchange.accept(player=player, quote_id=offer.public_id, key=offer.public_id)
        except RateUnavailable:
            assert not all(may.values())
            continue
        except TooLittle:
            continue
        assert all(may.values())
        done += 1
        # The house never pays out more than what it got is worth, but for what the market moved.
        got = amount.major * storm.truth[sold]
        gave = offer.received.major * storm.truth[bought]
        assert gave <= got * (1 + TOLERANCE), (seed, sold, bought)

    for code in CODES:
        newest = selectors.newest([code])[code]
        assert newest.value > 0
        assert abs(newest.value / storm.truth[code] - 1) <= TOLERANCE, (seed, code)
        if newest.verdict == Rate.Verdict.HELD:
            assert storm.is_disturbed(code), (seed, code, newest.problem)
            assert Alarm.objects.filter(code="rates.refused", subject=code).exists()
    assert done
    assert Entry.objects.filter(kind=Kind.EXCHANGE_SOLD).count() == done
    assert postings_sum() == []
