"""Publish a chain for crash, and fix its salt once the public event that it waits for has happened."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.core.errors import DomainError
from apps.originals import crash
from apps.originals.models import CrashChain


class Command(BaseCommand):
    help = (
        "Without --salt: publish a new chain and name where its salt will come from, for example "
        '`--origin "hash of Bitcoin block 925000"`. With --salt: fix it.'
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--origin", default="", help="Where the salt comes from.")
        parser.add_argument("--length", type=int, default=crash.CHAIN_LENGTH)
        parser.add_argument("--chain", default="", help="The chain to salt; the newest if empty.")
        parser.add_argument("--salt", default="", help="64 hexadecimal digits.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["salt"]:
                chain = options["chain"] or self._newest()
                found = crash.fix_salt(
                    chain=chain, salt=options["salt"], origin=options["origin"], by="console"
                )
                self.stdout.write(f"{found}: salt {found.salt}, {found.salt_origin}")
            else:
                found = crash.make_chain(salt_origin=options["origin"], length=options["length"])
                self.stdout.write(f"{found}: h_0 is {found.first_link}. Publish it now.")
        except DomainError as error:
            raise CommandError("; ".join(error.fields.values()) or error.message) from error

    def _newest(self) -> str:
        newest = CrashChain.objects.filter(salt="").order_by("-pk").first()
        if newest is None:
            raise CommandError("No chain waits for a salt.")
        return newest.public_id
