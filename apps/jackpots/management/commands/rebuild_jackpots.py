"""Read the journal again from its start; the pots and winners must come out as they are."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.core.errors import DomainError
from apps.jackpots import reading


class Command(BaseCommand):
    help = "Rebuild jackpots from the journal, all or nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            read = reading.rebuild()
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{read} entries read again.")
