"""When a partner is left alone: circuits and bulkheads around calls to it.

A circuit belongs to a partner and a kind of call. Its state lies in Redis, so all processes see the
same one; while Redis is away each process keeps its own. A bulkhead bounds how many calls to a
partner a process makes at once, so that one that hangs cannot take every thread.

    with guard("softswiss", "launch"):
        adapter.launch(request)          # a ProviderError counts, every other end is an answer

Own code because the packages do not fit: pybreaker holds its lock while the call runs, so calls of
a process queue behind a hanging one, and it counts nothing without Redis; purgatory lets every
waiting caller try a partner that may have recovered, and has no state of its own without Redis.
"""

import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any, Literal, TypeVar

import redis
import structlog
from django.conf import settings
from redis.exceptions import RedisError, WatchError

from apps.audit.alarms import raise_alarm
from apps.integrations.errors import NotAsked, ProviderError

log = structlog.get_logger()

# It opens when so many of the calls of the last minute failed, and at least half of them.
WINDOW_SECONDS = 60.0
WINDOW_CALLS = 20
FAILURES_MIN = 5
# How long it stays open: longer each time the first call afterwards fails again.
OPEN_SECONDS = 15.0
OPEN_SECONDS_MAX = 120.0
# One call at a time may find out whether the partner is back; if its process dies, another may.
PROBE_SECONDS = 60.0
CALLS_KEPT = 20
KEPT_SECONDS = 24 * 60 * 60
# Redis that did not answer is left alone for this long.
REDIS_PAUSE_SECONDS = 5.0
RACES_MAX = 8

State = Literal["closed", "open", "probing"]
Forced = Literal["", "open", "closed"]
T = TypeVar("T")


@dataclass(slots=True)
class Call:
    """One call as people see it. result: `ok`, or what went wrong."""

    at: float
    milliseconds: int
    result: str

    @property
    def is_ok(self) -> bool:
        return self.result == "ok"


@dataclass(slots=True)
class Circuit:
    """What is known of one circuit. Times are seconds since 1970."""

    calls: list[Call] = field(default_factory=list)
    # Calls made before this moment do not count any more: it has been closed since.
    counted_from: float = 0
    open_until: float = 0
    trips: int = 0
    probe_until: float = 0
    forced: Forced = ""
    forced_by: str = ""
    forced_reason: str = ""

    def state(self, at: float) -> State:
        if self.forced:
            return self.forced
        if not self.trips:
            return "closed"
        return "open" if at < self.open_until else "probing"

    def admit(self, at: float) -> bool:
        """Whether a call may go out now. After the pause one at a time may, to find out."""
        match self.state(at):
            case "closed":
                return True
            case "open":
                return False
        if at < self.probe_until:
            return False
        self.probe_until = at + PROBE_SECONDS
        return True

    def note(self, call: Call) -> bool:
        """Count a call that has ended; True when the circuit has just opened."""
        self.calls = [*self.calls, call][-CALLS_KEPT:]
        self.probe_until = 0
        if self.forced:
            return False
        if self.trips:
            # It was a probe, or went out before the circuit opened.
            if call.is_ok:
                self.close(call.at)
            elif call.at >= self.open_until:
                self._open(call.at)
            return False
        recent = self.recent(call.at)
        failures = sum(not one.is_ok for one in recent)
        if call.is_ok or failures < FAILURES_MIN or failures * 2 < len(recent):
            return False
        self._open(call.at)
        return True

    def recent(self, at: float) -> list[Call]:
        """The calls that count now."""
        since = max(at - WINDOW_SECONDS, self.counted_from)
        return [one for one in self.calls[-WINDOW_CALLS:] if one.at > since]

    def close(self, at: float) -> None:
        self.trips, self.open_until, self.probe_until, self.counted_from = 0, 0, 0, at

    def _open(self, at: float) -> None:
        pause = min(OPEN_SECONDS * 2**self.trips, OPEN_SECONDS_MAX)
        # Not all circuits that opened in one moment ask again in one moment.
        self.open_until = at + pause * random.uniform(0.8, 1.2)  # noqa: S311 (no secret)
        self.trips += 1


def circuit(partner: str, kind: str) -> Circuit:
    """A circuit as it is now, for pages."""
    return _change(partner, kind, lambda found: found, keep=False)


