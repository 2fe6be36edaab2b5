"""The real wallet server in a process of its own, and a wire to PostgreSQL that can be cut."""

import hashlib
import hmac
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.db import connection

ROOT = Path(__file__).resolve().parent.parent.parent
NAME = "wallet-under-test"
START_SECONDS = 30


class Wire:
    """A TCP door to the test database that acts between PostgreSQL's answer and its delivery.

    `when_answered(b"key", act)`: PostgreSQL has done what a message holding those bytes asked for,
    and the casino does not know yet. `act` runs then, once, and the answer is dropped with the line.
    """

    def __init__(self) -> None:
        self._words: bytes | None = None
        self._act: Callable[[], None] = lambda: None
        self.acted = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def when_answered(self, words: bytes, act: Callable[[], None] = lambda: None) -> None:
        self.acted.clear()
        self._words, self._act = words, act

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near = self._listener.accept()[0]
                far = _postgres_line()
                heard = threading.Event()
                for source, sink, forward in (
                    (near, far, self._asked),
                    (far, near, self._answered),
                ):
                    threading.Thread(
                        target=self._carry, args=(source, sink, forward, heard), daemon=True
                    ).start()

    def _carry(
        self,
        source: socket.socket,
        sink: socket.socket,
        forward: Callable[[bytes, threading.Event], bool],
        heard: threading.Event,
    ) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if not forward(data, heard):
                    break
                sink.sendall(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _asked(self, data: bytes, heard: threading.Event) -> bool:
        if self._words and self._words in data:
            self._words = None
            heard.set()
        return True

    def _answered(self, data: bytes, heard: threading.Event) -> bool:
        # PostgreSQL sends the rows with the commit: an autocommitted statement is durable by now.
        if not heard.is_set() or not data.endswith(b"Z\x00\x00\x00\x05I"):
            return True
        self._act()
        self.acted.set()
        return False


class WalletServer:
    """`granian casino.wallet_wsgi`, as production runs it, on the test database.

    wire: leads to the database; without one the server takes the straight way.
    """

    def __init__(self, wire: Wire | None = None, **environment: str):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "casino.settings.test",
            "DATABASE_URL": database_url(wire.port if wire else None),
            **environment,
        }

    def start(self) -> None:
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws"),
                *("--host", "127.0.0.1", "--port", str(self.port), "--workers", "1"),
                *("--blocking-threads", "8", "--no-access-log", "--log-level", "error"),
                *("--respawn-failed-workers", "--respawn-interval", "0.1"),
                "casino.wallet_wsgi:application",
            ],
            cwd=ROOT,
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + START_SECONDS
        while not self._is_healthy():
            assert time.monotonic() < deadline, "The wallet server did not start."
            time.sleep(0.05)

    def kill(self) -> None:
        """SIGKILL to every process of the server: nothing gets to clean up."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def call(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """One signed call. Raises OSError or HTTPException when no answer comes."""
        raw = json.dumps(body).encode()
        sign = hmac.new(settings.SOFTSWISS_AUTH_TOKEN.encode(), raw, hashlib.sha256).hexdigest()
        return self.post(f"softswiss/{path}", raw, {"X-REQUEST-SIGN": sign})

    def post(self, path: str, raw: bytes, headers: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Bytes as a partner sends them, to `/callbacks/<path>`."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            line.request("POST", f"/callbacks/{path}", raw, headers)
            answer = line.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            line.close()

    def call_until_answered(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """As the partner does: the same call again until the answer is final."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            with suppress(OSError, http.client.HTTPException):
                status, said = self.call(path, body)
                if status < 500:
                    assert status == 200, said
                    return said
            time.sleep(0.05)
        raise AssertionError("No final answer came.")

    def _is_healthy(self) -> bool:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=1)
        try:
            line.request("GET", "/healthz")
            return line.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            line.close()


def database_url(port: int | None = None, name: str = NAME) -> str:
    """The test database, through a door at `port` or straight; name: what PostgreSQL calls the line."""
    known = connection.settings_dict
    who = quote(known["USER"]) + (f":{quote(known['PASSWORD'])}" if known["PASSWORD"] else "")
    place = f"127.0.0.1:{port}" if port else f":{known['PORT']}" if known["PORT"] else ""
    host = "" if port else f"&host={quote(known['HOST'], safe='')}"
    return f"postgresql://{who}@{place}/{known['NAME']}?application_name={name}{host}"


def _postgres_line() -> socket.socket:
    known = connection.settings_dict
    port = known["PORT"] or 5432
    if not known["HOST"].startswith("/"):
        return socket.create_connection((known["HOST"] or "127.0.0.1", port))
    line = socket.socket(socket.AF_UNIX)
    line.connect(f"{known['HOST']}/.s.PGSQL.{port}")
    return line


def end_backends(name: str = NAME) -> int:
    """Cut every connection of the wallet server inside PostgreSQL; how many there were."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE application_name = %s AND datname = current_database()",
            [name],
        )
        return int(cursor.fetchone()[0])
