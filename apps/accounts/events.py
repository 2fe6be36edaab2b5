from dataclasses import dataclass

from apps.events.bus import Event


@dataclass(frozen=True)
class PlayerRegistered(Event):
    player_id: int


@dataclass(frozen=True)
class PlayerStatusChanged(Event):
    player_id: int
    status: str


@dataclass(frozen=True)
class EmailConfirmed(Event):
    """Whoever reads this mailbox has followed the link that was sent to it just now."""

    player_id: int
    email: str
