"""Promise or take back free rounds from the command line, until campaigns do it."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.accounts.models import Player
from apps.core.clock import now
from apps.core.errors import DomainError
from apps.core.money import Money
from apps.games import free_spins, selectors
from apps.games.models import FreeSpinIssue
from apps.integrations.errors import ProviderError
from apps.ledger.selectors import currency


class Command(BaseCommand):
    help = "Issue free spins to a player, or cancel an issue."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parts = parser.add_subparsers(dest="action", required=True)
        issue = parts.add_parser("issue")
        issue.add_argument("player", help="The player's public id (pl_…).")
        issue.add_argument("game", help="The game's slug.")
        issue.add_argument("stake", help="Stake of each spin, like 0.10.")
        issue.add_argument("currency", help="Like EUR.")
        issue.add_argument("--quantity", type=int, default=10)
        issue.add_argument("--bet-level", type=int, default=1)
        issue.add_argument("--days", type=int, default=7, help="How long they can be played.")
        issue.add_argument("--reason", required=True)
        cancel = parts.add_parser("cancel")
        cancel.add_argument("issue", help="The issue's public id (fs_…).")
        cancel.add_argument("--reason", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made = self._issue(options) if options["action"] == "issue" else self._cancel(options)
        except DomainError as error:
            raise CommandError(" ".join([error.message, *error.fields.values()])) from error
        except ProviderError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{made.public_id}: {made.get_state_display()}")

    def _issue(self, options: dict[str, Any]) -> FreeSpinIssue:
        player = Player.objects.filter(public_id=options["player"]).first()
        if player is None:
            raise CommandError("There is no such player.")
        return free_spins.issue(
            player=player,
            game=selectors.game_by_slug(options["game"]),
            stake=Money.parse(options["stake"], currency(options["currency"])),
            quantity=options["quantity"],
            bet_level=options["bet_level"],
            valid_until=now() + timedelta(days=options["days"]),
            actor="system",
            reason=options["reason"],
        )

    def _cancel(self, options: dict[str, Any]) -> FreeSpinIssue:
        found = FreeSpinIssue.objects.filter(public_id=options["issue"]).first()
        if found is None:
            raise CommandError("There is no such issue.")
        return free_spins.cancel(issue_id=found.pk, actor="system", reason=options["reason"])
