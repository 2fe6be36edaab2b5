"""What was paid in and out, as part of a player's own data (apps/accounts/privacy.py)."""

from collections.abc import Mapping

from django.conf import settings

from apps.accounts.models import Player
from apps.accounts.privacy import Kept, Rows
from apps.core.clock import now
from apps.payments.models import Deposit, DepositAddress, SavedAddress, Withdrawal


class Payments:
    name = "payments"

    def export(self, player: Player) -> Mapping[str, Rows]:
        return {
            "deposits": Deposit.objects.filter(player=player)
            .values(
                "public_id", "currency_id", "rail__network", "state", "amount", "gross", "txid",
                "method", "account", "created_at", "confirmed_at",
            )
            .iterator(),
            "withdrawals": Withdrawal.objects.filter(player=player)
            .values(
                "public_id", "currency_id", "rail__network", "state", "amount", "fee", "address",
                "tag", "method", "account",
            )
            .iterator(),
            "deposit_addresses": DepositAddress.objects.filter(player=player).values(
                "rail__network", "address"
            ),
            "payout_addresses": SavedAddress.objects.filter(player=player).values(
                "label", "address", "tag", "rail__network", "created_at", "removed_at"
            ),
        }  # fmt: skip

    def obstacle(self, player: Player) -> str:
        under_way = Withdrawal.objects.filter(player=player).exclude(state__in=Withdrawal.FINAL)
        waiting = Deposit.objects.filter(player=player, state=Deposit.State.HELD)
        if under_way.exists() or waiting.exists():
            return "A payment of yours is not finished yet."
        return ""

    def erase(self, player: Player) -> list[Kept]:
        SavedAddress.objects.filter(player=player, removed_at=None).update(removed_at=now())
        SavedAddress.objects.filter(player=player).update(label="")
        paid = Deposit.objects.filter(player=player).exists()
        if not paid and not Withdrawal.objects.filter(player=player).exists():
            return []
        years = settings.PERSONAL_KEEP_YEARS
        return [
            Kept(
                what="Deposits and withdrawals with the addresses and accounts they came from and went to",
                why="The law against money laundering and the travel rule.",
                until=f"{now().year + years}, {years} years after today",
            )
        ]
