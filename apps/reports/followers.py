"""Reads the journal into revenue per hour. Exactly once: rows and cursor move together."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import connection

from apps.ledger.followers import Follower
from apps.ledger.models import Entry, Kind

WINS = {Kind.WIN, Kind.FREE_SPINS_WIN, Kind.PROMO_WIN}
ZERO = Decimal(0)


@dataclass
class Sums:
    """What a batch adds to one row."""

    moved_at: datetime
    stakes: Decimal = ZERO
    wins: Decimal = ZERO
    deposits: Decimal = ZERO
    withdrawals: Decimal = ZERO
    bet_count: int = 0
    win_count: int = 0
    deposit_count: int = 0
    withdrawal_count: int = 0

    def add(self, entry: Entry) -> None:
        self.moved_at = max(self.moved_at, entry.created_at)
        kind, amount = entry.kind, entry.amount
        if kind == Kind.BET:
            self.stakes -= amount
            self.bet_count += 1
        elif kind in WINS:
            self.wins += amount
            self.win_count += 1
        elif kind == Kind.ROLLBACK and amount > 0:  # a bet comes back
            self.stakes -= amount
            self.bet_count -= 1
        elif kind == Kind.ROLLBACK:  # a win is taken back
            self.wins += amount
            self.win_count -= 1
        elif kind == Kind.DEPOSIT:
            self.deposits += amount
            self.deposit_count += 1
        elif kind == Kind.DEPOSIT_REVERSED:
            self.deposits += amount
            self.deposit_count -= 1
        elif kind == Kind.WITHDRAWAL_PAID:
            self.withdrawals -= amount
            self.withdrawal_count += 1

    @property
    def is_empty(self) -> bool:
        return not any(
            (
                self.stakes,
                self.wins,
                self.deposits,
                self.withdrawals,
                self.bet_count,
                self.win_count,
                self.deposit_count,
                self.withdrawal_count,
            )
        )


class Revenue(Follower):
    name = "revenue"
    batch_size = 2_000

    def apply(self, entries: Sequence[Entry]) -> None:
        rows: dict[tuple[datetime, int, int], Sums] = {}
        active: set[tuple[datetime, int]] = set()
        for entry in entries:
            hour = entry.created_at.replace(minute=0, second=0, microsecond=0)
            key = (hour, entry.wallet.currency_id, entry.partner_id)
            rows.setdefault(key, Sums(moved_at=entry.created_at)).add(entry)
            if entry.kind == Kind.BET:
                active.add((hour, entry.wallet.player_id))
        _add_sums({key: sums for key, sums in rows.items() if not sums.is_empty})
        _add_active(active)


def _add_sums(rows: dict[tuple[datetime, int, int], Sums]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            """
            INSERT INTO reports_revenue_hour AS r
                (hour, currency_id, partner_id, stakes, wins, deposits, withdrawals,
                 bet_count, win_count, deposit_count, withdrawal_count, moved_at)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
            ON CONFLICT (hour, currency_id, partner_id) DO UPDATE
               SET stakes = r.stakes + EXCLUDED.stakes,
                   wins = r.wins + EXCLUDED.wins,
                   deposits = r.deposits + EXCLUDED.deposits,
                   withdrawals = r.withdrawals + EXCLUDED.withdrawals,
                   bet_count = r.bet_count + EXCLUDED.bet_count,
                   win_count = r.win_count + EXCLUDED.win_count,
                   deposit_count = r.deposit_count + EXCLUDED.deposit_count,
                   withdrawal_count = r.withdrawal_count + EXCLUDED.withdrawal_count,
                   moved_at = greatest(r.moved_at, EXCLUDED.moved_at)
            """,
            [
                (
                    *key,
                    sums.stakes,
                    sums.wins,
                    sums.deposits,
                    sums.withdrawals,
                    sums.bet_count,
                    sums.win_count,
                    sums.deposit_count,
                    sums.withdrawal_count,
                    sums.moved_at,
                )
                for key, sums in sorted(rows.items())
            ],
        )


def _add_active(active: set[tuple[datetime, int]]) -> None:
    by_hour: dict[datetime, list[int]] = defaultdict(list)
    for hour, player_id in active:
        by_hour[hour].append(player_id)
    with connection.cursor() as cursor:
        cursor.executemany(
            """
            INSERT INTO reports_active_hour (hour, player_id)
            SELECT %s, unnest(%s::bigint[]) ON CONFLICT DO NOTHING
            """,
            [(hour, sorted(players)) for hour, players in sorted(by_hour.items())],
        )
