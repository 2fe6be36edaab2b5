"""Things die while money moves: nothing acknowledged is lost, nothing happens twice."""

import http.client
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Event
from typing import Any

import pytest
import redis
from django.conf import settings
from django.db import connection

from apps.accounts.models import Player
from apps.ledger import verification
from apps.ledger.models import Entry, Kind, Wallet
from apps.wallet.movements import Result
from tests.games.factories import Table as Seat
from tests.games.factories import make_game, make_session
from tests.wallet.surroundings import WalletServer, Wire, end_backends

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres, pytest.mark.slow]

BETS = 400


@pytest.fixture
def wire(transactional_db: None) -> Iterator[Wire]:
    wire = Wire()
    yield wire
    wire.close()


@pytest.fixture
def server(wire: Wire) -> Iterator[WalletServer]:
    server = WalletServer(wire)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def seat(player: Player, fund: Callable[..., Result]) -> Seat:
    fund(player, "100.00", "EUR")
    game = make_game()
    return Seat(player, game, make_session(player, game), "v1")


def bet(seat: Seat, key: str, cents: int) -> dict[str, Any]:
    return {
        "user_id": seat.user_id,
        "currency": "EUR",
        "game": seat.game.identifier,
        "game_id": "r-1",
        "session_id": seat.session.outside_ref,
        "actions": [{"action": "bet", "action_id": key, "amount": cents}],
    }


def bets_of(seat: Seat) -> dict[str, int]:
    """Our ids of the bets, by the partner's."""
    rows = Entry.objects.filter(wallet_id=seat.wallet.pk, kind=Kind.BET)
    found = dict(rows.values_list("outside_id", "id"))
    assert len(found) == rows.count()
    return found


def play_through(
    server: WalletServer, seat: Seat, disturb: Callable[[Event], None]
) -> dict[str, str]:
    """Bets from eight hands, each repeated until it is answered; what the partner was told."""
    over = Event()

    def one(number: int) -> tuple[str, str]:
        said = server.call_until_answered("play", bet(seat, f"b{number}", 1))
        return f"b{number}", said["transactions"][0]["tx_id"]

    def disturb_and_leave() -> None:
        try:
            disturb(over)
        finally:
            connection.close()

    with ThreadPoolExecutor(9) as pool:
        disturbing = pool.submit(disturb_and_leave)
        try:
            told = dict(pool.map(one, range(BETS)))
        finally:
            over.set()
        disturbing.result()
    return told


def assert_each_bet_counts_once(seat: Seat, told: dict[str, str]) -> None:
    booked = bets_of(seat)
    assert {key: str(pk) for key, pk in booked.items()} == told
    assert len(told) == BETS
    assert Wallet.objects.get(pk=seat.wallet.pk).balance == Decimal(100) - Decimal(BETS) / 100
    assert list(verification.verify()) == []


def test_a_server_killed_between_debit_and_answer_gives_the_retry_the_first_answer(
    wire: Wire, server: WalletServer, seat: Seat
) -> None:
    wire.when_answered(b"killed-bet", server.kill)

    with pytest.raises((OSError, http.client.HTTPException)):
        server.call("play", bet(seat, "killed-bet", 4000))
    assert wire.acted.wait(5)
    debited = bets_of(seat)
    server.start()
    status, said = server.call("play", bet(seat, "killed-bet", 4000))
    _, again = server.call("play", bet(seat, "killed-bet", 4000))

    assert status == 200
    assert (said["balance"], said["transactions"][0]["tx_id"]) == (
        6000,
        str(debited["killed-bet"]),
    )
    assert (again["balance"], again["transactions"][0]["tx_id"]) == (
        6000,
        str(debited["killed-bet"]),
    )
    assert bets_of(seat) == debited


def test_an_answer_of_the_database_that_is_lost_is_asked_for_again(
    wire: Wire, server: WalletServer, seat: Seat
) -> None:
    server.call("play", bet(seat, "first", 0))  # the line stands and the statement is prepared
    wire.when_answered(b"cut-bet")

    status, said = server.call("play", bet(seat, "cut-bet", 4000))

    assert wire.acted.is_set()
    assert (status, said["balance"]) == (200, 6000)
    assert said["transactions"][0]["tx_id"] == str(bets_of(seat)["cut-bet"])


def test_a_server_that_is_killed_again_and_again_takes_each_bet_once(
    server: WalletServer, seat: Seat
) -> None:
    dice, killed = random.Random(7), []

    def kill(over: Event) -> None:
        for _ in range(3):
            killed.append(not over.wait(dice.uniform(0.05, 0.2)))
            server.kill()
            server.start()

    told = play_through(server, seat, kill)

    assert any(killed), "All bets were over before the first kill."
    assert_each_bet_counts_once(seat, told)


def test_connections_cut_inside_the_database_take_each_bet_once(
    server: WalletServer, seat: Seat
) -> None:
    dice, cut = random.Random(7), []

    def cut_often(over: Event) -> None:
        for _ in range(5):
            over.wait(dice.uniform(0.05, 0.2))
            cut.append(end_backends())

    told = play_through(server, seat, cut_often)

    assert sum(cut) > 0
    assert_each_bet_counts_once(seat, told)


def test_play_goes_on_while_redis_is_emptied(server: WalletServer, seat: Seat) -> None:
    store = redis.Redis.from_url(settings.REDIS_URL)

    def empty(over: Event) -> None:
        while not over.wait(0.01):
            store.flushdb()

    told = play_through(server, seat, empty)

    assert_each_bet_counts_once(seat, told)
