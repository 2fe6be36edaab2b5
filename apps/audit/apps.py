from importlib import import_module

from django.apps import AppConfig
from django.conf import settings


class AuditConfig(AppConfig):
    name = "apps.audit"
    label = "audit"

    def ready(self) -> None:
        for module in settings.PROPOSAL_MODULES:
            import_module(module)
