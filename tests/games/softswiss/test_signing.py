import pytest

from apps.games.providers.softswiss import signing
from apps.integrations.models import InboxMessage
from tests.games.factories import Table, send, sign, world

LAUNCH = (
    '{"casino_id":"demo","game":"bgaming:BookOfCats","client_type":"desktop","ip":"203.0.113.7",'
    '"locale":"en","urls":{"return_url":"https://casino.example/"}}'
)
# Source: protocol notes, section 2, "Worked vectors".
VECTORS = [
    (
        "test",
        '{"user_id": "8|USDT|USD","currency": "USD","game": "acceptance:test"}',
        "7376e78d5f65ca750c9719d2163daffa129e8a07ba9a1abe12241b3b1de51295",
    ),
    (
        "test",
        '{"user_id":"8|USDT|USD","currency":"USD","game":"acceptance:test"}',
        "442c4cd8926008096225416b21f5a1862fbf4fc4e5224362e3b463e85a39f40a",
    ),
    (
        "docs-auth-token-01",
        '{"user_id":"u-42","currency":"EUR","game":"softswiss:CherryFiesta","game_id":"r-1",'
        '"finished":true,"actions":[{"action":"bet","action_id":"a-1","amount":100}]}',
        "d660d47d96b91f734291fa24a412cdbec336e14e6c29f3d6bdf1d1d9ccffb644",
    ),
    (
        "docs-auth-token-01",
        '{"player_id":"u-42","currency":"BTC","round_id":"r-9","game_id":"bgaming:BookOfCats",'
        '"provider":"bgaming","transactions":[{"id":"t-1","type":"bet","amount":"0.00012345"},'
        '{"id":"t-2","type":"win","amount":"0.0002"}]}',
        "44d0667b466c3bef114f2835a5e12c4e9a42ae52343cdddd5b9d5698b5fe81d2",
    ),
    (
        "docs-auth-token-01",
        LAUNCH,
        "7b87c45c99900fca75b7875d8be71b2f457bd262e796590269c57d68d2fefa47",
    ),
    (
        "docs-auth-token-01",
        LAUNCH.replace("/", "\\/"),
        "512cdcce10039778be3dd1ec20f386911bded7d99c92cd2dbd539f3cf55d62a9",
    ),
]


@pytest.mark.parametrize(("token", "body", "signature"), VECTORS)
def test_the_documents_vectors(token: str, body: str, signature: str) -> None:
    assert signing.sign(body.encode(), token) == signature


@pytest.mark.parametrize("signature", ["", "0" * 64, "ü", "x" * 10_000])
def test_a_forged_or_missing_signature_is_refused(table: Table, signature: str) -> None:
    before = world()
    path = "play" if table.generation == "v1" else "v2/a8r_casino.Player/Balance"
    name = "user_id" if table.generation == "v1" else "player_id"

    answer = send(path, {name: table.user_id, "currency": "EUR"}, signature=signature)

    assert (answer.status, answer.code) == (403, 403)
    if table.generation == "v2":
        assert answer.json["code"] == "permission_denied"
    assert world() == before
    assert InboxMessage.objects.get().state == InboxMessage.State.REFUSED


def test_a_signature_of_other_bytes_is_refused(table: Table) -> None:
    body = b'{"user_id":"x","currency":"EUR"}'

    assert send("play", body, signature=sign(body + b" ")).status == 403


def test_capitals_in_the_signature_are_the_same_signature(table: Table) -> None:
    body = f'{{"user_id":"{table.user_id}","currency":"EUR"}}'.encode()

    assert send("play", body, signature=sign(body).upper()).status == 200


def test_the_token_being_replaced_still_signs(table: Table, settings: object) -> None:
    settings.SOFTSWISS_AUTH_TOKEN_PREVIOUS = "last year's token"  # type: ignore[attr-defined]  # pytest-django
    body = f'{{"user_id":"{table.user_id}","currency":"EUR"}}'.encode()

    assert send("play", body, signature=sign(body, "last year's token")).status == 200
    assert send("play", body, signature=sign(body)).status == 200
    assert send("play", body, signature=sign(body, "another token")).status == 403


def test_without_a_token_nobody_may_call(table: Table, settings: object) -> None:
    body = b"{}"
    signature = sign(body, "a")
    settings.SOFTSWISS_AUTH_TOKEN = ""  # type: ignore[attr-defined]  # pytest-django

    assert send("play", body, signature=signature).status == 403


def test_an_address_that_is_not_allowed_is_refused(table: Table, settings: object) -> None:
    settings.SOFTSWISS_IP_ALLOWLIST = ["203.0.113.9"]  # type: ignore[attr-defined]  # pytest-django

    assert table.ask().status == 403


def test_the_headers_name_and_prefix_are_settings(table: Table, settings: object) -> None:
    settings.SOFTSWISS_SIGN_HEADER = "Authorization"  # type: ignore[attr-defined]  # pytest-django
    settings.SOFTSWISS_SIGN_PREFIX = "HMAC-SHA256 "  # type: ignore[attr-defined]  # pytest-django
    body = b"{}"

    assert signing.headers(body)["Authorization"] == f"HMAC-SHA256 {sign(body)}"
    assert signing.is_valid(body, {"authorization": f"HMAC-SHA256 {sign(body)}"})
    assert not signing.is_valid(body, {"authorization": sign(body)})
