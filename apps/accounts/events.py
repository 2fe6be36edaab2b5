from dataclasses import dataclass

from apps.events.bus import Event


@dataclass(frozen=True)
class PlayerRegistered(Event):
    player_id: int


@dataclass(frozen=True)
class PlayerStatusChanged(Event):
    player_id: int
    status: str
