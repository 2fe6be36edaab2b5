"""Who carries our mail: SendPost when it is set up, else one of Django's own ways. And our text
messages: a gateway when one is set up, else what `TEXT_FALLBACK` says.
"""

from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from apps.messaging.providers.base import Carrier, TextCarrier

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


TEXT_CARRIERS = {
    "gateway": "apps.messaging.providers.textgateway.adapter.TextGateway",
    "console": "apps.messaging.providers.texts.ConsoleTexts",
    "mailbox": "apps.messaging.providers.texts.MailboxTexts",
    "off": "apps.messaging.providers.texts.NoTexts",
}


def text_carrier() -> TextCarrier:
    name = "gateway" if settings.TEXT_GATEWAY_BASE_URL else settings.TEXT_FALLBACK
    return _made_for_texts(name)


@cache
def _made_for_texts(name: str) -> TextCarrier:
    made: TextCarrier = import_string(TEXT_CARRIERS[name])()
    return made
