"""The process that keeps crash going. One leads, by a lock of the database; the others wait for it.

Losing the lead, or dying, loses nothing: every step is a transaction that looks at the round first.
"""

import threading

import structlog
from django.db import DatabaseError, InterfaceError, connection

from apps.audit.alarms import raise_alarm
from apps.originals import crash
from apps.originals.crash_feed import Feed

log = structlog.get_logger()

LOCK = "SELECT pg_try_advisory_lock(hashtext('originals.crash'))"
WAIT_SECONDS = 1.0
WAIT_MIN_SECONDS = 0.005


def run(stopping: threading.Event) -> None:
    """Lead when nobody else does, until asked to stop."""
    leads = False
    feed = Feed()
    while not stopping.is_set():
        wait = WAIT_SECONDS
        try:
            if not leads:
                leads = _take_lead()
                feed = Feed()
            if leads:
                wait = crash.advance()
                feed.tell()
        except (DatabaseError, InterfaceError) as error:
            # The lock went with the connection, if that is what happened.
            log.warning("crash.database", error=str(error))
            connection.close()
            leads = False
        except Exception as error:
            log.exception("crash.failed")
            _tell_staff(error)
        stopping.wait(max(wait, WAIT_MIN_SECONDS))
    connection.close()


def _take_lead() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(LOCK)
        return bool(cursor.fetchone()[0])


def _tell_staff(error: Exception) -> None:
    try:
        raise_alarm(
            "originals.crash_stuck",
            subject=crash.GAME,
            message=f"Crash does not go on: {type(error).__name__}. See the log.",
            severity="critical",
        )
    except DatabaseError:
        log.exception("crash.alarm_failed")
