"""Second factors: set up, sealed, asked for where it matters, and not to be got around."""

import re
import time
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from allauth.account.models import EmailAddress
from allauth.core.context import request_context
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.core import mail
from django.core.management import call_command
from django.test import Client, TestCase

from apps.accounts.models import Player, SealedSecret
from apps.audit.models import Record
from apps.core import secrets
from tests.accounts.factors import app_code, enrol
from tests.conftest import PASSWORD, make_player

pytestmark = pytest.mark.django_db

EMAIL = "carol@example.com"
NEW = "another fine password"


@pytest.mark.rule("ACC-09", "SEC-19", "SEC-06")
def test_an_app_is_set_up_sealed_told_and_used_once(settings: Any) -> None:
    player, client = _signed_in()
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    page = client.get("/accounts/2fa/totp/activate/").content.decode()
    secret = re.search(r'id="id_secret"[^>]* value="([A-Z2-7]{32})"', page)
    assert secret is not None
    mail.outbox.clear()

    with TestCase.captureOnCommitCallbacks() as callbacks:
        answer = client.post("/accounts/2fa/totp/activate/", {"code": app_code(secret[1])})
    with request_context(answer.wsgi_request):
        for callback in callbacks:
            callback()

    # The seed is nowhere in the clear, and the old key can be thrown away.
    found = Authenticator.objects.get(type=Authenticator.Type.TOTP)
    assert secret[1] not in str(list(Authenticator.objects.values("data")))
    assert {row.user_id for row in SealedSecret.objects.all()} == {player.pk}
    settings.FIELD_KEYS = {2: b"2" * 32, **settings.FIELD_KEYS}
    call_command("rotate_field_keys", stdout=mock.Mock())
    settings.FIELD_KEYS = {2: b"2" * 32}
    code = app_code(secret[1])
    assert TOTP(found).validate_code(code) is True
    assert TOTP(found).validate_code(code) is False
    # It is told, and payouts wait.
    assert [message.subject for message in mail.outbox] == [
        "Cinnabar: An authenticator app was added"
    ]
    player.refresh_from_db()
    assert player.credentials_changed_at is not None
    row = Record.objects.get(action="player.second_factor_changed")
    assert row.after == {"added": ["recovery_codes", "totp"]}


@pytest.mark.rule("SEC-19")
def test_a_seed_moved_to_another_row_does_not_open() -> None:
    player, _ = _signed_in()
    enrol(player)
    mine, other = SealedSecret.objects.order_by("pk")[:2]
    SealedSecret.objects.filter(pk=mine.pk).update(sealed=other.sealed)

    with pytest.raises(secrets.SealBroken):
        TOTP(Authenticator.objects.get(type="totp")).validate_code(app_code())


@pytest.mark.rule("ACC-10")
def test_a_new_password_by_mail_does_not_get_around_the_second_factor(client: Client) -> None:
    player = make_player("carol", email=EMAIL)
    enrol(player)
    client.post("/accounts/password/reset/", {"email": EMAIL})
    link = re.search(r"http://testserver(/accounts/password/reset/key/\S+)",
                     str(mail.outbox[-1].body))  # fmt: skip
    assert link is not None
    page = client.get(link[1], follow=True)
    client.post(page.redirect_chain[-1][0], {"password1": NEW, "password2": NEW})

    answer = client.post("/accounts/login/", {"login": EMAIL, "password": NEW})

    assert answer.headers["Location"] == "/accounts/2fa/authenticate/"
    assert client.get("/account/").status_code == 302
    assert client.get(link[1], follow=True).redirect_chain == []  # used up


@pytest.mark.rule("ACC-09")
def test_with_a_second_factor_the_password_alone_changes_nothing() -> None:
    player, client = _signed_in()
    codes = enrol(player)

    change = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    answer = client.post("/accounts/password/change/", change)
    asked = client.get(answer.headers["Location"])
    assert asked.headers["Location"].startswith("/accounts/2fa/reauthenticate/")
    by_json = Client(headers={"User-Agent": "app"})
    assert by_json.get("/_allauth/app/v1/auth/session").status_code == 401
    player.user.refresh_from_db()
    assert player.user.check_password(PASSWORD)

    with_password = client.post(
        "/account/phone/", {"number": "+4915112345678", "password": PASSWORD}
    )
    assert with_password.status_code == 403
    assert "code is not right" in with_password.content.decode()
    with_code = client.post("/account/phone/", {"number": "+4915112345678", "password": codes[0]})
    assert with_code.headers["Location"] == "/account/phone/code/"
    client.post("/accounts/password/change/", change)
    player.user.refresh_from_db()
    assert player.user.check_password(NEW)


@pytest.mark.rule("ACC-09")
def test_a_new_address_is_told_to_the_old_one() -> None:
    player, client = _signed_in()
    EmailAddress.objects.create(user=player.user, email=EMAIL, primary=True, verified=True)
    codes = enrol(player)
    client.post("/accounts/2fa/reauthenticate/", {"code": codes[0]})
    client.post("/accounts/email/", {"action_add": "", "email": "new@example.com"})
    link = re.search(r"http://testserver(/accounts/confirm-email/\S+)", str(mail.outbox[-1].body))
    assert link is not None
    client.post(link[1])
    mail.outbox.clear()

    client.post("/accounts/email/", {"action_primary": "", "email": "new@example.com"})

    player = Player.objects.get(pk=player.pk)
    assert player.user.email == "new@example.com"
    assert player.credentials_changed_at is not None
    assert [EMAIL] in [message.to for message in mail.outbox]


@pytest.mark.rule("ACC-08")
def test_a_trusted_browser_shows_the_second_factor_again_after_thirty_days() -> None:
    player = make_player("carol", email=EMAIL)
    codes = enrol(player)
    client = Client()
    _sign_in(client)
    client.post("/accounts/2fa/authenticate/", {"code": codes[0]})
    client.post("/accounts/2fa/trust/", {"action": "trust"})
    client.post("/accounts/logout/")

    assert _sign_in(client).headers["Location"] == "/"
    client.post("/accounts/logout/")
    later = timedelta(days=30).total_seconds()
    with mock.patch(
        "allauth.mfa.internal.flows.trust.time.time", return_value=time.time() + later + 1
    ):
        answer = _sign_in(client)

    assert answer.headers["Location"] == "/accounts/2fa/authenticate/"


def _signed_in() -> tuple[Player, Client]:
    player = make_player("carol", email=EMAIL)
    client = Client()
    _sign_in(client)
    return player, client


def _sign_in(client: Client) -> Any:
    return client.post("/accounts/login/", {"login": EMAIL, "password": PASSWORD})
