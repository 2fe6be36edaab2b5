import pytest

from apps.accounts.models import Player
from tests.games.alea.factories import Seat, make_table
from tests.games.conftest import fund
from tests.games.factories import make_session


@pytest.fixture
def seat(player: Player) -> Seat:
    """A player with 10.00 EUR at an open live table."""
    fund(player, "10.00", "EUR")
    game = make_table()
    return Seat(player, game, make_session(player, game, ref="cs-1"))
