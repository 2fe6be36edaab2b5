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
    COINSPAID_BASE_URL=f"{simulators}/coinspaid/api/v2",
    JURISDICTION="THRESHOLD",
    EMAIL_VERIFICATION="optional",  # the mail goes to a folder that visitors do not look into
    DEBUG="false",
)

from casino.settings.dev import *  # noqa: E402, F403
from casino.settings.dev import MIDDLEWARE  # noqa: E402

DEMO = True
DATA_DIR = embedded.folder()
ENVIRONMENT_NAME = "Demo"
ALLOWED_HOSTS = [DEMO_HOST, "localhost"]
MIDDLEWARE = ["apps.demo.middleware.OneHost", *MIDDLEWARE]
LIVE_ORIGINS = [f"http://{DEMO_HOST}:{DEMO_PORT}"]
SIMULATORS_URL = simulators
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = DATA_DIR / "mail"
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "apps.demo.statics.QuickStorage"},
}
WHITENOISE_USE_FINDERS = False
