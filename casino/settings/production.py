"""Production: refuses to start without real servers and real secrets."""

from django.core.exceptions import ImproperlyConfigured

from casino import env
from casino.settings.base import *  # noqa: F403
from casino.settings.base import (
    ALEA_BASE_URL,
    ALEA_PLAY_URL,
    LIVE_URL,
    PAYMENTIQ_BEARER,
    PAYMENTIQ_CASHIER_HOSTS,
    PAYMENTIQ_CASHIER_URL,
    PAYMENTIQ_MERCHANT_ID,
    SENDPOST_BASE_URL,
    SENDPOST_SIGNATURE_HEADER,
    SOFTSWISS_BASE_URL,
    SUMSUB_BASE_URL,
    SUMSUB_FRAME_ORIGIN,
    SUMSUB_SANDBOX,
    TEXT_GATEWAY_BASE_URL,
)
from casino.settings.shared import (
    broker_url,
    cashier_hosts,
    content_security_policy,
    game_hosts,
    redis_settings,
)

env.refuse("GEO_PRIVATE_IS_HOME", "nobody's country is known by a private address")
env.refuse("REGISTERS_OPTIONAL", "people who excluded themselves would play")
if env.text("GAMSTOP_BASE_URL", ""):
    GAMSTOP_API_KEY = env.secret("GAMSTOP_API_KEY", length_min=16)
for name in ("GEOIP_PATH", "GEO_NETWORKS_PATH"):
    env.require_file(name)
env.refuse("CRASH_DIR", "it lets processes die for a test")
SECRET_KEY = env.secret("SECRET_KEY")
ALLOWED_HOSTS = env.items("ALLOWED_HOSTS") or [env.text("ALLOWED_HOSTS")]
SITE_ORIGIN = env.text("SITE_ORIGIN", f"https://{ALLOWED_HOSTS[0]}")
DATABASES = {"default": env.database(env.text("DATABASE_URL"))}
REDIS_URL = env.text("REDIS_URL")
CACHES, CHANNEL_LAYERS = redis_settings(REDIS_URL)
CELERY_BROKER_URL = env.text("CELERY_BROKER_URL", broker_url(REDIS_URL))
AUDIT_KEYS = env.secret_keys("AUDIT_KEYS")
FIELD_KEYS = env.secret_keys("FIELD_KEYS")
if set(AUDIT_KEYS.values()) & set(FIELD_KEYS.values()):
    raise ImproperlyConfigured("AUDIT_KEYS and FIELD_KEYS must not share a key.")
SOFTSWISS_AUTH_TOKEN = env.secret("SOFTSWISS_AUTH_TOKEN", length_min=16)
if ALEA_BASE_URL:
    ALEA_OPERATOR_ID = env.text("ALEA_OPERATOR_ID")
    ALEA_SECRET = env.secret("ALEA_SECRET", length_min=16)
    ALEA_API_TOKEN = env.secret("ALEA_API_TOKEN", length_min=16)
else:
    for name in ("ALEA_OPERATOR_ID", "ALEA_SECRET", "ALEA_API_TOKEN"):
        env.refuse(name, "ALEA_BASE_URL is not set, so it would not be used")
COINSPAID_SECRET = env.secret("COINSPAID_SECRET", length_min=16)
env.refuse("PAYMENTIQ_CASHIER_URL", "players would pay at a simulator")
if PAYMENTIQ_MERCHANT_ID:
    # It signs nothing: a strong credential and its addresses are all that tells it from others.
    if PAYMENTIQ_BEARER:
        PAYMENTIQ_BEARER = env.secret("PAYMENTIQ_BEARER", length_min=16)
    else:
        PAYMENTIQ_USERNAME = env.text("PAYMENTIQ_USERNAME")
        PAYMENTIQ_PASSWORD = env.secret("PAYMENTIQ_PASSWORD", length_min=16)
    PAYMENTIQ_IP_ALLOWLIST = env.items("PAYMENTIQ_IP_ALLOWLIST") or [
        env.text("PAYMENTIQ_IP_ALLOWLIST")
    ]
