"""The gateways there are, by the name that stands in `Rail.provider`."""

from functools import cache

from django.utils.module_loading import import_string

from apps.payments.providers.base import Gateway

GATEWAYS = {"coinspaid": "apps.payments.providers.coinspaid.adapter.Coinspaid"}


@cache
def gateway(provider: str) -> Gateway:
    """Raises KeyError for a gateway we never had."""
    made: Gateway = import_string(GATEWAYS[provider])()
    return made
