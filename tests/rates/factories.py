"""Rates without a feed, for tests that only need money to be worth something."""

from datetime import timedelta
from decimal import Decimal

from django.conf import settings

from apps.core.clock import now
from apps.rates import services
from apps.rates.models import Rate

USUAL = {
    "BTC": "60000", "ETH": "2500", "LTC": "80", "DOGE": "0.2", "USDT": "0.9", "USDC": "0.9",
    "USD": "0.9", "GBP": "1.15", "JPY": "0.006",
}  # fmt: skip


def set_rates(*, minutes: int = 60, **values: str) -> dict[str, Rate]:
    """Let these be what one of each is worth in the base currency; without any, the usual ones."""
    at = now()
    return {
        code: Rate.objects.create(
            code=code,
            base=settings.BASE_CURRENCY,
            value=Decimal(value),
            verdict=Rate.Verdict.ACCEPTED,
            source="test",
            as_of=at,
            fetched_at=at,
            valid_until=at + timedelta(minutes=minutes),
            entry_from=services._next_entry(),
        )
        for code, value in (values or USUAL).items()
    }
