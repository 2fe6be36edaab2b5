"""People who call the API: by session, by key, by token."""

import json
from typing import Any

from django.test import Client

from apps.accounts.models import Player, User
from apps.accounts.services import SCOPES, create_api_key


class Caller:
    """A client that sends JSON and its credentials with every call."""

    def __init__(self, headers: dict[str, str] | None = None, user: User | None = None):
        self.client = Client(headers=headers or {})
        if user is not None:
            self.client.force_login(user)

    # Answers are the test client's own class, which has no public type: `.json()` is its.
    def call(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> Any:
        content = body if isinstance(body, bytes) else b"" if body is None else _json(body)
        return self.client.generic(
            method,
            f"/api/v1/{path}",
            content,
            content_type="application/json",
            headers=headers or {},
        )

    def get(self, path: str, **headers: str) -> Any:
        return self.call("GET", path, headers=headers)

    def post(self, path: str, body: Any, headers: dict[str, str] | None = None) -> Any:
        return self.call("POST", path, body, headers)


def stranger() -> Caller:
    return Caller()


def signed_in(person: Player | User) -> Caller:
    return Caller(user=person.user if isinstance(person, Player) else person)


def with_key(player: Player, *scopes: str) -> Caller:
    _, text = create_api_key(player=player, name="test", scopes=list(scopes or SCOPES))
    return Caller(headers={"Authorization": f"Bearer {text}"})


def error_of(response: Any) -> dict[str, Any]:
    """The error of a refused call; insists on the one shape."""
    body = json.loads(response.content)
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message", "fields"}
    error: dict[str, Any] = body["error"]
    return error


def _json(body: Any) -> bytes:
    return json.dumps(body).encode()
