"""E6 of the fault catalogue: thousands of callbacks at once after an outage."""

import random
import threading
import time
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection

from apps.accounts.models import Player
from apps.core.clock import now
from apps.integrations import inbox
from apps.integrations.models import InboxMessage
from apps.integrations.tasks import retry_inbox
from apps.ledger.models import Entry, Kind
from apps.ledger.selectors import postings_sum
from apps.ledger.verification import verify
from apps.payments.models import Deposit, LimitRule
from apps.payments.services import deposits
from tests.conftest import make_player
from tests.payments.factories import call_back, cash, make_address, rail, recorded
from tests.seeds import seeds, size

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres, pytest.mark.slow]

CALLBACKS = size(120, 10_000)  # more than a worker reads at once
PLAYERS = size(3, 40)
AMOUNT = Decimal("0.01")  # of every recorded deposit
# What somebody waits for a deposit of their own while the backlog is worked off.
LIVE_SECONDS_MAX = 5
# Bounds with a lot of room, for a machine that others use too; what was measured is printed.
DRAIN_SECONDS_MAX = 60 + CALLBACKS / 20


@pytest.fixture(autouse=True)
def _no_limits(transactional_db):
    """It is about the queue: nothing is held because so much came in a day."""
    LimitRule.objects.filter(direction="deposit", ended_at=None).update(ended_at=now())


def text_of(player: Player) -> str:
    return f"tb1q{player.pk:038d}"


class Live(threading.Thread):
    """Somebody pays in now, again and again, and waits until it is in the balance."""

    def __init__(self, player: Player) -> None:
        super().__init__(daemon=True)
        self.player = player
        self.waits: list[float] = []
        self.problem = ""
        self._is_over = threading.Event()

    def run(self) -> None:
        try:
            while not self._is_over.is_set():
                number = 9_000_000 + len(self.waits)
                body = recorded(
                    "deposit_confirmed", id=number, crypto_address={"address": text_of(self.player)}
                )
                begun = time.monotonic()
                if call_back(body).status != 200:
                    self.problem = f"callback {number} was refused"
                if not Deposit.objects.filter(outside_ref=number, state="confirmed").exists():
                    self.problem = f"deposit {number} waits"
                self.waits.append(time.monotonic() - begun)
                time.sleep(0.05)
        finally:
            connection.close()

    def end(self) -> None:
        self._is_over.set()
        self.join(30)
        assert self.problem == ""
        assert self.waits
        assert max(self.waits) < LIVE_SECONDS_MAX


@pytest.fixture
def live(db) -> Live:
    player = make_player("live")
    make_address(player, text=text_of(player))
    return Live(player)


@seeds(1)
def test_e6_what_was_kept_in_an_outage_is_worked_off_in_order_beside_live_calls(seed, live):
    """The door took them in, and nobody could act on them: all are due at once."""
    luck = random.Random(seed)
    players = [make_player(f"e6-{number}") for number in range(PLAYERS)]
    for player in players:
        make_address(player, text=text_of(player))
    at, sent, messages = now() - timedelta(minutes=5), defaultdict(list), []
    for number in range(CALLBACKS):
        player = luck.choice(players)
        sent[player.pk].append(str(6_000_000 + number))
        body = recorded(
            "deposit_confirmed",
            id=6_000_000 + number,
            crypto_address={"address": text_of(player)},
        )
        messages.append(
            InboxMessage(
                partner="coinspaid", kind="deposit", body=body, received_at=at, due_at=at,
                outside_ref=str(6_000_000 + number),
            )
        )  # fmt: skip
    InboxMessage.objects.bulk_create(messages, batch_size=1_000)

    live.start()
    begun, turns = time.monotonic(), 0
    while InboxMessage.objects.filter(received_at=at).exclude(state="done").exists():
        assert time.monotonic() - begun < DRAIN_SECONDS_MAX
        retry_inbox()
        turns += 1
    took = time.monotonic() - begun
    live.end()

    print(  # noqa: T201  # the rate is what a long run is for
        f"\n{CALLBACKS} in {took:.0f} s, {turns} turns; live calls waited"
        f" {max(live.waits):.2f} s at most ({len(live.waits)} of them)"
    )
    # One turn of the worker takes the whole backlog as long as its time lasts.
    assert turns <= 1 + took / inbox.DRAIN_SECONDS
    for player in players:
        booked = list(
            Deposit.objects.filter(player=player).order_by("entry_id").values_list(
                "outside_ref", flat=True
            )
        )  # fmt: skip
        assert booked == sent[player.pk]
        assert cash(player) == AMOUNT * len(booked)
    assert postings_sum() == []
    assert [str(finding) for finding in verify()] == []


def test_two_workers_do_not_work_off_one_backlog(db):
    """The second turn finds the first at work and is over, so workers stay free for other tasks."""
    call_back(recorded("deposit_confirmed", crypto_address={"address": "tb1qother"}))
    InboxMessage.objects.update(due_at=now())
    inside, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s, 0)", [inbox.DRAIN_LOCK])
            inside.set()
            let_go.wait(10)
            cursor.execute("SELECT pg_advisory_unlock(%s, 0)", [inbox.DRAIN_LOCK])
        connection.close()

    first = threading.Thread(target=hold)
    first.start()
    assert inside.wait(5)
    assert inbox.drain() == 0
    let_go.set()
    first.join()
    assert inbox.drain() == 1


@seeds(1)
def test_e6_callbacks_that_a_gateway_held_back_come_all_at_once(seed, coinspaid, live_server, live):
    """Over HTTP: the gateway queued while we were away, eight lines at a time now."""
    luck = random.Random(seed)
    coinspaid.call_back(live_server.url)
    coinspaid.options(deposits_auto=False)
    coinspaid.switches(callback_hold=True)
    players = [make_player(f"e6-{number}") for number in range(PLAYERS)]
    addresses = {
        player.pk: deposits.take_address(player=player, rail=rail()).address for player in players
    }
    expected: dict[int, Decimal] = defaultdict(Decimal)
    count = size(20, CALLBACKS // 2)
    for _ in range(count):
        player = luck.choice(players)
        sent = coinspaid.send(addresses[player.pk], f"{AMOUNT:f}", confirm=False)
        coinspaid.move(sent["id"], luck.choice(["confirmed", "confirmed", "cancelled"]))
        if coinspaid.transaction(sent["id"])["status"] == "confirmed":
            expected[player.pk] += AMOUNT
    waiting = len(coinspaid.calls(state="waiting"))
    assert waiting >= 2 * count

    live.start()
    begun = time.monotonic()
    coinspaid.switches()
    while coinspaid.calls(state="waiting"):
        assert time.monotonic() - begun < DRAIN_SECONDS_MAX
        time.sleep(0.5)
    took = time.monotonic() - begun
    live.end()

    print(  # noqa: T201
        f"\n{waiting} over HTTP in {took:.0f} s; live calls waited"
        f" {max(live.waits):.2f} s at most ({len(live.waits)} of them)"
    )
    assert not InboxMessage.objects.exclude(state="done").exists()
    for player in players:
        assert cash(player) == expected[player.pk]
    ours = Entry.objects.filter(kind=Kind.DEPOSIT, wallet__player__in=players)
    assert ours.count() == sum(expected.values()) / AMOUNT
    assert postings_sum() == []
    assert [str(finding) for finding in verify()] == []
