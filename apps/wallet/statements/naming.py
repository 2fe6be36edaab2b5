"""What a bet was on. The wallet does not know games; the apps that do are named in the settings."""

from collections.abc import Callable, Collection, Mapping
from functools import cache
from typing import NamedTuple

from django.conf import settings
from django.utils.module_loading import import_string


class Reference(NamedTuple):
    """What an entry carries of the game it belongs to."""

    round_ref: str | None
    source_id: int | None


class GameName(NamedTuple):
    """slug: what never changes. title: what it is called now."""

    slug: str
    title: str


Namer = Callable[[Collection[Reference]], Mapping[Reference, GameName]]


def games_of(partner: str, references: Collection[Reference]) -> Mapping[Reference, GameName]:
    """The games of a partner's entries; the ones nobody can name are missing."""
    namer = _namer(settings.STATEMENT_NAMERS.get(partner, ""))
    return namer(references) if namer and references else {}


@cache
def _namer(path: str) -> Namer | None:
    found: Namer | None = import_string(path) if path else None
    return found
