"""Coinbase: what one unit of a currency is worth in all others. No key, no time in the answer."""

from collections.abc import Sequence

from django.conf import settings

from apps.core.clock import now
from apps.integrations.errors import ProviderError
from apps.integrations.http import client
from apps.ledger.selectors import currency
from apps.rates.providers.base import Reading, decode, reading

NAME = "coinbase"
TIMEOUT_SECONDS = 5.0


class Coinbase:
    """`GET /v2/exchange-rates?currency=<code>`: units of every currency per one of `code`."""

    name = NAME
    for_display_only = False
    max_age_seconds = 60

    @property
    def is_on(self) -> bool:
        return bool(settings.COINBASE_BASE_URL)

    def read(self, codes: Sequence[str], base: str) -> list[Reading]:
        coins = [code for code in codes if currency(code).kind == "crypto"]
        fiats = [code for code in codes if currency(code).kind == "fiat"]
        found = []
        for code in coins:
            as_of, rates = now(), self._rates_of(code)
            found.append(reading(code, rates.get(base), as_of))
        if fiats:
            as_of, rates = now(), self._rates_of(base)
            found += [reading(code, rates.get(code), as_of, inverted=True) for code in fiats]
        return found

    def _rates_of(self, code: str) -> dict[str, object]:
        answer = client(NAME).request(
            "GET", f"v2/exchange-rates?currency={code}", timeout_seconds=TIMEOUT_SECONDS
        )
        if answer.status != 200:
            raise ProviderError(f"Coinbase answered {answer.status}.", retryable=True)
        try:
            data = decode(answer.body)["data"]
            if data["currency"] != code or not isinstance(data["rates"], dict):
                raise ProviderError("Coinbase answered about something else.", retryable=True)
        except (ValueError, KeyError, TypeError) as error:
            raise ProviderError("Coinbase answered what we cannot read.", retryable=True) from error
        rates: dict[str, object] = data["rates"]
        return rates
