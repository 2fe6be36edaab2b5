"""Read settings from the environment; refuse nonsense instead of guessing."""

import ipaddress
import os
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

# Secrets that are written somewhere, so everybody has them.
DEFAULTS = {"a-development-key-that-no-production-start-accepts"}
DISTINCT_MIN = 8
TRUE, FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}


def text(name: str, default: str | None = None) -> str:
    value = os.environ.get(name, "")
    if value:
        return value
    if default is None:
        raise ImproperlyConfigured(f"Set the environment variable {name}.")
    return default


def boolean(name: str, *, default: bool) -> bool:
    value = os.environ.get(name, "").strip().lower()
    if not value:
        return default
    if value in TRUE | FALSE:
        return value in TRUE
    raise ImproperlyConfigured(f"{name} must be true or false, not {value!r}.")


def choice(name: str, options: tuple[str, ...], default: str) -> str:
    value = text(name, default)
    if value not in options:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(options)}, not {value!r}.")
    return value


def integer(name: str, default: int, *, at_least: int | None = None) -> int:
    value = os.environ.get(name, "")
    if not value:
        return default
    try:
        number = int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.") from None
    if at_least is not None and number < at_least:
        raise ImproperlyConfigured(f"{name} must be {at_least} or more, not {number}.")
    return number


def items(name: str, default: str = "") -> list[str]:
    return [part.strip() for part in os.environ.get(name, default).split(",") if part.strip()]


def proxies() -> list[str]:
    """Addresses and networks of our own proxies, whose word on a client's address is believed.

    Nothing but addresses: a `*` would believe every client about itself.
    """
    found = items("TRUSTED_PROXIES")
    for one in found:
        try:
            ipaddress.ip_network(one)
        except ValueError:
            raise ImproperlyConfigured(
                f"TRUSTED_PROXIES lists addresses and networks; {one!r} is neither."
            ) from None
    return found


def require_file(name: str) -> None:
    """What is named must be there: without it nobody could be located."""
    path = os.environ.get(name, "")
    if path and not os.path.isfile(path):
        raise ImproperlyConfigured(f"{name} names {path}, and there is no such file.")


def refuse(name: str, why: str) -> None:
    """What must not be set here."""
    if os.environ.get(name):
        raise ImproperlyConfigured(f"Unset {name}: {why}.")


def secret(name: str, *, length_min: int = 32) -> str:
    """A secret that production must be given: there is no default to forget about."""
    value = text(name)
    if len(value) < length_min:
        raise ImproperlyConfigured(f"{name} must have at least {length_min} characters.")
    if len(set(value)) < DISTINCT_MIN or value.lower() in DEFAULTS:
        raise ImproperlyConfigured(f"{name} looks like a placeholder.")
    return value


def secret_keys(name: str) -> dict[int, bytes]:
    """A key ring for production: none that this repository shows, none that a pattern made."""
    ring = keys(name)
    for number, key in ring.items():
        if len(set(key)) < DISTINCT_MIN:
            raise ImproperlyConfigured(f"Key {number} of {name} looks like a placeholder.")
    return ring


def keys(name: str, default: str | None = None) -> dict[int, bytes]:
    """A key ring written `2:<hex>,1:<hex>`; the first one signs, all verify."""
    ring: dict[int, bytes] = {}
    for part in text(name, default).split(","):
        number, _, value = part.strip().partition(":")
        try:
            ring[int(number)] = bytes.fromhex(value)
        except ValueError:
            raise ImproperlyConfigured(f"{name} must look like 1:<hex>,2:<hex>.") from None
        if len(ring[int(number)]) < 32:
            raise ImproperlyConfigured(f"Each key of {name} needs at least 32 bytes.")
    return ring


def database(url: str) -> dict[str, object]:
    """Django's database settings from `postgresql://user:password@host:port/name?host=/socket`."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured("A database URL must start with postgresql://.")
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    host = query.pop("host", parts.hostname or "")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(host),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": query,
    }
