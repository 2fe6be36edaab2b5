from dataclasses import dataclass

from apps.events.bus import Event


@dataclass(frozen=True)
class SessionStopped(Event):
    """Play came to its end by a rule or the player's word. why: `models.PlaySession.End`."""

    player_id: int
    session: str
    why: str
