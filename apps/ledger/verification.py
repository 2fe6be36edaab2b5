"""Prove the journal: signatures, links, balances, seals, and that all sums are zero.

Streams in wallet order, so memory does not grow with the journal. Names the first bad row.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from hashlib import sha256
from hmac import compare_digest
from typing import Any

from django.conf import settings
from django.db import connection

from apps.audit import sealing
from apps.audit.sealing import Finding
from apps.core.horizon import safe_horizon
from apps.ledger.followers import SEQUENCE
from apps.ledger.instructions import amount_text, post_mac, undo_mac
from apps.ledger.models import Kind
from apps.ledger.selectors import postings_sum

COLUMNS = (
    "id, wallet_id, wallet_version, account_id, kind, amount, balance_after, partner_id, "
    "outside_id, round_ref, source_id, closes_round, reverses_id, created_at, key_id, mac, link"
)
WALLET_COLUMNS = "id, player_id, currency_id, purse, balance, version, link, floor"
FETCH_ROWS = 2_000


class LedgerStream:
    name = "ledger"

    def leaves(self, after_id: int, upto_id: int, limit: int) -> Iterable[tuple[int, bytes]]:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {COLUMNS} FROM ledger_entry WHERE id > %s AND id <= %s ORDER BY id LIMIT %s",
                [after_id, upto_id, limit],
            )
            for row in cursor:
                yield row[0], _leaf(row)


def seal_journal() -> int:
    """Seal what no running transaction can still add to."""
    horizon = safe_horizon(SEQUENCE)
    return sealing.seal(LedgerStream(), horizon) if horizon else 0


def verify() -> Iterator[Finding]:
    """Everything there is to check, cheapest proof of a bad row first."""
    yield from _verify_wallets()
    yield from _verify_operations()
    yield from _verify_reversals()
    for code, total in postings_sum():
        yield Finding(f"currency {code}", f"all postings sum to {total}, not to zero")
    yield from sealing.verify(LedgerStream())


def _verify_wallets() -> Iterator[Finding]:
    """Walk every wallet's entries: numbers without a gap, right sums, links and signatures."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {WALLET_COLUMNS} FROM ledger_wallet")
        wallets = {row[0]: row[1:] for row in cursor.fetchall()}
    yield from _walk(wallets, _entries_by_wallet(), _targets())


def verify_wallet(wallet_id: int) -> list[Finding]:
    """The same for one wallet alone, before money leaves on its word."""
    wallet_columns = ", ".join(f"w.{name}" for name in WALLET_COLUMNS.split(", "))
    entry_columns = ", ".join(f"e.{name}" for name in COLUMNS.split(", "))
    with connection.cursor() as cursor:
        # One statement, so that no entry comes in between the wallet and its entries.
        cursor.execute(
            f"SELECT {wallet_columns}, {entry_columns} FROM ledger_wallet w "
            "LEFT JOIN ledger_entry e ON e.wallet_id = w.id WHERE w.id = %s ORDER BY e.id",
            [wallet_id],
        )
        rows = cursor.fetchall()
        cursor.execute(
            """
            SELECT o.partner_id, o.outside_id, o.target FROM ledger_entry e
              JOIN ledger_operation o
                ON o.partner_id = e.partner_id AND o.outside_id = e.outside_id
             WHERE e.wallet_id = %s AND e.kind = %s
            """,
            [wallet_id, Kind.ROLLBACK],
        )
        targets = {(partner, outside): target for partner, outside, target in cursor.fetchall()}
    size = len(WALLET_COLUMNS.split(", "))
    wallets = {row[0]: row[1:size] for row in rows}
    entries = iter(row[size:] for row in rows if row[size] is not None)
    return list(_walk(wallets, entries, targets))


def _walk(
    wallets: dict[int, tuple[Any, ...]],
    rows: Iterator[tuple[Any, ...]],
    targets: dict[tuple[int, str], str],
) -> Iterator[Finding]:
    current: int | None = None
    version, balance, link = 0, Decimal(0), b""
    for row in rows:
        entry_id, wallet_id, wallet_version = row[0], row[1], row[2]
        if wallet_id != current:
            if current is not None:
                yield from _compare(current, wallets.pop(current, None), version, balance, link)
            current, version, balance = wallet_id, 0, Decimal(0)
            link = _genesis(wallets.get(wallet_id))
        name = f"entry {entry_id}"
        version += 1
        if wallet_version != version:
            yield Finding(
                name, f"wallet {wallet_id} has number {wallet_version} where {version} was due"
            )
            version = wallet_version
        balance += row[5]
        if row[6] != balance:
            yield Finding(name, f"says {row[6]} after it, the sum before and it is {balance}")
            balance = row[6]
        expected = _expected_mac(row, targets)
        if expected is None or not compare_digest(expected, bytes(row[15])):
            yield Finding(name, "its signature does not match its content")
        link = sha256(
            link + bytes(row[15]) + wallet_version.to_bytes(8, "big") + amount_text(row[6]).encode()
        ).digest()
        if link != bytes(row[16]):
            yield Finding(name, "does not continue the entry before it")
            link = bytes(row[16])
    if current is not None:
        yield from _compare(current, wallets.pop(current, None), version, balance, link)
    for wallet_id, wallet in wallets.items():
        yield from _compare(wallet_id, wallet, 0, Decimal(0), _genesis(wallet))


