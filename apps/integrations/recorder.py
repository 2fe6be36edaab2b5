"""Keeps a copy of a callback without making the partner wait for it.

Copies go into a bounded queue; one thread writes what has gathered, several times a second. The
journal is the record of the money; a copy can be lost when the process is killed within that time
or when the database is away for long. Then the loss is logged and counted.
"""

import atexit
import json
import queue
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

import psycopg
import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, transaction

from apps.core.clock import now
from apps.integrations.models import InboxMessage

log = structlog.get_logger()

QUEUE_MAX = 20_000
BATCH_MAX = 2_000
# What nobody signed may be anything: keep enough to see what it was.
UNSIGNED_BYTES_MAX = 4_096
KEPT_HEADERS = ("content-type", "user-agent", "x-request-id")
COLUMNS = (
    "partner, kind, outside_ref, headers, body, answer_status, answer, state, tries, error, "
    "received_at, done_at"
)


@dataclass(frozen=True, slots=True)
class Copy:
    """A call and its answer. error: why it was refused, empty when it was not."""

    partner: str
    kind: str
    outside_ref: str
    headers: Mapping[str, str]
    remote_addr: str
    body: bytes
    answer_status: int
    answer: bytes
    error: str
    received_at: datetime

    def row(self) -> tuple[object, ...]:
        kept = {name: self.headers[name] for name in KEPT_HEADERS if name in self.headers}
        refused = self.answer_status != 200
        state = InboxMessage.State.REFUSED if refused else InboxMessage.State.DONE
        return (
            self.partner,
            self.kind[:64],
            self.outside_ref[:255],
            json.dumps(kept | {"remote-addr": self.remote_addr}),
            self.body,
            self.answer_status,
            self.answer,
            str(state),
            1,
            self.error,
            self.received_at,
            now(),
        )


class Recorder:
    """One per process; the thread starts with the first copy."""

    def __init__(self) -> None:
        self._queue: queue.Queue[Copy] = queue.Queue(maxsize=QUEUE_MAX)
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.lost = 0

    def keep(self, copy: Copy) -> None:
        """Never raises and never waits for the database (unless told to write at once)."""
        if not settings.CALLBACK_COPY_SECONDS:
            self._write([copy])
            return
        try:
            self._queue.put_nowait(copy)
        except queue.Full:
            self._count_lost(1)
        if self._thread is None:
            self._start()

    def flush(self) -> None:
        """Write what has gathered."""
        while copies := self._gathered():
            self._write(copies)

    def stop(self) -> None:
        """Write the rest before the process ends."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
                self._thread.start()
                atexit.register(self.stop)

    def _run(self) -> None:
        while not self._stop.wait(settings.CALLBACK_COPY_SECONDS):
            copies = self._gathered()
            if copies:
                self._write(copies)
            else:
                # A quiet process does not hold a connection.
                connection.close()
        self.flush()
        connection.close()

    def _gathered(self) -> list[Copy]:
        copies: list[Copy] = []
        while len(copies) < BATCH_MAX:
            try:
                copies.append(self._queue.get_nowait())
            except queue.Empty:
                break
        return copies

    def _write(self, copies: Sequence[Copy]) -> None:
        try:
            with (
                transaction.atomic(),
                connection.cursor() as cursor,
                cursor.copy(f"COPY integrations_inbox ({COLUMNS}) FROM STDIN") as sink,
            ):
                for copy in copies:
                    sink.write_row(copy.row())
        except (DatabaseError, InterfaceError, psycopg.Error):
            log.exception("callback.copies_failed", copies=len(copies))
            self._count_lost(len(copies))
            if not connection.in_atomic_block:
                connection.close()

    def _count_lost(self, count: int) -> None:
        self.lost += count
        log.warning("callback.copies_lost", count=count, total=self.lost)


@cache
def recorder() -> Recorder:
    return Recorder()
