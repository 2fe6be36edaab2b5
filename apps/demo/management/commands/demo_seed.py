"""Games, people and history of the demo; `demo` runs it once the simulators answer."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.core.errors import DomainError
from apps.demo import services
from apps.integrations.errors import ProviderError


class Command(BaseCommand):
    help = "Fill the running demo with games, demo people and some history. Safe to repeat."
    requires_system_checks = ()

    def handle(self, *_args: Any, **_options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("The seed is for the demo only.")
        try:
            services.seed(self.stdout.write)
        except (services.SeedFailed, ProviderError, DomainError) as error:
            raise CommandError(str(error)) from error
