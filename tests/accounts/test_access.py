"""Names to sign in by, passwords, sessions that carry an id, and one account a person."""

import threading
import time
from hashlib import sha1
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import Client

from apps.accounts import consents, services
from apps.accounts.emails import folded
from apps.accounts.errors import AccountTaken
from apps.accounts.models import KnownDevice, Player, SignIn, User
from apps.audit.models import Record
from apps.core.session_ref import acting, session_ref
from apps.events.models import Event
from apps.games.models import GameSession
from apps.messaging import access
from apps.originals.models import Bet
from apps.payments.models import Invoice, Withdrawal
from tests.accounts.test_registration import NEW
from tests.conftest import PASSWORD, make_player

pytestmark = pytest.mark.django_db

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.mark.parametrize("name", ["carol", "CAROL", "Carol@example.com"])
def test_a_player_signs_in_by_name_or_address(name: str, client: Client) -> None:
    make_player("Carol", email="carol@example.com")

    assert _sign_in(client, name).headers["Location"] == "/"
    json = {"username": "carol", "password": PASSWORD}
    by_json = Client().post("/_allauth/app/v1/auth/login", json, content_type="application/json")
    assert by_json.status_code == 200


@pytest.mark.rule("ACC-11", "ACC-12")
def test_a_sign_in_shows_the_one_before_and_its_acts_carry_its_id(client: Client) -> None:
    player = make_player("carol", email="carol@example.com")
    _sign_in(Client(headers={"User-Agent": FIREFOX}), "carol")

    _sign_in(client, "carol")
    page = client.get("/").content.decode()
    client.post("/account/", {"hides_name": "on"})

    first, second = SignIn.objects.order_by("pk")
    assert (
        f"You were here before: {first.at:%-d %B %Y %H:%M} UTC, Firefox on Linux, 127.0.0.1" in page
    )
    assert client.session["sign_in"] == second.public_id != first.public_id
    assert Record.objects.get(action="player.name_shown").session_ref == second.public_id
    assert Record.objects.get(action="player.registered").session_ref == ""
    # A program's acts carry its key instead.
    key, _ = services.create_api_key(player=player, name="bot", scopes=["read", "money"])
    for model in (GameSession, Bet, Withdrawal, Invoice):
        assert model._meta.get_field("session_ref").default is session_ref
    with acting(lambda: f"key:{key.prefix}"):
        assert Withdrawal(player=player).session_ref == f"key:{key.prefix}"
    assert "Firefox on Linux" in client.get("/account/security/").content.decode()


@pytest.mark.rule("SEC-08")
def test_a_session_ends_after_twelve_hours_however_busy_it_is(client: Client) -> None:
    make_player("carol", email="carol@example.com")
    _sign_in(client, "carol")
    session = client.session
    session["signed_in_at"] = time.time() - 12 * 60 * 60
    session.save()

    assert client.get("/account/").status_code == 302
    assert "_auth_user_id" not in client.session


def test_a_new_browser_is_told_and_can_be_forgotten() -> None:
    player = make_player("carol", email="carol@example.com")
    here = Client()
    _sign_in(here, "carol")
    _sign_in(here, "carol")
    assert not Event.objects.filter(name__endswith="SignedInOnNewDevice").exists()
    _sign_in(Client(headers={"User-Agent": FIREFOX}), "carol")
    mail.outbox.clear()

    event = Event.objects.get(name__endswith="SignedInOnNewDevice")
    access.new_device(access.SignedInOnNewDevice(**event.data))
    there = KnownDevice.objects.get(user_agent=FIREFOX)
    here.post("/account/security/devices/forget/", {"device": there.pk})

    assert [message.subject for message in mail.outbox] == ["Cinnabar: new browser"]
    assert KnownDevice.objects.filter(player=player).count() == 1
    assert here.post("/account/security/devices/forget/", {"device": there.pk}).status_code == 404


@pytest.mark.rule("SEC-07")
@pytest.mark.parametrize(
    ("password", "is_good"),
    [
        ("1234567", False),
        ("password123", False),
        ("carol@example", False),
        ("a" * 60 + " pass phrase " + "b" * 55, True),
        ("x7" * 65, False),
        ("only small letters here", True),
    ],
)
def test_what_a_password_may_be(password: str, is_good: bool) -> None:
    try:
        validate_password(password, User(email="carol@example.com", username="carol"))
    except ValidationError:
        was_good = False
    else:
        was_good = True

    assert was_good is is_good


@pytest.mark.rule("SEC-07")
def test_a_stolen_password_is_found_without_telling_it(settings: Any) -> None:
    stolen, asked = "a phrase that was stolen", []
    digest = sha1(stolen.encode(), usedforsecurity=False).hexdigest().upper()

    class Ranges(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(f"{'0' * 35}:0\r\n{digest[5:]}:42\r\n".encode())

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Ranges)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    settings.BREACHED_PASSWORDS_BASE_URL = f"http://127.0.0.1:{server.server_port}"

    with pytest.raises(ValidationError, match="stolen"):
        validate_password(stolen)
    validate_password("a phrase nobody has heard")
    server.shutdown()
    server.server_close()
    assert asked[0] == f"/{digest[:5]}"
    # Without the service nobody is kept from registering.
    validate_password(stolen)


@pytest.mark.rule("ACC-04")
@pytest.mark.parametrize(
    ("first", "second", "is_same"),
    [
        ("carol@example.com", "Carol+casino@EXAMPLE.com", True),
        ("c.arol@gmail.com", "carol@googlemail.com", True),
        ("c.arol@example.com", "carol@example.com", False),
    ],
)
def test_one_mailbox_has_one_account(first: str, second: str, is_same: bool) -> None:
    other = make_player("carol", email=first)
    assert (folded(first) == folded(second)) is is_same

    if is_same:
        with pytest.raises(AccountTaken):
            make_player("dora", email=second)
        # Whoever closed theirs may come again.
        Player.objects.filter(pk=other.pk).update(status=Player.Status.CLOSED)
        make_player("dora", email=second)
        return
    player = make_player("dora", email=second)
    suspected = Event.objects.get(name__endswith="DuplicateSuspected")
    assert suspected.data == {"player_id": player.pk, "other_id": other.pk, "by": "email"}


@pytest.mark.rule("ACC-04", "ACC-05")
def test_a_second_account_is_told_by_mail_only(client: Client, settings: Any) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    make_player("carol", email="carol@example.com")

    answer = client.post("/accounts/signup/", {**NEW, "email": "carol+two@example.com"})

    assert answer.headers["Location"] == "/accounts/confirm-email/"
    assert Player.objects.count() == 1
    [told] = mail.outbox
    assert (told.to, told.subject) == (
        ["carol+two@example.com"],
        "Cinnabar: You already have an account",
    )


@pytest.mark.rule("ACC-19")
def test_the_box_at_registration_is_a_consent_with_its_source(client: Client) -> None:
    client.post("/accounts/signup/", {**NEW, "wants_marketing": "on"})

    player = Player.objects.get()
    assert {channel for channel, _ in consents.given(player)} == {"email"}
    assert set(player.consents.values_list("source", flat=True)) == {"registration"}


def _sign_in(client: Client, name: str, password: str = PASSWORD) -> Any:
    return client.post("/accounts/login/", {"login": name, "password": password})
