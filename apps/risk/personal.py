"""What risk keeps about a player, for the export and for forgetting them: places and complaints.

What monitoring found is not in it: whether somebody is being looked at may not be told to them.
"""

from collections.abc import Mapping

from django.conf import settings

from apps.accounts.models import Player
from apps.accounts.privacy import Kept, Rows
from apps.core.clock import now
from apps.risk.models import Complaint, ComplaintMessage, LocationCheck, Trace

LICENCE = "Our licence: we have to show that nobody played from where it is not allowed."
COMPLAINTS_KEPT = "Our licence: complaints and what was answered can be looked at for five years."


class Whereabouts:
    name = "location"

    def export(self, player: Player) -> Mapping[str, Rows]:
        rows = LocationCheck.objects.filter(player=player).order_by("id")
        return {
            "checks": rows.values(
                "at", "occasion", "ip", "country", "residence", "hides", "flags", "refusal"
            ).iterator()
        }

    def obstacle(self, player: Player) -> str:
        return ""

    def erase(self, player: Player) -> list[Kept]:
        """The address goes, the country stays."""
        if not LocationCheck.objects.filter(player=player).update(ip=None):
            return []
        years = settings.PERSONAL_KEEP_YEARS
        until = f"{now().year + years}, {years} years after today"
        return [Kept("In which country you were, without the address", LICENCE, until)]


class Complaints:
    name = "complaints"

    def export(self, player: Player) -> Mapping[str, Rows]:
        letters = ComplaintMessage.objects.filter(complaint__player=player).order_by("id")
        return {
            "complaints": Complaint.objects.filter(player=player)
            .order_by("id")
            .values(
                "public_id", "kind", "subject", "about", "state", "outcome", "filed_at", "closed_at"
            ),
            "letters": letters.values("complaint__public_id", "text", "at").iterator(),
        }  # fmt: skip

    def obstacle(self, player: Player) -> str:
        waiting = Complaint.objects.filter(player=player).exclude(state=Complaint.State.CLOSED)
        return "A complaint of yours is not finished yet." if waiting.exists() else ""

    def erase(self, player: Player) -> list[Kept]:
        """Complaints stay for their time (`forget_old`); what links accounts goes at once."""
        Trace.objects.filter(player=player).delete()
        last = Complaint.objects.filter(player=player).order_by("-kept_until").first()
        if last is None:
            return []
        return [
            Kept("Your complaints and our answers", COMPLAINTS_KEPT, f"{last.kept_until:%-d %B %Y}")
        ]
