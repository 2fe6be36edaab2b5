"""The gateways there are, by the name that stands in `Rail.provider`."""

from functools import cache
from typing import cast

from django.utils.module_loading import import_string

from apps.payments.providers.base import CashierGateway, CoinGateway, Gateway

GATEWAYS = {
    "coinspaid": "apps.payments.providers.coinspaid.adapter.Coinspaid",
    "paymentiq": "apps.payments.providers.paymentiq.adapter.Paymentiq",
}


@cache
def gateway(provider: str) -> Gateway:
    """Raises KeyError for a gateway we never had."""
    made: Gateway = import_string(GATEWAYS[provider])()
    return made


# Gateways that hold coins, exchange them and open invoices.
COIN_GATEWAYS = ("coinspaid",)


def coin_gateway(provider: str) -> CoinGateway:
    """Raises KeyError for a gateway that cannot do what only these can."""
    if provider not in COIN_GATEWAYS:
        raise KeyError(provider)
    return cast("CoinGateway", gateway(provider))


# Gateways with a cashier of their own, which ask us before they pay.
CASHIER_GATEWAYS = ("paymentiq",)


def cashier_gateway(provider: str) -> CashierGateway:
    """Raises KeyError for a gateway without a cashier."""
    if provider not in CASHIER_GATEWAYS:
        raise KeyError(provider)
    return cast("CashierGateway", gateway(provider))
