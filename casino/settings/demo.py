"""The demo: production's behaviour on one machine, with servers and secrets of its own folder."""

import os

from casino import embedded, env

# Before the rest is read. The demo stands alone, so what the shell happens to name is not used.
DEMO_PORT = env.integer("DEMO_PORT", 8000)
DEMO_HOST = "127.0.0.1"
wallet, simulators = (f"http://{DEMO_HOST}:{DEMO_PORT + n}" for n in (2, 3))
os.environ.pop("CELERY_BROKER_URL", None)
embedded.fill_environment(
    embedded.services(),
    role=env.text("DEMO_DATABASE_ROLE", embedded.APP_ROLE),
    LIVE_URL=f"ws://{DEMO_HOST}:{DEMO_PORT + 1}",
    CALLBACK_URL=wallet,
    SIMULATORS_URL=simulators,
    SIMULATORS_PUBLIC_URL=simulators,
    SOFTSWISS_BASE_URL=f"{simulators}/softswiss",
    SOFTSWISS_JACKPOT_FEED="true",
    ALEA_BASE_URL=f"{simulators}/alea",
    ALEA_OPERATOR_ID="1204",
    ALEA_ENVIRONMENT_ID="demo",
    COINSPAID_BASE_URL=f"{simulators}/coinspaid/api/v2",
    COINSPAID_STATEMENT_URL=f"{simulators}/coinspaid/statement.csv",
    PAYMENTIQ_BASE_URL=f"{simulators}/paymentiq/bo/paymentiq",
    PAYMENTIQ_CASHIER_URL=f"{simulators}/paymentiq/cashier",
    PAYMENTIQ_MERCHANT_ID="100019999",
    PAYMENTIQ_USERNAME="paymentiq",
    PAYMENTIQ_IP_ALLOWLIST=DEMO_HOST,
    PAYMENTIQ_CLIENT_ID="casino",
    COINBASE_BASE_URL=f"{simulators}/rates/coinbase",
    COINGECKO_BASE_URL=f"{simulators}/rates/coingecko/api/v3",
    ECB_BASE_URL=f"{simulators}/rates/ecb",
    SUMSUB_BASE_URL=f"{simulators}/sumsub",
    SUMSUB_SANDBOX="true",
    SENDPOST_BASE_URL=f"{simulators}/sendpost/api/v1",
    GAMSTOP_BASE_URL=f"{simulators}/register/gamstop",
    SENDPOST_WEBHOOK_URL=f"{wallet}/callbacks/sendpost",
    TEXT_FALLBACK="mailbox",
    JURISDICTION="THRESHOLD",
    SITE_ORIGIN=f"http://{DEMO_HOST}:{DEMO_PORT}",
    # A visitor looks for minutes, not for days: a new address is paid at once.
    PAYOUT_ADDRESS_DELAY_HOURS="0",
    WITHDRAWAL_AUTO_APPROVAL="true",
    EMAIL_VERIFICATION="optional",  # the mail is in the simulator's mailbox; nobody has to go there
    DEBUG="false",
)

from casino.settings.dev import *  # noqa: E402, F403
from casino.settings.dev import MIDDLEWARE  # noqa: E402

DEMO = True
DATA_DIR = embedded.folder()
KYC_DIR = DATA_DIR / "kyc"
WATCH_LIST_FILE = str(DATA_DIR / "watch-list.json")
ENVIRONMENT_NAME = "Demo"
ALLOWED_HOSTS = [DEMO_HOST, "localhost"]
MIDDLEWARE = ["apps.demo.middleware.OneHost", *MIDDLEWARE]
LIVE_ORIGINS = [f"http://{DEMO_HOST}:{DEMO_PORT}"]
SIMULATORS_URL = simulators
# What lies at the simulated gateway from the start, in each coin: near what the demo's players hold.
SIMULATED_OPENING_EUR = 2_000
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "apps.demo.statics.QuickStorage"},
}
WHITENOISE_USE_FINDERS = False
