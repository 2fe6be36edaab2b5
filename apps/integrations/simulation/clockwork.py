"""What a vendor does without anybody asking."""

import logging
import threading
import time
from collections.abc import Callable

logger = logging.getLogger(__name__)

# After so long without anything to do it looks less often; whatever is written in a book wakes it.
AWAKE_SECONDS = 1.0
DROWSY_PAUSE_SECONDS = 0.5


class Clockwork:
    """One thread for what a vendor does unasked. Its work lies in the book, so it may die.

    A job that must not wait for the others (a live table's clock does not stop because a casino does
    not answer) has a thread of its own.
    """

    def __init__(self) -> None:
        self._jobs: list[Callable[[], int]] = []
        self._apart: list[Clockwork] = []
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._woken = threading.Event()

    def add(self, job: Callable[[], int], *, apart: bool = False) -> None:
        """Do this again and again; it says how many things it did, and none means rest."""
        if apart:
            alone = Clockwork()
            alone.add(job)
            self._apart.append(alone)
            return
        self._jobs.append(job)

    def start(self, pause_seconds: float = 0.1) -> None:
        for alone in self._apart:
            alone.start(pause_seconds)
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._run, args=(pause_seconds,), name="clockwork", daemon=True
            )
            self._thread.start()

    def wake(self) -> None:
        """Something was written that may want attention soon."""
        self._woken.set()
        for alone in self._apart:
            alone.wake()

    def stop(self) -> None:
        self._stop.set()
        self._woken.set()
        for alone in self._apart:
            alone.stop()

    def _run(self, pause_seconds: float) -> None:
        busy_at = time.monotonic()
        while not self._stop.is_set():
            if self._woken.is_set():
                self._woken.clear()
                busy_at = time.monotonic()
            if sum(self._attempt(job) for job in self._jobs):
                busy_at = time.monotonic()
            elif time.monotonic() - busy_at < AWAKE_SECONDS:
                self._stop.wait(pause_seconds)
            else:
                self._woken.wait(DROWSY_PAUSE_SECONDS)

    @staticmethod
    def _attempt(job: Callable[[], int]) -> int:
        try:
            return job()
        except Exception:  # the edge: the next round tries again
            logger.exception("A simulator's background job failed.")
            return 0


clockwork = Clockwork()
