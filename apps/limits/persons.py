"""Which accounts are one person's. Each way to know it is a function that a setting names."""

from collections.abc import Callable, Iterable
from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from apps.accounts.models import User

Matcher = Callable[[int], Iterable[int]]


def same_person(player_id: int) -> set[int]:
    """Every account of whoever is behind this one, itself included.

    Those of the others are looked at too: A known as B and B known as C are one person.
    """
    known: set[int] = set()
    asked = {player_id}
    while asked:
        one = asked.pop()
        known.add(one)
        for matcher in _matchers():
            asked |= set(matcher(one)) - known
    return known


def by_mailbox(player_id: int) -> Iterable[int]:
    """Accounts whose mail arrives in the same mailbox, however its address is written."""
    folded = User.objects.filter(pk=player_id).values_list("email_folded", flat=True).first()
    if not folded:
        return []
    return User.objects.filter(email_folded=folded, player__isnull=False).values_list(
        "pk", flat=True
    )


@cache
def _matchers() -> tuple[Matcher, ...]:
    return tuple(import_string(path) for path in settings.PERSON_MATCHERS)
