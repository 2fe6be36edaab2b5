"""What a partner's message is about, in pages of the back office.

An app above says how its own things are found:

    subjects.register("coinspaid", payments_of)
"""

from collections.abc import Callable
from dataclasses import dataclass

from apps.integrations.models import InboxMessage


@dataclass(frozen=True)
class Subject:
    """A page of the back office, and the words of the link to it."""

    words: str
    url_name: str
    args: tuple[object, ...]


Finder = Callable[[InboxMessage], list[Subject]]
_finders: dict[str, Finder] = {}


def register(partner: str, finder: Finder) -> None:
    _finders[partner] = finder


def of(message: InboxMessage) -> list[Subject]:
    finder = _finders.get(message.partner)
    return finder(message) if finder and message.outside_ref else []
