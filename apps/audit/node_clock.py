"""This node's clock against the database's, which all nodes share.

Every process that takes bets compares at its start and every `CLOCK_COMPARE_SECONDS`, and looks every second whether
its own clock was set since. From `CLOCK_ALARM_MS` on staff are told; from `CLOCK_STOP_MS` on this
process takes no bets. Wins, refunds and everything else go on, by the database's time.
"""

import socket
import threading
import time
from datetime import datetime

import structlog
from django.conf import settings
from django.db import connection

from apps.audit.alarms import raise_alarm
from apps.core import clock

log = structlog.get_logger()

LOOK_SECONDS = 1.0
# How long a process that starts waits for its first comparison.
FIRST_SECONDS = 3.0
# Of several questions the one that was answered fastest tells the time best.
QUESTIONS = 3

_skew_ms = 0
_is_stopped = False
_is_alarmed = False
_watcher: threading.Thread | None = None
_over = threading.Event()


def takes_bets() -> bool:
    """Whether this process may take a bet; costs nothing."""
    return not _is_stopped


def skew_ms() -> int:
    """How far this node's clock was ahead of the database's when it was last looked at."""
    return _skew_ms


def compare() -> int:
    """Ask the database what time it is, and judge this node by it. Raises DatabaseError."""
    best: tuple[float, datetime, float] = (float("inf"), clock.node_now(), 0.0)
    with connection.cursor() as cursor:
        for _ in range(QUESTIONS):
            asked = time.monotonic()
            cursor.execute("SELECT clock_timestamp()")
            moment: datetime = cursor.fetchone()[0]
            answered = time.monotonic()
            if answered - asked < best[0]:
                best = (answered - asked, moment, (asked + answered) / 2)
    clock.anchor(best[1], at=best[2])
    return look()


def look() -> int:
    """Judge this node by what it knows of the database's time; asks nobody."""
    apart = clock.node_now() - clock.now()
    return judge(round(apart.total_seconds() * 1000))


def judge(milliseconds: int) -> int:
    """Draw the consequences of a clock that is so far ahead (or, below zero, behind)."""
    global _skew_ms, _is_stopped
    _skew_ms = milliseconds
    was_stopped, _is_stopped = _is_stopped, abs(milliseconds) >= settings.CLOCK_STOP_MS
    if was_stopped != _is_stopped:
        log.error("clock.bets", taken=not _is_stopped, skew_ms=milliseconds)
    return milliseconds


def tell() -> None:
    """Raise the alarm while the clock is off; once per spell and process."""
    global _is_alarmed
    is_off = abs(_skew_ms) >= settings.CLOCK_ALARM_MS
    if is_off and not _is_alarmed:
        stopped = " It takes no bets." if _is_stopped else ""
        raise_alarm(
            "node.clock_off",
            subject=socket.gethostname(),
            severity="critical" if _is_stopped else "warning",
            message=f"The clock of this node is {_skew_ms} ms off the database's.{stopped}",
        )
    _is_alarmed = is_off


def watch() -> None:
    """Compare now, and go on in a thread of its own. Calling it again changes nothing."""
    global _watcher
    if _watcher is not None or not settings.CLOCK_COMPARE_SECONDS:
        return
    _over.clear()
    compared = threading.Event()
    _watcher = threading.Thread(target=_run, args=(compared,), name="clock", daemon=True)
    _watcher.start()
    # The thread asks, as some servers load us where nobody may wait for a database.
    compared.wait(FIRST_SECONDS)


def stop_watching() -> None:
    """End the thread and believe the node's clock again (tests)."""
    global _watcher, _is_alarmed
    if _watcher is not None:
        _over.set()
        _watcher.join(timeout=5)
        _watcher = None
    clock.let_go()
    judge(0)
    _is_alarmed = False


def _run(first: threading.Event) -> None:
    _attempt()
    first.set()
    compared = time.monotonic()
    while not _over.wait(LOOK_SECONDS):
        if time.monotonic() - compared >= settings.CLOCK_COMPARE_SECONDS:
            _attempt()
            compared = time.monotonic()
        elif abs(look()) >= settings.CLOCK_ALARM_MS and not _is_alarmed:
            _attempt()


def _attempt() -> None:
    """A database that is away takes no bets either; the next minute asks again."""
    try:
        try:
            compare()
            tell()
        finally:
            # No connection is held for one question a minute.
            connection.close()
    except Exception:  # the edge: whatever happens, the thread goes on watching
        log.exception("clock.not_compared")
