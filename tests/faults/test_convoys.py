"""What happens to many movements in one statement when that statement dies, is lost or is refused."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction

from apps.accounts.models import Player
from apps.ledger import services, verification
from apps.ledger.instructions import Status
from apps.ledger.models import Entry
from apps.wallet.movements import Result
from tests.conftest import make_player
from tests.faults.processes import wait_until
from tests.games.factories import Table as Seat
from tests.payments.factories import alarms
from tests.wallet.surroundings import NAME, WalletServer, Wire
from tests.wallet.test_movements import Table
from tests.wallet.test_survival import bet

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres, pytest.mark.slow]

Make = Callable[[], Table]


@pytest.fixture
def make_table(transactional_db: None, fund: Callable[..., Result]) -> Make:
    def make() -> Table:
        player = make_player()
        fund(player, "100.00", "EUR")
        return Table(player)

    return make


@contextmanager
def taken(table: Table, *keys: str) -> Iterator[int]:
    """Somebody else is about to use these keys and has not committed; in the end they do not.

    Who comes with one of them waits inside PostgreSQL until the block ends. Yields the backend.
    """
    holds, let_go = threading.Event(), threading.Event()
    pids: list[int] = []

    def hold() -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                pids.append(int(cursor.fetchone()[0]))
                for key in keys:
                    table.play(table.bet(key, "0.01"))
                holds.set()
                let_go.wait(30)
                transaction.set_rollback(True)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(hold)
        try:
            assert holds.wait(5)
            yield pids[0]
        finally:
            let_go.set()
            holding.result()


def waiting(name: str = "") -> list[int]:
    """Backends that wait for somebody's lock; name: only those of a server under test."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
            " AND wait_event_type = 'Lock' AND application_name LIKE %s",
            [name or "%"],
        )
        return [pid for (pid,) in cursor.fetchall()]


def held_back_by(pid: int) -> int:
    """How many backends of the servers under test wait for this one and for nobody else."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND application_name = %s AND pg_blocking_pids(pid) = ARRAY[%s]",
            [NAME, pid],
        )
        return int(cursor.fetchone()[0])


def deadlocks() -> int:
    """How many PostgreSQL has ended. A backend tells when it closes, as one does that lost."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


