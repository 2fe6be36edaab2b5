"""The player's own pages: profile, security, API keys."""

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.test import Client

from apps.accounts.models import ApiKey, Player
from apps.accounts.sessions import device
from apps.audit.models import Record
from apps.core.clock import now
from tests.conftest import make_player

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"
PAGES = [
    "/account/",
    "/account/security/",
    "/account/phone/",
    "/account/offers/",
    "/account/privacy/",
    "/account/privacy/erasure/",
    "/account/close/",
    "/account/api-keys/",
]
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/19.0 Mobile/15E148 Safari/604.1"
)


@pytest.mark.parametrize("page", PAGES)
def test_guests_are_sent_to_sign_in(page: str, client: Client) -> None:
    response = client.get(page)

    assert response.status_code == 302
    assert response.headers["Location"] == f"/accounts/login/?next={page}"


@pytest.mark.parametrize("page", PAGES)
def test_pages_hold_to_the_content_policy(page: str, client: Client, player: Player) -> None:
    client.force_login(player.user)

    text = client.get(page).content.decode()

    assert text.count("<h1") == 1
    assert " style=" not in text
    assert re.search(r"<script(?![^>]* src=)", text) is None
    assert re.search(r"\son[a-z]+=", text) is None


@pytest.mark.rule("ACC-11")
def test_the_profile_shows_the_player(client: Client, player: Player) -> None:
    client.force_login(player.user)

    page = client.get("/account/").content.decode()

    for text in (player.display_name, player.user.email, player.public_id):
        assert text in page


@pytest.mark.rule("ACC-11")
def test_places_are_listed_and_ended_one_by_one() -> None:
    here, phone = _two_places()
    page = here.get("/account/security/").content.decode()
    assert "Firefox on Linux" in page
    assert "Safari on iPhone" in page
    there = UserSession.objects.get(user_agent=SAFARI)

    here.post("/account/security/sessions/end/", {"session": there.pk})

    assert phone.get("/account/").status_code == 302
    assert here.get("/account/").status_code == 200
    assert not UserSession.objects.filter(user_agent=SAFARI).exists()


def test_all_other_places_are_ended_at_once() -> None:
    here, phone = _two_places()

    here.post("/account/security/sessions/end-others/")

    assert phone.get("/account/").status_code == 302
    assert here.get("/account/").status_code == 200
    row = Record.objects.get(action="player.other_sessions_ended")
    assert row.after == {"count": 1}


@pytest.mark.rule("SEC-08")
@pytest.mark.parametrize("number", ["theirs", "0", "-1", "abc", "", "9" * 30, "\x00"])
def test_only_own_places_are_ended(number: str, player: Player) -> None:
    here, _ = _two_places()
    client = Client()
    client.force_login(player.user)
    if number == "theirs":
        number = str(UserSession.objects.get(user_agent=FIREFOX).pk)

    response = client.post("/account/security/sessions/end/", {"session": number})

    assert response.status_code == 404
    assert here.get("/account/").status_code == 200


def test_a_new_password_ends_the_other_places() -> None:
    here, phone = _two_places()

    response = here.post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": "another fine password",
         "password2": "another fine password"},
    )  # fmt: skip

    assert response.headers["Location"] == "/account/security/"
    assert here.get("/account/").status_code == 200
    assert phone.get("/account/").status_code == 302
    assert Record.objects.filter(action="player.password_changed").count() == 1


def test_a_new_address_needs_the_password_again(client: Client, player: Player) -> None:
    client.force_login(player.user)

    response = client.post("/accounts/email/", {"action_add": "", "email": "new@example.com"})

    assert response.headers["Location"].startswith("/accounts/reauthenticate/")
    assert not EmailAddress.objects.filter(email="new@example.com").exists()


def test_being_seen_is_noted_once_a_minute(client: Client, player: Player) -> None:
    client.force_login(player.user)
    client.get("/account/")
    player.refresh_from_db()
    seen_at = player.seen_at
    assert seen_at is not None
    assert now() - seen_at < timedelta(seconds=30)

    client.get("/account/")

    player.refresh_from_db()
    assert player.seen_at == seen_at


def test_a_key_is_made_shown_once_and_revoked(client: Client, player: Player) -> None:
    client.force_login(player.user)

    made = client.post("/account/api-keys/", {"name": "bot", "scopes": ["read", "money"]})

    text = re.search(r"ck_[0-9a-f]{12}_[A-Za-z0-9_-]{43}", made.content.decode())
    assert text is not None
    assert "no-store" in made.headers["Cache-Control"]
    assert text.group() not in client.get("/account/api-keys/").content.decode()
    me = Client(headers={"Authorization": f"Bearer {text.group()}"})
    assert me.get("/api/v1/me/").status_code == 200

    client.post("/account/api-keys/revoke/", {"key": ApiKey.objects.get().prefix})

    assert me.get("/api/v1/me/").status_code == 401


@pytest.mark.parametrize(
    "data", [{}, {"name": "bot"}, {"name": "", "scopes": ["read"]}, {"name": "b", "scopes": ["x"]},
             {"name": "x" * 41, "scopes": ["read"]}, {"name": "a\x00", "scopes": ["read"]}]
)  # fmt: skip
def test_a_key_without_name_or_scope_is_refused(
    data: dict[str, str], client: Client, player: Player
) -> None:
    client.force_login(player.user)

    response = client.post("/account/api-keys/", data)

    assert response.status_code == 422
    assert ApiKey.objects.count() == 0


@pytest.mark.parametrize("prefix", ["", "x", "\x00", "theirs"])
def test_only_own_keys_are_revoked(prefix: str, client: Client, player: Player) -> None:
    theirs = ApiKey.objects.create(
        player=make_player(), name="t", prefix="theirs", key_hash="0" * 64
    )
    client.force_login(player.user)

    response = client.post("/account/api-keys/revoke/", {"key": prefix})

    assert response.status_code == 404
    theirs.refresh_from_db()
    assert theirs.revoked_at is None


def test_devices_are_named_as_far_as_they_tell() -> None:
    assert device(FIREFOX) == "Firefox on Linux"
    assert device(SAFARI) == "Safari on iPhone"
    assert device("curl/8.5.0") == "curl"
    assert device("") == "Unknown device"


def _two_places() -> tuple[Client, Client]:
    make_player(email="carol@example.com", password=PASSWORD)
    places = []
    for agent in (FIREFOX, SAFARI):
        client = Client(headers={"User-Agent": agent})
        client.post("/accounts/login/", {"login": "carol@example.com", "password": PASSWORD})
        places.append(client)
    return places[0], places[1]
