"""Check the receipt of a bet: its signature, the promised seed, the result and the payout."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.core.errors import DomainError
from apps.originals import receipts


class Command(BaseCommand):
    help = "Check a receipt from its file alone; no bet is read from the database."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            if path.stat().st_size > receipts.RECEIPT_BYTES_MAX:
                raise CommandError(f"{path}: too large for a receipt.")
            found = receipts.read(path.read_bytes())
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}") from error
        except DomainError as error:
            raise CommandError(f"{path}: {error.message}") from error
        steps = receipts.check(found)
        for step in steps:
            word = {True: "right", False: "WRONG", None: "sealed"}[step.passed]
            self.stdout.write(f"{step.name:<11} {word:<7} {step.said}")
        wrong = [step.name for step in steps if step.passed is False]
        if wrong:
            raise CommandError(f"Do not rely on this receipt: {', '.join(wrong)}.")
        if any(step.passed is None for step in steps):
            self.stdout.write("Signed by us. The rest can be checked once the seed is revealed.")
        else:
            self.stdout.write(self.style.SUCCESS("Everything in this receipt is right."))
