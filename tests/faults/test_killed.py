"""A process dies between what is done and what is said about it. Nobody pays or is paid twice."""

import http.client
import signal
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from threading import Event
from typing import Any

import pytest

from apps.accounts.models import Player, User
from apps.core.clock import now
from apps.integrations import inbox
from apps.integrations.models import InboxMessage
from apps.ledger import verification
from apps.ledger.models import Entry, Kind, Operation
from apps.payments.models import Deposit, Withdrawal
from apps.payments.services import deposits, payouts
from apps.wallet.movements import Result
from tests.faults.processes import Marks, Redis, Worker, revive, wait_until
from tests.games.factories import Table as Seat
from tests.payments.factories import (
    alarms,
    approved_withdrawal,
    cash,
    in_parallel,
    make_address,
    rail,
    recorded,
    reserved,
    signed_headers,
)
from tests.simulator_client import Coinspaid
from tests.wallet.surroundings import WalletServer
from tests.wallet.test_survival import assert_each_bet_counts_once, bet, play_through

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres, pytest.mark.slow]

LOST = (OSError, http.client.HTTPException)


@pytest.fixture(autouse=True)
def _books_are_right(transactional_db: None) -> Iterator[None]:
    yield
    assert list(verification.verify()) == []


@pytest.fixture(autouse=True)
def _test_networks(settings: Any) -> None:
    settings.PAYMENTS_TESTNET = True


class TestPlay:
    def test_a_bet_whose_server_dies_before_answering_is_answered_to_the_retry(
        self, server: WalletServer, seat: Seat, marks: Marks
    ) -> None:
        call = bet(seat, "killed", 4000)
        marks.arm("play.moved")

        with pytest.raises(LOST):
            server.call("play", call)
        booked = Entry.objects.get(outside_id="killed")
        wait_until(server._is_healthy, "a new worker in the place of the dead one")
        first, second = server.call("play", call), server.call("play", call)

        assert not marks.is_armed("play.moved")
        for status, said in (first, second):
            assert (status, said["balance"]) == (200, 6000)
            assert said["transactions"][0]["tx_id"] == str(booked.pk)
        assert Entry.objects.filter(kind=Kind.BET).get() == booked
        assert (seat.wallet.balance, seat.wallet.version) == (Decimal(60), 2)

    def test_a_bet_with_its_win_is_answered_to_the_retry_as_a_whole(
        self, server: WalletServer, seat: Seat, marks: Marks
    ) -> None:
        call = bet(seat, "b", 4000)
        call["actions"].append({"action": "win", "action_id": "w", "amount": 100})
        call["finished"] = True
        marks.arm("play.moved")

        with pytest.raises(LOST):
            server.call("play", call)
        revive(server)
        status, said = server.call("play", call)

        ids = dict(Entry.objects.exclude(kind=Kind.DEPOSIT).values_list("outside_id", "id"))
        assert (status, said["balance"]) == (200, 6100)
        assert {one["action_id"]: int(one["tx_id"]) for one in said["transactions"]} == ids
        assert ids.keys() == {"b", "w"}
        assert (seat.wallet.balance, seat.wallet.version) == (Decimal(61), 3)

    def test_a_rollback_whose_server_dies_returns_the_stake_once(
        self, server: WalletServer, seat: Seat, marks: Marks
    ) -> None:
        server.call("play", bet(seat, "b", 4000))
        call = bet(seat, "unused", 0) | {
            "actions": [{"action": "rollback", "action_id": "x", "original_action_id": "b"}]
        }
        marks.arm("play.moved")

        with pytest.raises(LOST):
            server.call("rollback", call)
        revive(server)
        status, said = server.call("rollback", call)

        back = Entry.objects.get(kind=Kind.ROLLBACK)
        assert (status, said["balance"]) == (200, 10000)
        assert said["transactions"][0]["tx_id"] == str(back.pk)
        assert Operation.objects.get(outside_id="b").state == 3
        assert seat.wallet.balance == Decimal(100)

    def test_deaths_in_a_crowd_take_each_bet_once(
        self, server: WalletServer, seat: Seat, marks: Marks
    ) -> None:
        deaths = []

        def kill(over: Event) -> None:
            for _ in range(2):
                marks.arm("play.moved")
                while marks.is_armed("play.moved"):
                    if over.wait(0.005):
                        return
                deaths.append(1)
                revive(server)

        told = play_through(server, seat, kill)

        assert deaths, "All bets were over before the first death."
        assert_each_bet_counts_once(seat, told)


