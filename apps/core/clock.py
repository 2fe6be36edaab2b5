"""Time comes from here, so that a reader sees where a rule depends on it.

A process that has compared itself with the database (apps/audit/node_clock.py) tells the database's
time from then on, counted by a clock that nobody can set: a node whose own clock is wrong, or is
set while people play, moves no deadline.
"""

import time
from datetime import UTC, datetime, timedelta

_anchor: tuple[datetime, float] | None = None


def now() -> datetime:
    if _anchor is None:
        return datetime.now(tz=UTC)
    moment, since = _anchor
    return moment + timedelta(seconds=time.monotonic() - since)


def node_now() -> datetime:
    """What this node's own clock says; for comparing only."""
    return datetime.now(tz=UTC)


def anchor(moment: datetime, *, at: float) -> None:
    """Tell time from here on as whoever said it is `moment` when our monotonic clock stood at `at`."""
    global _anchor
    _anchor = (moment, at)


def let_go() -> None:
    """Believe the node's own clock again (tests)."""
    global _anchor
    _anchor = None
