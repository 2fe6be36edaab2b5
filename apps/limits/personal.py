"""What limits keeps about registers and terms, for the export and for forgetting a player."""

from collections.abc import Mapping

from django.conf import settings

from apps.accounts.models import Player
from apps.accounts.privacy import Kept, Rows
from apps.core.clock import now
from apps.limits.models import RegisterCheck, TermsAcceptance

PROTECTION = "The protection of players: we have to show that nobody excluded could play."
CONTRACT = "To show what was agreed."


class RegistersAndTerms:
    name = "registers_and_terms"

    def export(self, player: Player) -> Mapping[str, Rows]:
        checks = RegisterCheck.objects.filter(player=player).order_by("id")
        accepted = TermsAcceptance.objects.filter(player=player).order_by("id")
        return {
            "registers": checks.values("register", "occasion", "at", "verdict", "reference"),
            "terms": accepted.values("version", "at", "ip"),
        }

    def obstacle(self, player: Player) -> str:
        return ""

    def erase(self, player: Player) -> list[Kept]:
        TermsAcceptance.objects.filter(player=player).update(ip=None)
        years = settings.PERSONAL_KEEP_YEARS
        until = f"{now().year + years}, {years} years after today"
        kept = [Kept("Which terms you accepted, and when", CONTRACT, until)]
        if RegisterCheck.objects.filter(player=player).exists():
            kept.append(Kept("What registers of self-exclusion answered", PROTECTION, until))
        return kept
