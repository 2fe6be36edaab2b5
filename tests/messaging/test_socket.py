"""The bell's count over the socket: when a tab comes, and when something is told or read."""

import json
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from asgiref.testing import ApplicationCommunicator
from channels.auth import AuthMiddlewareStack
from django.test import Client

from apps.accounts.models import Player
from apps.messaging import services
from apps.messaging.consumers import LiveConsumer

pytestmark = pytest.mark.django_db(transaction=True)


def test_every_tab_counts_along(player: Player, client: Client) -> None:
    client.force_login(player.user)
    client.get("/wallet/")
    first = services.notify(player.pk, kind="info", title="One")
    cookie = f"sessionid={client.cookies['sessionid'].value}".encode()
    scope = {
        "type": "websocket",
        "path": "/ws/",
        "query_string": b"",
        "headers": [(b"cookie", cookie)],
    }

    async def follow() -> list[Any]:
        socket = ApplicationCommunicator(AuthMiddlewareStack(LiveConsumer.as_asgi()), scope)
        await socket.send_input({"type": "websocket.connect"})
        await socket.receive_output(timeout=5)
        said = [await socket.receive_output(timeout=5)]
        await sync_to_async(services.notify)(player.pk, kind="info", title="Two")
        said += [await socket.receive_output(timeout=5) for _ in range(2)]
        await sync_to_async(services.mark_read)(player.pk, notice_id=first.pk)
        said.append(await socket.receive_output(timeout=5))
        await sync_to_async(services.mark_read)(player.pk)
        said.append(await socket.receive_output(timeout=5))
        assert await sync_to_async(services.mark_read)(player.pk) == 0
        assert await socket.receive_nothing()
        socket.stop()
        return [json.loads(one["text"]) for one in said]

    frames = async_to_sync(follow)()

    assert [frame["stream"] for frame in frames] == ["unread", "toast", *["unread"] * 3]
    counts = [frame["data"]["count"] for frame in frames if frame["stream"] == "unread"]
    assert counts == [1, 2, 1, 0]