def _compare(
    wallet_id: int, wallet: tuple[Any, ...] | None, version: int, balance: Decimal, link: bytes
) -> Iterator[Finding]:
    name = f"wallet {wallet_id}"
    if wallet is None:
        yield Finding(name, "has entries and does not exist")
        return
    if wallet[3] != balance:
        yield Finding(name, f"holds {wallet[3]}, its entries sum to {balance}")
    if wallet[4] != version:
        yield Finding(name, f"counts {wallet[4]} entries, {version} are there")
    elif bytes(wallet[5]) != link:
        yield Finding(name, "does not end with its newest entry")


def _verify_operations() -> Iterator[Finding]:
    """Every entry belongs to one operation and every applied operation has its entry."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT o.partner_id, o.outside_id FROM ledger_operation o
              LEFT JOIN ledger_entry e ON e.id = o.entry_id
             WHERE o.state IN (1, 3)
               AND (e.id IS NULL OR e.outside_id <> o.outside_id OR e.wallet_id <> o.wallet_id)
               AND NOT (o.entry_id IS NULL AND o.target IS NOT NULL)
             LIMIT 100
            """
        )
        for partner_id, outside_id in cursor.fetchall():
            yield Finding(f"operation {partner_id}/{outside_id}", "its entry is gone or another's")
        cursor.execute(
            """
            SELECT e.id FROM ledger_entry e
              LEFT JOIN ledger_operation o
                ON o.partner_id = e.partner_id AND o.outside_id = e.outside_id
             WHERE o.outside_id IS NULL LIMIT 100
            """
        )
        for (entry_id,) in cursor.fetchall():
            yield Finding(f"entry {entry_id}", "no operation stands behind it")


def _verify_reversals() -> Iterator[Finding]:
    """A rollback undoes one entry of its wallet, exactly and once, and the operation says so."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT r.id FROM ledger_entry r LEFT JOIN ledger_entry e ON e.id = r.reverses_id
             WHERE r.kind = %s AND (e.id IS NULL OR r.wallet_id <> e.wallet_id
                   OR r.amount <> -e.amount OR r.account_id <> e.account_id)
             ORDER BY r.id LIMIT 100
            """,
            [Kind.ROLLBACK],
        )
        for (entry_id,) in cursor.fetchall():
            yield Finding(f"entry {entry_id}", "does not undo the entry it names")
        cursor.execute(
            """
            SELECT reverses_id FROM ledger_entry WHERE reverses_id IS NOT NULL
             GROUP BY reverses_id HAVING count(*) > 1 ORDER BY 1 LIMIT 100
            """
        )
        for (entry_id,) in cursor.fetchall():
            yield Finding(f"entry {entry_id}", "was undone more than once")
        cursor.execute(
            """
            SELECT o.partner_id, o.outside_id FROM ledger_operation o
              LEFT JOIN ledger_entry r ON r.reverses_id = o.entry_id AND r.kind = %s
             WHERE o.entry_id IS NOT NULL AND (o.state = 3) <> (r.id IS NOT NULL)
             ORDER BY 1, 2 LIMIT 100
            """,
            [Kind.ROLLBACK],
        )
        for partner_id, outside_id in cursor.fetchall():
            yield Finding(
                f"operation {partner_id}/{outside_id}",
                "is marked undone and is not, or the reverse",
            )


def _entries_by_wallet() -> Iterator[tuple[Any, ...]]:
    """All entries, wallet by wallet, through keyset pages."""
    wallet_id, version = 0, 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {COLUMNS} FROM ledger_entry WHERE (wallet_id, id) > (%s, %s) "
                "ORDER BY wallet_id, id LIMIT %s",
                [wallet_id, version, FETCH_ROWS],
            )
            rows = cursor.fetchall()
        yield from rows
        if len(rows) < FETCH_ROWS:
            return
        wallet_id, version = rows[-1][1], rows[-1][0]


def _targets() -> dict[tuple[int, str], str]:
    """What each rollback names; rollbacks are few."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT partner_id, outside_id, target FROM ledger_operation WHERE target IS NOT NULL"
        )
        return {(partner, outside): target for partner, outside, target in cursor.fetchall()}


def _expected_mac(row: tuple[Any, ...], targets: dict[tuple[int, str], str]) -> bytes | None:
    """None for a key we do not have: nothing can be right then, an empty signature least of all."""
    key_id = row[14]
    if key_id not in settings.AUDIT_KEYS:
        return None
    if row[4] == Kind.ROLLBACK:
        return undo_mac(
            wallet_id=row[1],
            partner_id=row[7],
            outside_id=row[8],
            target=targets.get((row[7], row[8]), ""),
            closes_round=row[11],
            key_id=key_id,
        )
    return post_mac(
        wallet_id=row[1],
        partner_id=row[7],
        outside_id=row[8],
        kind=row[4],
        amount=row[5],
        account_id=row[3],
        round_ref=row[9],
        source_id=row[10],
        closes_round=row[11],
        key_id=key_id,
    )


def _genesis(wallet: tuple[Any, ...] | None) -> bytes:
    if wallet is None:
        return b""
    return sha256(f"wallet:{wallet[0]}:{wallet[1]}:{wallet[2]}".encode()).digest()


def _leaf(row: tuple[Any, ...]) -> bytes:
    shown = [value.hex() if isinstance(value, (bytes, memoryview)) else str(value) for value in row]
    return "\x1f".join(shown).encode()
