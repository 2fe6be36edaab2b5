from collections.abc import Iterator
from typing import Any

import pytest

from apps.core import rate_limits
from apps.events import live
from apps.integrations import breaker
from casino.settings.shared import redis_settings

DEAD = "unix:///nowhere/redis.sock"


@pytest.fixture
def _no_redis(settings: Any) -> Iterator[None]:
    """Nobody listens where Redis should be."""
    kept = settings.CACHES["default"]
    rate_limits.forget()
    breaker.forget()
    settings.REDIS_URL = DEAD
    settings.CACHES, settings.CHANNEL_LAYERS = redis_settings(DEAD)
    live._paused.clear()
    yield
    live._paused.clear()
    settings.CACHES = {**settings.CACHES, "default": kept}
    rate_limits.forget()
