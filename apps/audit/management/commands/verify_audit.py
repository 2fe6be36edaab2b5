"""Prove that no audit row was changed, removed, inserted or swapped."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.audit import trail
from apps.audit.models import Record

SHOWN = 20


class Command(BaseCommand):
    help = "Verify every audit row, the seals over them and the checkpoints outside the database."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-seal", action="store_true", help="do not seal new rows first")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["no_seal"]:
            trail.seal_trail()
        findings = []
        for finding in trail.verify_trail():
            findings.append(finding)
            if len(findings) <= SHOWN:
                self.stderr.write(self.style.ERROR(str(finding)))
        if findings:
            raise CommandError(f"{len(findings)} findings; the first: {findings[0]}")
        self.stdout.write(self.style.SUCCESS(f"{Record.objects.count()} audit rows verified."))
