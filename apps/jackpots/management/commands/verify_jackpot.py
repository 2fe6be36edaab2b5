"""Check a drop from its file alone: no database, no network."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.jackpots import verification


class Command(BaseCommand):
    help = "Check a jackpot drop from the JSON file its page offers."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            drop = verification.read(options["file"].read_text(encoding="utf-8"))
        except (OSError, ValueError, TypeError) as error:
            raise CommandError(f"This is not the file of a drop: {error}") from error
        if found := verification.problems(drop):
            raise CommandError(" ".join(found))
        self.stdout.write(f"{drop['cycle']} holds: it dropped where its seed says.")
