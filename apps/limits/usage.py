"""What players have played and paid in, told by the journal. A cursor set to zero rebuilds it.

`sql/refusal.sql` adds what is not read yet, so nothing depends on how far this has come.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import connection

from apps.core.money import EXACT
from apps.ledger.followers import Follower
from apps.ledger.models import Entry, Kind, Purse
from apps.limits.models import DepositCount
from apps.rates import selectors as rates

PLAYED = {Kind.BET, Kind.WIN}
# What reaches the balance from outside. Money that is held reaches it when it is released.
PAID_IN = {Kind.DEPOSIT, Kind.DEPOSIT_RELEASED}


@dataclass(slots=True)
class Part:
    """What one batch of the journal adds to an hour of a wallet."""

    player_id: int
    first_id: int
    last_id: int
    staked: Decimal = Decimal(0)
    won: Decimal = Decimal(0)
    bets: int = 0
    unvalued: int = 0

    def add(self, entry: Entry, worth: Decimal | None, times: int) -> None:
        self.first_id = min(self.first_id, entry.pk)
        self.last_id = max(self.last_id, entry.pk)
        if entry.kind == Kind.BET:
            self.bets += times
        if worth is None:
            self.unvalued += 1
        elif entry.kind == Kind.BET:
            self.staked = EXACT.subtract(self.staked, EXACT.multiply(worth, times))
        else:
            self.won = EXACT.add(self.won, EXACT.multiply(worth, times))


class Usage(Follower):
    """Hours of play and single deposits; an undone bet leaves the hour it was made in."""

    name = "play usage"

    def apply(self, entries: Sequence[Entry]) -> None:
        cash = [one for one in entries if one.wallet.purse == Purse.CASH]
        undone = Entry.objects.select_related("wallet").in_bulk(
            {one.reverses_id for one in cash if one.kind == Kind.ROLLBACK and one.reverses_id}
        )
        counted = [(one, 1) for one in cash if one.kind in PLAYED]
        counted += [
            (undone[one.reverses_id], -1)
            for one in cash
            if one.kind == Kind.ROLLBACK and one.reverses_id in undone
        ]
        deposits = [one for one in cash if one.kind in PAID_IN and one.amount > 0]
        if not counted and not deposits:
            return
        worth = rates.worth_of({one.pk for one, _ in counted} | {one.pk for one in deposits})
        parts: dict[tuple[int, datetime], Part] = {}
        for entry, times in counted:
            hour = entry.created_at.replace(minute=0, second=0, microsecond=0)
            part = parts.setdefault(
                (entry.wallet_id, hour), Part(entry.wallet.player_id, entry.pk, entry.pk)
            )
            part.add(entry, worth.get(entry.pk), times)
        _write(parts)
        DepositCount.objects.bulk_create(
            [
                DepositCount(
                    entry_id=one.pk,
                    player_id=one.wallet.player_id,
                    at=one.created_at,
                    value=worth.get(one.pk),
                )
                for one in deposits
            ],
            ignore_conflicts=True,
        )


def _write(parts: dict[tuple[int, datetime], Part]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            """
            INSERT INTO limits_play_hour AS h (wallet_id, hour, player_id, staked, won, bets,
                unvalued, first_id, last_id)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
            ON CONFLICT (wallet_id, hour) DO UPDATE SET
                staked = h.staked + EXCLUDED.staked,
                won = h.won + EXCLUDED.won,
                bets = h.bets + EXCLUDED.bets,
                unvalued = h.unvalued + EXCLUDED.unvalued,
                first_id = least(h.first_id, EXCLUDED.first_id),
                last_id = greatest(h.last_id, EXCLUDED.last_id)
            """,
            [
                (
                    *key,
                    part.player_id,
                    part.staked,
                    part.won,
                    part.bets,
                    part.unvalued,
                    part.first_id,
                    part.last_id,
                )
                for key, part in sorted(parts.items())
            ],
        )
