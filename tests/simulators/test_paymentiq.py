"""The fiat gateway's simulator by itself: its APIs, its traps, and its buttons."""

import base64
from typing import Any

import httpx
import pytest
from django.conf import settings

from tests.simulator_client import Asked, ControlRefused, Json, Paymentiq, RecordingCasino
from tests.web import web

USER = "pl_abc-EUR"


def answer(asked: Asked) -> tuple[int, Json]:
    """A casino that says yes to everything."""
    said: Json = {"userId": USER, "success": True}
    if asked.path.endswith("verifyuser"):
        said |= {"balance": 100, "balanceCy": "EUR", "country": "DEU", "firstName": "Ada"}
    elif asked.path.endswith("authorize"):
        said |= {"authCode": "auth-1", "merchantTxId": "ours-1"}
    return 200, said


@pytest.fixture
def casino(paymentiq: Paymentiq, recording_casino: RecordingCasino) -> RecordingCasino:
    recording_casino.answer = answer
    paymentiq.call_back(recording_casino.origin)
    return recording_casino


@pytest.fixture
def office(paymentiq: Paymentiq) -> httpx.Client:
    """The Admin API with a bearer."""
    pair = f"{settings.PAYMENTIQ_CLIENT_ID}:{settings.PAYMENTIQ_CLIENT_SECRET}"
    basic = base64.b64encode(pair.encode()).decode()
    answered = web.post(
        f"{paymentiq.base_url}/oauth/token?grant_type=client_credentials",
        headers={"Authorization": f"Basic {basic}"},
    ).json()
    assert answered["expires_in"] > 0
    return httpx.Client(
        verify=False,
        base_url=f"{paymentiq.base_url}/admin/v1",
        params={"merchantId": settings.PAYMENTIQ_MERCHANT_ID},
        headers={"Authorization": f"Bearer {answered['access_token']}"},
        trust_env=False,
    )


def actions(casino: RecordingCasino) -> list[str]:
    return [path.rpartition("/")[2] for path in casino.paths()]


def test_a_deposit_calls_in_the_documents_order(paymentiq, casino):
    kept = paymentiq.start("deposit", USER, "s", "50.00")
    assert (kept["state"], kept["statusCode"]) == ("WAITING_INPUT", "301")
    assert actions(casino) == ["verifyuser", "authorize"]

    paymentiq.payer(kept["id"], "success")
    paymentiq.settled(reference=str(kept["id"]), kind="transfer")
    assert actions(casino) == ["verifyuser", "authorize", "transfer"]
    asked, moved = casino.asked[1].json, casino.asked[2].json
    assert (asked["txAmount"], asked["txName"]) == ("50.00", "CreditcardDeposit")
    assert moved["authCode"] == "auth-1"
    assert moved["txRefId"] == f"{settings.PAYMENTIQ_MERCHANT_ID}A{kept['id']}"
    assert asked["txTypeId"] != moved["txTypeId"]
    expected = base64.b64encode(b"test-paymentiq:test-paymentiq-password").decode()
    assert casino.asked[0].headers["authorization"] == f"Basic {expected}"


def test_ids_are_numbers_in_one_call_and_text_in_the_next(paymentiq, casino):
    first = paymentiq.start("deposit", USER, "s", "50.00")
    second = paymentiq.start("deposit", USER, "s", "50.00")

    kinds = {type(one.json["txId"]) for one in casino.asked if one.path.endswith("authorize")}
    assert kinds == {int, str}
    assert second["id"] == first["id"] + 1


def test_a_refusal_ends_it_without_a_cancel(paymentiq, casino):
    casino.answer = lambda asked: (
        answer(asked)
        if asked.path.endswith("verifyuser")
        else (200, {"userId": USER, "success": False, "errCode": "110", "errMsg": "no"})
    )

    assert paymentiq.start("deposit", USER, "s", "50.00")["state"] == "FAILED"
    assert actions(casino) == ["verifyuser", "authorize"]


def test_a_session_that_is_over_ends_it_before_the_question(paymentiq, casino):
    casino.answer = lambda _asked: (200, {"userId": USER, "success": False, "errCode": "101"})

    kept = paymentiq.start("deposit", USER, "s", "50.00")
    assert (kept["state"], kept["statusCode"]) == ("FAILED", "548")
    assert actions(casino) == ["verifyuser"]


