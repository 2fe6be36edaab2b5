"""What was played, as part of a player's own data (apps/accounts/privacy.py)."""

from collections.abc import Mapping

from django.conf import settings

from apps.accounts.models import Player
from apps.accounts.privacy import Kept, Rows
from apps.core.clock import now
from apps.games.models import GameSession, Round


class Play:
    name = "play"

    def export(self, player: Player) -> Mapping[str, Rows]:
        return {
            "game_sessions": GameSession.objects.filter(player=player)
            .values("public_id", "game__title", "currency", "started_at", "ended_at")
            .iterator(),
            "rounds": Round.objects.filter(player=player)
            .values(
                "round_ref", "game__title", "currency", "stake", "win", "started_at", "finished_at"
            )
            .iterator(),
        }

    def obstacle(self, player: Player) -> str:
        if Round.objects.filter(player=player, state=Round.State.OPEN).exists():
            return "A round of yours is not finished yet."
        return ""

    def erase(self, player: Player) -> list[Kept]:
        if not Round.objects.filter(player=player).exists():
            return []
        years = settings.PERSONAL_KEEP_YEARS
        return [
            Kept(
                what="Rounds and game sessions, under a pseudonym",
                why="Licences ask for the record of every game that was played for money.",
                until=f"{now().year + years}, {years} years after today",
            )
        ]