if SENDPOST_BASE_URL:
    SENDPOST_API_KEY = env.secret("SENDPOST_API_KEY", length_min=16)
    SENDPOST_MARKETING_API_KEY = env.secret("SENDPOST_MARKETING_API_KEY", length_min=16)
    SENDPOST_ACCOUNT_API_KEY = env.secret("SENDPOST_ACCOUNT_API_KEY", length_min=16)
    # Its reports are not signed: whoever knows the address can write them.
    SENDPOST_WEBHOOK_SECRET = env.secret("SENDPOST_WEBHOOK_SECRET")
    SENDPOST_WEBHOOK_URL = env.text("SENDPOST_WEBHOOK_URL")
    if SENDPOST_SIGNATURE_HEADER:
        SENDPOST_SIGNATURE_SECRET = env.secret("SENDPOST_SIGNATURE_SECRET", length_min=16)
else:
    # Mail that only a console sees would lock players out: another way has to be named.
    MAIL_FALLBACK_BACKEND = env.text("MAIL_FALLBACK_BACKEND")
    for name in ("SENDPOST_API_KEY", "SENDPOST_MARKETING_API_KEY", "SENDPOST_ACCOUNT_API_KEY"):
        env.refuse(name, "SENDPOST_BASE_URL is not set, so it would not be used")
if SUMSUB_BASE_URL:
    SUMSUB_APP_TOKEN = env.text("SUMSUB_APP_TOKEN")
    SUMSUB_SECRET_KEY = env.secret("SUMSUB_SECRET_KEY", length_min=16)
    SUMSUB_WEBHOOK_SECRET = env.secret("SUMSUB_WEBHOOK_SECRET", length_min=16)
    if SUMSUB_APP_TOKEN.startswith("sbx:"):
        env.refuse("SUMSUB_APP_TOKEN", "the sandbox approves whoever a tester likes")
else:
    for name in ("SUMSUB_APP_TOKEN", "SUMSUB_SECRET_KEY", "SUMSUB_WEBHOOK_SECRET"):
        env.refuse(name, "SUMSUB_BASE_URL is not set, so it would not be used")
if SUMSUB_SANDBOX:
    env.refuse("SUMSUB_SANDBOX", "the sandbox approves whoever a tester likes")
# Who moves money, decides about players or gives rights enters with what nobody can be lured into.
STAFF_PASSKEY_ROLES = env.items("STAFF_PASSKEY_ROLES", "finance,compliance,administrator")
if TEXT_GATEWAY_BASE_URL:
    TEXT_GATEWAY_TOKEN = env.secret("TEXT_GATEWAY_TOKEN", length_min=16)
else:
    # A code on a console reaches nobody: phone numbers cannot be confirmed then.
    TEXT_FALLBACK = "off"
    env.refuse("TEXT_GATEWAY_TOKEN", "TEXT_GATEWAY_BASE_URL is not set, so it would not be used")
ENVIRONMENT_NAME = "Production"

SECURE_SSL_REDIRECT = True
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-session"
DEVICE_COOKIE_NAME = "__Host-device"
MFA_TRUST_COOKIE_NAME = "__Host-trusted"
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_NAME = "__Host-csrf"
CSRF_TRUSTED_ORIGINS = env.items("CSRF_TRUSTED_ORIGINS")
CONTENT_SECURITY_POLICY = content_security_policy(
    LIVE_URL,
    [
        *game_hosts(SOFTSWISS_BASE_URL, ALEA_PLAY_URL or ALEA_BASE_URL),
        *cashier_hosts(PAYMENTIQ_MERCHANT_ID, PAYMENTIQ_CASHIER_URL, PAYMENTIQ_CASHIER_HOSTS),
        *filter(None, [SUMSUB_FRAME_ORIGIN]),
    ],
)
