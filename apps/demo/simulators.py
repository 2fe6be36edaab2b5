"""The vendors' simulators on one server, an index page in front: `python manage.py simulators`.

Base URLs for the casino, with this server at http://127.0.0.1:8003:
SOFTSWISS_BASE_URL=http://127.0.0.1:8003/softswiss
ALEA_BASE_URL=http://127.0.0.1:8003/alea
COINSPAID_BASE_URL=http://127.0.0.1:8003/coinspaid/api/v2
PAYMENTIQ_BASE_URL=http://127.0.0.1:8003/paymentiq/bo/paymentiq
PAYMENTIQ_CASHIER_URL=http://127.0.0.1:8003/paymentiq/cashier
SENDPOST_BASE_URL=http://127.0.0.1:8003/sendpost/api/v1
SUMSUB_BASE_URL=http://127.0.0.1:8003/sumsub
GAMSTOP_BASE_URL=http://127.0.0.1:8003/register/gamstop
COINBASE_BASE_URL=http://127.0.0.1:8003/rates/coinbase
COINGECKO_BASE_URL=http://127.0.0.1:8003/rates/coingecko/api/v3
ECB_BASE_URL=http://127.0.0.1:8003/rates/ecb
"""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path

from apps.integrations.simulation import page

VENDORS = (
    {
        "name": "SOFTSWISS",
        "path": "softswiss",
        "plays": "the game aggregator: sessions, spins, free spins, the catalogue",
    },
    {
        "name": "Alea",
        "path": "alea",
        "plays": "live casino: tables on a clock that many play at, table games, prizes",
    },
    {
        "name": "CoinsPaid",
        "path": "coinspaid",
        "plays": "the crypto cashier: addresses, deposits from the chain, withdrawals",
    },
    {
        "name": "PaymentIQ",
        "path": "paymentiq",
        "plays": "the fiat cashier: cards, banks, wallets, approvals, refunds, chargebacks",
    },
    {
        "name": "SendPost",
        "path": "sendpost",
        "plays": "the mail provider: a mailbox to read in, bounces, complaints, reports",
    },
    {
        "name": "Sumsub",
        "path": "sumsub",
        "plays": "identity checks: documents, a selfie, watch lists; you decide the outcome",
    },
    {
        "name": "National register",
        "path": "register",
        "plays": "GAMSTOP: who has excluded themselves from every casino of a country",
    },
    {
        "name": "Rates",
        "path": "rates",
        "plays": "Coinbase, CoinGecko and the ECB: what currencies are worth",
    },
)


def index(request: HttpRequest) -> HttpResponse:
    return page(request, "index.html", {"vendors": VENDORS})


def ready(_request: HttpRequest) -> HttpResponse:
    return JsonResponse({"ready": True})


def not_found(_request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return HttpResponse("No simulator has this address.\n", status=404, content_type="text/plain")


def failed(_request: HttpRequest) -> HttpResponse:
    return HttpResponse(
        "The simulator failed; see its log.\n", status=500, content_type="text/plain"
    )


handler404 = not_found
handler500 = failed

urlpatterns = [
    path("", index, name="simulators"),
    path("readyz", ready),
    path("softswiss/", include("apps.games.providers.softswiss.simulator.urls")),
    path("alea/", include("apps.games.providers.alea.simulator.urls")),
    path("coinspaid/", include("apps.payments.providers.coinspaid.simulator.urls")),
    path("paymentiq/", include("apps.payments.providers.paymentiq.simulator.urls")),
    path("sendpost/", include("apps.messaging.providers.sendpost.simulator.urls")),
    path("sumsub/", include("apps.kyc.providers.sumsub.simulator.urls")),
    # Its frame stands at the root of its host, as the vendor's does.
    path("websdk/", include("apps.kyc.providers.sumsub.simulator.frame_urls")),
    path("register/", include("apps.limits.providers.register.simulator.urls")),
    path("rates/", include("apps.rates.providers.market.simulator.urls")),
]
