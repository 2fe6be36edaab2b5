"""The partners that bring games, by the name that stands in `Game.provider`."""

from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from apps.games.guarded import Guarded

PROVIDERS = {
    "softswiss": "apps.games.providers.softswiss.adapter.Softswiss",
    "alea": "apps.games.providers.alea.adapter.Alea",
}


@cache
def provider(name: str) -> Guarded:
    """A partner behind its breaker. Raises KeyError for a partner we never had."""
    return Guarded(name, import_string(PROVIDERS[name])())


def configured() -> list[str]:
    """Partners that have an address; the others are off."""
    return [name for name in PROVIDERS if getattr(settings, f"{name.upper()}_BASE_URL", "")]
