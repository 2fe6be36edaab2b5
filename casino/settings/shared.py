"""Settings that follow from the Redis URL, for every environment."""

from typing import Any
from urllib.parse import urlsplit

from casino import env


def broker_url(redis_url: str) -> str:
    """Celery's spelling of a Redis URL: it names Unix sockets its own way."""
    if redis_url.startswith("unix://"):
        return redis_url.replace("unix://", "redis+socket://", 1)
    return redis_url


def redis_settings(
    redis_url: str, patience_seconds: float = 1.0
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Django's CACHES and Channels' CHANNEL_LAYERS on one Redis.

    patience_seconds: a Redis that takes longer to answer the cache counts as away.
    """
    caches: dict[str, Any] = {
        "default": {
            "BACKEND": "apps.core.cache.PatientRedisCache",
            "LOCATION": redis_url,
            "KEY_PREFIX": "casino",
            "OPTIONS": {
                "socket_timeout": patience_seconds,
                "socket_connect_timeout": patience_seconds,
            },
        },
        # What counts tries at sign-in while Redis is away.
        "tries": {
            "BACKEND": "django.core.cache.backends.db.DatabaseCache",
            "LOCATION": "core_tries",
        },
    }
    layers = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {
                # No limit on reading: a socket may have nothing to hear for hours.
                "hosts": [{"address": redis_url, "socket_connect_timeout": patience_seconds}],
                "prefix": "live",
            },
        }
    }
    return caches, layers


def cashier_hosts(merchant_id: str, simulator_url: str, hosts: list[str]) -> list[str]:
    """Where the fiat cashier may be framed from: nowhere when it is not set up."""
    if not merchant_id:
        return []
    return [origin(simulator_url)] if simulator_url else hosts


def game_hosts(*urls: str) -> list[str]:
    """Where games may be framed from: the partners' own hosts unless `GAME_HOSTS` names others."""
    return env.items("GAME_HOSTS") or [origin(url) for url in urls if url]


def verification_origin(base_url: str, frame_url: str, simulators_url: str) -> str:
    """The one place the verification provider is framed from: the vendor's, or a simulator's."""
    if not base_url:
        return ""
    if frame_url:
        return origin(frame_url)
    if (urlsplit(base_url).hostname or "").endswith("sumsub.com"):
        return "https://in.sumsub.com"
    return origin(simulators_url or base_url)


def content_security_policy(live_url: str, frame_hosts: list[str]) -> dict[str, Any]:
    """django-csp's setting for player pages: nothing inline, nothing from elsewhere but frames."""
    return {
        "DIRECTIVES": {
            "default-src": ["'self'"],
            "script-src": ["'self'"],
            "style-src": ["'self'"],
            "img-src": ["'self'", "data:"],
            "connect-src": ["'self'", *([live_url] if live_url else [])],
            "frame-src": list(dict.fromkeys(frame_hosts)) or ["'none'"],
            "object-src": ["'none'"],
            "base-uri": ["'none'"],
            "frame-ancestors": ["'none'"],
            "form-action": ["'self'"],
        }
    }


def origin(url: str) -> str:
    """`https://host:port` of a URL, or nothing."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
