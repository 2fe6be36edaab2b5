"""Time comes from here, so that a reader sees where a rule depends on it."""

from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(tz=UTC)
