"""Reads the journal for what counts towards the threshold of verification."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from django.db import connection

from apps.accounts.models import Player
from apps.core.money import EXACT
from apps.kyc import gates
from apps.kyc.terms import terms_of
from apps.ledger.followers import Follower
from apps.ledger.models import Entry, Kind, Purse
from apps.rates import selectors as rates

COLUMNS = {
    Kind.DEPOSIT: "paid_in",
    Kind.DEPOSIT_RELEASED: "paid_in",
    Kind.WITHDRAWAL_RESERVED: "paid_out",
    Kind.BET: "staked",
    Kind.WIN: "won",
    Kind.FREE_SPINS_WIN: "won",
    Kind.PROMO_WIN: "won",
    Kind.JACKPOT_WIN: "won",
}
NAMES = ("paid_in", "paid_out", "staked", "won")


class Linked(Follower):
    """Days of payments and play, and the gate of whoever has come near the threshold.

    What was undone afterwards stays counted: a stake that was taken back was wagered. What has no
    worth is counted when the cursor is set to zero and rates are known.
    """

    name = "linked payments"

    def apply(self, entries: Sequence[Entry]) -> None:
        counted = [one for one in entries if one.wallet.purse == Purse.CASH and one.kind in COLUMNS]
        if not counted:
            return
        worth = rates.worth_of({one.pk for one in counted})
        sums: dict[tuple[int, date], dict[str, Decimal]] = defaultdict(dict)
        for entry in counted:
            value = worth.get(entry.pk)
            if value is None:
                continue
            day = sums[entry.wallet.player_id, entry.created_at.date()]
            name = COLUMNS[Kind(entry.kind)]
            day[name] = EXACT.add(day.get(name, Decimal(0)), abs(value))
        _write(sums)
        for player_id in sorted({player_id for player_id, _ in sums}):
            _look(player_id)


def _write(sums: dict[tuple[int, date], dict[str, Decimal]]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            """
            INSERT INTO kyc_linked_day (player_id, "on", paid_in, paid_out, staked, won)
            VALUES (%s, %s, %s, %s, %s, %s)
            ON CONFLICT (player_id, "on") DO UPDATE
               SET paid_in = kyc_linked_day.paid_in + EXCLUDED.paid_in,
                   paid_out = kyc_linked_day.paid_out + EXCLUDED.paid_out,
                   staked = kyc_linked_day.staked + EXCLUDED.staked,
                   won = kyc_linked_day.won + EXCLUDED.won
            """,
            [
                (player_id, on, *(day.get(name, Decimal(0)) for name in NAMES))
                for (player_id, on), day in sorted(sums.items())
            ],
        )


def _look(player_id: int) -> None:
    """Most players are far from it or verified: their gates are not looked at."""
    player = Player.objects.filter(pk=player_id).first()
    if player is None or player.kyc_level >= gates.IDENTITY:
        return
    terms = terms_of(player)
    most = gates.linked(player_id, terms.kyc_linked_days).most
    if most * 100 >= terms.kyc_value * gates.WARN_PERCENT:
        gates.settle(player_id, actor="system:kyc", reason="Linked payments and play.")
