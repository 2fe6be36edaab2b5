"""What players owe: wallets below zero, where that came from, and what was repaid since."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import QuerySet

from apps.core.money import Money
from apps.ledger.models import Kind
from apps.ledger.selectors import currency_of_id
from apps.treasury.models import Chargeback
from apps.wallet.selectors import WORDS

DEBTS_MAX = 200


@dataclass(frozen=True)
class Debt:
    """One wallet below zero. since: the entry that took it there. peak: the most it owed.

    repaid: what later credits have taken off the peak.
    """

    wallet_id: int
    player_id: int
    player: str
    owed: Money
    peak: Money
    origin: str
    entry_id: int
    since: datetime

    @property
    def repaid(self) -> Money:
        return self.peak - self.owed


def debts() -> list[Debt]:
    """The largest number of debts a page can hold, oldest first."""
    with connection.cursor() as cursor:
        # For each wallet below zero: its last entry that was not, then the first one after it.
        cursor.execute(
            """
            SELECT w.id, w.player_id, p.display_name, w.currency_id, -w.balance, o.id, o.kind,
                   o.created_at,
                   (SELECT -min(e.balance_after) FROM ledger_entry e
                     WHERE e.wallet_id = w.id AND e.id >= o.id)
              FROM ledger_wallet w
              JOIN accounts_player p ON p.user_id = w.player_id
             CROSS JOIN LATERAL (
                   SELECT coalesce((SELECT e.id FROM ledger_entry e
                                     WHERE e.wallet_id = w.id AND e.balance_after >= 0
                                     ORDER BY e.id DESC LIMIT 1), 0) AS id) last
             CROSS JOIN LATERAL (
                   SELECT e.id, e.kind, e.created_at FROM ledger_entry e
                    WHERE e.wallet_id = w.id AND e.id > last.id ORDER BY e.id LIMIT 1) o
             WHERE w.balance < 0
             ORDER BY o.created_at, w.id LIMIT %s
            """,
            [DEBTS_MAX],
        )
        rows = cursor.fetchall()
    found = []
    for wallet_id, player_id, name, currency_pk, owed, entry_id, kind, since, peak in rows:
        of = currency_of_id(currency_pk)
        found.append(
            Debt(
                wallet_id=wallet_id,
                player_id=player_id,
                player=name,
                owed=Money.from_major(owed, of),
                peak=Money.from_major(peak, of),
                origin=WORDS[Kind(kind)],
                entry_id=entry_id,
                since=since,
            )
        )
    return found


def chargebacks() -> QuerySet[Chargeback]:
    """Newest first."""
    return Chargeback.objects.select_related("player", "deposit__rail").order_by("-id")
