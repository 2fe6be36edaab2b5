"""A laptop: embedded servers unless told otherwise, readable errors."""

import os

from casino import embedded, env

# Before the rest is read: servers and secrets of the data folder, which the demo uses too, so
# that `manage.py verify_ledger` and its like look at the demo's books.
if not (os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL")):
    embedded.fill_environment(embedded.start())

from casino.settings.base import *  # noqa: F403
from casino.settings.base import (
    ALEA_BASE_URL,
    ALEA_PLAY_URL,
    BASE_DIR,
    LIVE_URL,
    PAYMENTIQ_CASHIER_HOSTS,
    PAYMENTIQ_CASHIER_URL,
    PAYMENTIQ_MERCHANT_ID,
    SOFTSWISS_BASE_URL,
    SUMSUB_FRAME_ORIGIN,
)
from casino.settings.shared import (
    broker_url,
    cashier_hosts,
    content_security_policy,
    game_hosts,
    redis_settings,
)

DEBUG = env.boolean("DEBUG", default=True)
SECRET_KEY = env.text("SECRET_KEY", "a-development-key-that-no-production-start-accepts")
ALLOWED_HOSTS = ["*"]
JURISDICTION = env.choice("JURISDICTION", ("STRICT", "THRESHOLD", "GB", "DE", "ES"), "THRESHOLD")
COUNTRY_PROFILES = env.items("COUNTRY_PROFILES")
HELP_LINKS_WATCH = env.boolean("HELP_LINKS_WATCH", default=False)

DATABASES = {"default": env.database(os.environ["DATABASE_URL"])}
REDIS_URL = os.environ["REDIS_URL"]
SIMULATORS_DATABASE_URL = env.text("SIMULATORS_DATABASE_URL", os.environ["DATABASE_URL"])
CACHES, CHANNEL_LAYERS = redis_settings(REDIS_URL)
CELERY_BROKER_URL = env.text("CELERY_BROKER_URL", broker_url(REDIS_URL))
AUDIT_KEYS = env.keys("AUDIT_KEYS", "1:" + "5eed" * 16)
FIELD_KEYS = env.keys("FIELD_KEYS", "1:" + "f1e1" * 16)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
CSRF_TRUSTED_ORIGINS = env.items("CSRF_TRUSTED_ORIGINS")
INTERNAL_IPS = ["127.0.0.1"]
ENVIRONMENT_NAME = "Development"
OUTBOUND_PRIVATE_ALLOWED = True
TEMPLATES_ROOT = BASE_DIR / "templates"
CONTENT_SECURITY_POLICY = content_security_policy(
    LIVE_URL,
    [
        *game_hosts(SOFTSWISS_BASE_URL, ALEA_PLAY_URL or ALEA_BASE_URL),
        *cashier_hosts(PAYMENTIQ_MERCHANT_ID, PAYMENTIQ_CASHIER_URL, PAYMENTIQ_CASHIER_HOSTS),
        *filter(None, [SUMSUB_FRAME_ORIGIN]),
    ],
)
LIVE_ORIGINS = env.items("LIVE_ORIGINS", "*")
CRASH_DIR = env.text("CRASH_DIR", "")
CRASH_GAME_OWN_SALT = True
GEO_PRIVATE_IS_HOME = True
REGISTERS_OPTIONAL = True
# The simulators and the gateway's sandbox give addresses of test networks.
PAYMENTS_TESTNET = env.boolean("PAYMENTS_TESTNET", default=True)
# Nobody reads mail here: whoever registers is let in at once.
ACCOUNT_EMAIL_VERIFICATION = env.text("EMAIL_VERIFICATION", "optional")
# Passkeys over plain HTTP, as browsers allow on this machine's own address.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = True
