"""The partners that bring games, by the name that stands in `Game.provider`."""

from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from apps.games.providers.base import GameProvider

PROVIDERS = {"softswiss": "apps.games.providers.softswiss.adapter.Softswiss"}


@cache
def provider(name: str) -> GameProvider:
    """Raises KeyError for a partner we never had."""
    made: GameProvider = import_string(PROVIDERS[name])()
    return made


def configured() -> list[str]:
    """Partners that have an address; the others are off."""
    return [name for name in PROVIDERS if getattr(settings, f"{name.upper()}_BASE_URL", "")]