@contextmanager
def guard(partner: str, kind: str, *, alarm: bool = True) -> Iterator[None]:
    """Let a call to a partner through, or raise NotAsked at once.

    alarm: tell staff when this call opens the circuit; off for threads without a database.
    """
    if not _change(partner, kind, lambda found: found.admit(time.time())):
        raise NotAsked(partner, kind, "open")
    bulkhead = _bulkhead(partner, settings.PARTNER_CALLS_MAX)
    if not bulkhead.acquire(blocking=False):
        _change(partner, kind, _give_back)
        raise NotAsked(partner, kind, "busy")
    started, result = time.monotonic(), "ok"
    try:
        yield
    except NotAsked:
        result = ""
        raise
    except ProviderError as error:
        result = str(error)[:200]
        raise
    finally:
        bulkhead.release()
        if result:
            took = round((time.monotonic() - started) * 1000)
            call = Call(time.time(), took, result)
            if _change(partner, kind, lambda found: found.note(call)):
                _tell(partner, kind, result, alarm)


def force(partner: str, kind: str, forced: Forced, *, by: str = "", reason: str = "") -> None:
    """Hold a circuit open or closed by hand, or let it decide for itself again."""

    def act(found: Circuit) -> None:
        found.forced, found.forced_by, found.forced_reason = forced, by, reason
        found.close(time.time())

    _change(partner, kind, act)


def is_shared() -> bool:
    """Whether all processes see the same circuits now: Redis answers."""
    try:
        return bool(_redis(settings.REDIS_URL).ping())
    except (RedisError, OSError):
        return False


def forget() -> None:
    """Drop every circuit this process has touched (tests)."""
    with _lock:
        keys, here = set(_touched), list(_bulkheads)
        _touched.clear()
        _local.clear()
        _paused.clear()
    for key in here:
        _bulkheads.pop(key, None)
    if keys:
        try:
            _redis(settings.REDIS_URL).delete(*keys)
        except (RedisError, OSError) as error:
            log.warning("breaker.not_forgotten", error=str(error))


# ---- where circuits lie ---------------------------------------------------------------------------

_lock = threading.RLock()
_local: dict[str, Circuit] = {}
_touched: set[str] = set()
_bulkheads: dict[tuple[str, int], threading.BoundedSemaphore] = {}
# Until when Redis is left alone, by the process's own clock.
_paused: dict[str, float] = {}


def _change(partner: str, kind: str, act: Callable[[Circuit], T], *, keep: bool = True) -> T:
    """Change a circuit in one step: in Redis, or here while Redis is away."""
    key = f"{settings.BREAKER_PREFIX}:{partner}:{kind}"
    _touched.add(key)
    if _paused.get("redis", 0) <= time.monotonic():
        try:
            return _change_shared(key, act, keep=keep)
        except (RedisError, OSError) as error:
            log.warning("breaker.alone", error=type(error).__name__)
            _paused["redis"] = time.monotonic() + REDIS_PAUSE_SECONDS
    with _lock:
        return act(_local.setdefault(key, Circuit()))


def _change_shared(key: str, act: Callable[[Circuit], T], *, keep: bool) -> T:
    """Read, change, write if nobody else did meanwhile. After many races a change is not kept.

    Losing one call's count is harmless; a probe that is not kept is a second probe at worst.
    """
    with _redis(settings.REDIS_URL).pipeline() as pipe:
        for _ in range(RACES_MAX):
            pipe.watch(key)  # type: ignore[no-untyped-call]  # redis-py
            found = _parse(pipe.get(key))
            before = _text(found)
            result = act(found)
            after = _text(found)
            if not keep or after == before:
                pipe.unwatch()
                return result
            pipe.multi()
            pipe.set(key, after, ex=None if found.forced else KEPT_SECONDS)
            try:
                pipe.execute()
            except WatchError:
                continue
            return result
    return result


def _parse(text: Any) -> Circuit:
    """A circuit from Redis; what cannot be read (another release's) begins anew."""
    if not text:
        return Circuit()
    try:
        told = json.loads(text)
        calls = [Call(**one) for one in told.pop("calls")]
        return Circuit(calls=calls, **told)
    except (ValueError, TypeError, KeyError, AttributeError):
        return Circuit()


def _text(found: Circuit) -> str:
    return json.dumps(asdict(found))


def _give_back(found: Circuit) -> None:
    found.probe_until = 0


def _bulkhead(partner: str, calls_max: int) -> threading.BoundedSemaphore:
    key = (partner, calls_max)
    with _lock:
        if key not in _bulkheads:
            _bulkheads[key] = threading.BoundedSemaphore(calls_max)
        return _bulkheads[key]


@cache
def _redis(url: str) -> "redis.Redis":
    return redis.Redis.from_url(
        url,
        socket_timeout=settings.BREAKER_REDIS_SECONDS,
        socket_connect_timeout=settings.BREAKER_REDIS_SECONDS,
    )


def _tell(partner: str, kind: str, result: str, alarm: bool) -> None:
    log.warning("breaker.opened", partner=partner, kind=kind, why=result)
    if alarm:
        raise_alarm(
            "partner.circuit_open",
            subject=f"{partner} {kind}",
            message=f"{partner} is left alone for a while ({kind}). The last failure: {result}",
        )
