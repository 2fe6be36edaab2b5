"""CoinsPaid as a feed of rates. Its document calls them estimates: a second opinion, no more."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.conf import settings

from apps.core.clock import now
from apps.core.money import EXACT
from apps.integrations.errors import ProviderError
from apps.integrations.http import client
from apps.payments.providers.coinspaid import signing, wire
from apps.payments.selectors import currency_codes
from apps.rates.providers.base import Problem, Reading, decode, number

TIMEOUT_SECONDS = 10.0


class CoinspaidRates:
    """`POST /currencies/rates` with the base currency as target: how much of it one unit gives."""

    name = wire.PROVIDER
    for_display_only = False
    max_age_seconds = 60

    @property
    def is_on(self) -> bool:
        return bool(settings.COINSPAID_BASE_URL)

    def read(self, codes: Sequence[str], base: str) -> list[Reading]:
        body = wire.encode({"currency_to": base})
        as_of = now()
        answer = client(wire.PROVIDER).request(
            "POST",
            "currencies/rates",
            body=body,
            headers=signing.headers(body),
            timeout_seconds=TIMEOUT_SECONDS,
        )
        if answer.status != 200:
            raise ProviderError(f"CoinsPaid answered {answer.status}.", retryable=True)
        ours = currency_codes(wire.PROVIDER)
        found: dict[str, Reading] = {}
        try:
            for line in decode(answer.body)["data"]:
                theirs = line["currency_from"]["currency"]
                code = ours.get(theirs, theirs)
                # One coin on several networks has one worth; the first line speaks for all.
                if line["currency_to"]["currency"] == base and code in codes and code not in found:
                    raw = (line.get("rate_from"), line.get("rate_to"))
                    found[code] = Reading(code, f"{raw[1]}/{raw[0]}", *_value(*raw, as_of=as_of))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ProviderError(
                "CoinsPaid answered what we cannot read.", retryable=True
            ) from error
        return list(found.values())


def _value(
    rate_from: object, rate_to: object, *, as_of: datetime
) -> tuple[Decimal | None, datetime, Problem | None]:
    """The target per one unit of the source."""
    under, over = number(rate_from), number(rate_to)
    for one in (under, over):
        if isinstance(one, Problem):
            return None, as_of, one
    assert isinstance(under, Decimal) and isinstance(over, Decimal)  # noqa: PT018, S101 (narrowing)
    return EXACT.divide(over, under), as_of, None
