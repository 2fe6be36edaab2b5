"""Days on which the ECB publishes: TARGET working days.

Source: ECB, long-term calendar for TARGET closing days (weekends, 1 January, Good Friday, Easter
Monday, 1 May, 25 and 26 December), read November 2026.
"""

from datetime import date, timedelta

FIXED = {(1, 1), (5, 1), (12, 25), (12, 26)}


def is_working_day(day: date) -> bool:
    if day.weekday() >= 5 or (day.month, day.day) in FIXED:
        return False
    return day - easter(day.year) not in {timedelta(days=-2), timedelta(days=1)}


def next_working_day(day: date) -> date:
    following = day + timedelta(days=1)
    while not is_working_day(following):
        following += timedelta(days=1)
    return following


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (the anonymous algorithm, as Meeus gives it)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (a + 11 * h) // 319
    r = (2 * e + 2 * i - k - h + m + 32) % 7
    n = (h - m + r + 90) // 25
    return date(year, n, (h - m + r + n + 19) % 32)
