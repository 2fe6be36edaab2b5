"""Bad input: one shape of answer, never a 500, and nothing changed."""

from typing import Any

import pytest

from apps.accounts.models import ApiKey, Player
from tests.api.clients import error_of, signed_in, stranger

pytestmark = pytest.mark.django_db

TEXTS = ["", " ", "x" * 1000, "a\x00b", "\ud800", "\u202e", "' OR 1=1 --", "../../etc/passwd"]
WRONG: list[Any] = [None, True, 0, -1, 1.5, 10**30, [], {}, [[]], {"a": {"b": 1}}, *TEXTS]
GOOD: dict[tuple[str, str], dict[str, Any]] = {
    ("PATCH", "me/"): {"wants_marketing": True},
    ("POST", "api-keys/"): {"name": "bot", "scopes": ["read"]},
    ("POST", "wallets/active/"): {"currency": "ETH"},
    ("POST", "deposits/"): {"currency": "BTC", "rail": "BTC"},
    ("POST", "withdrawals/"): {
        "amount": "0.01",
        "currency": "BTC",
        "rail": "BTC",
        "address": "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
    },
}
# What is true for every text there is, or free by its nature.
FREE = {("api-keys/", "name"), ("me/", "wants_marketing")}


@pytest.mark.parametrize(
    ("method", "path", "field"),
    [(method, path, field) for (method, path), body in GOOD.items() for field in body],
)
def test_a_wrong_value_is_refused(method: str, path: str, field: str, player: Player) -> None:
    caller = signed_in(player)

    for value in WRONG:
        body = {**GOOD[method, path], field: value}
        response = caller.call(method, path, body, headers={"Idempotency-Key": "k1"})

        assert response.status_code < 500, value
        if response.status_code >= 400:
            error_of(response)
        else:
            assert (path, field) in FREE, value


@pytest.mark.parametrize(("method", "path"), list(GOOD))
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe",
        b"[" * 60_000,
        b'{"a": NaN}',
        b" " * 70_000,
    ],
    ids=lambda body: repr(body[:8]),
)
def test_a_body_that_is_no_object_is_refused(
    method: str, path: str, body: bytes, player: Player
) -> None:
    response = signed_in(player).call(method, path, body, headers={"Idempotency-Key": "k1"})

    assert response.status_code == 400
    assert error_of(response)["code"] in {"invalid_input", "parse_error"}


@pytest.mark.rule("SEC-02")
@pytest.mark.parametrize(("method", "path"), list(GOOD))
def test_an_unknown_field_is_refused(method: str, path: str, player: Player) -> None:
    body = {**GOOD[method, path], "is_staff": True}

    response = signed_in(player).call(method, path, body, headers={"Idempotency-Key": "k1"})

    assert response.status_code == 400
    assert error_of(response) == {
        "code": "invalid_input",
        "message": "Check the marked fields.",
        "fields": {"is_staff": "There is no such field."},
    }
    assert ApiKey.objects.count() == 0


@pytest.mark.parametrize(
    "query",
    [
        "cursor=x",
        "cursor=",
        "cursor=" + "A" * 500,
        "cursor=YjE4NDQ2NzQ0MDczNzA5NTUxNjE2",  # beyond a bigint
        "cursor=Yi0x",  # negative
        "limit=0",
        "limit=-1",
        "limit=201",
        "limit=ten",
        "limit=٣",
        "limit=1.5",
        "limit=",
        "kind=gift",
        "currency=XYZ",
        "currency=btc",
        "player=2",
    ],
)
def test_a_wrong_query_is_refused(query: str, player: Player) -> None:
    response = signed_in(player).get(f"transactions/?{query}")

    assert response.status_code == 400
    assert query.partition("=")[0] in error_of(response)["fields"]


@pytest.mark.parametrize(
    "path",
    [
        "transactions/0/",
        "transactions/9223372036854775807/",
        "transactions/99999999999999999999999999/",
        "transactions/abc/",
        "withdrawals/wd_nothing/",
        "nothing/",
        "me",
        "",
    ],
)
def test_what_does_not_exist_has_the_same_shape(path: str, player: Player) -> None:
    response = signed_in(player).get(path)

    assert response.status_code == 404
    assert error_of(response) == {
        "code": "not_found",
        "message": "There is no such thing.",
        "fields": {},
    }


def test_a_wrong_method_has_the_same_shape(player: Player) -> None:
    response = signed_in(player).call("PUT", "wallets/", {})

    assert response.status_code == 405
    assert error_of(response)["code"] == "method_not_allowed"


def test_a_form_is_not_read(player: Player) -> None:
    caller = signed_in(player)

    response = caller.client.post("/api/v1/api-keys/", {"name": "x", "scopes": "read"})

    assert response.status_code == 415
    assert error_of(response)["code"] == "unsupported_media_type"


@pytest.mark.rule("SEC-13")
def test_too_many_calls_are_told_to_wait(player: Player, settings: Any) -> None:
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"api": {"account": "2/minute"}}
    caller = signed_in(player)

    answers = [caller.get("me/") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert error_of(answers[2])["code"] == "rate_limited"
    assert 1 <= int(answers[2].headers["Retry-After"]) <= 60


@pytest.mark.rule("SEC-13")
def test_a_forged_address_does_not_reset_the_limit(settings: Any) -> None:
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"api": {"ip": "2/minute"}}
    caller = stranger()

    answers = [
        caller.get("currencies/", **{"X-Forwarded-For": f"10.0.0.{number}"}) for number in range(3)
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 429]


@pytest.mark.rule("PAY-03")
@pytest.mark.parametrize("amount", [0.01, 1, "0.010000001", "1e-2", "-1", "+1", " 1", "١", ""])
def test_amounts_are_exact_text(amount: object, player: Player) -> None:
    body = {**GOOD["POST", "withdrawals/"], "amount": amount}

    response = signed_in(player).post("withdrawals/", body, {"Idempotency-Key": "k1"})

    assert response.status_code == 400
    assert "amount" in error_of(response)["fields"]


@pytest.mark.rule("PAY-08")
@pytest.mark.parametrize(
    ("key", "code"),
    [
        (None, "idempotency_key_required"),
        ("", "idempotency_key_required"),
        ("x" * 65, "invalid_input"),
        ("with space", "invalid_input"),
    ],
)
def test_money_calls_need_a_key(key: str | None, code: str, player: Player) -> None:
    headers = {} if key is None else {"Idempotency-Key": key}

    response = signed_in(player).post("withdrawals/", GOOD["POST", "withdrawals/"], headers)

    assert response.status_code == 400
    assert error_of(response)["code"] == code


def test_an_address_with_a_nul_is_refused(player: Player) -> None:
    caller = signed_in(player)

    assert caller.get("withdrawals/wd_%00/").status_code == 400
    assert caller.get("transactions/?currency=%00").status_code == 400


def test_a_refusal_is_json_whatever_was_asked_for() -> None:
    response = stranger().get("me/", Accept="text/html")

    assert response.status_code == 406
    assert error_of(response)["code"] == "not_acceptable"
