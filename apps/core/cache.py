"""Redis as a cache that may be away: pages work without it, only slower.

While Redis does not answer nothing is found and nothing is kept, and it is left alone for a few
seconds at a time. Two things would not bear that:

- What counts tries at sign-in (allauth keeps it here) is kept in the database meanwhile, so that
  nobody gets more tries by an outage.
- What was changed meanwhile, such as a session that was ended, is struck from Redis when it is
  back, before anything is read from it. A process that ends during the outage cannot do that for
  its own changes.
"""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from django.core.cache import caches
from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = structlog.get_logger()

PAUSE_SECONDS = 5.0
# What limits tries: these keys move to the database.
COUNTED = ("allauth:rl:", "allauth.mfa.totp.used")
TRIES = "tries"
# With more changes than this everything is struck: a cache holds nothing that counts.
OWED_MAX = 10_000


class Outage:
    """What a process knows of one Redis that was away."""

    def __init__(self) -> None:
        self.until = 0.0
        self.owed: set[str] = set()
        self.lock = threading.Lock()

    @property
    def is_on(self) -> bool:
        return self.until > time.monotonic()

    def begin(self, error: Exception) -> None:
        self.until = time.monotonic() + PAUSE_SECONDS
        log.warning("cache.away", error=type(error).__name__)

    def owe(self, keys: list[str]) -> None:
        with self.lock:
            self.owed.update(keys[: OWED_MAX + 1])


_outages: dict[str, Outage] = {}


class PatientRedisCache(RedisCache):
    """Django's Redis cache, where an outage is a miss."""

    @property
    def outage(self) -> Outage:
        servers: list[str] = self._servers  # type: ignore[attr-defined]  # Django's
        return _outages.setdefault(";".join(servers), Outage())

    def add(
        self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> bool:
        return bool(
            self._change(
                key, version, lambda: super(PatientRedisCache, self).add(key, value, timeout, version),
                "add", (value, timeout), otherwise=True,
            )
        )  # fmt: skip

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        if not self.outage.is_on:
            try:
                self._pay()
                return super().get(key, default, version)
            except (RedisError, OSError) as error:
                self.outage.begin(error)
        if key.startswith(COUNTED):
            return caches[TRIES].get(key, default, version)
        return default

    def set(
        self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> None:
        self._change(
            key, version, lambda: super(PatientRedisCache, self).set(key, value, timeout, version),
            "set", (value, timeout), otherwise=None,
        )  # fmt: skip

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return bool(
            self._change(
                key, version, lambda: super(PatientRedisCache, self).touch(key, timeout, version),
                "touch", (timeout,), otherwise=False,
            )
        )  # fmt: skip

    def delete(self, key: str, version: int | None = None) -> bool:
        return bool(
            self._change(
                key, version, lambda: super(PatientRedisCache, self).delete(key, version),
                "delete", (), otherwise=False,
            )
        )  # fmt: skip

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        def missing() -> int:
            raise ValueError(f"Key '{key}' not found.")

        found = self._change(
            key, version, lambda: super(PatientRedisCache, self).incr(key, delta, version),
            "incr", (delta,), otherwise=missing,
        )  # fmt: skip
        return int(found() if callable(found) else found)

    def has_key(self, key: str, version: int | None = None) -> bool:
        if not self.outage.is_on:
            try:
                self._pay()
                return bool(super().has_key(key, version))
            except (RedisError, OSError) as error:
                self.outage.begin(error)
        return key.startswith(COUNTED) and caches[TRIES].has_key(key, version)

    def get_many(self, keys: Any, version: int | None = None) -> dict[str, Any]:
        keys = list(keys)
        found = {key: self.get(key, self, version) for key in keys if key.startswith(COUNTED)}
        rest = [key for key in keys if key not in found]
        if rest and not self.outage.is_on:
            try:
                self._pay()
                found |= super().get_many(rest, version)
            except (RedisError, OSError) as error:
                self.outage.begin(error)
        return {key: value for key, value in found.items() if value is not self}

    def set_many(
        self,
        data: Mapping[str, Any],
        timeout: Any = DEFAULT_TIMEOUT,
        version: int | None = None,
    ) -> list[str]:
        for key, value in data.items():
            self.set(key, value, timeout, version)
        return []

    def delete_many(self, keys: Any, version: int | None = None) -> None:
        for key in keys:
            self.delete(key, version)

    def clear(self) -> None:
        if not self.outage.is_on:
            try:
                super().clear()
            except (RedisError, OSError) as error:
                self.outage.begin(error)

    def _change(
        self,
        key: str,
        version: int | None,
        act: Callable[[], Any],
        name: str,
        args: tuple[Any, ...],
        *,
        otherwise: Any,
    ) -> Any:
        if not self.outage.is_on:
            try:
                self._pay()
                return act()
            except (RedisError, OSError) as error:
                self.outage.begin(error)
        if key.startswith(COUNTED):
            return getattr(caches[TRIES], name)(key, *args, version=version)
        self.outage.owe([self.make_and_validate_key(key, version=version)])
        return otherwise

    def _pay(self) -> None:
        """Strike what was changed during an outage, before Redis is believed again."""
        outage = self.outage
        if not outage.owed:
            return
        with outage.lock:
            if len(outage.owed) > OWED_MAX:
                super().clear()
            elif outage.owed:
                self._cache.delete_many(list(outage.owed))
            outage.owed.clear()
