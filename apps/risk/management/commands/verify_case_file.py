"""Say whether a case file is ours and as we signed it."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.risk import casefile


class Command(BaseCommand):
    help = "Verify a case file: its digest and its signature."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            data = path.read_bytes()
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}") from error
        if not casefile.is_genuine(data):
            raise CommandError(f"{path}: this is not what we signed.")
        self.stdout.write(self.style.SUCCESS(f"{path}: issued by us and not changed since."))
