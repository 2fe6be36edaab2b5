from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection

from apps.accounts.models import Player
from apps.games import play
from apps.wallet.movements import Result
from tests.faults.processes import Marks, Redis, wait_until
from tests.games.factories import Table as Seat
from tests.games.factories import make_game, make_session
from tests.wallet.surroundings import WalletServer, end_backends


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    play.forget()


@pytest.fixture(scope="session")
def marks(tmp_path_factory: pytest.TempPathFactory) -> Marks:
    return Marks(tmp_path_factory.mktemp("marks"))


@pytest.fixture(scope="session")
def store() -> Iterator[Redis]:
    """A Redis that only the fault tests use."""
    store = Redis()
    store.start()
    yield store
    store.remove()


@pytest.fixture(scope="session")
def running_server(
    django_db_setup: None, django_db_blocker: Any, marks: Marks, store: Redis
) -> Iterator[WalletServer]:
    server = WalletServer(CRASH_DIR=str(marks.folder), REDIS_URL=store.url)
    server.start()
    yield server
    server.kill()
    with django_db_blocker.unblock():
        # The test database can only go when its last line is closed.
        wait_until(lambda: not end_backends(), "the dead server's lines are closed")
        connection.close()


@pytest.fixture
def server(running_server: WalletServer, transactional_db: None) -> WalletServer:
    """One server for all tests: what it remembers are names that are never given again."""
    return running_server


@pytest.fixture
def sit_down(transactional_db: None, fund: Callable[..., Result]) -> Callable[[Player], Seat]:
    """Give a player a hundred euros and a seat at the game."""
    game: list[Any] = []

    def sit(player: Player) -> Seat:
        fund(player, "100.00", "EUR")
        if not game:
            game.append(make_game())
        session = make_session(player, game[0], ref=f"s-{player.pk}")
        return Seat(player, game[0], session, "v1")

    return sit


@pytest.fixture
def seat(sit_down: Callable[[Player], Seat], player: Player) -> Seat:
    return sit_down(player)
