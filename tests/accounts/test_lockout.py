"""After failures a password alone is not enough, except where the owner is known."""

import re
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail
from django.test import Client

from apps.accounts import lockout
from apps.accounts.models import FailedTry, SignIn
from apps.core.clock import now
from tests.accounts.factors import app_code, enrol
from tests.conftest import PASSWORD, make_player

pytestmark = pytest.mark.django_db

EMAIL = "carol@example.com"
CONFIRM = "/accounts/login/code/confirm/"


@pytest.mark.rule("ACC-06")
def test_after_three_failures_an_unknown_browser_needs_a_mailed_code() -> None:
    make_player("carol", email=EMAIL)
    owners = Client()
    _sign_in(owners, EMAIL)
    owners.post("/accounts/logout/")
    for name in (EMAIL, "carol", "CAROL@example.com"):
        _sign_in(Client(), name, "wrong password")

    known, strange = _sign_in(owners, EMAIL), Client()
    assert known.headers["Location"] == "/"
    # The owner's success forgets the failures; the attacker comes again.
    for _ in range(3):
        _sign_in(Client(), EMAIL, "wrong password")
    mail.outbox.clear()
    answer = _sign_in(strange, EMAIL)

    assert answer.headers["Location"] == CONFIRM
    assert "_auth_user_id" not in strange.session
    code = re.search(r"^([A-Z0-9-]{6,9})$", str(mail.outbox[0].body), re.MULTILINE)
    assert code is not None
    assert strange.post(CONFIRM, {"code": "WRONG-1"}).status_code == 200
    assert Client().post(CONFIRM, {"code": code[1]}).headers["Location"] == "/accounts/login/"
    assert strange.post(CONFIRM, {"code": code[1]}).status_code == 302
    assert strange.session["_auth_user_id"]
    assert SignIn.objects.latest("pk").method == "password, mailed code"
    assert FailedTry.objects.count() == 0


@pytest.mark.rule("ACC-06", "SEC-06")
def test_codes_are_not_tried_out_by_asking_for_new_ones() -> None:
    make_player("carol", email=EMAIL)
    for _ in range(3):
        _sign_in(Client(), EMAIL, "wrong password")
    client = Client()
    _sign_in(client, EMAIL)
    for number in range(5):
        client.post(CONFIRM, {"code": f"WRONG-{number}"})
    mail.outbox.clear()

    answer = _sign_in(Client(), EMAIL)

    assert answer.headers["Location"] == "/accounts/login/"
    assert mail.outbox == []


@pytest.mark.rule("ACC-06")
@pytest.mark.parametrize(("failures", "minutes_ago", "is_locked"), [(3, 29, True), (2, 0, False), (3, 30, False)])  # fmt: skip
def test_failures_count_for_half_an_hour(failures: int, minutes_ago: int, is_locked: bool) -> None:
    user = make_player("carol", email=EMAIL).user
    at = now()
    for _ in range(failures):
        lockout.note_failure("carol", None, at=at - timedelta(minutes=minutes_ago))

    assert lockout.is_locked(user, at=at) is is_locked


@pytest.mark.rule("ACC-06")
def test_with_a_second_factor_that_is_what_the_lock_asks_for() -> None:
    player = make_player("carol", email=EMAIL)
    enrol(player)
    for _ in range(3):
        _sign_in(Client(), EMAIL, "wrong password")
    client = Client()

    assert _sign_in(client, EMAIL).headers["Location"] == "/accounts/2fa/authenticate/"
    client.post("/accounts/2fa/authenticate/", {"code": app_code()})

    assert client.get("/accounts/2fa/trust/").status_code == 200
    client.post("/accounts/2fa/trust/", {"action": "skip"})
    assert client.session["_auth_user_id"]


@pytest.mark.rule("ACC-05")
def test_a_wrong_password_costs_the_same_whoever_it_is() -> None:
    make_player("carol", email=EMAIL)
    counts = []
    for name in (EMAIL, "nobody@example.com", "carol", "nobody"):
        hashed = mock.Mock(side_effect=MD5PasswordHasher.encode)
        with mock.patch.object(
            MD5PasswordHasher, "encode", lambda self, *args, spy=hashed: spy(self, *args)
        ):
            _sign_in(Client(), name, "wrong password")
        counts.append(hashed.call_count)

    assert counts == [1, 1, 1, 1]


def _sign_in(client: Client, name: str, password: str = PASSWORD) -> Any:
    return client.post("/accounts/login/", {"login": name, "password": password})
