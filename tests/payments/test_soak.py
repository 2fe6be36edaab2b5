"""Thousands of mixed random payment events through the gateways' simulators; then both books agree.

One seed draws everything. `SOAK_EVENTS` says how many events (10,000 takes some minutes) and
`SOAK_SEED` which; a failure is repeated with the seed it prints.
"""

import os
import time

import pytest

from apps.accounts.models import User
from apps.ledger.selectors import postings_sum
from apps.ledger.verification import verify
from apps.payments.services import payout_switch
from tests.conftest import make_player
from tests.payments.soak.base import Part, World
from tests.payments.soak.coinspaid import CoinspaidPart

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

EVENTS = int(os.environ.get("SOAK_EVENTS", "200"))
SEED = int(os.environ.get("SOAK_SEED", "20261125"))
# So many that the limits of a day hold back some of them, and not most.
PLAYERS = max(12, EVENTS // 50)
WORK_EVERY = 5
DRAIN_SECONDS = 300


@pytest.fixture
def parts(coinspaid, live_server, finance: User, settings) -> list[Part]:
    """Every gateway that takes part, in one world."""
    settings.PAYOUT_HOUR_COUNT_MAX = 0
    coinspaid.call_back(live_server.url)
    players = [make_player(f"soak{number}") for number in range(PLAYERS)]
    world = World(SEED, players, finance)
    return [CoinspaidPart(world, coinspaid)]


def test_books_are_equal_after_many_random_payment_events(parts: list[Part]) -> None:
    world = parts[0].world  # type: ignore[attr-defined]
    begun = time.monotonic()
    for number in range(EVENTS):
        world.random.choice(parts).act()
        if number % WORK_EVERY == 0:
            for part in parts:
                part.work()
    acted = time.monotonic() - begun

    for part in parts:
        part.heal()
    deadline = time.monotonic() + DRAIN_SECONDS
    while sum(part.is_quiet() for part in parts) < len(parts):  # each has its turn
        assert time.monotonic() < deadline, f"not at rest, seed {SEED}"
        time.sleep(0.2)
    drained = time.monotonic() - begun - acted

    assert postings_sum() == []
    assert [str(finding) for finding in verify()] == []
    assert not payout_switch.is_stopped()
    for part in parts:
        part.check()
    print(  # noqa: T201  # the time is what a long run is for
        f"\n{EVENTS} events in {acted:.0f} s, at rest after {drained:.0f} s, seed {SEED}: "
        f"{world.counts}"
    )
