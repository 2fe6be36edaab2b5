"""Crash among many: five hundred sockets, and a runner that is killed wherever it hurts."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from asgiref.sync import async_to_sync, sync_to_async
from asgiref.testing import ApplicationCommunicator
from channels.auth import AuthMiddlewareStack
from django.db import connection
from django.test import Client

from apps.accounts.models import Player
from apps.events import live
from apps.ledger import verification
from apps.ledger.models import Entry, Kind, Wallet
from apps.messaging.consumers import LiveConsumer
from apps.originals import crash, crash_runner, services
from apps.originals.crash_feed import Feed
from apps.originals.errors import RoundOver
from apps.originals.fairness import crash as curve
from apps.originals.fairness.draws import new_server_seed
from apps.originals.models import Bet, CrashChain, CrashRound
from tests.conftest import make_player
from tests.faults.processes import Marks, wait_until
from tests.originals.conftest import euros
from tests.wallet.surroundings import ROOT, database_url, end_backends

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]

SOCKETS = 500
NAME = "crash-under-test"
# All newcomers read the state one after the other; on a busy machine that takes a while.
PATIENCE_SECONDS = 120
State = CrashRound.State


def chain_ending(low: int, high: int) -> CrashChain:
    """A chain whose first round ends between two points."""
    made = crash.make_chain(salt_origin="test", length=2)
    link, salt = crash.link_of(made, 1), new_server_seed()
    while not low <= curve.point(link, salt) <= high:
        salt = new_server_seed()
    return crash.fix_salt(chain=made.public_id, salt=salt, by="test")


def bet(player: Player, key: str, auto: int = 0, stake: str = "10.00") -> Bet:
    return services.place(
        player=player, game="crash", choice={"auto": auto}, stake=euros(stake), key=key
    )


def balance(player: Player) -> Decimal:
    return Wallet.objects.get(player=player, currency__code="EUR", purse=0).balance


def test_five_hundred_sockets_see_the_same_round(rich: Player, settings: Any) -> None:
    settings.CRASH_GAME_BETTING_SECONDS, settings.CRASH_GAME_PAUSE_SECONDS = 60, 0
    chain = chain_ending(102, 104)
    crash.advance()
    bet(rich, "one", auto=101)
    scope = {"type": "websocket", "path": "/ws/", "query_string": b"watch=crash", "headers": []}

    def fly() -> None:
        feed = Feed()
        feed.tell()
        CrashRound.objects.update(betting_until=crash.clock())
        while crash.live_round() is not None:
            crash.advance()
            feed.tell()

    async def heard(socket: ApplicationCommunicator) -> list[dict[str, Any]]:
        frames = []
        while not frames or (frames[-1]["data"].get("round") or {}).get("state") != State.OVER:
            message = await socket.receive_output(timeout=PATIENCE_SECONDS)
            if "text" in message:
                frames.append(json.loads(message["text"]))
        return frames

    async def watch() -> list[list[dict[str, Any]]]:
        application = AuthMiddlewareStack(LiveConsumer.as_asgi())
        sockets = [ApplicationCommunicator(application, dict(scope)) for _ in range(SOCKETS)]
        for socket in sockets:
            await socket.send_input({"type": "websocket.connect"})
            assert (await socket.receive_output(timeout=PATIENCE_SECONDS))[
                "type"
            ] == "websocket.accept"
        await sync_to_async(fly)()
        found = [await heard(socket) for socket in sockets]
        for socket in sockets:
            socket.stop()
        return found

    everything = async_to_sync(watch)()

    point = curve.point(crash.link_of(chain, 1), chain.salt)
    rounds = [
        [frame["data"]["round"] for frame in frames if frame["data"].get("round")]
        for frames in everything
    ]
    assert len(rounds) == SOCKETS
    assert {one[-1]["point"] for one in rounds} == {point}
    assert {one[-1]["link"] for one in rounds} == {crash.link_of(chain, 1)}
    for frames, seen in zip(everything, rounds, strict=True):
        # The state comes first, what follows is numbered upwards, and no point is told before its time.
        assert frames[0]["data"]["kind"] == "state"
        assert [frame["seq"] for frame in frames[1:]] == sorted({f["seq"] for f in frames[1:]})
        assert all(one["point"] is None for one in seen if one["state"] in {"betting", "running"})
        left = [one["left_at"] for frame in frames for one in frame["data"]["bets"]]
        assert left[0] == 0
        assert left[-1] == 101
    # Six or so frames for a whole round: the curve is drawn without us.
    assert max(len(frames) for frames in everything) < 10


class Runner:
    """The Procfile's `crash` on the test database."""

    def __init__(self, marks: Marks):
        self._environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "casino.settings.test",
            "DATABASE_URL": database_url(name=NAME),
            "CRASH_DIR": str(marks.folder),
            "CRASH_GAME_BETTING_SECONDS": "30",
            "CRASH_GAME_PAUSE_SECONDS": "30",
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "manage.py", "crash"],
            cwd=ROOT,
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def is_dead(self) -> bool:
        return self._process is not None and self._process.poll() == -signal.SIGKILL

    def kill(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()


@pytest.fixture
def runner(tmp_path: Path, transactional_db: None) -> Iterator[tuple[Runner, Marks]]:
    marks = Marks(tmp_path)
    runner = Runner(marks)
    yield runner, marks
    runner.kill()
    wait_until(lambda: not end_backends(NAME), "the dead runner's lines are closed")
    connection.close()


@pytest.mark.slow
def test_a_runner_that_dies_in_mid_round_settles_each_bet_once(
    runner: tuple[Runner, Marks],
    rich: Player,
    other_player: Player,
    fund: Callable[..., Any],
) -> None:
    """Three starts of the real process, which is what takes the time."""
    process, marks = runner
    chain_ending(150, 160)
    third = _another(fund)
    fund(other_player, "1000.00", "EUR")
    process.start()
    wait_until(
        lambda: CrashRound.objects.filter(state=State.BETTING).exists(), "a round", PATIENCE_SECONDS
    )
    auto, greedy, by_hand = bet(rich, "a", 120), bet(other_player, "b", 90_000), bet(third, "c")
    CrashRound.objects.update(betting_until=crash.clock())
    wait_until(lambda: CrashRound.objects.filter(state=State.RUNNING).exists(), "its start")

    process.kill()
    round_ = CrashRound.objects.get()
    wait_until(lambda: crash._ms(round_, crash.clock()) > 400, "a little height")
    left = services.act(player=third, public_id=by_hand.public_id, action="cash_out", step=0)
    # Nobody runs the round, and it is over all the same.
    CrashRound.objects.update(started_at="2026-01-01T00:00:00Z")
    with pytest.raises(RoundOver):
        services.act(player=other_player, public_id=greedy.public_id, action="cash_out", step=0)
    # The next one dies when it has paid the first of the three, and a third one goes on.
    marks.arm("crash.settled")
    process.start()
    wait_until(process.is_dead, "its death", PATIENCE_SECONDS)
    process.start()
    wait_until(lambda: CrashRound.objects.get().state == State.OVER, "the end", PATIENCE_SECONDS)

    for one in (auto, greedy, by_hand):
        one.refresh_from_db()
        assert one.state == Bet.State.CLOSED
        entries = Entry.objects.filter(round_ref=one.public_id).order_by("id")
        assert [entry.kind for entry in entries] == [Kind.BET, Kind.WIN]
        assert entries[1].amount == one.payout
    assert (auto.payout, auto.actions) == (Decimal(12), ["auto:120"])
    assert (greedy.payout, greedy.actions) == (0, [])
    assert by_hand.payout == left.payout > 10
    assert balance(rich) == Decimal(1002)
    assert balance(other_player) == Decimal(990)
    assert balance(third) == Decimal(990) + left.payout
    assert list(verification.verify()) == []


def _another(fund: Callable[..., Any]) -> Player:
    third = make_player("carol")
    fund(third, "1000.00", "EUR")
    return third


def test_a_player_watches_over_the_socket_of_the_tab(player: Player, client: Client) -> None:
    client.force_login(player.user)
    client.get("/wallet/")
    cookie = f"sessionid={client.cookies['sessionid'].value}".encode()
    application = AuthMiddlewareStack(LiveConsumer.as_asgi())

    def scope(query: bytes = b"", *headers: tuple[bytes, bytes]) -> dict[str, Any]:
        return {"type": "websocket", "path": "/ws/", "query_string": query, "headers": [*headers]}

    async def talk() -> tuple[list[dict[str, Any]], list[int]]:
        socket = ApplicationCommunicator(application, scope(b"", (b"cookie", cookie)))
        await socket.send_input({"type": "websocket.connect"})
        await socket.receive_output(timeout=20)
        heard = []
        for said in (
            '{"watch": "crash"}',
            '{"watch": "nothing"}',
            '{"ping": 1}',
            "[",
        ):
            await socket.send_input({"type": "websocket.receive", "text": said})
        heard.append(json.loads((await socket.receive_output(timeout=20))["text"]))
        await socket.send_input({"type": "websocket.receive", "text": '{"watch": "crash"}'})
        await socket.receive_output(timeout=20)
        await sync_to_async(live.broadcast)("crash", {"kind": "round"}, seq=2)
        heard.append(json.loads((await socket.receive_output(timeout=20))["text"]))
        socket.stop()
        codes = []
        for query in (b"", b"watch=balance"):
            guest = ApplicationCommunicator(application, scope(query))
            await guest.send_input({"type": "websocket.connect"})
            await guest.receive_output(timeout=20)
            codes.append((await guest.receive_output(timeout=20))["code"])
            guest.stop()
        return heard, codes

    (state, frame), codes = async_to_sync(talk)()

    assert (state["stream"], state["data"]["kind"]) == ("crash", "state")
    assert frame == {"stream": "crash", "seq": 2, "data": {"kind": "round"}}
    assert codes == [4401, 4401]


def test_one_runner_leads_and_another_takes_over(transactional_db: None) -> None:
    with psycopg.connect(database_url(name=NAME), autocommit=True) as leader:
        held = leader.execute(crash_runner.LOCK).fetchone()
        assert held == (True,)
        assert not crash_runner._take_lead()

    wait_until(crash_runner._take_lead, "the lead, once the other is gone")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock_all()")
