"""Check a player's proof of liabilities, or everything that was published."""

import json
from argparse import ArgumentParser
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.audit import signatures
from apps.treasury.liabilities import services, tree
from apps.treasury.liabilities.models import Snapshot
from apps.treasury.liabilities.tree import ProofBroken
from apps.treasury.liabilities.verification import Proven, verify

FILE_BYTES_MAX = 1_048_576


class Command(BaseCommand):
    help = (
        "Check the proof in a file: that it leads to the published digest. "
        "Without a file: every digest, tree, signature and anchor that was published."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, nargs="?")
        parser.add_argument(
            "--digest", help="the published digest; without it, the one in the database"
        )
        parser.add_argument(
            "--holds",
            action="append",
            default=[],
            metavar="CODE:AMOUNT",
            help="insist that the proof is about at least this much, as in BTC:0.5",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["file"] is None:
            self._everything()
            return
        proven = self._proven(options["file"], options["digest"])
        for asked in options["holds"]:
            self._insist(proven, asked)
        for one in proven.included:
            self.stdout.write(
                f"{one.currency}: {_major(one.units, one.scale)} is in a total of "
                f"{_major(one.total, one.scale)}, owed to {one.count}"
            )
        self.stdout.write(
            self.style.SUCCESS(
                f"{proven.player} is included in number {proven.number} of {proven.taken_at}, "
                f"digest {proven.digest}"
            )
        )

    def _everything(self) -> None:
        findings = list(services.verify_published())
        for finding in findings:
            self.stderr.write(self.style.ERROR(str(finding)))
        if findings:
            raise CommandError(f"{len(findings)} findings; the first: {findings[0]}")
        self.stdout.write(self.style.SUCCESS(f"{Snapshot.objects.count()} snapshots verified."))

    def _proven(self, path: Path, digest: str | None) -> Proven:
        try:
            if path.stat().st_size > FILE_BYTES_MAX:
                raise CommandError(f"{path}: too large for a proof.")
            proof = json.loads(path.read_text(encoding="utf-8"))
            published = digest or _published(proof)
            proven = verify(proof, published=published)
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}") from error
        except (ValueError, RecursionError) as error:
            raise CommandError(f"{path}: this is not JSON.") from error
        except ProofBroken as error:
            raise CommandError(f"{path}: {error}") from error
        if not _is_signed(proof, proven):
            raise CommandError(f"{path}: the signature is not ours.")
        return proven

    def _insist(self, proven: Proven, asked: str) -> None:
        code, _, amount = asked.partition(":")
        found = next((one for one in proven.included if one.currency == code), None)
        try:
            wanted = Decimal(amount)
        except ArithmeticError as error:
            raise CommandError(f"{asked}: write it like BTC:0.5.") from error
        if not wanted.is_finite():
            raise CommandError(f"{asked}: write it like BTC:0.5.")
        held = _major(found.units, found.scale) if found else Decimal(0)
        if held < wanted:
            raise CommandError(f"The proof is about {held} {code}, not {wanted}.")


def _published(proof: Any) -> str:
    """What the database says was published. Raises ProofBroken."""
    number = proof.get("number") if isinstance(proof, dict) else None
    found = None
    if type(number) is int and 0 < number < 2**31:
        found = Snapshot.objects.filter(number=number).first()
    if found is None:
        raise ProofBroken("Nothing was published under this number.")
    return found.digest


def _is_signed(proof: Any, proven: Proven) -> bool:
    try:
        key_id, signature = int(proof["key"]), bytes.fromhex(proof["signature"])
    except (KeyError, TypeError, ValueError):
        return False
    message = tree.message(proven.number, proven.digest)
    return signatures.verify(message, key_id=key_id, signature=signature)


def _major(units: int, scale: int) -> Decimal:
    return Decimal(units).scaleb(-scale)
