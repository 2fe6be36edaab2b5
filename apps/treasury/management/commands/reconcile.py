"""Compare gateways' books with ours, now."""

from argparse import ArgumentParser
from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.core.clock import now
from apps.core.errors import DomainError
from apps.payments.providers.registry import GATEWAYS
from apps.treasury.models import Break, Run
from apps.treasury.services import holdings
from apps.treasury.services.reconciliation import reconcile

SHOWN = 20


class Command(BaseCommand):
    help = "Reconcile a UTC day with each gateway, both ways, and open or close breaks."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--day", help="YYYY-MM-DD, UTC; yesterday when left out")
        parser.add_argument("--provider", help="one gateway; all in use when left out")

    def handle(self, *args: Any, **options: Any) -> None:
        day = _day(options["day"])
        providers = _providers(options["provider"])
        runs = []
        for provider in providers:
            try:
                runs.append(reconcile(provider, day))
            except DomainError as error:
                text = " ".join([error.message, *error.fields.values()])
                raise CommandError(f"{provider}: {text}") from error
        for run in runs:
            self._tell(run)
        bad = [run for run in runs if run.state != Run.State.CLEAN]
        if bad:
            raise CommandError(f"{len(bad)} of {len(runs)} gateways do not agree with our books.")

    def _tell(self, run: Run) -> None:
        if run.state == Run.State.FAILED:
            self.stderr.write(self.style.ERROR(f"{run}: {run.error}"))
            return
        self.stdout.write(
            f"{run}: {run.rows} rows, {run.entries} movements, {run.matched} matched, "
            f"{run.carried} carried over, {run.opened} new breaks, {run.healed} closed because they "
            f"are gone, {run.settled} settled before, {run.still_open} open"
        )
        pending = Break.objects.filter(provider=run.provider, state__in=Break.PENDING)
        for row in pending.exclude(state=Break.State.CARRIED).order_by("id")[:SHOWN]:
            amounts = f"ours {row.ours_text or 'none'}, theirs {row.theirs_text or 'none'}"
            self.stderr.write(
                self.style.ERROR(
                    f"  {row.public_id} {row.kind} {row.key}: {row.message} ({amounts})"
                )
            )


def _day(text: str | None) -> date:
    if text is None:
        return now().date() - timedelta(days=1)
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise CommandError("--day is a date like 2026-11-25.") from error


def _providers(name: str | None) -> list[str]:
    if name is not None and name not in GATEWAYS:
        raise CommandError(f"There is no gateway {name}. There are: {', '.join(GATEWAYS)}.")
    providers = [name] if name else holdings.gateways_in_use()
    if not providers:
        raise CommandError("No gateway has an address: set <VENDOR>_BASE_URL.")
    return providers
