"""Facts other apps may hear."""

from dataclasses import dataclass

from apps.events.bus import Event


@dataclass(frozen=True)
class StatementReady(Event):
    """The pages of a long statement are drawn. words: its period."""

    player_id: int
    number: str
    words: str
