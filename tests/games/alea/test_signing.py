"""Digests: the four vectors of the notes, which bytes count, and who gets in."""

import hashlib
import json

import pytest

from apps.games.providers.alea import signing
from apps.integrations.models import InboxMessage
from tests.games.alea.factories import Seat, call, digest, post
from tests.games.factories import world

SECRET = "docs-secret-key"
BODY = (
    b'{"id":"900001","integratorTransactionId":"900001","type":"BET",'
    b'"requestedAt":"2025-01-01T00:00:00.000Z","game":{"id":16375},"software":{"id":6},'
    b'"integrator":{"id":8},"player":{"id":"444","casinoPlayerId":"u-42_BTC"},"currency":"BTC",'
    b'"casinoSessionId":"cs-0001","round":{"id":"700001","integratorRoundId":"700001",'
    b'"status":"IN_PROGRESS"},"amount":0.00012345}'
)
QUERY = {
    "softwareId": "6",
    "gameId": "16375",
    "currency": "BTC",
    "integratorId": "8",
    "casinoSessionId": "cs-0001",
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            signing.session_text("cs-0001"),
            "8df51391f2819afe9ad2fef5cef3bfd5b5dd5c7b4b029b89b33a37c4e15e54df"
            "787cab0425c093907944072c5948da9dfc9a2e2c191b0fd2d00e51bb572d8e15",
        ),
        (
            signing.balance_text(QUERY),
            "9e96d899fc55073a59379ad7b27265330993bbd86841e34ba1fbe808afffa7fa"
            "03413797a97016591e43fbe174a8647692f1a2fb3451b8c95d1578dd23254cd0",
        ),
        (
            BODY,
            "e5862ddd8ab601e60b3248a22516f306f33c622fb150a5f34538835e793ae33f"
            "8dfbbf4703bad383a74992e615e1f2cfd33b5f7fefa6da5248c82955d89c7659",
        ),
        (
            signing.launch_text(
                player_ref="u-42", session_id="cs-0001", country="FI", currency="EUR"
            ),
            "8cc012dfc91d8baa5f70b9cce489cff30051f8b90181d8ebbee40351f3d18dec"
            "32d3b29adc921c46d6697cf046d4bd698d0f53a5870bb5397a1cdb200811c5f6",
        ),
    ],
)
def test_the_vectors_of_the_notes(text: bytes, expected: str) -> None:
    assert signing.digest(text, SECRET) == f"SHA-512={expected}"


def spread(document: object) -> bytes:
    return json.dumps(document, indent=2).encode()


def test_a_body_with_spaces_may_be_digested_as_it_is_or_without_them(seat: Seat) -> None:
    document = seat.document("BET", 1, amount=1.5)
    document["integratorTransactionId"] = "a b"
    raw, compact = spread(document), json.dumps(document, separators=(",", ":")).encode()

    assert post(raw, digest(raw)).status == 200
    assert post(raw, digest(compact)).status == 200
    assert b"a b" in compact
    assert post(raw, digest(compact.replace(b" ", b""))).status == 500


def test_the_digits_of_a_number_are_digested_as_they_came(seat: Seat) -> None:
    compact = json.dumps(seat.document("BET", 1, amount=7), separators=(",", ":")).encode()
    written = compact.replace(b'"amount":7', b'"amount":1.50')
    raw = compact.replace(b'"amount":7', b'"amount": 1.50')

    assert post(raw, digest(written)).status == 200
    assert post(raw, digest(written.replace(b"1.50", b"1.5"))).status == 500
    assert seat.held == "8.50"


@pytest.mark.parametrize(("mode", "statuses"), [("raw", (500, 500)), ("all", (200, 200))])
def test_which_forms_count_is_a_setting(
    seat: Seat, settings: object, mode: str, statuses: tuple[int, int]
) -> None:
    settings.ALEA_DIGEST_BODY = mode  # type: ignore[attr-defined]  # pytest-django
    document = seat.document("BET", 1, amount=1)
    document["integratorTransactionId"] = "a b"
    raw, compact = spread(document), json.dumps(document, separators=(",", ":")).encode()

    answers = post(raw, digest(compact)), post(raw, digest(compact.replace(b" ", b"")))

    assert tuple(answer.status for answer in answers) == statuses


