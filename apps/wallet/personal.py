"""What the ledger and the wallets hold of a player (apps/accounts/privacy.py). Nothing of it goes."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings

from apps.accounts.models import Player
from apps.accounts.privacy import Kept, Rows
from apps.core.clock import now
from apps.ledger.models import Wallet
from apps.wallet.models import Restriction
from apps.wallet.selectors import balances, history

PAGE = 1000


class Money:
    name = "money"

    def export(self, player: Player) -> Mapping[str, Rows]:
        return {
            "balances": [
                {"currency": one.currency.code, "total": one.total.text}
                for one in balances(player.pk)
            ],
            "movements": _movements(player),
            # The reason is ours; `words` is what the player was told.
            "restrictions": Restriction.objects.filter(player=player).values(
                "words", "since", "until", "lifted_at"
            ),
        }

    def obstacle(self, player: Player) -> str:
        if any(not one.is_empty for one in balances(player.pk)):
            return "There is still money in your account. Withdraw it first."
        return ""

    def erase(self, player: Player) -> list[Kept]:
        if not Wallet.objects.filter(player_id=player.pk).exists():
            return []
        years = settings.PERSONAL_KEEP_YEARS
        return [
            Kept(
                what="Every movement of money in the ledger, under a pseudonym",
                why="Books of account, and the law against money laundering.",
                until=f"{now().year + years}, {years} years after today; sums stay without you",
            )
        ]


def _movements(player: Player) -> Iterator[Mapping[str, Any]]:
    before: int | None = None
    while page := history(player.pk, before_id=before, limit=PAGE):
        for one in page:
            yield {
                "id": one.id,
                "at": one.at,
                "what": one.words,
                "amount": one.amount.text,
                "currency": one.amount.currency.code,
                "balance_after": one.balance_after.text,
                "round": one.round_ref,
            }
        before = page[-1].id
