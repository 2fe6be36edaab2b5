"""How often something may be tried, by account and by address: the table is `RATE_LIMITS`.

Counting is one script in Redis, so tries at the same moment are all counted. While Redis is away,
what guards an entrance is counted in the database, with the same numbers; the rest (bets, payments)
goes on and is counted by each process for itself.
"""

import time
from collections.abc import Callable
from functools import cache, partial
from hashlib import sha256
from typing import TypeVar

import structlog
from django.conf import settings
from django.db import connection
from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage, RedisStorage, Storage
from limits.strategies import (
    FixedWindowRateLimiter,
    RateLimiter,
    SlidingWindowCounterRateLimiter,
)
from redis.exceptions import RedisError

from apps.core.client_address import counted_as
from apps.core.clock import now
from apps.core.errors import RateLimited
from apps.core.models import RateCount

log = structlog.get_logger()

# Redis that did not answer is left alone for this long.
PAUSE_SECONDS = 5.0
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
EXPIRED_AT_ONCE = 100
T = TypeVar("T")


def hit(action: str, *, account: object = "", ip: str | None = None) -> None:
    """Count a try. Raises RateLimited when there were too many; then it is not counted.

    account: a number or name; an empty one is not counted. The address is asked first, so that a
    flood from one place uses up nobody else's tries.
    """
    for item, key in _counters(action, account, ip):
        if not _ask(action, partial(_hit, item, key)):
            raise RateLimited(retry_after=_wait(action, item, key))


def check(action: str, *, account: object = "", ip: str | None = None) -> None:
    """Raises RateLimited when one more try would be too many; counts nothing."""
    for item, key in _counters(action, account, ip):
        if not _ask(action, partial(_test, item, key)):
            raise RateLimited(retry_after=_wait(action, item, key))


def clear(action: str, *, account: object) -> None:
    """Forget an account's tries: it has shown that it knows the way in."""
    for item, key in _counters(action, account, None):
        _ask(action, partial(_clear, item, key))


def action_of(route: str, method: str) -> str:
    """What a request to this address counts as; empty when it is not counted."""
    suffixes = settings.RATE_LIMITED_SUFFIXES.items()
    action = settings.RATE_LIMITED_ROUTES.get(route) or next(
        (name for suffix, name in suffixes if route.endswith(suffix)), ""
    )
    if action and method in SAFE_METHODS and not settings.RATE_LIMITS[action].get("reads"):
        return ""
    return str(action)


def _counters(action: str, account: object, ip: str | None) -> list[tuple[RateLimitItem, str]]:
    """Raises KeyError for an action that the table does not have."""
    found = []
    limits = settings.RATE_LIMITS[action]
    if ip and limits.get("ip"):
        found += [(item, f"{action}:ip:{counted_as(ip)}") for item in _parsed(limits["ip"])]
    named = str(account).strip().lower()
    if named and limits.get("account"):
        # Names of people do not lie about in Redis.
        mark = sha256(named.encode()).hexdigest()[:32]
        found += [(item, f"{action}:account:{mark}") for item in _parsed(limits["account"])]
    return found


@cache
def _parsed(text: str) -> list[RateLimitItem]:
    return parse_many(text)


def _hit(item: RateLimitItem, key: str, limiter: RateLimiter) -> bool:
    return limiter.hit(item, key)


def _test(item: RateLimitItem, key: str, limiter: RateLimiter) -> bool:
    return limiter.test(item, key)


def _clear(item: RateLimitItem, key: str, limiter: RateLimiter) -> None:
    limiter.clear(item, key)


def _wait(action: str, item: RateLimitItem, key: str) -> int:
    stats = _ask(action, lambda limiter: limiter.get_window_stats(item, key))
    return max(1, round(stats.reset_time - time.time()))


# ---- where it is counted ---------------------------------------------------------------------------

_paused: dict[str, float] = {}


def _ask(action: str, question: Callable[[RateLimiter], T]) -> T:
    if _paused.get("redis", 0.0) <= time.monotonic():
        try:
            return question(_shared(settings.REDIS_URL, settings.RATE_LIMITS_PREFIX))
        except (RedisError, OSError) as error:
            log.warning("rate_limits.alone", error=type(error).__name__)
            _paused["redis"] = time.monotonic() + PAUSE_SECONDS
    if settings.RATE_LIMITS[action].get("away") == "database":
        return question(_kept())
    return question(_local())


def forget() -> None:
    """Ask Redis again at once, and drop what this process has counted alone (tests)."""
    _paused.clear()
    _local.cache_clear()


@cache
def _shared(url: str, prefix: str) -> RateLimiter:
    patience = settings.BREAKER_REDIS_SECONDS
    storage = RedisStorage(
        url.replace("unix://", "redis+unix://", 1),
        key_prefix=prefix,
        socket_timeout=patience,
        socket_connect_timeout=patience,
    )
    return SlidingWindowCounterRateLimiter(storage)


@cache
def _local() -> RateLimiter:
    return SlidingWindowCounterRateLimiter(MemoryStorage())


@cache
def _kept() -> RateLimiter:
    return FixedWindowRateLimiter(DatabaseStorage())


class DatabaseStorage(Storage):
    """Counts in `core_rate_count`, by the database's clock; for outages of Redis."""

    @property
    def base_exceptions(self) -> type[Exception]:
        return Exception

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                """
                INSERT INTO core_rate_count AS kept (key, count, expires_at)
                VALUES (%s, %s, clock_timestamp() + make_interval(secs => %s))
                ON CONFLICT (key) DO UPDATE SET
                    count = CASE WHEN kept.expires_at <= clock_timestamp() THEN EXCLUDED.count
                                 ELSE kept.count + EXCLUDED.count END,
                    expires_at = CASE WHEN kept.expires_at <= clock_timestamp()
                                      THEN EXCLUDED.expires_at ELSE kept.expires_at END
                RETURNING count
                """,
                [_short(key), amount, expiry],
            )
            count = int(cursor.fetchone()[0])
            if count == amount:
                cursor.execute(
                    """
                    DELETE FROM core_rate_count WHERE key IN (
                        SELECT key FROM core_rate_count
                         WHERE expires_at < clock_timestamp() - interval '1 hour'
                         LIMIT %s FOR UPDATE SKIP LOCKED)
                    """,
                    [EXPIRED_AT_ONCE],
                )
        return count

    def get(self, key: str) -> int:
        found = RateCount.objects.filter(pk=_short(key), expires_at__gt=now()).first()
        return found.count if found else 0

    def get_expiry(self, key: str) -> float:
        found = RateCount.objects.filter(pk=_short(key)).first()
        return found.expires_at.timestamp() if found else time.time()

    def check(self) -> bool:
        return True

    def reset(self) -> int | None:
        return RateCount.objects.all().delete()[0]

    def clear(self, key: str) -> None:
        RateCount.objects.filter(pk=_short(key)).delete()


def _short(key: str) -> str:
    return key if len(key) <= 200 else sha256(key.encode()).hexdigest()
