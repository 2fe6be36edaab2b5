"""Say whether a statement's file is ours and as we issued it."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.core.errors import DomainError
from apps.wallet.statements import services
from apps.wallet.statements.sealing import WORDS, Verdict


class Command(BaseCommand):
    help = "Verify a statement, CSV or PDF: its digest, its signature, and that we issued it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            with path.open("rb") as file:
                verdict, found = services.verify_file(file, path.stat().st_size)
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}") from error
        except DomainError as error:
            raise CommandError(f"{path}: {error.message}") from error
        if verdict != Verdict.GENUINE or found is None:
            raise CommandError(f"{path}: {WORDS[verdict]}")
        self.stdout.write(self.style.SUCCESS(f"{path}: {WORDS[verdict]}"))
        self.stdout.write(
            f"{found.number}, {found.period.words}, {found.movements} movements, issued "
            f"{found.issued_at:%Y-%m-%d %H:%M:%S} UTC to {found.player_name} ({found.player_ref})"
        )
