"""Reading one player's part of the journal: from where to where, and its entries in order."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from django.db import connection, transaction

from apps.core.money import Currency, Money
from apps.ledger.models import Kind, Partner, Purse
from apps.ledger.selectors import currency_id, currency_of_id
from apps.wallet.statements.naming import GameName, Reference, games_of
from apps.wallet.statements.periods import Period

FETCH_ROWS = 1_000
GAME_KINDS = frozenset({Kind.BET, Kind.WIN, Kind.ROLLBACK})
# One statement, so one snapshot. A wallet's entries are written under its lock: those that are
# seen are its first ones without a gap, so nothing can appear later between first and last.
BOUNDS_SQL = """
SELECT w.id, w.currency_id, w.purse, b.first_id, b.last_id,
       coalesce((SELECT e.balance_after FROM ledger_entry e
                  WHERE e.wallet_id = w.id AND e.id < b.first_id ORDER BY e.id DESC LIMIT 1), 0),
       coalesce((SELECT e.balance_after FROM ledger_entry e
                  WHERE e.wallet_id = w.id AND e.id <= b.last_id ORDER BY e.id DESC LIMIT 1), 0)
  FROM ledger_wallet w
 CROSS JOIN LATERAL (
       SELECT coalesce(min(e.id) FILTER (WHERE e.created_at >= %(start)s), max(e.id) + 1) AS first_id,
              coalesce(min(e.id) FILTER (WHERE e.created_at >= %(end)s) - 1, max(e.id)) AS last_id
         FROM ledger_entry e WHERE e.wallet_id = w.id) b
 WHERE w.player_id = %(player)s AND b.last_id IS NOT NULL
   AND (%(currency)s::smallint IS NULL OR w.currency_id = %(currency)s)
 ORDER BY w.currency_id, w.purse
"""
ENTRIES_SQL = """
SELECT e.id, e.created_at, e.wallet_id, e.kind, e.amount, e.balance_after, e.partner_id,
       e.round_ref, e.source_id, e.reverses_id
  FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS b(wallet_id, first_id, last_id)
  JOIN ledger_entry e ON e.wallet_id = b.wallet_id AND e.id BETWEEN b.first_id AND b.last_id
 ORDER BY e.id
"""


@dataclass(frozen=True, slots=True)
class Part:
    """One wallet's part of a statement. Empty when last_id is below first_id."""

    wallet_id: int
    currency: Currency
    purse: Purse
    first_id: int
    last_id: int
    opening: Money
    closing: Money


@dataclass(frozen=True, slots=True)
class Line:
    """One movement. reverses_id: the entry it takes back."""

    id: int
    at: datetime
    wallet_id: int
    purse: Purse
    kind: Kind
    amount: Money
    balance: Money
    round_ref: str
    source_id: int | None
    reverses_id: int | None
    game: GameName | None


def parts(player_id: int, period: Period, currency_code: str = "") -> list[Part]:
    """What a statement of this period is made of, as the journal stands now."""
    with connection.cursor() as cursor:
        cursor.execute(
            BOUNDS_SQL,
            {
                "player": player_id,
                "start": period.starts_at,
                "end": period.ends_at,
                "currency": currency_id(currency_code) if currency_code else None,
            },
        )
        return [_part(*row) for row in cursor.fetchall()]


@contextmanager
def lines(of: Sequence[Part]) -> Iterator[Iterator[Line]]:
    """The movements in the order of the journal, from a cursor that the server keeps.

    The cursor lives as long as the block: read inside it.
    """
    known = {part.wallet_id: part for part in of}
    bounds = [
        [part.wallet_id for part in of],
        [part.first_id for part in of],
        [part.last_id for part in of],
    ]
    with transaction.atomic(), closing(connection.chunked_cursor()) as cursor:
        cursor.execute(ENTRIES_SQL, bounds)
        yield _lines(cursor, known)


def _lines(cursor: Any, known: Mapping[int, Part]) -> Iterator[Line]:
    while rows := cursor.fetchmany(FETCH_ROWS):
        names = _names(rows)
        for row in rows:
            yield _line(row, known[row[2]], names)


def _part(
    wallet_id: int,
    currency_pk: int,
    purse: int,
    first_id: int,
    last_id: int,
    opening: Decimal,
    closing_balance: Decimal,
) -> Part:
    of = currency_of_id(currency_pk)
    return Part(
        wallet_id=wallet_id,
        currency=of,
        purse=Purse(purse),
        first_id=first_id,
        last_id=last_id,
        opening=Money.from_major(opening, of),
        closing=Money.from_major(closing_balance, of),
    )


Row = tuple[int, datetime, int, int, Decimal, Decimal, int, str | None, int | None, int | None]
Names = dict[tuple[int, Reference], GameName]


def _line(row: Row, part: Part, names: Names) -> Line:
    (entry_id, at, wallet_id, kind, amount, balance, partner, round_ref, source_id, reverses) = row
    return Line(
        id=entry_id,
        at=at,
        wallet_id=wallet_id,
        purse=part.purse,
        kind=Kind(kind),
        amount=Money.from_major(amount, part.currency),
        balance=Money.from_major(balance, part.currency),
        round_ref=round_ref or "",
        source_id=source_id,
        reverses_id=reverses,
        game=names.get((partner, Reference(round_ref, source_id))) if kind in GAME_KINDS else None,
    )


def _names(rows: Sequence[Row]) -> Names:
    """The games of a batch, asked for together."""
    asked: dict[int, set[Reference]] = defaultdict(set)
    for row in rows:
        if row[3] in GAME_KINDS:
            asked[row[6]].add(Reference(row[7], row[8]))
    return {
        (partner, reference): name
        for partner, references in asked.items()
        for reference, name in games_of(_partner_code(partner), references).items()
    }


@cache
def _partner_code(partner_id: int) -> str:
    return Partner.objects.get(pk=partner_id).code
