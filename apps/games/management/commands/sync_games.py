from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.games import services
from apps.games.providers.registry import configured
from apps.integrations.errors import ProviderError


class Command(BaseCommand):
    help = "Take over the catalogues of all game partners that are configured. Safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        names = configured()
        if not names:
            raise CommandError("No game partner is configured (SOFTSWISS_BASE_URL).")
        try:
            for name in names:
                self.stdout.write(f"{name}: {services.sync_provider(name)} games")
        except ProviderError as error:
            raise CommandError(str(error)) from error
        services.refresh_popularity()
