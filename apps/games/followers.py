"""Rounds, told by the journal. A cursor set to zero after emptying `games_round` rebuilds them.

Open pages are told after the commit that wrote the rows: what they ask for then is there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from apps.core.clock import now
from apps.events import live
from apps.games.models import GameSession, Round
from apps.ledger.followers import Follower
from apps.ledger.models import Entry, Kind
from apps.ledger.selectors import currency_of_id

PLAYED = {Kind.BET, Kind.WIN, Kind.ROLLBACK}
# A round's end may be noted while its first entries are being applied; this far back it is found.
FINISH_LOOK_BACK = timedelta(minutes=15)

Key = tuple[int, int, str]


@dataclass(slots=True)
class Part:
    """What one batch of the journal adds to a round."""

    player_id: int
    currency: str
    started_at: datetime
    session_id: int | None = None
    finished_at: datetime | None = None
    stake: Decimal = Decimal(0)
    win: Decimal = Decimal(0)
    bets: int = 0
    wins: int = 0
    rollbacks: int = 0

    def add(self, entry: Entry) -> None:
        match entry.kind:
            case Kind.BET:
                self.bets += 1
                self.stake -= entry.amount
            case Kind.WIN:
                self.wins += 1
                self.win += entry.amount
            case Kind.ROLLBACK:
                # An undone bet gives back, an undone win takes: the sign tells which it was.
                self.rollbacks += 1
                if entry.amount > 0:
                    self.stake -= entry.amount
                else:
                    self.win += entry.amount
        self.session_id = self.session_id or entry.source_id
        if entry.closes_round:
            self.finished_at = entry.created_at


class Rounds(Follower):
    """One row a round of a wallet; a late action is added and reopens nothing."""

    name = "rounds"

    def apply(self, entries: Sequence[Entry]) -> None:
        parts: dict[Key, Part] = {}
        for entry in entries:
            if entry.kind not in PLAYED or entry.round_ref is None:
                continue
            key = (entry.partner_id, entry.wallet_id, entry.round_ref)
            part = parts.get(key)
            if part is None:
                part = parts[key] = Part(
                    player_id=entry.wallet.player_id,
                    currency=currency_of_id(entry.wallet.currency_id).code,
                    started_at=entry.created_at,
                )
            part.add(entry)
        if parts:
            self._write(parts)

    def after_commit(self, entries: Sequence[Entry]) -> None:
        """One frame a player and batch; the pages that show rounds ask for them again."""
        for player_id in sorted({one.wallet.player_id for one in entries if one.kind in PLAYED}):
            live.push(player_id, "rounds", {})

    def _write(self, parts: dict[Key, Part]) -> None:
        session_ids = {part.session_id for part in parts.values() if part.session_id}
        games = dict(GameSession.objects.filter(pk__in=session_ids).values_list("pk", "game_id"))
        with connection.cursor() as cursor:
            cursor.executemany(
                """
                INSERT INTO games_round (partner_id, wallet_id, round_ref, player_id, game_id,
                    session_id, currency, stake, win, bets, wins, rollbacks, started_at,
                    finished_at, state)
                VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
                ON CONFLICT (partner_id, wallet_id, round_ref) DO UPDATE SET
                    stake = games_round.stake + EXCLUDED.stake,
                    win = games_round.win + EXCLUDED.win,
                    bets = games_round.bets + EXCLUDED.bets,
                    wins = games_round.wins + EXCLUDED.wins,
                    rollbacks = games_round.rollbacks + EXCLUDED.rollbacks,
                    game_id = coalesce(games_round.game_id, EXCLUDED.game_id),
                    session_id = coalesce(games_round.session_id, EXCLUDED.session_id),
                    finished_at = coalesce(games_round.finished_at, EXCLUDED.finished_at),
                    state = CASE WHEN EXCLUDED.finished_at IS NULL THEN games_round.state
                                 ELSE EXCLUDED.state END
                """,
                [_values(key, part, games) for key, part in sorted(parts.items(), key=_by_key)],
            )
            cursor.execute(
                """
                UPDATE games_round r SET state = %s, finished_at = f.finished_at
                  FROM games_round_finish f
                 WHERE r.state = %s AND r.partner_id = f.partner_id
                   AND r.wallet_id = f.wallet_id AND r.round_ref = f.round_ref
                   AND (f.finished_at > %s
                        OR (f.partner_id, f.wallet_id, f.round_ref) IN (
                            SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::text[])))
                """,
                [
                    Round.State.CLOSED,
                    Round.State.OPEN,
                    now() - FINISH_LOOK_BACK,
                    *([list(column) for column in zip(*parts, strict=True)]),
                ],
            )


def _by_key(item: tuple[Key, Part]) -> Key:
    return item[0]


def _values(key: Key, part: Part, games: dict[int, int]) -> tuple[Any, ...]:
    game_id = games.get(part.session_id) if part.session_id else None
    return (
        *key,
        part.player_id,
        game_id,
        part.session_id if game_id else None,
        part.currency,
        part.stake,
        part.win,
        part.bets,
        part.wins,
        part.rollbacks,
        part.started_at,
        part.finished_at,
        Round.State.CLOSED if part.finished_at else Round.State.OPEN,
    )
