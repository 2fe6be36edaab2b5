"""What we told a player, as part of their own data (apps/accounts/privacy.py)."""

from collections.abc import Mapping

from apps.accounts.models import Player
from apps.accounts.privacy import Kept, Rows
from apps.messaging.models import Mail, MailChoice, Notice, Text


class Messages:
    name = "messages"

    def export(self, player: Player) -> Mapping[str, Rows]:
        return {
            "notices": Notice.objects.filter(player=player).values(
                "title", "text", "created_at", "read_at"
            ),
            "mails": Mail.objects.filter(player=player).values(
                "kind", "to_email", "subject", "state", "created_at"
            ),
            "text_messages": Text.objects.filter(player=player).values(
                "kind", "to_number", "state", "created_at"
            ),
            "choices": MailChoice.objects.filter(player=player).values("topic", "is_on"),
        }

    def obstacle(self, player: Player) -> str:
        return ""

    def erase(self, player: Player) -> list[Kept]:
        Notice.objects.filter(player=player).delete()
        MailChoice.objects.filter(player=player).delete()
        Text.objects.filter(player=player).delete()
        Mail.objects.filter(player=player).delete()
        return []
