"""The test suite: real PostgreSQL and Redis, cheap passwords, no outside world."""

import os

from casino.settings.dev import *  # noqa: F403
from casino.settings.dev import DATABASES
from casino.settings.shared import broker_url, redis_settings

DEBUG = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
DATABASES["default"]["TEST"] = {"NAME": os.environ.get("TEST_DATABASE_NAME", "test_casino")}
# Redis database 1 is for tests, so that a running demo keeps its sessions.
REDIS_URL = os.environ["REDIS_URL"] + "?db=1"
CACHES, CHANNEL_LAYERS = redis_settings(REDIS_URL)
CELERY_BROKER_URL = broker_url(os.environ["REDIS_URL"]) + "?virtual_host=1"
SOFTSWISS_CASINO_ID = "test-casino"
CALLBACK_COPY_SECONDS = 0  # a copy is there as soon as the answer is
SOFTSWISS_AUTH_TOKEN = "test-softswiss-token"
COINSPAID_KEY = "test-coinspaid-key"
COINSPAID_SECRET = "test-coinspaid-secret"
ACCOUNT_RATE_LIMITS = False  # type: ignore[assignment]  # allauth: off
