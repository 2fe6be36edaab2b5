"""Starts the casino's processes on one machine, keeps them alive, and stops them in order."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

HOST = "127.0.0.1"
POLL_SECONDS = 0.1
STOP_SECONDS = 10
KILLED_SECONDS = 5
RESTARTS_MAX, RESTARTS_SECONDS = 5, 60
RESTART_PAUSE_SECONDS = 0.3  # times the restarts before
LOG_LINES = 12
LOG_BYTES_MAX = 5_000_000


class Stopped(Exception):
    """Somebody asked the demo to end while it was starting."""


class Failed(Exception):
    """The demo cannot go on; the message says why."""


@dataclass(frozen=True)
class Program:
    """One process of the casino. `turn` orders the stop: lower goes first, equals together."""

    name: str
    command: Sequence[str]
    turn: int
    patience_seconds: float = STOP_SECONDS


@dataclass
class Child:
    """A program while it runs."""

    program: Program
    process: subprocess.Popen[bytes]
    restarts: deque[float] = field(default_factory=deque)


class Supervisor:
    """The parent of every process. `stopping` is set by a signal, and by nothing else."""

    def __init__(
        self,
        *,
        logs: Path,
        record: Path,
        cwd: Path,
        environment: Mapping[str, str],
        say: Callable[[str], None],
        verbose: bool = False,
    ) -> None:
        self.logs = logs
        self.record = record
        self.cwd = cwd
        self.environment = dict(environment)
        self.say = say
        self.stopping = threading.Event()
        self.hurry = False
        self.children: dict[str, Child] = {}
        self._tail = Tail(say) if verbose else None
        logs.mkdir(parents=True, exist_ok=True)

    # ---- signals --------------------------------------------------------------------------------

    def listen(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._asked_to_stop)

    def _asked_to_stop(self, *_args: object) -> None:
        # A second request does not wait for anybody.
        self.hurry = self.stopping.is_set()
        self.stopping.set()

    # ---- starting -------------------------------------------------------------------------------

    def start(self, program: Program) -> None:
        self.children[program.name] = Child(program, self._spawn(program.name, program.command))
        self._write_record()

    def begin(self, name: str, command: Sequence[str], **environment: str) -> "Step":
        """Start a command that ends by itself, such as a migration."""
        return Step(name, self._spawn(name, command, environment), self)

    def _spawn(
        self, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        if self.stopping.is_set():
            raise Stopped
        path = self.log_path(name)
        if path.exists() and path.stat().st_size > LOG_BYTES_MAX:
            path.replace(path.with_suffix(".old.log"))
        if self._tail:
            self._tail.follow(name, path)
        with path.open("ab") as log:
            log.write(f"---- {time.strftime('%Y-%m-%d %H:%M:%S')} {name} ----\n".encode())
            log.flush()
            return subprocess.Popen(
                command,
                cwd=self.cwd,
                env=self.environment | dict(environment or {}),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C must reach the supervisor alone: it knows the order.
                start_new_session=True,
            )

    def wait_for(self, what: str, is_ready: Callable[[], bool], timeout_seconds: float) -> None:
        """Watch the children until something answers. Raises Stopped, Failed."""
        deadline = time.monotonic() + timeout_seconds
        while not is_ready():
            if time.monotonic() > deadline:
                raise Failed(f"{what} did not answer within {timeout_seconds:.0f} seconds.")
            self.pause()
            self.look_after()

    def pause(self, seconds: float = POLL_SECONDS) -> None:
        if self._tail:
            self._tail.show()
        if self.stopping.wait(seconds):
            raise Stopped

    # ---- running --------------------------------------------------------------------------------

    def look_after(self) -> None:
        """Bring back what died; give up on what keeps dying."""
        for name, child in list(self.children.items()):
            code = child.process.poll()
            if code is None or self.stopping.is_set():
                continue
            _kill_group(child.process.pid)  # its own children would keep the port
            self.say(f"{name} ended unexpectedly ({_ending(code)}). Its last lines:")
            for line in self.last_lines(name):
                self.say(f"    {line}")
            now = time.monotonic()
            while child.restarts and child.restarts[0] < now - RESTARTS_SECONDS:
                child.restarts.popleft()
            if len(child.restarts) >= RESTARTS_MAX:
                raise Failed(f"{name} ended {RESTARTS_MAX + 1} times in a minute.")
            self.pause(RESTART_PAUSE_SECONDS * len(child.restarts))
            child.restarts.append(now)
            child.process = self._spawn(name, child.program.command)
            self._write_record()
            self.say(f"{name} was started again (process {child.process.pid}).")

    def log_path(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def last_lines(self, name: str) -> list[str]:
        path = self.log_path(name)
        if not path.exists():
            return []
        with path.open("rb") as log:
            log.seek(max(0, path.stat().st_size - 20_000))
            lines = log.read().decode(errors="replace").splitlines()
        return lines[-LOG_LINES:]

    # ---- stopping -------------------------------------------------------------------------------

    def stop(self) -> None:
        """Ask every process to end, in turn; whoever does not in time is killed."""
        self.stopping.set()
        for turn in sorted({child.program.turn for child in self.children.values()}):
            group = [child for child in self.children.values() if child.program.turn == turn]
            for child in group:
                if child.process.poll() is None:
                    child.process.terminate()
            patience = max(child.program.patience_seconds for child in group)
            deadline = time.monotonic() + patience
            while any(child.process.poll() is None for child in group):
                if self.hurry or time.monotonic() > deadline:
                    break
                time.sleep(0.02)
            for child in group:
                _kill_group(child.process.pid)
                child.process.wait()
        self.children.clear()
        if self._tail:
            self._tail.show()
        self.record.unlink(missing_ok=True)

    # ---- leftovers ------------------------------------------------------------------------------

    def _write_record(self) -> None:
        """Who belongs to us, for a next start after this process was killed."""
        started = {
            str(child.process.pid): psutil.Process(child.process.pid).create_time()
            for child in self.children.values()
            if child.process.poll() is None
        }
        draft = self.record.with_suffix(".new")
        draft.write_text(json.dumps(started))
        draft.replace(self.record)

    def end_leftovers(self) -> int:
        """End the processes of an earlier start whose supervisor was killed."""
        if not self.record.exists():
            return 0
        count = 0
        for pid, started_at in json.loads(self.record.read_text()).items():
            try:
                is_same = psutil.Process(int(pid)).create_time() == started_at
            except psutil.Error:
                continue
            if is_same:
                _kill_group(int(pid))
                count += 1
        self.record.unlink()
        return count


@dataclass
class Step:
    """A command of the start that ends by itself."""

    name: str
    process: subprocess.Popen[bytes]
    supervisor: Supervisor

    def finish(self) -> None:
        """Wait for its end. Raises Stopped, and Failed with its last lines when it went wrong."""
        try:
            while self.process.poll() is None:
                self.supervisor.pause()
                self.supervisor.look_after()
        finally:
            self.end()
        if self.process.returncode:
            lines = "\n".join(f"    {line}" for line in self.supervisor.last_lines(self.name))
            raise Failed(f"{self.name} failed ({_ending(self.process.returncode)}):\n{lines}")

    def end(self) -> None:
        _kill_group(self.process.pid)
        self.process.wait()


class Tail:
    """Shows what is added to the logs, each line after its program's name."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say
        self.places: dict[str, tuple[Path, int]] = {}

    def follow(self, name: str, path: Path) -> None:
        if name not in self.places or not path.exists():
            self.places[name] = (path, path.stat().st_size if path.exists() else 0)

    def show(self) -> None:
        for name, (path, place) in self.places.items():
            if not path.exists() or path.stat().st_size <= place:
                continue
            with path.open("rb") as log:
                log.seek(place)
                added = log.read()
            whole = added[: added.rfind(b"\n") + 1]
            self.places[name] = (path, place + len(whole))
            for line in whole.decode(errors="replace").splitlines():
                self.say(f"{name:>10} | {line}")


