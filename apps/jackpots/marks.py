"""Ties what people decide to the journal: from which entry on a rule, a pause or a choice counts.

Whoever reads the journal for jackpots holds the shared lock, so a mark never falls behind what has
been read, and what has been read never sees half a decision. (Rates do the same.)
"""

from django.db import connection

LOCK = 0x6A61636B706F74  # one of our own among PostgreSQL's advisory locks


def mark() -> int:
    """The first entry that a decision of this transaction counts for."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        cursor.execute("SELECT coalesce(pg_sequence_last_value('ledger_entry_id_seq'), 0) + 1")
        return int(cursor.fetchone()[0])


def hold() -> None:
    """Let no decision be marked before this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [LOCK])
