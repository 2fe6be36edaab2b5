from importlib import import_module

from django.apps import AppConfig
from django.conf import settings


class EventsConfig(AppConfig):
    name = "apps.events"
    label = "events"

    def ready(self) -> None:
        for module in settings.EVENT_HANDLER_MODULES:
            import_module(module)
