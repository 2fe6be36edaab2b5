"""What a statement can be about: whole days in UTC."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from apps.core.clock import now
from apps.wallet.statements.errors import InvalidPeriod

YEAR = re.compile(r"(20[0-9]{2})", re.ASCII)
MONTH = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])", re.ASCII)
DAY = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}", re.ASCII)
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


@dataclass(frozen=True, slots=True)
class Period:
    """From the start of `first` to the end of `last`."""

    first: date
    last: date

    @property
    def starts_at(self) -> datetime:
        return _midnight(self.first)

    @property
    def ends_at(self) -> datetime:
        """The first moment that no longer belongs to it."""
        return _midnight(self.last + timedelta(days=1))

    @property
    def words(self) -> str:
        """`2026`, `October 2026`, `5 October 2026`, `5 October 2026 to 2 November 2026`."""
        if self == _year(self.first.year):
            return str(self.first.year)
        if self == _month(self.first.year, self.first.month):
            return f"{MONTHS[self.first.month - 1]} {self.first.year}"
        if self.first == self.last:
            return _day_words(self.first)
        return f"{_day_words(self.first)} to {_day_words(self.last)}"


def named(text: str) -> Period:
    """`2026` or `2026-10`. Raises InvalidPeriod."""
    if found := YEAR.fullmatch(text):
        return _checked(_year(int(found[1])), "period")
    if found := MONTH.fullmatch(text):
        return _checked(_month(int(found[1]), int(found[2])), "period")
    raise InvalidPeriod(fields={"period": "Write a year like 2026 or a month like 2026-10."})


def between(first: str, last: str) -> Period:
    """Two days like `2026-10-05`, both inside. Raises InvalidPeriod."""
    period = Period(_day(first, "from"), _day(last, "to"))
    if period.last < period.first:
        raise InvalidPeriod(fields={"to": "The last day comes before the first."})
    return _checked(period, "from")


def _checked(period: Period, field: str) -> Period:
    if period.first > now().date():
        raise InvalidPeriod(fields={field: "This has not begun yet."})
    return period


def _year(number: int) -> Period:
    return Period(date(number, 1, 1), date(number, 12, 31))


def _month(year: int, month: int) -> Period:
    following = date(year + month // 12, month % 12 + 1, 1)
    return Period(date(year, month, 1), following - timedelta(days=1))


def _day(text: str, field: str) -> date:
    try:
        if DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise InvalidPeriod(fields={field: "Write a day like 2026-10-05."})


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _day_words(day: date) -> str:
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"
