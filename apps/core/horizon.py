"""How far a table that grows by a sequence can be read without missing a late commit.

Writers draw their transaction id before their row id. So every row id up to a sequence value `m`
belongs to a transaction below any id that is *drawn* after `m` was read; once no transaction below
that one runs any more, no row up to `m` can still appear. It has to be drawn: the end of a snapshot
is only one more than the last id that finished, and a lone writer stands right there.
"""

import time

from django.db import connection

POLL_SECONDS = 0.004
XID_SPAN = 2**32

# Whoever writes in another database of the server cannot write our rows. What the roles of this
# database do not show us, and what was prepared for a second phase, counts as writing.
WRITERS = """
SELECT EXISTS (
    SELECT FROM pg_stat_activity a
     WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()
       AND (a.query = '<insufficient privilege>'
            OR (%(ceiling)s - a.backend_xid::text::bigint %% %(span)s + %(span)s) %% %(span)s
               BETWEEN 1 AND %(span)s / 2)
) OR EXISTS (SELECT FROM pg_prepared_xacts p WHERE p.database = current_database())
"""


def safe_horizon(sequence: str, *, wait_seconds: float = 0.5) -> int | None:
    """The highest id up to which the table is complete; None when writers outlast the wait.

    Call it outside a transaction: the rows must be read by a later statement.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_sequence_last_value(%s::regclass)",
            [sequence],
        )
        last = cursor.fetchone()[0]
        if last is None:
            return 0
        cursor.execute("SELECT pg_current_xact_id()::text")
        ceiling = int(cursor.fetchone()[0])
        deadline = time.monotonic() + wait_seconds
        while True:
            cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text")
            if int(cursor.fetchone()[0]) >= ceiling:
                return int(last)
            cursor.execute(WRITERS, {"ceiling": ceiling % XID_SPAN, "span": XID_SPAN})
            if not cursor.fetchone()[0]:
                return int(last)
            if time.monotonic() > deadline:
                return None
            time.sleep(POLL_SECONDS)
