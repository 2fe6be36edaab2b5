"""The whole casino in the foreground: servers, processes, simulators, demo people."""

import fcntl
import os
import shutil
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db.migrations.loader import MigrationLoader

from apps.demo import statics
from apps.demo.people import OPERATORS, PLAYERS, SEED_VERSION
from apps.demo.supervisor import HOST, Failed, Stopped, Supervisor, ended, port_taken, programs
from casino import embedded

PORTS = {"web": 0, "live": 1, "wallet": 2, "simulators": 3}
READY_SECONDS = 90
RESET = ("postgres", "redis", "anchors", "logs", "mail", "run", "secrets.json", "seeded", "beat*")


class Command(BaseCommand):
    help = "Run the whole casino with simulated partners, in the foreground, until Ctrl-C."
    requires_system_checks = ()  # the children make them

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="the next three are used too")
        parser.add_argument("--reset", action="store_true", help="empty the casino first")
        parser.add_argument("--verbose", action="store_true", help="show what the processes say")

    def handle(self, *_args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("The demo brings its own settings: unset DJANGO_SETTINGS_MODULE.")
        port: int = options["port"]
        if not 1 <= port <= 65_535 - len(PORTS) + 1:
            raise CommandError("The port is a number from 1 to 65532.")
        data = embedded.folder()
        data.mkdir(parents=True, exist_ok=True)
        with only_one(data):
            supervisor = Supervisor(
                logs=data / "logs",
                record=data / "processes.json",
                cwd=settings.BASE_DIR,
                environment=os.environ
                | {
                    "DJANGO_SETTINGS_MODULE": "casino.settings.demo",
                    "CASINO_DATA_DIR": str(data),
                    "DEMO_PORT": str(port),
                    "PYTHONUNBUFFERED": "1",
                },
                say=self.say,
                verbose=options["verbose"],
            )
            supervisor.listen()
            if count := supervisor.end_leftovers():
                self.say(f"Ended {count} processes that an earlier demo left behind.")
            self._check_ports(port)
            if options["reset"]:
                self._reset(data)
            self._run(supervisor, port, data)

    def say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    def _check_ports(self, port: int) -> None:
        for name, offset in PORTS.items():
            if port_taken(port + offset):
                raise CommandError(
                    f"Port {port + offset} ({name}) is taken. Choose four free ports in a row:"
                    f" python manage.py demo --port {port + 1000 if port < 60_000 else 9000}"
                )

    def _reset(self, data: Path) -> None:
        if others := embedded.other_users(data):
            raise CommandError(
                f"Process {others[0]} uses the servers in {data}. End it before --reset."
            )
        embedded.end_servers(data)
        for pattern in RESET:
            for path in data.glob(pattern):
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink()
        (data / "logs").mkdir()
        self.say("Emptied the casino.")

    # ---- the run --------------------------------------------------------------------------------

    def _run(self, supervisor: Supervisor, port: int, data: Path) -> None:
        try:
            self._start(supervisor, port, data)
            while True:
                supervisor.pause(0.25)
                supervisor.look_after()
                self._look_after_servers(data)
        except Stopped:
            self.say("Stopping …")
        except (Failed, RuntimeError) as failure:
            raise CommandError(str(failure)) from failure
        finally:
            supervisor.stop()
            embedded.stop(data)
        self.say("Everything has stopped. The data is kept for the next start.")

    def _start(self, supervisor: Supervisor, port: int, data: Path) -> None:
        begun = time.monotonic()
        self.say(f"Starting {settings.SITE_NAME} in {data}")
        with self._step("PostgreSQL and Redis"):
            found = embedded.start(home=data)
            embedded.ensure_database(found, "simulators")
        every = programs(port, data=data, queues=_queues())
        manage = (sys.executable, "manage.py")
        steps = []
        stamp = statics.stamp()
        if stamp != statics.kept_stamp(data):
            collect = (*manage, "collectstatic", "--no-input", "--clear", "--verbosity", "0")
            steps.append(supervisor.begin("collectstatic", collect))
        with ended(steps):
            if _pending_migrations(found.database("casino")):
                with self._step("Database tables"):
                    supervisor.begin(
                        "migrate",
                        (*manage, "migrate", "--no-input"),
                        DEMO_DATABASE_ROLE=embedded.OWNER,
                    ).finish()
            if steps:
                # Before any process that serves pages: each reads the list of hashed names once.
                with self._step("Static files"):
                    steps[0].finish()
                statics.keep_stamp(data, stamp)
            for name in ("simulators", "wallet", "live", "worker", "beat"):
                supervisor.start(every[name])
            with self._step("Partner simulators and the wallet process"):
                for name, path in (("simulators", "readyz"), ("wallet", "healthz")):
                    self._wait_for(supervisor, name, f"http://{HOST}:{port + PORTS[name]}/{path}")
            seeded = data / "seeded"
            if not seeded.exists() or seeded.read_text() != SEED_VERSION:
                with self._step("Games, demo people, some history"):
                    supervisor.begin("demo_seed", (*manage, "demo_seed")).finish()
                seeded.write_text(SEED_VERSION)
        with self._step("Web, live, wallet, worker, beat, crash"):
            for name in ("web", "crash"):
                supervisor.start(every[name])
            self._wait_for(supervisor, "web", f"http://{HOST}:{port}/readyz")
            self._wait_for(supervisor, "live", f"http://{HOST}:{port + PORTS['live']}/healthz")
        self._welcome(port, time.monotonic() - begun)

    def _wait_for(self, supervisor: Supervisor, name: str, url: str) -> None:
        supervisor.wait_for(f"The {name} process", lambda: _answers(url), READY_SECONDS)

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        begun = time.monotonic()
        self.say(f"  {name} …")
        yield
        self.say(f"  {name}: {time.monotonic() - begun:.1f} s")

    def _look_after_servers(self, data: Path) -> None:
        if not embedded.are_running(data):
            self.say("PostgreSQL or Redis ended unexpectedly and is started again.")
            embedded.start(home=data)

    def _welcome(self, port: int, seconds: float) -> None:
        origin = f"http://{HOST}:{port}"
        password = embedded.local_secrets()["DEMO_PASSWORD"]
        rows = [
            ("Casino", f"{origin}/"),
            ("Back office", f"{origin}/operator/"),
            ("API", f"{origin}/api/v1/docs/"),
            ("Components", f"{origin}/styleguide/"),
            ("Partners", f"http://{HOST}:{port + PORTS['simulators']}/"),
            ("Mailbox", f"http://{HOST}:{port + PORTS['simulators']}/sendpost/"),
            ("Identity", f"http://{HOST}:{port + PORTS['simulators']}/sumsub/"),
        ]
        lines = ["", f"Ready after {seconds:.0f} seconds. Ctrl-C stops everything.", ""]
        lines += [f"  {name:<12} {address}" for name, address in rows]
        lines += ["", f"  Password of everybody below: {password}", ""]
        lines += [f"  Player       {person.email:<28} {person.about}" for person in PLAYERS]
        lines += [f"  Operator     {person.email:<28} {person.about}" for person in OPERATORS]
        lines += [
            "",
            "  Operators also need a one-time code. In another terminal:",
            f"  {_python_words()} manage.py demo_otp {OPERATORS[-1].role}",
            "",
        ]
        for line in lines:
            self.say(line)


@contextmanager
def only_one(data: Path) -> Iterator[None]:
    """Hold the data folder. Raises CommandError when another demo has it."""
    with (data / "demo.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise CommandError(
                f"The demo runs already (process {file.read().strip() or 'unknown'})."
                " Stop it with Ctrl-C first."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def _pending_migrations(owner_url: str) -> bool:
    loader = MigrationLoader(None, load=False)
    loader.load_disk()
    with psycopg.connect(owner_url) as connection:
        row = connection.execute("SELECT to_regclass('django_migrations')").fetchone()
        if row is None or row[0] is None:
            return True
        done = set(connection.execute("SELECT app, name FROM django_migrations").fetchall())
    return not loader.disk_migrations.keys() <= done


def _queues() -> list[str]:
    routed = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}
    return [settings.CELERY_TASK_DEFAULT_QUEUE, *sorted(routed)]


def _python_words() -> str:
    """The interpreter as the visitor typed it, near enough to paste."""
    inside = Path(sys.executable)
    if inside.is_relative_to(settings.BASE_DIR):
        return str(inside.relative_to(settings.BASE_DIR))
    return "python"
