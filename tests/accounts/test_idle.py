"""Players who do nothing for a while sign in again; staff have rules of their own."""

import json
from datetime import timedelta
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from asgiref.sync import async_to_sync, sync_to_async
from asgiref.testing import ApplicationCommunicator
from channels.auth import AuthMiddlewareStack
from django.core.cache import cache
from django.test import Client

from apps.accounts.models import Player, User
from apps.audit.models import Record
from apps.core.clock import now
from apps.messaging.consumers import SIGN_IN_FIRST, LiveConsumer
from tests.conftest import PASSWORD, make_player, make_staff

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def browser(settings: Any) -> Client:
    settings.SESSION_IDLE_MINUTES = 30
    make_player(email="alice@example.com")
    client = Client()
    answer = client.post("/accounts/login/", {"login": "alice@example.com", "password": PASSWORD})
    assert answer.status_code == 302
    return client


def wait(minutes: float) -> None:
    """Move every sign of life back in time."""
    cache.clear()
    at = now() - timedelta(minutes=minutes)
    UserSession.objects.update(last_seen_at=at)
    User.objects.update(last_login=at)


@pytest.mark.rule("ACC-07")
def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_a_quiet_half_hour_ends_the_session(browser: Client) -> None:
    wait(31)

    answer = browser.get("/wallet/")

    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/?next=/wallet/")
    assert not is_signed_in(browser)
    assert UserSession.objects.count() == 0
    assert Record.objects.filter(action="player.session_idled", actor_label="system").count() == 1
    html = browser.get(answer["Location"]).content.decode()
    assert "You were signed out after 30 quiet minutes." in html


def test_a_page_for_everybody_is_shown_as_to_a_guest(browser: Client) -> None:
    wait(31)

    html = browser.get("/").content.decode()

    assert "<x-live" not in html
    assert "You were signed out after 30 quiet minutes." in html


@pytest.mark.rule("ACC-07")
def test_whoever_acts_in_time_stays(browser: Client) -> None:
    for _ in range(3):
        wait(29)
        assert browser.get("/wallet/").status_code == 200

    assert is_signed_in(browser)
    assert Record.objects.filter(action="player.session_idled").count() == 0


def test_a_bet_or_payment_of_an_idle_session_does_nothing(browser: Client) -> None:
    wait(31)

    answer = browser.post("/wallet/currency/", {"currency": "ETH"})

    assert answer.status_code in {302, 404}
    assert Player.objects.get().active_currency == "BTC"


def test_a_part_of_a_page_makes_the_whole_page_load_again(browser: Client) -> None:
    wait(31)

    answer = browser.get("/session-net/", headers=HTMX)

    assert answer["HX-Refresh"] == "true"
    assert answer.content == b""
    assert "signed out after 30" in browser.get("/").content.decode()


def test_what_a_page_asks_for_by_itself_keeps_nobody_signed_in(browser: Client) -> None:
    wait(20)
    assert browser.get("/wallet/", headers=HTMX | {"X-Unattended": "1"}).status_code == 200
    seen_at = UserSession.objects.get().last_seen_at
    browser.get("/wallet/", headers=HTMX)

    assert now() - seen_at > timedelta(minutes=19)
    assert UserSession.objects.get().last_seen_at > seen_at


def test_a_picture_asks_for_no_session(browser: Client) -> None:
    wait(31)

    assert "Cookie" not in browser.get("/avatar/x.svg").get("Vary", "")
    assert is_signed_in(browser)


def test_an_idle_session_is_refused_by_the_api(browser: Client) -> None:
    wait(31)

    answer = browser.get("/api/v1/me/")

    assert answer.status_code in {401, 403}
    assert not is_signed_in(browser)


def test_an_idle_token_is_refused_and_gone(settings: Any) -> None:
    settings.SESSION_IDLE_MINUTES = 30
    make_player(email="carol@example.com")
    signed_in = Client().post(
        "/_allauth/app/v1/auth/login",
        json.dumps({"email": "carol@example.com", "password": PASSWORD}),
        content_type="application/json",
    )
    headers = {"X-Session-Token": signed_in.json()["meta"]["session_token"]}
    assert Client().get("/api/v1/me/", headers=headers).status_code == 200

    wait(31)

    assert Client().get("/api/v1/me/", headers=headers).status_code == 401
    session = Client().get("/_allauth/app/v1/auth/session", headers=headers)
    assert session.status_code in {401, 410}
    assert Record.objects.filter(action="player.session_idled").count() == 1


def test_staff_are_left_to_their_own_rules(settings: Any) -> None:
    settings.SESSION_IDLE_MINUTES = 30
    client = Client()
    client.force_login(make_staff("support"))
    wait(31)

    client.get("/")

    assert is_signed_in(client)


def open_socket(client: Client) -> ApplicationCommunicator:
    """The live socket of a browser, as the server calls it."""
    cookie = f"sessionid={client.cookies['sessionid'].value}".encode()
    scope = {
        "type": "websocket",
        "path": "/ws/",
        "query_string": b"",
        "headers": [(b"cookie", cookie)],
    }
    return ApplicationCommunicator(AuthMiddlewareStack(LiveConsumer.as_asgi()), scope)


@pytest.mark.rule("ACC-07")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("minutes", [29, 31])
def test_a_socket_is_no_way_around_it(browser: Client, minutes: float) -> None:
    wait(minutes)

    async def connect() -> list[Any]:
        socket = open_socket(browser)
        await socket.send_input({"type": "websocket.connect"})
        said = [await socket.receive_output()]
        if minutes > 30:
            said.append(await socket.receive_output())
        else:
            assert await socket.receive_nothing()
        socket.stop()
        return [(one["type"], one.get("code")) for one in said]

    said = async_to_sync(connect)()

    refused = [("websocket.close", SIGN_IN_FIRST)] if minutes > 30 else []
    assert said == [("websocket.accept", None), *refused]


@pytest.mark.django_db(transaction=True)
def test_an_open_socket_tells_its_page_when_the_time_is_over(browser: Client) -> None:
    async def outlast() -> list[Any]:
        socket = open_socket(browser)
        await socket.send_input({"type": "websocket.connect"})
        await socket.receive_output()
        await sync_to_async(wait)(31)
        await socket.send_input({"type": "websocket.receive", "text": '{"ping":1}'})
        frame, end = await socket.receive_output(), await socket.receive_output()
        socket.stop()
        return [json.loads(frame["text"])["stream"], end["code"]]

    assert async_to_sync(outlast)() == ["signed-out", SIGN_IN_FIRST]
