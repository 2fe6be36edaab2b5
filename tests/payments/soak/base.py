"""What a gateway brings to the soak: events to draw, a way to come to rest, and its own book."""

import random
from typing import Protocol

from apps.accounts.models import Player, User


class World:
    """What all gateways share in one run: a seed, the people, and who decides."""

    def __init__(self, seed: int, players: list[Player], staff: User) -> None:
        self.seed = seed
        self.random = random.Random(seed)
        self.players = players
        self.staff = staff
        self.counts: dict[str, int] = {}

    def player(self) -> Player:
        return self.random.choice(self.players)

    def count(self, event: str) -> None:
        self.counts[event] = self.counts.get(event, 0) + 1


class Part(Protocol):
    """One gateway's part in the soak."""

    def act(self) -> None:
        """Let one random thing happen."""

    def work(self) -> None:
        """Do once what the worker does all the time."""

    def heal(self) -> None:
        """End every fault that is switched on."""

    def is_quiet(self) -> bool:
        """Whether nothing of this gateway is under way any more, on either side."""

    def check(self) -> None:
        """Both books say the same, to the last unit; whatever is odd has a case or an alarm."""