def end(pid: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        assert cursor.fetchone()[0]


def booked() -> dict[str, int]:
    """Our ids of everything but the deposits, by the partner's; no id stands twice."""
    rows = Entry.objects.exclude(outside_id__startswith="fund:")
    found = dict(rows.values_list("outside_id", "id"))
    assert len(found) == rows.count()
    return found


def transactions_of(keys: list[str]) -> int:
    """In how many of PostgreSQL's transactions these were written."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(DISTINCT xmin::text) FROM ledger_entry WHERE outside_id = ANY(%s)", [keys]
        )
        return int(cursor.fetchone()[0])


def test_a_convoy_whose_backend_is_ended_takes_each_movement_once(make_table: Make) -> None:
    table, other, third, outsider, another = (make_table() for _ in range(5))

    def go(who: Table, key: str) -> Result:
        try:
            return who.play(who.bet(key, "1.00"))[0]
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        with taken(another, "second"):
            with taken(outsider, "first"):
                trips = [pool.submit(go, table, "first")]
                wait_until(waiting, "the first trip hangs")
                for number in range(6):
                    # Who waits for the taken key alone holds a wallet: nobody else's.
                    who, key = (table, other)[number % 2], f"b{number}"
                    if number == 3:
                        who, key = third, "second"
                    trips.append(pool.submit(go, who, key))
                wait_until(lambda: len(services._convoy._waiting) == 6, "six wait for it")
            trips[0].result(5)
            wait_until(waiting, "the trip of six hangs")
            assert services._convoy._waiting == []
            assert booked().keys() == {"first"}

            [pid] = waiting()
            end(pid)
            # All go alone; only who needs the taken key still waits.
            for place in (1, 2, 3, 5, 6):
                trips[place].result(10)
        results = [trip.result(10) for trip in trips]

    assert {result.status for result in results} == {Status.APPLIED}
    assert sorted(str(result.entry_id) for result in results) == sorted(
        str(pk) for pk in booked().values()
    )
    assert booked().keys() == {"first", "second", "b0", "b1", "b2", "b4", "b5"}
    assert (table.balance, other.balance, third.balance) == ("96.00", "98.00", "99.00")
    assert list(verification.verify()) == []


@pytest.fixture
def wire(transactional_db: None) -> Iterator[Wire]:
    wire = Wire()
    yield wire
    wire.close()


@pytest.fixture
def behind_the_wire(wire: Wire) -> Iterator[WalletServer]:
    server = WalletServer(wire)
    server.start()
    yield server
    server.kill()


def test_a_convoy_whose_answer_is_lost_is_told_to_each_traveller_once(
    wire: Wire,
    behind_the_wire: WalletServer,
    make_table: Make,
    sit_down: Callable[[Player], Seat],
    player: Player,
    other_player: Player,
) -> None:
    server, seats = behind_the_wire, [sit_down(player), sit_down(other_player)]
    keys = [f"b{number}" for number in range(6)]

    with ThreadPoolExecutor(7) as pool:
        with taken(make_table(), "first"):
            first = pool.submit(server.call, "play", bet(seats[0], "first", 100))
            wait_until(lambda: waiting(NAME), "the first trip hangs")
            calls = [
                pool.submit(server.call, "play", bet(seats[number % 2], key, 100))
                for number, key in enumerate(keys)
            ]
            time.sleep(0.5)  # they stand behind the first
            assert booked() == {}
            wire.when_answered(b'"b3"')
        answers = [call.result(20) for call in [first, *calls]]

    assert wire.acted.is_set()
    assert transactions_of(keys) < len(keys), "They did not travel together."
    assert [status for status, _ in answers] == [200] * 7
    told = {
        one["action_id"]: int(one["tx_id"]) for _, said in answers for one in said["transactions"]
    }
    assert told == booked()
    assert [seat.wallet.balance for seat in seats] == [Decimal(96), Decimal(97)]
    assert list(verification.verify()) == []


class TestCrossing:
    """One server has k1 and wants k2, the other has k2 and wants k1: PostgreSQL ends one of them."""

    @pytest.fixture
    def second_server(self, transactional_db: None) -> Iterator[WalletServer]:
        server = WalletServer()
        server.start()
        yield server
        server.kill()

    @pytest.fixture
    def tables(self, server: WalletServer, second_server: WalletServer) -> list[WalletServer]:
        return [server, second_server]

    @pytest.fixture
    def seats(
        self, sit_down: Callable[[Player], Seat], player: Player, other_player: Player
    ) -> list[Seat]:
        return [sit_down(player), sit_down(other_player)]

    KEYS = (("k1", "g1", "k2"), ("k2", "g2", "k1"))

    def test_two_lists_end_as_one_list_and_one_refusal(
        self, tables: list[WalletServer], seats: list[Seat], make_table: Make
    ) -> None:
        calls = []
        for seat, keys in zip(seats, self.KEYS, strict=True):
            call = bet(seat, "", 0)
            call["actions"] = [{"action": "bet", "action_id": key, "amount": 100} for key in keys]
            calls.append(call)

        before = deadlocks()
        with ThreadPoolExecutor(2) as pool:
            with taken(make_table(), "g1", "g2") as holder:
                sent = [
                    pool.submit(server.call, "play", call)
                    for server, call in zip(tables, calls, strict=True)
                ]
                # Each has its first key, stands before its second and will want the other's.
                wait_until(lambda: held_back_by(holder) == 2, "both have one key")
            answers = [one.result(20) for one in sent]

        wait_until(lambda: deadlocks() > before, "the deadlock")

        won = [status for status, _ in answers].index(200)
        lost = answers[1 - won]
        assert 400 <= lost[0] < 500, lost
        assert booked().keys() == set(self.KEYS[won])
        assert seats[won].wallet.balance == Decimal(97)
        assert seats[1 - won].wallet.balance == Decimal(100)
        assert alarms() == ["games.key_conflict"]
        assert list(verification.verify()) == []

    def test_two_convoys_end_with_each_key_at_one_wallet(
        self, tables: list[WalletServer], seats: list[Seat], make_table: Make
    ) -> None:
        sent: list[dict[str, Future[Any]]] = [{}, {}]

        before = deadlocks()
        with ThreadPoolExecutor(8) as pool:
            with taken(make_table(), "g1", "g2") as holder:
                with taken(make_table(), "h0", "h1"):
                    for place in range(2):
                        for key in (f"h{place}", *self.KEYS[place]):
                            sent[place][key] = pool.submit(
                                tables[place].call, "play", bet(seats[place], key, 100)
                            )
                            time.sleep(0.15)  # their order in the convoy
                wait_until(lambda: held_back_by(holder) == 2, "both have one key")
            answers = [{key: call.result(20) for key, call in one.items()} for one in sent]

        wait_until(lambda: deadlocks() > before, "the deadlock")
        told = [
            {
                key: int(said["transactions"][0]["tx_id"])
                for key, (status, said) in one.items()
                if status == 200
            }
            for one in answers
        ]
        assert {status for one in answers for status, _ in one.values()} <= {200, 409, 400, 403}
        assert told[0] | told[1] == booked()
        assert told[0].keys() & told[1].keys() == set()
        assert booked().keys() == {"h0", "h1", "g1", "g2", "k1", "k2"}
        for seat, mine in zip(seats, told, strict=True):
            assert seat.wallet.balance == 100 - len(mine)
        assert list(verification.verify()) == []
