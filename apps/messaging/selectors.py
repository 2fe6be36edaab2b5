"""Reading notices."""

from dataclasses import dataclass
from datetime import date
from itertools import groupby

from apps.messaging.models import Notice

SHOWN = 50


@dataclass(frozen=True)
class Day:
    date: date
    notices: list[Notice]


@dataclass(frozen=True)
class NoticePage:
    """more: the number to ask on with, or None at the end."""

    days: list[Day]
    more: int | None


def notices(player_id: int, *, category: str = "", before: int | None = None) -> NoticePage:
    found = Notice.objects.filter(player_id=player_id)
    if category:
        found = found.filter(category=category)
    if before is not None:
        found = found.filter(pk__lt=before)
    rows = list(found.order_by("-pk")[: SHOWN + 1])
    more = rows[SHOWN - 1].pk if len(rows) > SHOWN else None
    days = [
        Day(day, list(of_day))
        for day, of_day in groupby(rows[:SHOWN], key=lambda notice: notice.created_at.date())
    ]
    return NoticePage(days, more)
