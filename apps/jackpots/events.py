"""Facts about jackpots that other apps may hear. Amounts are text with the exact scale."""

from dataclasses import dataclass

from apps.events.bus import Event


@dataclass(frozen=True)
class JackpotWon(Event):
    """A win is in the balance of the player."""

    player_id: int
    win_id: int
    public_id: str
    jackpot: str
    level: str
    amount: str
    currency: str
