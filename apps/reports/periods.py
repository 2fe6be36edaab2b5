"""The periods numbers are shown for, in whole hours of UTC, so that they add up to the journal."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final


@dataclass(frozen=True)
class Period:
    """From `since` (a full hour) up to now."""

    name: str
    label: str
    since: datetime

    @property
    def hours(self) -> list[datetime]:
        return [self.since + timedelta(hours=number) for number in range(self._count)]

    @property
    def _count(self) -> int:
        return {"24h": 24, "7d": 168}.get(self.name, 24)


LABELS: Final = {"today": "Today", "24h": "24 hours", "7d": "7 days"}
DEFAULT: Final = "24h"


def period(name: str, *, at: datetime) -> Period:
    """The period of a name, or the default one; the hour that runs is always in it."""
    hour = at.replace(minute=0, second=0, microsecond=0)
    if name not in LABELS:
        name = DEFAULT
    since = {
        "today": hour.replace(hour=0),
        "24h": hour - timedelta(hours=23),
        "7d": hour - timedelta(hours=167),
    }[name]
    return Period(name, LABELS[name], since)
