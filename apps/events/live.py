"""Nudge open pages. Losing a frame loses nothing: a page that reconnects asks for the state."""

import time
from collections.abc import Callable
from typing import Any

import structlog
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from redis.exceptions import RedisError

log = structlog.get_logger()

STAFF_GROUP = "staff"
PAUSE_SECONDS = 5.0
_paused: dict[str, float] = {}
# Streams that anybody may watch, and the frame that tells a newcomer where they stand.
_public: dict[str, Callable[[], dict[str, Any]]] = {}


def offer(stream: str, state: Callable[[], dict[str, Any]]) -> None:
    """Let every visitor watch a stream. state: a whole frame, `{"stream", "seq", "data"}`."""
    _public[stream] = state


def state_of(stream: str) -> Callable[[], dict[str, Any]] | None:
    """What a newcomer to a public stream is sent first; None for a stream that is not public."""
    return _public.get(stream)


def public_group(stream: str) -> str:
    return f"public.{stream}"


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


def broadcast(stream: str, data: dict[str, Any], *, seq: int) -> None:
    """Send one frame to everybody who watches a public stream."""
    _send(public_group(stream), stream, data, seq)


def _send(group: str, stream: str, data: dict[str, Any], seq: int | None) -> None:
    if _paused.get("redis", 0.0) > time.monotonic():
        return
    message = {"type": "frame", "stream": stream, "data": data, "seq": seq}
    try:
        async_to_sync(get_channel_layer().group_send)(group, message)
    except (RedisError, OSError) as error:
        log.warning("live.lost", group=group, stream=stream, error=str(error))
        # Nobody waits for a Redis that is away with every bet.
        _paused["redis"] = time.monotonic() + PAUSE_SECONDS
