"""Nobody enters the back office with a password alone."""

from typing import Any

import pytest
from django.test import Client
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from apps.audit.models import Record
from casino.settings import rate_limits as table
from tests.operator.factories import PASSWORD, code_of, make_player, make_staff, signed_in

pytestmark = pytest.mark.django_db

LOGIN = "/operator/login/"


def sign_in(client: Client, email: str, code: str, password: str = PASSWORD) -> object:
    return client.post(LOGIN, {"username": email, "password": password, "otp_token": code})


def is_inside(client: Client) -> bool:
    return client.get("/operator/").status_code == 200


def test_password_and_code_together_open_the_door(client: Client) -> None:
    user = make_staff("finance")

    response = sign_in(client, user.email, code_of(user))

    assert response.status_code == 302
    assert is_inside(client)
    record = Record.objects.get(action="operator.logged_in")
    assert (record.actor_id, record.ip) == (str(user.pk), "127.0.0.1")


@pytest.mark.parametrize("code", ["", "000000", "not-a-code", "²²²²²²"])
def test_a_password_without_the_right_code_does_not(client: Client, code: str) -> None:
    user = make_staff("finance")

    response = sign_in(client, user.email, code)

    assert response.status_code == 422
    assert not is_inside(client)


@pytest.mark.rule("SEC-06")
def test_a_code_works_once(client: Client) -> None:
    user = make_staff("finance")
    code = code_of(user)
    sign_in(client, user.email, code)
    other = Client()

    response = sign_in(other, user.email, code)

    assert response.status_code == 422
    assert not is_inside(other)


def test_a_recovery_code_opens_the_door_once(client: Client) -> None:
    user = make_staff("finance")
    code = StaticToken.objects.filter(device__user=user).first().token

    first = sign_in(client, user.email, code)
    second = sign_in(Client(), user.email, code)

    assert first.status_code == 302
    assert second.status_code == 422


def test_the_code_of_somebody_else_does_not_work(client: Client) -> None:
    user, other = make_staff("finance"), make_staff("administrator")

    response = sign_in(client, user.email, code_of(other))

    assert response.status_code == 422
    assert not is_inside(client)


def test_staff_without_a_second_factor_stay_outside_and_are_told_who_helps(client: Client) -> None:
    user = make_staff("finance")
    TOTPDevice.objects.filter(user=user).delete()

    response = sign_in(client, user.email, "123456")

    assert response.status_code == 422
    assert "An administrator sets it up" in response.content.decode()
    assert not is_inside(client)


def test_being_signed_in_on_the_player_site_is_not_enough(client: Client) -> None:
    user = make_staff("administrator")
    client.force_login(user)

    response = client.get("/operator/")

    assert response.status_code == 302
    assert response.url.startswith(LOGIN)


def test_a_player_is_refused_like_a_stranger(client: Client) -> None:
    player = make_player()

    response = sign_in(client, player.user.email, "123456", "a-long-pass-phrase")
    stranger = sign_in(Client(), "nobody@example.org", "123456")

    text = "The e-mail address, the password or the code is wrong."
    assert text in response.content.decode()
    assert text in stranger.content.decode()


def test_refusals_are_recorded_without_the_secrets(client: Client) -> None:
    user = make_staff("finance")

    sign_in(client, user.email, "123456", "a-wrong-password")

    record = Record.objects.get(action="operator.login_failed")
    assert record.after == {"account": user.email, "why": "password"}
    assert record.subject_id == str(user.pk)


def test_after_five_failures_even_the_right_code_waits(client: Client) -> None:
    user = make_staff("finance")
    for _ in range(5):
        sign_in(client, user.email, "123456", "a-wrong-password")

    response = sign_in(client, user.email, code_of(user))

    assert response.status_code == 429
    assert not is_inside(client)
    assert Record.objects.filter(action="operator.login_failed").count() == 5


def test_an_address_that_tries_many_accounts_waits_too(client: Client, settings: Any) -> None:
    limits = table.RATE_LIMITS["operator_login"]
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"operator_login": limits}
    for number in range(20):
        sign_in(client, f"guess-{number}@example.org", "123456")
    user = make_staff("finance")

    response = sign_in(client, user.email, code_of(user))

    assert response.status_code == 429


def test_a_person_who_is_kept_out_is_out_with_the_next_click() -> None:
    user = make_staff("finance")
    client = signed_in(user)
    assert is_inside(client)

    user.is_active = False
    user.save()

    assert not is_inside(client)


def test_a_session_ends_with_the_device_it_was_opened_with() -> None:
    user = make_staff("finance")
    client = signed_in(user)

    TOTPDevice.objects.filter(user=user).delete()

    assert not is_inside(client)


def test_pages_have_a_policy_of_their_own_and_stay_out_of_caches(client: Client) -> None:
    response = client.get(LOGIN)

    assert "'unsafe-eval'" in response["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in response["Content-Security-Policy"]
    assert "no-store" in response["Cache-Control"]
