"""The `simulators` process: the vendors, played for development, demo and tests.

It shares the settings but nothing of the site: no sessions, no logins, no CSRF, its own addresses.
"""

import os

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "casino.settings.dev")
django.setup(set_prefix=False)

from apps.demo import simulators  # noqa: E402  (the settings must be ready before)
from apps.integrations.simulation import clockwork  # noqa: E402

# This process is nothing but the simulators, so the whole process is told so.
settings.ROOT_URLCONF = simulators.__name__
settings.MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
]

application = WSGIHandler()
clockwork.start()
