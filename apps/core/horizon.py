"""How far a table that grows by a sequence can be read without missing a late commit.

Writers draw their transaction id before their row id. So every row id up to a sequence value `m`
belongs to a transaction below any transaction id read after `m`; once no transaction below that id
runs any more, no row up to `m` can still appear.
"""

import time

from django.db import connection

POLL_SECONDS = 0.004


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
        cursor.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text")
        ceiling = int(cursor.fetchone()[0])
        deadline = time.monotonic() + wait_seconds
        while True:
            cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text")
            if int(cursor.fetchone()[0]) >= ceiling:
                return int(last)
            if time.monotonic() > deadline:
                return None
            time.sleep(POLL_SECONDS)
