"""What comes in at the edges: addresses, sockets, redirects, forms."""

import json
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator
from channels.auth import AuthMiddlewareStack
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from granian.utils.proxies import wrap_wsgi_with_proxy_headers

from apps.accounts.models import Player
from apps.audit.models import Record
from apps.messaging.consumers import LiveConsumer
from casino import callbacks, env
from casino.origins import BrowsersOnly
from tests.core.routes import patterns

ELSEWHERE = ("https://evil.example/", "//evil.example/", "javascript:alert(1)", "\\\\evil.example")


# ---- whose request it is ---------------------------------------------------------------------------


@pytest.mark.rule("SEC-13")
@pytest.mark.parametrize(
    ("peer", "forwarded", "counted"),
    [
        ("203.0.113.9", "1.2.3.4", "203.0.113.9"),  # nobody of ours: the header is not read
        ("10.0.0.5", "1.2.3.4", "1.2.3.4"),
        (
            "10.0.0.5",
            "1.2.3.4, 203.0.113.9",
            "203.0.113.9",
        ),  # what our proxy saw, not what was told
        ("10.0.0.5", "203.0.113.9, 10.0.0.6", "203.0.113.9"),
        ("10.0.0.5", "", "10.0.0.5"),
    ],
)
def test_a_client_cannot_choose_its_address(peer: str, forwarded: str, counted: str) -> None:
    seen = []

    def application(environ: dict[str, Any], _respond: Any) -> list[bytes]:
        seen.append(environ["REMOTE_ADDR"])
        return []

    environ = {"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": forwarded}
    wrap_wsgi_with_proxy_headers(application, trusted_hosts=["10.0.0.0/24"])(environ, None)

    assert seen == [counted]


@pytest.mark.rule("SEC-13")
@pytest.mark.parametrize("told", ["*", "10.0.0.5,proxy.example", "10.0.0.0/33"])
def test_only_addresses_are_trusted_as_proxies(told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUSTED_PROXIES", "10.0.0.5, 10.1.0.0/16")
    assert env.proxies() == ["10.0.0.5", "10.1.0.0/16"]

    monkeypatch.setenv("TRUSTED_PROXIES", told)
    with pytest.raises(ImproperlyConfigured):
        env.proxies()


@pytest.mark.rule("SEC-13")
@pytest.mark.django_db
def test_a_forwarded_header_reaches_no_audit_row(client: Client, player: Player) -> None:
    headers = {"X-Forwarded-For": "198.51.100.7", "Forwarded": "for=198.51.100.7"}
    client.post(
        "/accounts/login/",
        {"login": "alice@example.com", "password": "correct horse battery"},
        headers=headers,
    )

    assert Record.objects.get(action="player.signed_in").ip == "127.0.0.1"


# ---- sockets ---------------------------------------------------------------------------------------


def scope(*headers: tuple[bytes, bytes]) -> dict[str, Any]:
    return {
        "type": "websocket", "path": "/ws/", "query_string": b"watch=crash",
        "headers": list(headers), "subprotocols": [], "client": ["127.0.0.1", 1],
    }  # fmt: skip


@pytest.mark.rule("SEC-10")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("origin", "answer"),
    [(None, "websocket.close"), ("https://evil.example", "websocket.close"),
     ("https://casino.test", "websocket.accept")],
)  # fmt: skip
def test_a_socket_needs_an_origin_of_ours(origin: str | None, answer: str) -> None:
    application = BrowsersOnly(AuthMiddlewareStack(LiveConsumer.as_asgi()), ["https://casino.test"])
    headers = [(b"origin", origin.encode())] if origin else []

    async def knock() -> str:
        found = ApplicationCommunicator(application, scope(*headers))
        await found.send_input({"type": "websocket.connect"})
        said: str = (await found.receive_output(timeout=20))["type"]
        found.stop()
        return said

    assert async_to_sync(knock)() == answer
    # Where every origin is good, as on a laptop, one has to be named all the same.
    assert not BrowsersOnly(None, ["*"]).valid_origin(None)


@pytest.mark.rule("SEC-10")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("messages", "code"),
    [
        (['{"ping": 1}'] * 5, None),
        (['{"ping": 1}'] * 6, 1008),
        (["x" * 4096], None),
        (["é" * 2049], 1009),
    ],
)
def test_a_socket_that_says_too_much_is_closed(messages: list[str], code: int | None) -> None:
    async def talk() -> int | None:
        found = ApplicationCommunicator(AuthMiddlewareStack(LiveConsumer.as_asgi()), scope())
        await found.send_input({"type": "websocket.connect"})
        await found.receive_output(timeout=20)
        await found.receive_output(timeout=20)  # where the stream stands
        for text in messages:
            await found.send_input({"type": "websocket.receive", "text": text})
        try:
            closed = await found.receive_output(timeout=0.4 if code is None else 20)
        except TimeoutError:
            return None
        return int(closed["code"])

    assert async_to_sync(talk)() == code


# ---- redirects and forms ---------------------------------------------------------------------------


@pytest.mark.rule("SEC-23")
@pytest.mark.django_db
@pytest.mark.parametrize("target", ELSEWHERE)
def test_redirects_stay_here(client: Client, player: Player, target: str) -> None:
    credentials = {"login": "alice@example.com", "password": "correct horse battery"}
    answers = [client.post("/accounts/login/", {**credentials, "next": target})]
    answers += [
        client.post(path, {"next": target, "currency": "EUR", "display": "EUR", "game": "x"})
        for path in ("/wallet/currency/", "/wallet/display/")
    ]
    answers.append(client.post("/accounts/logout/", {"next": target}))

    for answer in answers:
        place = answer.headers.get("Location", "/")
        assert place.startswith("/"), place
        assert not place.startswith(("//", "/\\")), place


@pytest.mark.rule("SEC-24")
def test_only_callbacks_and_programs_do_without_a_csrf_token() -> None:
    exempt = {
        path
        for _name, path, pattern in patterns()
        if getattr(pattern.callback, "csrf_exempt", False)
        # The API takes a browser's session only with a token: the framework checks it itself.
        and not path.startswith(("api/v1/", "_allauth/app/"))
    }

    assert exempt == {f"^{callbacks.PREFIX.strip('/')}/(?P<partner>[a-z]+)/(?P<path>.*)$"} | {
        path for path in exempt if path.startswith("mail/unsubscribe/")
    }


@pytest.mark.rule("SEC-24")
@pytest.mark.django_db
def test_a_session_changes_nothing_without_its_token(player: Player) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(player.user)

    page = client.post("/account/", {"wants_marketing": "on"})
    call = client.post(
        "/api/v1/api-keys/",
        json.dumps({"name": "x", "scopes": ["read"]}),
        content_type="application/json",
    )
    read = client.get("/accounts/logout/")

    assert (page.status_code, call.status_code) == (403, 403)
    assert client.get("/account/").status_code == 200, read.status_code
    assert not player.api_keys.exists()
