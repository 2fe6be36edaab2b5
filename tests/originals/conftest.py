"""Players with euros and everything our games need."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from apps.accounts.models import Player
from apps.core.money import Money
from apps.ledger.selectors import currency
from apps.originals import services
from apps.originals.models import Bet


def euros(text: str) -> Money:
    return Money.parse(text, currency("EUR"))


@pytest.fixture
def rich(player: Player, fund: Callable[..., Any]) -> Iterator[Player]:
    fund(player, "1000.00", "EUR")
    return player


@pytest.fixture
def place(rich: Player) -> Callable[..., Bet]:
    count = iter(range(10_000))

    def make(game: str, stake: str = "1.00", key: str = "", **choice: Any) -> Bet:
        return services.place(
            player=rich,
            game=game,
            choice=choice,
            stake=euros(stake),
            key=key or f"key-{next(count)}",
        )

    return make
