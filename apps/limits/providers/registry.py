"""Which register is asked by which adapter, by the name a profile gives it."""

from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from apps.limits.providers.base import Register

# A register that has no line here cannot be asked: whoever must be asked about there may not play.
REGISTERS = {"GAMSTOP": "apps.limits.providers.register.adapter.Gamstop"}


def register(name: str) -> Register | None:
    """None when it has no adapter, or is not set up."""
    path = REGISTERS.get(name)
    if path is None or not getattr(settings, f"{name}_BASE_URL", ""):
        return None
    return _made(path)


@cache
def _made(path: str) -> Register:
    made: Register = import_string(path)()
    return made
