"""Nudge open pages. Losing a frame loses nothing: a page that reconnects asks for the state."""

from typing import Any

import structlog
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from redis.exceptions import RedisError

log = structlog.get_logger()

STAFF_GROUP = "staff"


def player_group(player_id: int) -> str:
    return f"player.{player_id}"


def push(player_id: int, stream: str, data: dict[str, Any], *, seq: int | None = None) -> None:
    """Send one frame to every tab of a player.

    stream: `balance`, `toast`, `payments`…; seq grows within a stream, older frames are dropped.
    """
    _send(player_group(player_id), stream, data, seq)


def push_staff(stream: str, data: dict[str, Any]) -> None:
    """Send one frame to every open back-office page."""
    _send(STAFF_GROUP, stream, data, None)


def _send(group: str, stream: str, data: dict[str, Any], seq: int | None) -> None:
    message = {"type": "frame", "stream": stream, "data": data, "seq": seq}
    try:
        async_to_sync(get_channel_layer().group_send)(group, message)
    except (RedisError, OSError) as error:
        log.warning("live.lost", group=group, stream=stream, error=str(error))
