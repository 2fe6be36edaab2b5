from dataclasses import dataclass

from apps.events.bus import Event


@dataclass(frozen=True)
class PlayerRestricted(Event):
    """stops: bits of `ledger.models.Block`."""

    player_id: int
    code: str
    stops: int


@dataclass(frozen=True)
class PlayerFreed(Event):
    player_id: int
    code: str
