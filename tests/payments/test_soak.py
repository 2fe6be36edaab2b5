"""Thousands of mixed random payment events through both gateways' simulators; then the books agree.

One seed draws everything. `SOAK_EVENTS` says how many events (10,000 takes some minutes) and
`SOAK_SEED` which; a failure is repeated with the seed it prints.
"""

import os
import time

import pytest

from apps.accounts.models import Player, User
from apps.audit.models import Alarm
from apps.core.clock import now
from apps.ledger.selectors import postings_sum
from apps.ledger.verification import verify
from apps.payments.services import payout_switch
from apps.treasury.models import Break
from apps.treasury.services import reconciliation
from tests.conftest import make_player
from tests.payments.soak.base import Part, World
from tests.payments.soak.coinspaid import CoinspaidPart
from tests.payments.soak.paymentiq import PaymentiqPart

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

EVENTS = int(os.environ.get("SOAK_EVENTS", "50"))
SEED = int(os.environ.get("SOAK_SEED", "20261125"))
# So many that the limits of a day hold back some of them, and not most.
PLAYERS = max(12, EVENTS // 50)
WORK_EVERY = 5
DRAIN_SECONDS = 300 + EVENTS // 5


@pytest.fixture
def parts(coinspaid, paymentiq, live_server, finance: User, settings) -> list[Part]:
    """Every gateway that takes part, in one world."""
    settings.PAYOUT_HOUR_COUNT_MAX = 0
    settings.PAYMENTIQ_IP_ALLOWLIST = ["127.0.0.1"]
    for vendor in (coinspaid, paymentiq):
        vendor.call_back(live_server.url)
    players = [make_player(f"soak{number}") for number in range(PLAYERS)]
    Player.objects.update(kyc_level=2)
    world = World(SEED, players, finance)
    return [CoinspaidPart(world, coinspaid), PaymentiqPart(world, paymentiq)]


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
    check_reconciliation()
    print(  # noqa: T201  # the time is what a long run is for
        f"\n{EVENTS} events in {acted:.0f} s, at rest after {drained:.0f} s, seed {SEED}: "
        f"{world.counts}"
    )


def check_reconciliation() -> None:
    """The house's own daily comparison finds the same: nothing but what somebody was alarmed about.

    What the house owns at the gateway beside its players' money is not said here, so balances
    differ by that; `Part.check` adds them up.
    """
    for provider in ("coinspaid", "paymentiq"):
        run = reconciliation.reconcile(provider, now().date())
        assert run.state != run.State.FAILED, run.error
    for found in Break.objects.exclude(kind=Break.Kind.BALANCE):
        if found.kind == Break.Kind.STATE:
            # Forced to a failure by their staff after its money had moved: a case by itself.
            assert found.message.endswith("says failed, we have moved the money"), found.message
            continue
        # A provider moved another amount than was reserved: booked as it left, and told.
        assert found.kind == Break.Kind.BOOKING, found.message
        assert found.withdrawal is not None, found.message
        assert Alarm.objects.filter(
            code="withdrawal.other_amount", subject=found.withdrawal.public_id
        ).exists(), found.message
