"""Who carries our mail: SendPost when it is set up, else one of Django's own ways."""

from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from apps.messaging.providers.base import Carrier

CARRIERS = {
    "sendpost": "apps.messaging.providers.sendpost.adapter.Sendpost",
    "django": "apps.messaging.providers.fallback.DjangoMail",
}


def carrier() -> Carrier:
    return _made("sendpost" if settings.SENDPOST_BASE_URL else "django")


@cache
def _made(name: str) -> Carrier:
    made: Carrier = import_string(CARRIERS[name])()
    return made
