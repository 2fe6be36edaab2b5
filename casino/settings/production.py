"""Production: refuses to start without real servers and real secrets."""

from casino import env
from casino.settings.base import *  # noqa: F403
from casino.settings.base import LIVE_URL, SOFTSWISS_BASE_URL
from casino.settings.shared import (
    broker_url,
    content_security_policy,
    origin,
    redis_settings,
)

SECRET_KEY = env.secret("SECRET_KEY")
ALLOWED_HOSTS = env.items("ALLOWED_HOSTS") or [env.text("ALLOWED_HOSTS")]
DATABASES = {"default": env.database(env.text("DATABASE_URL"))}
REDIS_URL = env.text("REDIS_URL")
CACHES, CHANNEL_LAYERS = redis_settings(REDIS_URL)
CELERY_BROKER_URL = env.text("CELERY_BROKER_URL", broker_url(REDIS_URL))
AUDIT_KEYS = env.keys("AUDIT_KEYS")
SOFTSWISS_AUTH_TOKEN = env.secret("SOFTSWISS_AUTH_TOKEN", length_min=16)
COINSPAID_SECRET = env.secret("COINSPAID_SECRET", length_min=16)
ENVIRONMENT_NAME = "Production"

SECURE_SSL_REDIRECT = True
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-session"
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_NAME = "__Host-csrf"
CSRF_TRUSTED_ORIGINS = env.items("CSRF_TRUSTED_ORIGINS")
INBOX_KEEP_DAYS = env.integer("INBOX_KEEP_DAYS", 400)
CONTENT_SECURITY_POLICY = content_security_policy(
    LIVE_URL, env.items("GAME_HOSTS", origin(SOFTSWISS_BASE_URL))
)