class TestDeposit:
    @pytest.mark.parametrize("point", ["callback.kept", "callback.acted"])
    def test_a_deposit_whose_server_dies_before_answering_is_credited_once(
        self, server: WalletServer, player: Player, marks: Marks, point: str
    ) -> None:
        make_address(player)
        body = recorded("deposit_confirmed")
        marks.arm(point)

        with pytest.raises(LOST):
            server.post("coinspaid", body, signed_headers(body))
        credited_by_then = cash(player)
        revive(server)
        answers = [server.post("coinspaid", body, signed_headers(body)) for _ in range(2)]
        InboxMessage.objects.filter(state="received").update(due_at=now())
        inbox.retry_due()  # what the dead worker had kept and not acted on

        assert not marks.is_armed(point)
        assert credited_by_then == (Decimal(0) if point == "callback.kept" else Decimal("0.01"))
        assert answers == [(200, {"status": "ok"})] * 2
        assert Entry.objects.get().outside_id == "deposit:5000001"
        assert (Deposit.objects.get().state, cash(player)) == ("confirmed", Decimal("0.01"))
        assert list(InboxMessage.objects.values_list("state", flat=True)) == ["done"] * 3
        assert alarms() == []

    def test_the_gateway_and_we_agree_on_a_deposit_that_killed_a_server(
        self, server: WalletServer, player: Player, marks: Marks, coinspaid: Coinspaid
    ) -> None:
        coinspaid.options(deposits_auto=False)
        coinspaid.call_back(f"http://127.0.0.1:{server.port}")
        address = deposits.take_address(player=player, rail=rail())
        marks.arm("callback.acted")

        sent = coinspaid.send(address.address, "0.01", confirm=True)
        wait_until(lambda: not marks.is_armed("callback.acted"), "the death of the server")
        revive(server)
        calls = coinspaid.delivered(reference=str(sent["id"]))

        assert max(len(call["tries"]) for call in calls) > 1
        assert Entry.objects.get().outside_id == f"deposit:{sent['id']}"
        assert cash(player) == Decimal(coinspaid.transaction(sent["id"])["amount"])


class TestPayout:
    @pytest.fixture
    def worker(
        self,
        store: Redis,
        marks: Marks,
        coinspaid: Coinspaid,
        player: Player,
        fund: Callable[..., Result],
    ) -> Iterator[Worker]:
        fund(player, "0.05", "BTC")
        coinspaid.options(withdrawals_auto=False)
        worker = Worker(store, CRASH_DIR=str(marks.folder), COINSPAID_BASE_URL=coinspaid.base_url)
        yield worker
        worker.kill()

    @pytest.mark.parametrize("point", ["payout.intended", "payout.answered"])
    def test_a_payout_whose_worker_dies_leaves_once(
        self,
        worker: Worker,
        player: Player,
        finance: User,
        coinspaid: Coinspaid,
        marks: Marks,
        point: str,
    ) -> None:
        withdrawal = approved_withdrawal(player, finance)
        marks.arm(point)

        worker.start()
        worker.send("payments.send_due")
        ended_by = worker.wait_for_death()
        withdrawal.refresh_from_db()
        at_the_gateway = len(coinspaid.transactions(kind="withdrawal"))

        assert (ended_by, marks.is_armed(point)) == (signal.SIGKILL, False)
        assert at_the_gateway == (0 if point == "payout.intended" else 1)
        assert (withdrawal.state, reserved(player)) == ("sending", Decimal("0.02"))
        assert payouts.send_due() == 0  # the dead worker's claim still holds

        if point == "payout.answered":
            # It must ask first: to send again would look like a refusal and return the money.
            coinspaid.switches(api_answer="refuse", only="withdrawal")
        _let_its_time_come()
        in_parallel([payouts.send_due] * 2)
        [book] = coinspaid.transactions(kind="withdrawal")
        coinspaid.move(book["id"], "confirmed")
        _let_its_time_come()
        in_parallel([payouts.send_due] * 2)
        [book] = coinspaid.transactions(kind="withdrawal")
        withdrawal.refresh_from_db()

        assert (withdrawal.state, withdrawal.outside_ref) == ("paid", str(book["id"]))
        paid = Entry.objects.get(kind=Kind.WITHDRAWAL_PAID)
        assert (book["foreign_id"], book["status"]) == (withdrawal.public_id, "confirmed")
        assert Decimal(book["amount"]) == -paid.amount == Decimal("0.02")
        assert (cash(player), reserved(player)) == (Decimal("0.03"), Decimal(0))
        assert alarms() == []


def _let_its_time_come() -> None:
    Withdrawal.objects.update(due_at=now() - timedelta(seconds=1))
