import pytest

from apps.accounts.models import ApiKey, Player
from apps.audit.models import Record
from tests.api.clients import Caller, error_of, signed_in, with_key

pytestmark = pytest.mark.django_db


def test_me_tells_who_i_am(player: Player) -> None:
    response = with_key(player, "read").get("me/")

    body = response.json()
    assert body == {
        "id": player.public_id,
        "display_name": player.display_name,
        "email": player.user.email,
        "country": player.country,
        "status": "active",
        "active_currency": "BTC",
        "wants_marketing": False,
        "created_at": body["created_at"],
    }


def test_consent_to_marketing_is_kept_with_its_source(player: Player) -> None:
    response = signed_in(player).call("PATCH", "me/", {"wants_marketing": True})

    assert response.status_code == 200
    player.refresh_from_db()
    assert player.wants_marketing is True
    row = Record.objects.get(action="player.marketing_consent")
    assert row.after == {
        "given": ["email:casino", "email:live", "email:originals"],
        "source": "api",
    }


@pytest.mark.parametrize("value", ["yes", "true", 1, None])
def test_consent_is_not_guessed(value: object, player: Player) -> None:
    response = signed_in(player).call("PATCH", "me/", {"wants_marketing": value})

    assert response.status_code == 400
    assert "wants_marketing" in error_of(response)["fields"]
    player.refresh_from_db()
    assert player.wants_marketing is False


def test_a_key_is_shown_once_and_only_its_hash_is_kept(player: Player) -> None:
    caller = signed_in(player)

    made = caller.post("api-keys/", {"name": "bot", "scopes": ["play", "read"]})

    assert made.status_code == 201
    assert made.headers["Cache-Control"] == "no-store"
    text = made.json()["key"]
    row = ApiKey.objects.get()
    assert text not in {row.prefix, row.key_hash}
    assert row.scopes == ["play", "read"]
    listed = caller.get("api-keys/").json()["results"]
    assert [one["id"] for one in listed] == [row.prefix]
    assert "key" not in listed[0]
    assert Caller({"Authorization": f"Bearer {text}"}).get("me/").status_code == 200


def test_a_revoked_key_stops_at_once(player: Player) -> None:
    caller = signed_in(player)
    made = caller.post("api-keys/", {"name": "bot", "scopes": ["read"]}).json()
    bot = Caller({"Authorization": f"Bearer {made['key']}"})
    assert bot.get("me/").status_code == 200

    assert caller.call("DELETE", f"api-keys/{made['id']}/").status_code == 204

    refused = bot.get("me/")
    assert refused.status_code == 401
    assert error_of(refused)["code"] == "invalid_api_key"
    assert caller.call("DELETE", f"api-keys/{made['id']}/").status_code == 404
    assert caller.get("api-keys/").json()["results"] == []


def test_a_key_cannot_make_or_list_keys(player: Player) -> None:
    bot = with_key(player)

    assert bot.post("api-keys/", {"name": "more", "scopes": ["money"]}).status_code == 403
    assert bot.get("api-keys/").status_code == 403
    assert ApiKey.objects.count() == 1


@pytest.mark.parametrize("scopes", [[], ["all"], ["read", "all"], ["read"] * 4, "read", {}])
def test_scopes_are_from_the_list(scopes: object, player: Player) -> None:
    response = signed_in(player).post("api-keys/", {"name": "bot", "scopes": scopes})

    assert response.status_code == 400
    assert ApiKey.objects.count() == 0


def test_an_eleventh_key_is_refused(player: Player) -> None:
    for _ in range(10):
        with_key(player, "read")

    response = signed_in(player).post("api-keys/", {"name": "bot", "scopes": ["read"]})

    assert response.status_code == 400
    assert ApiKey.objects.count() == 10


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer ck_",
        "Bearer ck_aaaaaaaaaaaa_" + "x" * 43,
        "bearer nonsense",
        "Bearer ck_\x00_x",
        "Bearer é",
    ],
)
def test_a_wrong_key_is_refused(header: str, player: Player) -> None:
    response = Caller({"Authorization": header}).get("me/")

    assert response.status_code == 401
    assert error_of(response)["code"] == "invalid_api_key"


def test_a_key_with_one_wrong_letter_is_refused(player: Player) -> None:
    caller = signed_in(player)
    text = caller.post("api-keys/", {"name": "b", "scopes": ["read"]}).json()["key"]
    wrong = text[:-1] + ("a" if text[-1] != "a" else "b")

    assert Caller({"Authorization": f"Bearer {wrong}"}).get("me/").status_code == 401


def test_a_wrong_key_is_not_saved_by_a_session(player: Player) -> None:
    caller = signed_in(player)

    assert caller.get("me/", Authorization="Bearer ck_wrong").status_code == 401
