"""What may be kept of the catalogue between requests. Never anything of a player, never money.

A row of the database gets another mark in each transaction that changes what may be shown
(sql/search.sql), and what is kept lies under the mark it was read with: after a commit it is not
found any more. Days that begin (releases, recalls, shelves by date) are the rest: seconds.
"""

from collections.abc import Callable
from typing import TypeVar

from django.core.cache import cache

from apps.games.models import CatalogueMark

KEPT_SECONDS = 60
FORMAT = 1  # another one for another shape of what is kept

Kept = TypeVar("Kept")


def mark() -> str:
    """Read before what is kept under it: what changes in between is then found missing."""
    return str(CatalogueMark.objects.values_list("value", flat=True).first())


def kept(name: str, read: Callable[[], Kept], *, at: str = "") -> Kept:
    """The answer of `read`, or the one it gave under the same mark less than a minute ago.

    at: the mark, when it is known already.
    """
    key = f"games:{FORMAT}:{at or mark()}:{name}"
    found = cache.get(key)
    if found is not None:
        answer: Kept = found
        return answer
    answer = read()
    cache.set(key, answer, KEPT_SECONDS)
    return answer
