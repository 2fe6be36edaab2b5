"""Registering, signing in and out by JSON: POST /_allauth/app/v1/auth/… gives a session token."""

import json
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import Player, User
from tests.api.clients import Caller
from tests.conftest import make_player

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"
NEW = {
    "email": "new@example.com",
    "password": PASSWORD,
    "display_name": "Newcomer",
    "birth_date": "1990-05-01",
    "country": "DE",
    "terms": True,
}


def test_a_token_opens_the_api_and_signing_out_closes_it() -> None:
    made = make_player(email="carol@example.com", password=PASSWORD)

    token = _post("login", {"email": "carol@example.com", "password": PASSWORD}).json()["meta"][
        "session_token"
    ]

    caller = Caller({"X-Session-Token": token})
    assert caller.get("me/").json()["id"] == made.public_id
    assert caller.post("wallets/active/", {"currency": "ETH"}).status_code == 200

    out = Client().delete("/_allauth/app/v1/auth/session", headers={"X-Session-Token": token})
    assert out.status_code == 401
    assert caller.get("me/").status_code == 401


def test_registering_makes_a_player_and_gives_a_token() -> None:
    response = _post("signup", NEW)

    assert response.status_code == 200
    player = Player.objects.get()
    assert (player.display_name, player.country) == ("Newcomer", "DE")
    assert player.wants_marketing is False
    token = response.json()["meta"]["session_token"]
    assert response.json()["data"]["user"]["id"] == player.public_id
    assert Caller({"X-Session-Token": token}).get("me/").status_code == 200


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"birth_date": "2020-01-01"}, "birth_date"),
        ({"birth_date": 5}, "birth_date"),
        ({"birth_date": None}, "birth_date"),
        ({"country": "US"}, "country"),
        ({"country": "ZZ"}, "country"),
        ({"country": []}, "country"),
        ({"terms": False}, "terms"),
        ({"terms": "no"}, "terms"),
        ({"terms": [1]}, "terms"),
        ({"display_name": "a b"}, "display_name"),
        ({"display_name": "Taken"}, "display_name"),
        ({"display_name": "tAKEN"}, "display_name"),
        ({"password": "short"}, "password"),
        ({"password": "password123"}, "password"),
        ({"password": "new@example.com"}, "password"),
        ({"email": "nonsense"}, "email"),
        ({"email": ["new@example.com"]}, "email"),
    ],
)
def test_the_same_checks_hold_at_the_json_door(changed: dict[str, Any], named: str) -> None:
    make_player(display_name="Taken")

    response = _post("signup", {**NEW, **changed})

    assert response.status_code == 400
    assert named in {error.get("param") for error in response.json()["errors"]}
    assert User.objects.count() == Player.objects.count() == 1


@pytest.mark.parametrize("missing", ["email", "password", "display_name", "birth_date", "country",
                                     "terms"])  # fmt: skip
def test_every_field_is_needed(missing: str) -> None:
    response = _post("signup", {name: value for name, value in NEW.items() if name != missing})

    assert response.status_code == 400
    assert User.objects.count() == 0


@pytest.mark.parametrize(
    "body", [b"[]", b"null", b"{", b"[" * 60_000, b'{"email": "\\ud800"}', b"x" * 70_000]
)
@pytest.mark.parametrize("action", ["login", "signup", "password/request"])
def test_nonsense_is_refused(action: str, body: bytes) -> None:
    response = Client().post(
        f"/_allauth/app/v1/auth/{action}", body, content_type="application/json"
    )

    assert response.status_code == 400
    assert User.objects.count() == 0


def test_staff_get_no_token(support: User) -> None:
    support.set_password(PASSWORD)
    support.save()

    as_staff = _post("login", {"email": support.email, "password": PASSWORD})
    unknown = _post("login", {"email": "nobody@example.com", "password": PASSWORD})

    assert as_staff.status_code == unknown.status_code == 400
    assert as_staff.content == unknown.content


def test_a_taken_address_gets_the_answer_of_a_free_one(settings: Any) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    make_player(email="old@example.com")

    free = _post("signup", {**NEW, "email": "free@example.com", "display_name": "Free"})
    taken = _post("signup", {**NEW, "email": "old@example.com", "display_name": "Other"})

    assert free.status_code == taken.status_code == 401
    assert _shape(free) == _shape(taken)
    assert Player.objects.count() == 2


@pytest.mark.parametrize("token", ["", "x", "a" * 32, "é" * 32, "a" * 5000])
def test_a_wrong_token_is_refused(token: str) -> None:
    assert Caller({"X-Session-Token": token}).get("me/").status_code == 401


def _post(action: str, body: dict[str, Any]) -> Any:
    return Client().post(
        f"/_allauth/app/v1/auth/{action}", json.dumps(body), content_type="application/json"
    )


def _shape(response: Any) -> Any:
    body = response.json()
    assert len(body["meta"].pop("session_token")) == 32
    return body