@pytest.mark.parametrize(
    "spoil",
    [
        lambda good: good.removeprefix("SHA-512="),
        lambda good: good.replace("SHA-512=", "SHA-256="),
        lambda good: good.replace("SHA-512=", "sha512="),
        lambda good: good[:-1],
        lambda good: "SHA-512=" + "0" * 128,
        lambda good: "SHA-512=ü",
        lambda good: "",
    ],
)
def test_a_wrong_digest_is_refused_before_anything_is_read(seat: Seat, spoil: object) -> None:
    good = digest(json.dumps(seat.document("BET", 1, amount=1), separators=(",", ":")))
    before = world()

    answer = call(
        "transactions",
        method="POST",
        body=json.dumps(seat.document("BET", 1, amount=1), separators=(",", ":")).encode(),
        signature=spoil(good),  # type: ignore[operator]  # a function
    )
    garbage = call("transactions", method="POST", body=b"\xff{", signature="SHA-512=00")

    assert answer.said == (500, "ERROR", "INVALID_REQUEST")
    assert answer.json["message"] == garbage.json["message"] == "The digest is wrong."
    assert world() == before


def test_upper_case_digits_and_yesterdays_secret_are_accepted(seat: Seat, settings: object) -> None:
    settings.ALEA_SECRET_PREVIOUS = "the-secret-before"  # type: ignore[attr-defined]  # pytest-django
    raw = json.dumps(seat.document("BET", 1, amount=1)).encode()
    upper = "SHA-512=" + digest(raw).removeprefix("SHA-512=").upper()

    assert post(raw, upper).status == 200
    assert post(raw, digest(raw, "the-secret-before")).status == 200
    assert post(raw, digest(raw, "another")).status == 500


def test_without_a_secret_nobody_may_call(seat: Seat, settings: object) -> None:
    settings.ALEA_SECRET = ""  # type: ignore[attr-defined]  # pytest-django
    raw = json.dumps(seat.document("BET", 1, amount=1)).encode()
    bare = "SHA-512=" + hashlib.sha512(raw).hexdigest()

    assert post(raw, bare).status == 500
    assert seat.held == "10.00"


def test_only_listed_addresses_may_call(seat: Seat, settings: object) -> None:
    settings.ALEA_IP_ALLOWLIST = ["203.0.113.9"]  # type: ignore[attr-defined]  # pytest-django
    signed = digest("cs-1")

    assert call("sessions/cs-1", signature=signed).status == 500
    assert call("sessions/cs-1", signature=signed, addr="203.0.113.9").status == 200


def test_the_balance_digest_keeps_its_order_and_covers_each_value(seat: Seat) -> None:
    software, game = seat.game.identifier.split(":")
    query = {
        "softwareId": software,
        "integratorId": "8",
        "gameId": game,
        "currency": "EUR",
        "casinoSessionId": "cs-1",
    }
    path = f"players/{seat.ref}/balance"
    signed = digest(f"cs-1EUR{game}8{software}")

    assert call(path, query=query, signature=signed).status == 200
    for name in query:
        changed = query | {name: query[name] + "1"}
        assert call(path, query=changed, signature=signed).said[2] == "INVALID_REQUEST"


def test_a_copy_of_each_call_is_kept_and_an_unsigned_one_is_cut(seat: Seat) -> None:
    seat.bet(1, 1)
    call("transactions", method="POST", body=b"x" * 9000, signature="SHA-512=00")

    good, bad = InboxMessage.objects.filter(partner="alea").order_by("pk")
    assert (good.outside_ref, good.answer_status, good.error) == ("1", 200, "")
    assert (len(bad.body), bad.answer_status) == (4096, 500)
