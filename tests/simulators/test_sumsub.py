"""The verification provider's simulator: what it refuses, what it sends, what a tester sees."""

import hashlib
import hmac
import time
from typing import Any

import httpx
import pytest

from tests.simulator_client import RecordingCasino, Sumsub

TOKEN, KEY, SECRET = "sbx:test-sumsub-token", "test-sumsub-secret-key", "test-sumsub-webhook-secret"
HASHES = {
    "HMAC_SHA1_HEX": hashlib.sha1,
    "HMAC_SHA256_HEX": hashlib.sha256,
    "HMAC_SHA512_HEX": hashlib.sha512,
}


def ask(
    sumsub: Sumsub, method: str, path: str, body: bytes = b"", *, age: int = 0, key: str = KEY
) -> httpx.Response:
    seconds = str(int(time.time()) - age)
    message = f"{seconds}{method}/sumsub{path}".encode() + body
    signature = hmac.new(key.encode(), message, hashlib.sha256).hexdigest()
    return sumsub.http.request(
        method,
        f"/sumsub{path}",
        content=body,
        headers={
            "X-App-Token": TOKEN,
            "X-App-Access-Ts": seconds,
            "X-App-Access-Sig": signature,
            "Content-Type": "application/json",
        },
    )


def enrol(sumsub: Sumsub, external_ref: str = "pl_one") -> dict[str, Any]:
    body = f'{{"externalUserId":"{external_ref}"}}'.encode()
    answer = ask(sumsub, "POST", "/resources/applicants?levelName=basic-kyc-level", body)
    found: dict[str, Any] = answer.json()
    return found


@pytest.fixture
def listener(sumsub: Sumsub, recording_casino: RecordingCasino) -> RecordingCasino:
    sumsub.call_back(recording_casino.origin)
    return recording_casino


def test_who_signs_other_bytes_or_another_minute_is_refused(
    sumsub: Sumsub, listener: RecordingCasino
) -> None:
    path = "/resources/applicants?levelName=basic-kyc-level"
    wrong = ask(sumsub, "POST", path, b"{}", key="another")
    late = ask(sumsub, "POST", path, b"{}", age=75)

    assert (wrong.status_code, wrong.json()["errorCode"]) == (401, 4003)
    assert (late.status_code, late.json()["description"]) == (401, "Token expired")
    assert sumsub.control("find/applicants")["applicants"] == []
    nobody = ask(sumsub, "POST", "/resources/applicants?levelName=nothing", b"{}")
    assert nobody.status_code == 404

    found = enrol(sumsub)
    again = ask(sumsub, "POST", path, b'{"externalUserId":"pl_one"}')
    assert again.status_code == 409
    assert again.json()["description"].endswith(f"already exists: {found['id']}")
    old = ask(
        sumsub,
        "POST",
        "/resources/accessTokens?userId=pl_new&levelName=basic-kyc-level&ttlInSecs=1",
    )
    assert old.json()["userId"] == "pl_new"
    assert sumsub.applicant("pl_new")["level"] == "basic-kyc-level"
    # The token is of the applicant, and ends.
    frame = {"X-Access-Token": old.json()["token"]}
    assert sumsub.http.get("/websdk/api/state", headers=frame).status_code == 200
    time.sleep(1.1)
    assert sumsub.http.get("/websdk/api/state", headers=frame).status_code == 401


def test_webhooks_are_signed_by_every_algorithm_and_disturbed_on_wish(
    sumsub: Sumsub, listener: RecordingCasino
) -> None:
    found = enrol(sumsub)
    for algorithm in HASHES:
        sumsub.options(algorithm=algorithm)
        sumsub.act("pl_one", "move", state="prechecked")
        sumsub.settled()
    sumsub.switches(callback_signature="wrong", callback_copies=2)
    sumsub.act("pl_one", "decide", answer="GREEN")
    sumsub.settled()

    created, *moved, first, second = listener.asked
    assert created.path == "/callbacks/sumsub/"
    for call, algorithm in zip(moved, HASHES, strict=True):
        right = hmac.new(SECRET.encode(), call.body, HASHES[algorithm]).hexdigest()
        assert call.headers["x-payload-digest"] == right
        assert call.headers["x-payload-digest-alg"] == algorithm
    assert first.body == second.body
    right = hmac.new(SECRET.encode(), first.body, hashlib.sha512).hexdigest()
    assert first.headers["x-payload-digest"] != right
    told = first.json
    assert (told["type"], told["reviewResult"]) == ("applicantReviewed", {"reviewAnswer": "GREEN"})
    assert (told["applicantId"], told["sandboxMode"]) == (found["id"], True)
    assert "." in told["createdAtMs"]

    sumsub.switches()
    sumsub.options(workflow=True, sandbox="no")
    sumsub.act("pl_one", "move", state="awaitingService")
    sumsub.act("pl_one", "decide", answer="RED", kind="FINAL", labels="PEP,SANCTIONS")
    sumsub.act("pl_one", "delete")
    sumsub.settled()
    trap, verdict, *gone = [call.json for call in listener.asked[-4:]]
    assert (trap["reviewStatus"], trap["reviewResult"]["reviewAnswer"]) == (
        "awaitingService",
        "GREEN",
    )
    assert (verdict["type"], verdict["sandboxMode"]) == ("applicantWorkflowCompleted", False)
    assert verdict["reviewResult"]["rejectLabels"] == ["PEP", "SANCTIONS"]
    assert len({one["correlationId"] for one in gone}) == 1
    assert [one["type"] for one in gone] == ["applicantDeleted", "applicantPersonalDataDeleted"]


def test_a_tester_finds_everything_on_the_pages(sumsub: Sumsub, listener: RecordingCasino) -> None:
    found = enrol(sumsub)
    sumsub.options(auto="approve")
    sumsub.act("pl_one", "submit")
    sumsub.act("pl_one", "hit", risk="pep")
    sumsub.settled()

    kept = sumsub.applicant("pl_one")
    pages = {
        "/sumsub/": "pl_one",
        f"/sumsub/applicants/{found['id']}/": "Hand in samples for the player",
        "/sumsub/calls/": "applicantPending",
        "/websdk/websdk.html": "Verification",
    }
    for path, words in pages.items():
        answer = sumsub.http.get(path)
        assert (answer.status_code, words in answer.text) == (200, True), path
    framed = sumsub.http.get("/websdk/websdk.html").headers["Content-Security-Policy"]
    assert "frame-ancestors http: https:" in framed
    picture = kept["docs"]["IDENTITY"]["pictures"][0]
    seen = sumsub.http.get(f"/sumsub/pictures/{kept['inspectionId']}/{picture}")
    assert (seen.status_code, seen.headers["Content-Type"]) == (200, "image/png")
    assert sumsub.http.get("/sumsub/applicants/nobody/").status_code == 404
    assert ask(sumsub, "POST", f"/resources/applicants/{found['id']}/-/init").status_code == 409

    deadline = time.monotonic() + 8
    while sumsub.applicant("pl_one")["status"] != "completed" and time.monotonic() < deadline:
        time.sleep(0.1)
    assert sumsub.applicant("pl_one")["result"] == {"reviewAnswer": "GREEN"}
