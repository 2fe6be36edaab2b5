"""The test suite: real PostgreSQL and Redis, cheap passwords, no outside world."""

import os

from casino.settings.dev import *  # noqa: F403
from casino.settings.dev import DATABASES, RATE_LIMITS
from casino.settings.shared import broker_url, redis_settings

DEBUG = False
# Every test client loads the middleware anew; looking at all static files each time took a third of the suite.
WHITENOISE_AUTOREFRESH = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
DATABASES["default"]["TEST"] = {"NAME": os.environ.get("TEST_DATABASE_NAME", "test_casino")}
# Redis databases from 1 on are for tests, one for each process that runs some, so that a running demo
# keeps its sessions.
REDIS_DATABASE = 1 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
REDIS_URL = f"{os.environ['REDIS_URL']}?db={REDIS_DATABASE}"
# A machine that is busy with tests is no Redis that is away.
CACHES, CHANNEL_LAYERS = redis_settings(REDIS_URL, patience_seconds=20)
CELERY_BROKER_URL = f"{broker_url(os.environ['REDIS_URL'])}?virtual_host={REDIS_DATABASE}"
BREAKER_REDIS_SECONDS = 20  # a machine that is busy with tests is no Redis that is away
BREAKER_PREFIX = f"test:{os.environ.get('TEST_DATABASE_NAME', 'casino')}:{REDIS_DATABASE}"
SOFTSWISS_CASINO_ID = "test-casino"
CALLBACK_COPY_SECONDS = 0  # a copy is there as soon as the answer is
SOFTSWISS_AUTH_TOKEN = "test-softswiss-token"
ALEA_OPERATOR_ID = "1204"
ALEA_SECRET = "test-alea-secret"
ALEA_API_TOKEN = "test-alea-token"
ALEA_PAGE_PAUSE_MS = 0
COINSPAID_KEY = "test-coinspaid-key"
COINSPAID_SECRET = "test-coinspaid-secret"
PAYMENTIQ_MERCHANT_ID = "100019999"
PAYMENTIQ_USERNAME = "test-paymentiq"
PAYMENTIQ_PASSWORD = "test-paymentiq-password"
PAYMENTIQ_CLIENT_ID = "test-client"
PAYMENTIQ_CLIENT_SECRET = "test-client-secret"
SUMSUB_APP_TOKEN = "sbx:test-sumsub-token"
SUMSUB_SECRET_KEY = "test-sumsub-secret-key"
SUMSUB_WEBHOOK_SECRET = "test-sumsub-webhook-secret"
SUMSUB_SANDBOX = True
GAMSTOP_API_KEY = "test-gamstop-key"
SENDPOST_API_KEY = "test-sendpost-key"
SENDPOST_MARKETING_API_KEY = "test-sendpost-marketing-key"
SENDPOST_ACCOUNT_API_KEY = "test-sendpost-account-key"
SENDPOST_WEBHOOK_SECRET = "test-sendpost-webhook-secret"
ACCOUNT_RATE_LIMITS = False  # type: ignore[assignment]  # allauth: off
# Hundreds of tests come from one address within a minute; those of the limits put the table back.
RATE_LIMITED_ROUTES = {}
RATE_LIMITS = {
    action: {name: value for name, value in limits.items() if name != "ip"}
    for action, limits in RATE_LIMITS.items()
}
# Test processes share a clock with their database; the tests of clocks compare by themselves.
CLOCK_COMPARE_SECONDS = 0
RATE_LIMITS_PREFIX = f"{BREAKER_PREFIX}:tries"
# The tests of the waits set their own; everywhere else an address is as good as an old one.
PAYOUT_ADDRESS_DELAY_HOURS = 0
TRAVEL_RULE_ABOVE = 0
# The tests of limits ask; everywhere else a deposit is one step.
FIRST_LIMIT_ASKED = False
SITE_ORIGIN = "https://casino.test"
# The tests of the limits set their own; without rates no value is known.
PAYOUT_HOUR_VALUE_MAX = PAYOUT_HOUR_AVERAGE_MAX = 0
# The tests of verification ask for it; everywhere else money leaves without.
KYC_WITHDRAWAL_LEVEL = 0
