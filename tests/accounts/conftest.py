import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def _fresh_cache() -> None:
    """Limits and "seen a moment ago" live in the cache and must not pass from test to test."""
    cache.clear()
