"""CoinGecko: prices of coins by their slug, each with the time it was last changed."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.conf import settings

from apps.core.clock import now
from apps.core.money import EXACT
from apps.integrations.errors import ProviderError
from apps.integrations.http import client
from apps.ledger.selectors import currency
from apps.rates.providers.base import Problem, Reading, decode, number, reading

NAME = "coingecko"
TIMEOUT_SECONDS = 5.0
# Tickers collide; the vendor's slugs do not. A currency that is not named here is not asked for.
SLUGS = {
    "BTC": "bitcoin",
    "ETH": "ethereum",
    "USDT": "tether",
    "LTC": "litecoin",
    "DOGE": "dogecoin",
    "USDC": "usd-coin",
}
# Money of a state has no price there: it is what the most traded coin costs in both currencies.
BRIDGE = "BTC"


class Coingecko:
    """`GET /simple/price?ids=&vs_currencies=&include_last_updated_at=true&precision=full`."""

    name = NAME
    for_display_only = False
    max_age_seconds = 300  # its own cache holds a minute, and quiet coins change less often

    @property
    def is_on(self) -> bool:
        return bool(settings.COINGECKO_BASE_URL)

    def read(self, codes: Sequence[str], base: str) -> list[Reading]:
        coins = [code for code in codes if code in SLUGS]
        fiats = [code for code in codes if currency(code).kind == "fiat"]
        prices = self._prices({*coins, BRIDGE}, {*fiats, base})
        bridge = _coin(prices, BRIDGE)
        return [
            *(reading(code, _coin(prices, code).get(base.lower()), _as_of(prices, code))
              for code in coins),
            *(_fiat(code, bridge, base, _as_of(prices, BRIDGE)) for code in fiats),
        ]  # fmt: skip

    def _prices(self, coins: set[str], currencies: set[str]) -> Mapping[str, Any]:
        query = urlencode(
            {
                "ids": ",".join(sorted(SLUGS[code] for code in coins)),
                "vs_currencies": ",".join(sorted(code.lower() for code in currencies)),
                "include_last_updated_at": "true",
                "precision": "full",
            }
        )
        answer = client(NAME).request(
            "GET",
            f"simple/price?{query}",
            headers=_headers(),
            timeout_seconds=TIMEOUT_SECONDS,
        )
        if answer.status != 200:
            raise ProviderError(f"CoinGecko answered {answer.status}.", retryable=True)
        try:
            document = decode(answer.body)
        except ValueError as error:
            raise ProviderError(
                "CoinGecko answered what we cannot read.", retryable=True
            ) from error
        if not isinstance(document, dict):
            raise ProviderError("CoinGecko answered what we cannot read.", retryable=True)
        return document


def _headers() -> dict[str, str]:
    """The two kinds of keys belong to two hosts; each host refuses the other's."""
    if not settings.COINGECKO_API_KEY:
        return {}
    plan = "pro" if "//pro-api." in settings.COINGECKO_BASE_URL else "demo"
    return {f"x-cg-{plan}-api-key": settings.COINGECKO_API_KEY}


def _coin(prices: Mapping[str, Any], code: str) -> Mapping[str, Any]:
    found = prices.get(SLUGS[code])
    return found if isinstance(found, dict) else {}


def _as_of(prices: Mapping[str, Any], code: str) -> datetime:
    """Their own time; without one the value is as old as can be, and so is not believed."""
    told = _coin(prices, code).get("last_updated_at")
    if isinstance(told, Decimal) and told.is_finite() and 0 <= told < 10**11:
        return datetime.fromtimestamp(int(told), tz=UTC)
    return datetime.fromtimestamp(0, tz=UTC) if _coin(prices, code) else now()


def _fiat(code: str, bridge: Mapping[str, Any], base: str, as_of: datetime) -> Reading:
    raw = bridge.get(code.lower())
    text = f"{bridge.get(base.lower())}/{raw}"
    over, under = number(bridge.get(base.lower())), number(raw)
    for one in (under, over):
        if isinstance(one, Problem):
            return Reading(code, text, None, as_of, one)
    assert isinstance(over, Decimal) and isinstance(under, Decimal)  # noqa: PT018, S101 (narrowing)
    return Reading(code, text, EXACT.divide(over, under), as_of)
