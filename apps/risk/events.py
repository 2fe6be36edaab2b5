from dataclasses import dataclass

from apps.events.bus import Event


@dataclass(frozen=True)
class PlayerLocated(Event):
    """A look found something worth knowing. flags: `vpn,country,travel`…; refusal: play is stopped."""

    player_id: int
    check_id: int
    country: str
    flags: str
    refusal: str


@dataclass(frozen=True)
class ComplaintAnswered(Event):
    """We wrote to the player about their complaint, or closed it."""

    player_id: int
    public_id: str
