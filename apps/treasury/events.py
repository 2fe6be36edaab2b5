"""Facts other apps may hear. Amounts are text with the exact scale."""

from dataclasses import dataclass

from apps.events.bus import Event


@dataclass(frozen=True)
class BalanceAdjusted(Event):
    """Two people have corrected a player's balance. words: what the player may read."""

    player_id: int
    adjustment_id: int
    amount: str
    currency: str
    words: str
