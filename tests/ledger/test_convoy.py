"""Movements that wait at the same moment travel together, and nobody suffers for another."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import transaction

from apps.accounts.models import Player
from apps.ledger import verification
from apps.ledger.convoy import Convoy, Rows, Traveller
from apps.ledger.models import Entry
from apps.wallet.movements import Gate, Result
from tests.wallet.test_concurrency import at_once
from tests.wallet.test_movements import Table


class Road:
    """A trip that takes as long as the test likes and notes who travelled together."""

    def __init__(self) -> None:
        self.parties: list[list[str]] = []
        self.first_is_under_way, self.open = threading.Event(), threading.Event()
        self.fails = False

    def travel(self, party: Sequence[Traveller]) -> list[Rows | None]:
        self.parties.append([one.instruction for one in party])
        self.first_is_under_way.set()
        self.open.wait(5)
        if self.fails:
            raise RuntimeError("the road is gone")
        return [[(one.instruction,)] for one in party]


def set_out(road: Road, *others: Traveller) -> list[Rows | None]:
    """One sets out; the others come while it is under way, in this order."""
    convoy = Convoy(road.travel)
    with ThreadPoolExecutor(len(others) + 1) as pool:
        trips = [pool.submit(convoy.join, Traveller("first", False, None))]
        assert road.first_is_under_way.wait(5)
        for count, one in enumerate(others, start=1):
            trips.append(pool.submit(convoy.join, one))
            while len(convoy._waiting) < count:
                time.sleep(0.001)
        road.open.set()
        return [trip.result(5) for trip in trips]


def test_who_comes_meanwhile_travels_together_and_gets_its_own_answer() -> None:
    road = Road()

    rows = set_out(road, *(Traveller(name, False, "gate") for name in "abc"))

    assert road.parties == [["first"], ["a", "b", "c"]]
    assert rows == [[("first",)], [("a",)], [("b",)], [("c",)]]


def test_what_needs_another_statement_travels_after() -> None:
    road = Road()

    set_out(
        road,
        Traveller("bet", False, "gate"),
        Traveller("list", True, "gate"),
        Traveller("win", False, None),
        Traveller("other gate", False, "another"),
    )

    assert road.parties == [["first"], ["bet", "win"], ["list"], ["other gate"]]


def test_a_trip_that_fails_sends_everybody_alone_and_the_next_one_starts() -> None:
    road = Road()
    road.fails = True

    rows = set_out(road, Traveller("a", False, None), Traveller("b", True, None))

    assert rows == [None, None, None]
    assert road.parties == [["first"], ["a"], ["b"]]


@pytest.fixture
def tables(
    player: Player, other_player: Player, fund: Callable[..., Result]
) -> tuple[Table, Table]:
    for one in (player, other_player):
        fund(one, "100.00", "EUR")
    return Table(player), Table(other_player)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_held_wallet_delays_nobody_else(tables: tuple[Table, Table]) -> None:
    held, free = tables
    holding, let_go = threading.Event(), threading.Event()
    done: list[str] = []

    def hold() -> None:
        with transaction.atomic():
            held.play(held.bet("slow", "1.00"))
            holding.set()
            assert let_go.wait(5)

    def bet(table: Table, key: str) -> None:
        holding.wait(5)
        table.play(table.bet(key, "1.00"))
        done.append(key)
        if len(done) == 10:
            let_go.set()

    at_once(
        [
            hold,
            *(lambda n=n: bet(held, f"held{n}") for n in range(3)),
            *(lambda n=n: bet(free, f"free{n}") for n in range(10)),
        ]
    )

    assert sorted(done[:10]) == sorted(f"free{n}" for n in range(10))
    assert (held.balance, free.balance) == ("96.00", "90.00")


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_crowd_of_all_kinds_gets_what_each_would_get_alone(tables: tuple[Table, Table]) -> None:
    one, two = tables
    closed = Gate("%s::text", ("session",))

    def calls(n: int) -> list[Callable[[], Any]]:
        return [
            lambda: one.play(one.bet(f"a{n}", "1.00")),
            lambda: two.play(two.win(f"b{n}", "1.00")),
            lambda: two.play(two.bet(f"c{n}", "1.00"), gate=closed),
            lambda: one.play(one.bet(f"d{n}", "1.00"), one.bet(f"e{n}", "1000.00")),
            lambda: two.play(two.bet(f"f{n}", "2.00"), two.win(f"g{n}", "0.50")),
            lambda: one.play(one.bet("a0", "7.00")),
        ]

    answers = at_once([call for n in range(6) for call in calls(n)])

    said = [answer if isinstance(answer, str) else len(answer) for answer in answers]
    # The last kind uses a key of the first with another amount; whichever comes first holds it.
    taken = "a0" if said[0] == 1 else "7.00"
    conflicts = [place for place in range(36) if said[place] == "key_conflict"]
    assert said[1::6] == [1] * 6
    assert said[2::6] == ["play_refused"] * 6
    assert said[3::6] == ["insufficient_funds"] * 6
    assert said[4::6] == [2] * 6
    assert conflicts == ([*range(5, 36, 6)] if taken == "a0" else [0])
    assert one.balance == ("94.00" if taken == "a0" else "88.00")
    assert two.balance == "97.00"
    assert Entry.objects.count() == 2 + 6 + 6 + 12
    assert list(verification.verify()) == []
