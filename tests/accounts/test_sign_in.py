"""Signing in: the same answer to every wrong try, players and staff apart, sessions that end."""

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from apps.accounts.models import Player, User
from apps.audit.models import Record
from casino.settings import base
from tests.conftest import make_player

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"


@pytest.mark.rule("ACC-05")
@pytest.mark.rule("SEC-08")
def test_a_player_signs_in_with_a_new_session_id(client: Client) -> None:
    make_player(email="CaroL@example.com", password=PASSWORD)
    client.get("/accounts/login/")
    session = client.session
    session["before"] = "1"
    session.save()
    before = session.session_key

    response = _sign_in(client, "Carol@Example.com", PASSWORD)

    assert response.status_code == 302
    assert client.session.session_key not in {None, before}
    assert client.session["_auth_user_id"]


@pytest.mark.rule("ACC-05")
def test_wrong_password_unknown_person_and_staff_get_the_same_answer(support: User) -> None:
    make_player(email="carol@example.com", password=PASSWORD)
    support.set_password(PASSWORD)
    support.save()

    answers = [
        _sign_in(Client(), "carol@example.com", "wrong password"),
        _sign_in(Client(), "dave@example.com", "wrong password"),
        _sign_in(Client(), support.email, "wrong password"),
        _sign_in(Client(), support.email, PASSWORD),
    ]

    pages = {_without(answer, "carol@example.com", "dave@example.com", support.email)
             for answer in answers}  # fmt: skip
    assert len(pages) == 1
    assert {answer.status_code for answer in answers} == {200}
    assert Record.objects.filter(action="player.sign_in_failed").count() == 4
    assert Record.objects.filter(action="player.signed_in").count() == 0


def test_a_forgotten_password_does_not_tell_who_has_an_account(support: User) -> None:
    make_player(email="carol@example.com")
    mail.outbox.clear()

    answers = []
    for email in ("carol@example.com", "dave@example.com", support.email):
        client = Client()
        answer = client.post("/accounts/password/reset/", {"email": email})
        answers.append((answer.status_code, answer.headers["Location"], answer.content))

    assert len(set(answers)) == 1
    # Staff get no link: their password is set by an administrator.
    links = [message for message in mail.outbox if "/password/reset/key/" in str(message.body)]
    assert [message.to for message in links] == [["carol@example.com"]]


def test_a_reset_password_ends_every_session(client: Client) -> None:
    player = make_player(email="carol@example.com", password=PASSWORD)
    elsewhere = Client()
    _sign_in(elsewhere, "carol@example.com", PASSWORD)
    client.post("/accounts/password/reset/", {"email": "carol@example.com"})
    link = re.search(r"http://testserver(/accounts/password/reset/key/\S+)",
                     str(mail.outbox[-1].body))  # fmt: skip
    assert link is not None

    page = client.get(link.group(1), follow=True)
    client.post(page.redirect_chain[-1][0], {"password1": "another fine password",
                                             "password2": "another fine password"})  # fmt: skip

    player.user.refresh_from_db()
    assert player.user.check_password("another fine password")
    assert elsewhere.get("/account/").status_code == 302
    assert Record.objects.filter(action="player.password_changed").count() == 1


def test_too_many_wrong_tries_are_stopped(settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/300s/key"}
    make_player(email="carol@example.com", password=PASSWORD)

    for _ in range(5):
        _sign_in(Client(), "carol@example.com", "wrong password")
    answer = _sign_in(Client(), "carol@example.com", PASSWORD)

    assert answer.status_code == 200
    assert "Too many failed" in answer.content.decode()


def test_a_forged_address_does_not_reset_the_count(settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "2/m/ip"}

    answers = [
        Client(headers={"X-Forwarded-For": f"10.0.0.{number}"}).post(
            "/accounts/login/", {"login": f"p{number}@example.com", "password": "wrong"}
        )
        for number in range(3)
    ]

    assert "Too many failed" in answers[2].content.decode()


def test_a_closed_account_cannot_sign_in(client: Client) -> None:
    player = make_player(email="carol@example.com", password=PASSWORD)
    Player.objects.filter(pk=player.pk).update(status=Player.Status.CLOSED)

    response = _sign_in(client, "carol@example.com", PASSWORD)

    assert response.headers["Location"] == "/accounts/inactive/"
    assert "_auth_user_id" not in client.session


@pytest.mark.rule("SEC-08")
def test_a_suspended_player_can_still_sign_in(client: Client) -> None:
    player = make_player(email="carol@example.com", password=PASSWORD)
    Player.objects.filter(pk=player.pk).update(status=Player.Status.SUSPENDED)

    _sign_in(client, "carol@example.com", PASSWORD)

    assert "suspended" in client.get("/account/").content.decode()


def test_signing_out_kills_the_session_on_the_server(client: Client, player: Player) -> None:
    client.force_login(player.user)
    stolen = Client()
    stolen.cookies = client.cookies.copy()  # type: ignore[assignment]  # a jar is a jar
    assert stolen.get("/account/").status_code == 200

    client.post("/accounts/logout/")

    assert stolen.get("/account/").status_code == 302


def test_players_have_no_way_into_the_back_office(client: Client, player: Player) -> None:
    client.force_login(player.user)

    response = client.get("/operator/")

    assert response.status_code in {302, 403, 404}
    if response.status_code == 302:
        assert "/operator/" in response.headers["Location"]
        assert "login" in response.headers["Location"]


@pytest.mark.rule("SEC-07")
@pytest.mark.parametrize("page", ["", "security/", "api-keys/"])
def test_staff_have_no_player_pages(page: str, client: Client, support: User) -> None:
    client.force_login(support)

    assert client.get(f"/account/{page}").status_code == 403


def test_passwords_are_hashed_with_argon2_outside_the_tests() -> None:
    assert base.PASSWORD_HASHERS[0].endswith("Argon2PasswordHasher")


def _sign_in(client: Client, email: str, password: str) -> Any:
    return client.post("/accounts/login/", {"login": email, "password": password})


def _without(response: Any, *emails: str) -> str:
    page = re.sub(r"[A-Za-z0-9]{64}", "", response.content.decode())
    for email in emails:
        page = page.replace(email, "")
    return page
