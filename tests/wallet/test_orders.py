"""The partner sends what it likes, in any order, as often as it likes: one effect, one answer."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from threading import Barrier

import pytest
from django.db import connection

from apps.accounts.models import Player
from apps.games import play
from apps.ledger import verification
from apps.ledger.models import Entry, Kind
from apps.wallet.movements import Result
from tests.games.factories import Answer, make_game, make_session
from tests.games.factories import Table as Seat

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]

ORDERS = list(permutations(["bet", "win", "rollback", "second rollback", "finish"]))


class Senders:
    """Hands that send the same call at the same moment and keep their connections."""

    def __init__(self, count: int) -> None:
        self.count, self._pool = count, ThreadPoolExecutor(count)
        self._start = Barrier(count)

    def send(self, call: Callable[[], Answer]) -> tuple[int, object, str | None]:
        """What all of them were told: status, balance and our id, which must be the same."""

        def one(_number: int) -> tuple[int, object, str | None]:
            self._start.wait()
            answer = call()
            listed = answer.json.get("transactions")
            first = listed[0] if listed else {}
            return answer.status, answer.json["balance"], first.get("tx_id", first.get("id_casino"))

        told = set(self._pool.map(one, range(self.count)))
        assert len(told) == 1, told
        return told.pop()

    def close(self) -> None:
        def end(_number: int) -> None:
            self._start.wait()
            connection.close()

        list(self._pool.map(end, range(self.count)))
        self._pool.shutdown()


@pytest.fixture(autouse=True)
def _fresh_process() -> Iterator[None]:
    """Nothing remembered from another test's database."""
    play.forget()
    yield
    play.forget()


@pytest.fixture(params=["v1", "v2"])
def seat(request: pytest.FixtureRequest, player: Player, fund: Callable[..., Result]) -> Seat:
    fund(player, "10.00", "EUR")
    game = make_game()
    return Seat(player, game, make_session(player, game), request.param)


@pytest.fixture
def senders(seat: Seat) -> Iterator[Senders]:
    senders = Senders(3)
    yield senders
    senders.close()


@pytest.fixture
def ten_senders(seat: Seat) -> Iterator[Senders]:
    senders = Senders(10)
    yield senders
    senders.close()


def calls_of(seat: Seat, mark: str) -> dict[str, Callable[[], Answer]]:
    return {
        "bet": lambda: seat.bet(f"b{mark}", 400, round_id=mark),
        "win": lambda: seat.win(f"w{mark}", 300, round_id=mark),
        "rollback": lambda: seat.roll_back((f"x{mark}", f"b{mark}"), round_id=mark),
        "second rollback": lambda: seat.roll_back((f"y{mark}", f"b{mark}"), round_id=mark),
        "finish": lambda: seat.finish(mark),
    }


def test_every_order_ends_the_same_and_every_repeat_hears_the_same(
    seat: Seat, senders: Senders
) -> None:
    for number, order in enumerate(ORDERS):
        calls = calls_of(seat, str(number))
        first = {name: senders.send(calls[name]) for name in order}
        again = {name: senders.send(calls[name]) for name in order}

        assert {told[0] for told in (first | again).values()} == {200}
        assert {name: told[2] for name, told in first.items()} == {
            name: told[2] for name, told in again.items()
        }
        # The bet came to nothing either way, the win stays.
        assert seat.wallet.balance == 10 + 3 * (number + 1), order

    wins = Entry.objects.filter(kind=Kind.WIN)
    bets = Entry.objects.filter(kind=Kind.BET)
    assert wins.count() == len(ORDERS)
    # The bet is booked when it comes before both of its rollbacks: in a third of the orders.
    assert bets.count() == Entry.objects.filter(kind=Kind.ROLLBACK).count() == len(ORDERS) // 3
    assert list(verification.verify()) == []


def test_each_callback_ten_times_at_once(seat: Seat, ten_senders: Senders) -> None:
    calls = calls_of(seat, "1")

    balances = [
        ten_senders.send(calls[name])[1]
        for name in ("bet", "win", "rollback", "second rollback", "finish")
    ]

    amounts = [6, 9, 13, 13, 13]
    assert [float(str(balance)) for balance in balances] == [
        amount * (100 if seat.generation == "v1" else 1) for amount in amounts
    ]
    assert Entry.objects.count() == 4


def test_a_whole_call_is_one_whichever_copy_comes_first(seat: Seat, ten_senders: Senders) -> None:
    ten_senders.send(lambda: seat.act([("bet", "b", 400), ("win", "w1", 100), ("win", "w2", 200)]))

    assert seat.wallet.balance == 9
    assert Entry.objects.count() == 4
