"""Prove that every balance is the sum of its entries and that no row was touched."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.ledger import verification
from apps.ledger.models import Entry, Wallet

SHOWN = 20


class Command(BaseCommand):
    help = "Verify signatures, links, balances, operations, seals and checkpoints of the journal."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-seal", action="store_true", help="do not seal new rows first")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["no_seal"]:
            verification.seal_journal()
        first, count = None, 0
        for finding in verification.verify():
            first = first or finding
            count += 1
            if count <= SHOWN:
                self.stderr.write(self.style.ERROR(str(finding)))
        if first:
            raise CommandError(f"{count} findings; the first: {first}")
        self.stdout.write(
            self.style.SUCCESS(
                f"{Entry.objects.count()} entries in {Wallet.objects.count()} wallets verified."
            )
        )
