"""The page at /accounts/signup/: who is refused leaves no row; who has an account is not told."""

import re
from datetime import UTC, date, datetime
from typing import Any
from unittest import mock

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client

from apps.accounts.models import Player, User
from apps.audit.models import Record
from tests.conftest import make_player

pytestmark = pytest.mark.django_db

NEW = {
    "email": "new@example.com",
    "password1": "correct horse battery",
    "display_name": "Newcomer",
    "birth_date": "1990-05-01",
    "country": "DE",
    "terms": "on",
}


@pytest.mark.rule("ACC-19")
def test_registering_makes_user_player_and_audit_row_and_signs_in(client: Client) -> None:
    response = client.post("/accounts/signup/", NEW)

    assert response.status_code == 302
    player = Player.objects.get()
    assert player.user.email == "new@example.com"
    assert player.display_name == "Newcomer"
    assert player.birth_date == date(1990, 5, 1)
    assert player.country == "DE"
    assert player.wants_marketing is False
    assert player.terms_ip == "127.0.0.1"
    assert client.session["_auth_user_id"] == str(player.pk)
    assert EmailAddress.objects.get().email == "new@example.com"
    assert list(Record.objects.order_by("id").values_list("action", flat=True)) == [
        "player.registered",
        "player.signed_in",
    ]


def test_the_consent_to_marketing_is_asked_and_off(client: Client) -> None:
    page = client.get("/accounts/signup/").content.decode()

    box = re.search(r'<input[^>]*name="wants_marketing"[^>]*>', page)
    assert box is not None
    assert "checked" not in box.group()
    client.post("/accounts/signup/", {**NEW, "wants_marketing": "on"})
    assert Player.objects.get().wants_marketing is True


@pytest.mark.rule("ACC-01")
@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"birth_date": "2020-01-01"}, "birth_date"),
        ({"birth_date": "1890-01-01"}, "birth_date"),
        ({"birth_date": "2999-01-01"}, "birth_date"),
        ({"birth_date": "01.05.1990"}, "birth_date"),
        ({"birth_date": ""}, "birth_date"),
        ({"country": "US"}, "country"),
        ({"country": "XX"}, "country"),
        ({"country": ""}, "country"),
        ({"terms": ""}, "terms"),
        ({"terms": "off"}, "terms"),
        ({"display_name": "Taken"}, "display_name"),
        ({"display_name": "taken"}, "display_name"),
        ({"display_name": "ab"}, "display_name"),
        ({"display_name": "x" * 21}, "display_name"),
        ({"display_name": "<b>bold</b>"}, "display_name"),
        ({"display_name": "Аlice"}, "display_name"),  # a Cyrillic letter
        ({"password1": "short"}, "password1"),
        ({"password1": "password123"}, "password1"),
        ({"password1": "new@example.com"}, "password1"),
        ({"password1": ""}, "password1"),
        ({"email": "nonsense"}, "email"),
        ({"email": "a\x00b@example.com"}, "email"),
        ({"email": ""}, "email"),
    ],
)
def test_a_refused_registration_leaves_no_row(
    changed: dict[str, str], field: str, client: Client
) -> None:
    make_player(display_name="Taken")
    mail.outbox.clear()
    records = Record.objects.count()

    response = client.post("/accounts/signup/", {**NEW, **changed})

    assert response.status_code == 200
    assert field in response.context["form"].errors
    assert User.objects.count() == Player.objects.count() == 1
    assert EmailAddress.objects.count() == 0
    assert Record.objects.count() == records
    assert mail.outbox == []
    assert "_auth_user_id" not in client.session


@pytest.mark.rule("ACC-01")
@pytest.mark.parametrize(
    ("birth_date", "players"), [("2008-03-02", 0), ("2008-03-01", 1), ("2008-02-29", 1)]
)
def test_the_eighteenth_birthday_is_the_first_day(
    birth_date: str, players: int, client: Client
) -> None:
    noon = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    with mock.patch("apps.accounts.services.now", return_value=noon):
        client.post("/accounts/signup/", {**NEW, "birth_date": birth_date})

    assert Player.objects.count() == players


def test_a_name_taken_at_the_last_moment_leaves_no_user(client: Client) -> None:
    make_player(display_name="Newcomer")
    # Both requests have passed the form; the database decides.
    with mock.patch("apps.accounts.forms.check_registration"):
        response = client.post("/accounts/signup/", NEW)

    assert response.status_code == 400
    assert "This display name is taken." in response.content.decode()
    assert User.objects.count() == Player.objects.count() == 1


@pytest.mark.rule("ACC-05")
def test_an_email_taken_at_the_last_moment_leaves_no_player(client: Client) -> None:
    make_player(email="new@example.com")
    with (
        mock.patch("apps.accounts.services._has_account", return_value=False),
        mock.patch(
            "allauth.account.internal.flows.manage_email.assess_unique_email", return_value=True
        ),
    ):
        response = client.post("/accounts/signup/", NEW)

    assert response.status_code == 400
    assert User.objects.count() == Player.objects.count() == 1


def test_a_taken_address_gets_the_answer_of_a_free_one(settings: Any) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    make_player(email="old@example.com")

    free, free_page = _register(email="free@example.com", display_name="Free")
    taken, taken_page = _register(email="old@example.com", display_name="Other")

    assert free.status_code == taken.status_code == 302
    assert _plain(free) == _plain(taken)
    assert free_page.replace("free@example.com", "") == taken_page.replace("old@example.com", "")
    assert sorted(message.to[0] for message in mail.outbox) == [
        "free@example.com",
        "old@example.com",
    ]
    assert Player.objects.count() == 2


def test_a_new_player_confirms_the_address_before_the_first_sign_in(settings: Any) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    client = Client()
    client.post("/accounts/signup/", NEW)
    assert client.get("/account/").status_code == 302

    link = re.search(r"http://testserver(/accounts/confirm-email/\S+)", str(mail.outbox[0].body))
    assert link is not None
    client.post(link.group(1))

    assert client.get("/account/").status_code == 200


def _register(**changed: str) -> tuple[Any, str]:
    client = Client()
    answer = client.post("/accounts/signup/", {**NEW, **changed})
    return answer, _without_tokens(client.get(answer.headers["Location"]).content.decode())


def _plain(response: Any) -> dict[str, Any]:
    headers = {name: value for name, value in response.headers.items() if name not in CHANGING}
    return {"headers": headers, "cookies": sorted(response.cookies), "body": response.content}


CHANGING = {"X-Request-ID", "Expires"}


def _without_tokens(page: str) -> str:
    return re.sub(r"[A-Za-z0-9]{64}", "", page)