def test_a_refused_transfer_is_inconsistent_and_not_repeated(paymentiq, casino):
    kept = paymentiq.start("deposit", USER, "s", "50.00")
    casino.answer = lambda _asked: (200, {"userId": USER, "success": False, "errCode": "130"})

    paymentiq.payer(kept["id"], "success")
    calls = paymentiq.settled(reference=str(kept["id"]), kind="transfer")
    assert len(calls[0]["tries"]) == 1
    assert paymentiq.totals() == {(USER, "EUR"): "50.00"}


def test_the_back_office_wants_a_bearer_a_merchant_and_a_body(paymentiq, casino, office):
    kept = paymentiq.start("withdrawal", USER, "s", "20.00")
    path = f"/payments/approve/{kept['id']}"

    assert web.get(f"{paymentiq.base_url}/admin/v1/payments").status_code == 401
    assert office.get("/payments", params={"merchantId": "1"}).status_code == 403
    assert office.post(path).status_code == 400
    approved = office.post(path, json={})
    assert (approved.status_code, approved.json()["state"]) == (200, "PROCESSING")
    again = office.post(path, json={})
    assert (again.status_code, "state" in again.json()["errorMessage"]) == (400, True)
    assert office.post("/payments/approve/1", json={}).status_code == 404


def test_the_search_finds_by_id_reference_and_state(paymentiq, casino, office):
    kept = paymentiq.start("deposit", USER, "s", "50.00")
    paymentiq.start("withdrawal", USER, "s", "20.00")

    def found(**params: Any) -> list[int]:
        return [row["id"] for row in office.get("/payments", params=params).json()]

    assert found(idList=str(kept["id"])) == [kept["id"]]
    assert found(txRefId=kept["txRefId"]) == [kept["id"]]
    assert found(states="WAITING_APPROVAL") == [kept["id"] + 1]
    assert found(limit="1") == [kept["id"] + 1]


def test_the_player_takes_a_waiting_payout_back_by_the_front_api(paymentiq, casino):
    kept = paymentiq.start("withdrawal", USER, "s", "20.00")
    url = (
        f"{paymentiq.cashier_url}/api/user/transaction/{settings.PAYMENTIQ_MERCHANT_ID}/{USER}"
        f"/{kept['id']}"
    )

    status = web.get(f"{url}/status?sessionId=s").json()
    assert status["txState"] == "WAITING_APPROVAL"
    gone = web.delete(f"{url}?sessionId=s").json()
    assert gone["txState"] == "CANCELLED"
    paymentiq.settled(reference=str(kept["id"]), kind="cancel")
    assert casino.asked[-1].json["statusCode"] == "600"


def test_the_front_api_pays_without_the_cashier(paymentiq, casino):
    url = f"{paymentiq.cashier_url}/api/creditcard/deposit"
    data = {"userId": USER, "sessionId": "s", "amount": "25.00"}

    assert web.post(f"{url}/validate", json=data).json()["success"] is True
    made = web.post(f"{url}/process", json=data).json()
    assert (made["txState"], made["redirectOutput"]["container"]) == ("WAITING_INPUT", "iframe")
    refused = web.post(f"{url}/process", json={**data, "amount": "x"}).json()
    assert refused["success"] is False


def test_the_cashier_shows_methods_of_the_users_country(paymentiq, casino):
    query = {"userId": USER, "sessionId": "s", "attributes.hostUri": "http://casino.test"}

    shown = web.get(f"{paymentiq.cashier_url}/", params=query)
    assert 'data-host="http://casino.test"' in shown.text
    assert "Bank transfer" in shown.text
    assert "frame-ancestors http: https:" in shown.headers["content-security-policy"]
    evil = {**query, "attributes.hostUri": "javascript:alert(1)"}
    assert 'data-host=""' in web.get(f"{paymentiq.cashier_url}/", params=evil).text


@pytest.mark.parametrize(
    ("control", "data"),
    [
        ("options", {"nothing": 1}),
        ("options", {"approval": "nobody"}),
        ("options", {"fee": "-1"}),
        ("start", {"method": "cash"}),
        ("start", {"amount": "0"}),
        ("transactions/99/payer", {"outcome": "success"}),
    ],
)
def test_what_a_tester_cannot_mean_is_refused(paymentiq, casino, control, data):
    with pytest.raises(ControlRefused):
        paymentiq.control(control, **data)


@pytest.mark.parametrize("path", ["", "calls/", "transactions/26720/", "transactions/1/"])
def test_its_pages_open(paymentiq, casino, path):
    paymentiq.start("deposit", USER, "s", "50.00")

    status = web.get(f"{paymentiq.origin}/paymentiq/{path}").status_code
    assert status == (404 if path == "transactions/1/" else 200)
