"""Mail about an account: in text and in HTML, in our words, each with its one link."""

import re
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.test import Client

from apps.events.models import Event
from tests.accounts.test_registration import NEW
from tests.conftest import PASSWORD, make_player

pytestmark = pytest.mark.django_db

ALLAUTH = re.compile(r"Hello from|Thank you for using|receiving this|example\.com!|testserver!")


def parts(message: object) -> tuple[str, str, str]:
    assert isinstance(message, EmailMultiAlternatives)
    [alternative] = message.alternatives
    assert alternative.mimetype == "text/html"
    html = str(alternative.content)
    for text in (message.subject, message.body, html):
        assert not ALLAUTH.search(text)
        assert "{{" not in text
        assert "\n" not in message.subject
    assert "Cinnabar" in message.body
    assert "Cinnabar" in html
    assert "<script" not in html
    assert "src=" not in html, "nothing is loaded when a mail is read"
    return message.subject, message.body, html


def link(body: str, path: str) -> str:
    found = re.search(rf"http://testserver({path}\S*)", body)
    assert found is not None, body
    return found[1]


def test_registering_brings_a_link_to_confirm_the_address(client: Client) -> None:
    client.post("/accounts/signup/", NEW)

    subject, body, html = parts(mail.outbox[0])

    assert subject == "Cinnabar: Confirm your email"
    path = link(body, "/accounts/confirm-email/")
    assert f'href="http://testserver{path}"' in html
    assert client.get(path).status_code in {200, 302}
    client.post(path)
    assert Event.objects.filter(name__endswith="EmailConfirmed").count() == 1


def test_a_forgotten_password_brings_a_link_that_works(client: Client) -> None:
    make_player(email="alice@example.com")
    client.post("/accounts/password/reset/", {"email": "alice@example.com"})

    subject, body, html = parts(mail.outbox[0])

    assert subject == "Cinnabar: Set a new password"
    path = link(body, "/accounts/password/reset/key/")
    assert f'href="http://testserver{path}"' in html
    assert "This link is used up" not in client.get(path, follow=True).content.decode()


def test_a_taken_address_is_told_so_by_mail_only(client: Client, settings: Any) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    make_player(email="new@example.com")
    client.post("/accounts/signup/", NEW)

    subject, body, _ = parts(mail.outbox[-1])

    assert subject == "Cinnabar: You already have an account"
    assert "new@example.com" in body
    link(body, "/accounts/password/reset/")


def test_an_unknown_address_is_told_so_by_mail_only(client: Client) -> None:
    client.post("/accounts/password/reset/", {"email": "nobody@example.com"})

    subject, body, _ = parts(mail.outbox[0])

    assert subject == "Cinnabar: No account with this address"
    link(body, "/accounts/signup/")


def test_a_new_password_is_told_with_where_it_came_from(client: Client) -> None:
    player = make_player(email="alice@example.com")
    client.force_login(player.user)
    new = "another long password"
    mail.outbox.clear()
    client.post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": new, "password2": new},
        headers={"User-Agent": "<b>Browser</b> & more"},
    )

    subject, body, html = parts(mail.outbox[0])

    assert subject == "Cinnabar: Your password was changed"
    assert "127.0.0.1" in body
    assert "<b>Browser</b> & more" in body
    assert "&lt;b&gt;Browser&lt;/b&gt; &amp; more" in html
