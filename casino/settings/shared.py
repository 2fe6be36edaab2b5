"""Settings that follow from the Redis URL, for every environment."""

from typing import Any
from urllib.parse import urlsplit

from casino import env


def broker_url(redis_url: str) -> str:
    """Celery's spelling of a Redis URL: it names Unix sockets its own way."""
    if redis_url.startswith("unix://"):
        return redis_url.replace("unix://", "redis+socket://", 1)
    return redis_url


def redis_settings(redis_url: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Django's CACHES and Channels' CHANNEL_LAYERS on one Redis."""
    caches = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": redis_url,
            "KEY_PREFIX": "casino",
        }
    }
    layers = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [redis_url], "prefix": "live"},
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
            "base-uri": ["'self'"],
            "frame-ancestors": ["'none'"],
            "form-action": ["'self'"],
        }
    }


def origin(url: str) -> str:
    """`https://host:port` of a URL, or nothing."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
