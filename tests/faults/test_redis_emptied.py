"""Redis loses everything, or is gone, while people play. It never knew anything that counts."""

import re
from collections.abc import Callable
from decimal import Decimal
from threading import Event
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import Player, User
from apps.events.models import Delivery
from apps.payments.models import Withdrawal
from apps.wallet.movements import Result
from casino.settings.shared import redis_settings
from tests.faults.processes import Redis, Worker, wait_until
from tests.games.factories import Table as Seat
from tests.payments.factories import approved_withdrawal, cash, reserved
from tests.simulator_client import Coinspaid
from tests.wallet.surroundings import WalletServer
from tests.wallet.test_survival import assert_each_bet_counts_once, play_through

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres, pytest.mark.slow]


@pytest.fixture
def visitor(settings: Any, store: Redis, player: Player) -> Client:
    """The player in a browser, with sessions and cache in the Redis that is emptied."""
    settings.CACHES, settings.CHANNEL_LAYERS = redis_settings(
        f"{store.url}?db={settings.REDIS_DATABASE}"
    )
    client = Client()
    client.force_login(player.user)
    return client


def held(page: Any) -> str:
    """What the wallet page says the player has in euros."""
    assert page.status_code == 200, page.status_code
    found = re.search(r"([0-9]+\.[0-9]{2})\D{0,80}?EUR|EUR\D{0,200}?([0-9]+\.[0-9]{2})", page.text)
    assert found, page.text
    return found[1] or found[2]


def test_play_and_pages_go_on_while_redis_is_emptied(
    server: WalletServer, seat: Seat, store: Redis, visitor: Client
) -> None:
    pages = []

    def empty(over: Event) -> None:
        while not over.wait(0.01):
            store.client.flushall()
            if len(pages) < 20:
                pages.append(visitor.get("/wallet/"))

    assert store.used.dbsize() > 0, "The session is not in this Redis."
    told = play_through(server, seat, empty)
    store.client.flushall()
    after = visitor.get("/wallet/")

    assert_each_bet_counts_once(seat, told)
    assert pages
    # Signed in all the time, and what a page says never lags behind an answered bet for good.
    shown = [Decimal(held(page)) for page in pages]
    assert shown == sorted(shown, reverse=True)
    assert held(after) == "96.00"


def test_work_whose_nudge_was_lost_is_done_at_the_next_tick(
    store: Redis, player: Player, finance: User, fund: Callable[..., Result], coinspaid: Coinspaid
) -> None:
    fund(player, "0.05", "BTC")
    coinspaid.options(withdrawals_auto=False)
    withdrawal = approved_withdrawal(player, finance)
    told = Delivery.objects.filter(event__name__endswith="WithdrawalRequested")
    worker = Worker(store, COINSPAID_BASE_URL=coinspaid.base_url)
    for task in ("payments.send_due", "events.deliver"):
        worker.send(task)

    queued = store.used.llen("default")
    store.client.flushall()
    worker.start()
    try:
        for task in ("payments.send_due", "events.deliver"):
            worker.send(task)
        wait_until(
            lambda: Withdrawal.objects.filter(pk=withdrawal.pk, state="sent").exists(), "it is sent"
        )
        wait_until(
            lambda: not told.filter(state=Delivery.State.WAITING).exists(), "the player is told"
        )
    finally:
        worker.kill()

    assert queued == 2
    assert len(coinspaid.transactions(kind="withdrawal")) == 1
    # `tries` counts failures.
    assert set(told.values_list("state", "tries")) == {(Delivery.State.DONE, 0)}
    assert (cash(player), reserved(player)) == (Decimal("0.03"), Decimal("0.02"))


def test_bets_are_taken_without_any_redis(seat: Seat, store: Redis, server: WalletServer) -> None:
    def kill(over: Event) -> None:
        over.wait(0.1)
        store.kill()

    try:
        told = play_through(server, seat, kill)
    finally:
        store.start()

    assert_each_bet_counts_once(seat, told)
