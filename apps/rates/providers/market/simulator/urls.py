"""The sources of rates below `/rates/`: the vendors' own paths, and the tester's."""

from django.urls import path

from apps.rates.providers.market.simulator import api, pages

urlpatterns = [
    # the casino asks
    path("coinbase/v2/exchange-rates", api.coinbase_rates),
    path("coingecko/api/v3/simple/price", api.coingecko_prices),
    path("ecb/stats/eurofxref/eurofxref-daily.xml", api.ecb_daily),
    # the tester's page
    path("", pages.overview, name="rates-overview"),
    # the tester's buttons
    path("control/reset", pages.reset, name="rates-reset"),
    path("control/state", pages.state),
    path("control/prices", pages.set_price, name="rates-prices"),
    path("control/move", pages.move, name="rates-move"),
    path("control/faults", pages.set_fault, name="rates-faults"),
    path("control/off", pages.set_off, name="rates-off"),
    path("control/ecb-day", pages.set_ecb_day, name="rates-ecb-day"),
    path("control/switches", pages.switches, name="rates-switches"),
]
