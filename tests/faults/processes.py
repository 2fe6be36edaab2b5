"""What a fault test kills: a worker as production runs it, a Redis of its own, marks to die at."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import redis
from django.conf import settings

from casino import embedded
from casino.celery import app
from casino.settings.shared import broker_url
from tests.wallet.surroundings import ROOT, START_SECONDS, WalletServer, database_url


def wait_until(holds: Callable[[], Any], what: str, seconds: float = START_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"Waited in vain: {what}."
        time.sleep(0.02)


def revive(server: WalletServer) -> None:
    """Start it anew, as what runs it does. (Granian's own respawn gives up after two quick deaths.)"""
    server.kill()
    server.start()


class Marks:
    """The folder that tells a process where to die (apps/core/crash_points.py)."""

    def __init__(self, folder: Path):
        self.folder = folder

    def arm(self, point: str) -> None:
        (self.folder / point).touch()

    def is_armed(self, point: str) -> bool:
        return (self.folder / point).exists()


class Redis:
    """A Redis that nobody else uses, so that it may be emptied and killed."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="casino-"))  # a socket's path must be short
        self.url = f"unix://{self._folder}/redis.sock"
        self.client = redis.Redis.from_url(self.url)
        # What casino.settings.test uses of it, for sessions and jobs.
        self.used = redis.Redis.from_url(f"{self.url}?db={settings.REDIS_DATABASE}")

    def start(self) -> None:
        self._process = subprocess.Popen(
            [
                embedded._redis_program(),
                *("--port", "0", "--unixsocket", str(self._folder / "redis.sock")),
                *("--save", "", "--dir", str(self._folder)),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(lambda: embedded._redis_answers(self.url), "the test's own Redis")

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self._folder)


class Worker:
    """The Procfile's `worker` on the test database."""

    def __init__(self, store: Redis, **environment: str):
        self._environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "casino.settings.test",
            "DATABASE_URL": database_url(name="worker-under-test"),
            "REDIS_URL": store.url,
            **environment,
        }
        # What casino.settings.test makes of that URL.
        self._broker = f"{broker_url(store.url)}?virtual_host={settings.REDIS_DATABASE}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "celery", "-A", "casino.celery", "worker"),
                *("--pool", "threads", "--concurrency", "2", "--queues", "default,followers"),
                *("--loglevel", "error", "--without-mingle"),
            ],
            cwd=ROOT,
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def send(self, task: str) -> None:
        """What `beat` does at its next tick."""
        with app.connection_for_write(self._broker) as line:
            app.send_task(task, connection=line)

    def wait_for_death(self) -> int:
        """The signal that ended it."""
        assert self._process is not None
        return -self._process.wait(START_SECONDS)

    def kill(self) -> None:
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