@contextmanager
def ended(steps: Sequence[Step]) -> Iterator[None]:
    """Whatever happens inside, leave no step running."""
    try:
        yield
    finally:
        for step in steps:
            step.end()


def port_taken(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # Without this a port whose last connections are still fading would count as taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False


def programs(port: int, *, data: Path, queues: Sequence[str]) -> dict[str, Program]:
    """The processes of the casino, as the Procfile has them, on neighbouring ports."""
    python = sys.executable
    granian = (python, "-m", "granian", "--host", HOST, "--no-access-log", "--log-level", "warning")
    wsgi = (*granian, "--interface", "wsgi", "--no-ws", "--workers", "1")
    celery = (python, "-m", "celery", "-A", "casino.celery")
    made = (
        Program("beat", (*celery, "beat", "--schedule", str(data / "beat"), "--pidfile="), 1),
        Program(
            "worker",
            (
                *(*celery, "worker", "--pool", "threads", "--concurrency", "8"),
                *("--queues", ",".join(queues), "--hostname", f"demo-{port}@%h"),
                *("--without-gossip", "--without-mingle", "--without-heartbeat"),
            ),
            2,
            # Its tasks are safe to kill: they commit with their cursor or run again.
            patience_seconds=3,
        ),
        # Its rounds are in the database: whoever goes on finds them there.
        Program("crash", (python, "manage.py", "crash"), 2, patience_seconds=3),
        Program(
            "web",
            (*wsgi, "--blocking-threads", "8", "--port", str(port), "casino.wsgi:application"),
            3,
        ),
        Program(
            "live",
            (
                *(*granian, "--interface", "asginl", "--workers", "1"),
                *("--port", str(port + 1), "casino.asgi:application"),
            ),
            3,
        ),
        Program(
            "wallet",
            (
                *(*wsgi, "--blocking-threads", "16", "--port", str(port + 2)),
                "casino.wallet_wsgi:application",
            ),
            4,
        ),
        Program("simulators", (python, "manage.py", "simulators", "--port", str(port + 3)), 5),
    )
    return {program.name: program for program in made}


def _kill_group(pid: int) -> None:
    """Kill a group and wait until it is gone: who is dying may still hold its port for a moment."""
    # macOS answers "not permitted" for a group of which only a zombie is left.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    deadline = time.monotonic() + KILLED_SECONDS
    while _runs(pid) and time.monotonic() < deadline:
        time.sleep(0.01)


def _runs(group: int) -> bool:
    """Whether anything of the group still runs; what waits to be reaped does not."""
    for process in psutil.process_iter():
        with suppress(ProcessLookupError, PermissionError, psutil.Error):
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                return True
    return False


def _ending(code: int) -> str:
    if code < 0:
        return f"signal {signal.Signals(-code).name}"
    return f"exit code {code}"
