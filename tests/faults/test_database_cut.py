"""PostgreSQL ends the wallet server's connections under a mixed crowd, and is away for a while."""

import http.client
import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from decimal import Decimal
from threading import Event
from typing import Any

import psycopg
import psycopg.sql
import pytest
from django.db import connection

from apps.accounts.models import Player
from apps.ledger import verification
from apps.ledger.models import Entry
from tests.games.factories import Table as Seat
from tests.simulator_client import database_url
from tests.wallet.surroundings import WalletServer, end_backends
from tests.wallet.test_survival import bet

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres, pytest.mark.slow]

LANES, ROUNDS, CUTS = 8, 15, 6
Call = tuple[str, dict[str, Any]]


class Partner:
    """Sends every call until its answer is final, and writes down each answer."""

    def __init__(self, server: WalletServer):
        self.server = server
        self.statuses: list[int] = []
        self.told: dict[str, str] = {}

    def send(self, call: Call) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with suppress(OSError, http.client.HTTPException):
                status, said = self.server.call(*call)
                self.statuses.append(status)
                if status == 200:
                    self.told |= {one["action_id"]: one["tx_id"] for one in said["transactions"]}
                    return
            time.sleep(0.02)
        raise AssertionError(f"No final answer came: {self.statuses[-20:]}")


@contextmanager
def out_of_reach() -> Iterator[None]:
    """Nobody gets a new connection to the test database; those that stand go on."""
    name = psycopg.sql.Identifier(connection.settings_dict["NAME"])
    allow = psycopg.sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    with psycopg.connect(database_url("postgres"), autocommit=True) as line:
        line.execute(allow.format(name, psycopg.sql.Literal(False)))
        try:
            yield
        finally:
            line.execute(allow.format(name, psycopg.sql.Literal(True)))


def round_of(seat: Seat, mark: str) -> list[Call]:
    """A bet, a bet with its win, and the first bet taken back: 0.50 less in the end."""
    both = bet(seat, f"{mark}b", 100)
    both["actions"].append({"action": "win", "action_id": f"{mark}w", "amount": 50})
    back = bet(seat, "", 0)
    back["actions"] = [
        {"action": "rollback", "action_id": f"{mark}x", "original_action_id": f"{mark}a"}
    ]
    return [("play", bet(seat, f"{mark}a", 200)), ("play", both), ("rollback", back)]


def test_every_movement_has_one_effect_and_no_answer_contradicts_it(
    server: WalletServer,
    sit_down: Callable[[Player], Seat],
    player: Player,
    other_player: Player,
) -> None:
    seats = [sit_down(player), sit_down(other_player)]
    partner, over, dice = Partner(server), Event(), random.Random(11)
    calls: list[Call] = []

    def play(lane: int) -> None:
        for number in range(ROUNDS):
            for call in round_of(seats[lane % 2], f"{lane}.{number}"):
                calls.append(call)
                partner.send(call)

    def cut() -> int:
        ended = end_backends()  # and this thread has its own connection
        over.wait(0.2)
        with out_of_reach():
            while 503 not in partner.statuses and not over.wait(0.02):
                ended += end_backends()
        for _ in range(CUTS):
            over.wait(dice.uniform(0.05, 0.25))
            ended += end_backends()
        connection.close()
        return ended

    with ThreadPoolExecutor(LANES + 1) as pool:
        cutting = pool.submit(cut)
        try:
            list(pool.map(play, range(LANES)))
        finally:
            over.set()
        ended = cutting.result()
    first_told = dict(partner.told)
    for call in dice.sample(calls, 40):
        partner.send(call)

    booked = Entry.objects.exclude(outside_id__startswith="fund:")
    assert ended > 0
    # A 4xx would tell the partner that nothing moved, for good.
    assert set(partner.statuses) == {200, 503}
    assert partner.told == first_told
    assert first_told == {key: str(pk) for key, pk in booked.values_list("outside_id", "id")}
    assert booked.count() == len(first_told) == LANES * ROUNDS * 4
    lost = Decimal("0.50") * ROUNDS * LANES / 2
    assert [seat.wallet.balance for seat in seats] == [100 - lost, 100 - lost]
    assert list(verification.verify()) == []
