"""One socket per tab. The server speaks; the tab only says which notice it has seen last, and what
public stream its page shows.
"""

import json
import time
from typing import Any
from urllib.parse import parse_qs

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.conf import settings

from apps.accounts import sessions
from apps.accounts.models import Player
from apps.core.client_address import socket_ip
from apps.events import live
from apps.messaging import services
from apps.risk import location
from apps.wallet import selectors

SIGN_IN_FIRST = 4401
TOO_LONG, TOO_OFTEN = 1009, 1008
# How often a heartbeat makes the socket look whether its session has gone idle.
IDLE_CHECK_SECONDS = 60


class LiveConsumer(AsyncJsonWebsocketConsumer):  # type: ignore[misc]  # Channels has no types
    """Frames are `{"stream", "seq", "data"}`; `?since=` names the last notice the tab has shown."""

    groups: list[str] = []
    player: Player | None = None
    watched = ""
    checked_at = 0.0
    # When the last messages came, of this second.
    lately: list[float] = []

    async def connect(self) -> None:
        self.player = await self._player()
        wanted = self._asked("watch")
        if self.player is None and live.state_of(wanted) is None:
            await self.accept()
            await self.close(code=SIGN_IN_FIRST)
            return
        if self.player is not None:
            await self.channel_layer.group_add(live.player_group(self.player.pk), self.channel_name)
        await self.accept()
        if self.player is not None:
            for message in await self._snapshot(self.player.pk):
                await self.send_json(message)
        await self._watch(wanted)

    async def disconnect(self, code: int) -> None:
        if self.player is not None:
            group = live.player_group(self.player.pk)
            await self.channel_layer.group_discard(group, self.channel_name)
        await self._leave()

    async def receive(
        self, text_data: str | None = None, bytes_data: bytes | None = None, **kwargs: Any
    ) -> None:
        """Nothing is taken from the socket but a heartbeat and what to watch; floods end it."""
        size = len((text_data or "").encode())
        if bytes_data is not None or size > settings.SOCKET_MESSAGE_BYTES_MAX:
            await self.close(code=TOO_LONG)
            return
        if not self._is_paced():
            await self.close(code=TOO_OFTEN)
            return
        if (wanted := _wanted(text_data or "")) is not None:
            await self._watch(wanted)
        if self.player is None:
            return
        if time.monotonic() - self.checked_at >= IDLE_CHECK_SECONDS:
            self.checked_at = time.monotonic()
            if await self._player() is None:
                await self.frame({"stream": "signed-out", "seq": None, "data": {}})

    def _is_paced(self) -> bool:
        """Whether this message is not one too many within a second."""
        at = time.monotonic()
        self.lately = [one for one in self.lately if at - one < 1] + [at]
        return len(self.lately) <= settings.SOCKET_MESSAGES_A_SECOND

    async def frame(self, message: dict[str, Any]) -> None:
        await self.send_json({key: message[key] for key in ("stream", "seq", "data")})
        if message["stream"] == "signed-out":
            await self.close(code=SIGN_IN_FIRST)

    async def _watch(self, stream: str) -> None:
        """Join a public stream in the place of another, and send where it stands. "" only leaves."""
        state = live.state_of(stream)
        if self.watched and stream != self.watched:
            await self._leave()
        if state is None:
            return
        self.watched = stream
        # Joined first: what happens while the state is read comes as frames.
        await self.channel_layer.group_add(live.public_group(stream), self.channel_name)
        await self.send_json(await database_sync_to_async(state)())

    async def _leave(self) -> None:
        if self.watched:
            group = live.public_group(self.watched)
            await self.channel_layer.group_discard(group, self.channel_name)
            self.watched = ""

    def _asked(self, name: str) -> str:
        said: str = self.scope["query_string"].decode()
        return parse_qs(said).get(name, [""])[0]

    @database_sync_to_async
    def _player(self) -> Player | None:
        user = self.scope["user"]
        if not user.is_authenticated or not user.is_active:
            return None
        # The next request ends the session; until then it shows nothing more.
        key = self.scope["session"].session_key
        if not key or sessions.is_idle(user, key):
            return None
        player = Player.objects.select_related("user").filter(pk=user.pk).first()
        if player is not None:
            # A game in a frame asks us for nothing else: its tab says where the player is.
            location.look_if_due_by_key(player, socket_ip(self.scope))
        return player

    @database_sync_to_async
    def _snapshot(self, player_id: int) -> list[dict[str, Any]]:
        """The state a tab needs after it was away: balances as they are, notices it has missed."""
        frames: list[dict[str, Any]] = [
            {
                "stream": "balance",
                "seq": balance.version,
                "data": {
                    "currency": balance.currency.code,
                    "amount": balance.cash.text,
                    "version": balance.version,
                },
            }
            for balance in selectors.balances(player_id)
            if balance.version
        ]
        since = self._asked("since")
        unread = services.unread_frame(player_id)
        if since or unread["count"]:
            frames.append({"stream": "unread", "seq": None, "data": unread})
        if since.isdigit():
            frames += [
                {"stream": "toast", "seq": notice.pk, "data": services.frame(notice)}
                for notice in services.missed(player_id, int(since))
            ]
        return frames


def _wanted(text: str) -> str | None:
    """The stream that a message asks to watch; None for a heartbeat and for nonsense."""
    try:
        said = json.loads(text)
    except ValueError:
        return None
    wanted = said.get("watch") if isinstance(said, dict) else None
    return wanted if isinstance(wanted, str) else None
