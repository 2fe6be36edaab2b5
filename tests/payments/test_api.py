"""The payment part of /api/v1/: exact answers, and nothing changed by a bad one."""

from decimal import Decimal

import pytest
from rest_framework.test import APIClient

from apps.accounts.services import create_api_key
from apps.payments import addressbook
from apps.payments.models import DepositAddress, Withdrawal
from tests.payments.factories import (
    DEPOSIT_ADDRESS,
    WALLET_ADDRESS,
    call_back,
    cash,
    make_address,
    picture,
    rail,
    recorded,
    request_withdrawal,
    reserved,
)

pytestmark = pytest.mark.django_db

WISH = {"amount": "0.02", "currency": "BTC", "rail": "BTC", "address": WALLET_ADDRESS}


@pytest.fixture
def api(player, fund) -> APIClient:
    """A program with a key that may do everything a key may; its target is in the address book."""
    fund(player, "0.05", "BTC")
    addressbook.save(player=player, rail=rail(), address=WALLET_ADDRESS)
    key, _ = create_api_key(player=player, name="bot", scopes=["read", "money"])
    client = APIClient()
    client.force_authenticate(player.user, token=key)
    return client


def ask(api: APIClient, key: str | None = "key-1", **changes):
    headers = {"Idempotency-Key": key} if key is not None else {}
    return api.post("/api/v1/withdrawals/", WISH | changes, format="json", headers=headers)


def test_rails_say_what_is_on_offer(api):
    answer = api.get("/api/v1/rails/")

    assert answer.status_code == 200
    assert [one["code"] for one in answer.json()["results"]][:7] == [
        "BTC", "ETH", "USDTT", "USDTE", "LTC", "DOGE", "USDC",
    ]  # fmt: skip
    assert answer.json()["results"][0] == {
        "code": "BTC",
        "currency": "BTC",
        "network": "Bitcoin",
        "confirmations": 1,
        "minimum_deposit": "0.00010000",
        "minimum_withdrawal": "0.00010000",
        "decimals": 8,
        "needs_tag": False,
    }


def test_a_withdrawal_is_made_once_per_key(api, player):
    first, second = ask(api), ask(api)

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    made = Withdrawal.objects.get()
    body = first.json()
    assert body["created_at"]
    assert {**body, "created_at": ""} == {
        "id": made.public_id,
        "state": "requested",
        "amount": "0.02000000",
        "fee": "0.00000000",
        "receives": "0.02000000",
        "currency": "BTC",
        "rail": "BTC",
        "address": WALLET_ADDRESS,
        "tag": "",
        "account": "",
        "txid": "",
        "held_until": None,
        "decide_by": made.decide_by.isoformat().replace("+00:00", "Z"),
        "reason": "",
        "created_at": "",
        "finished_at": None,
    }
    assert (cash(player), reserved(player)) == (Decimal("0.03"), Decimal("0.02"))


@pytest.mark.parametrize(
    ("changes", "status", "code", "fields"),
    [
        ({"amount": 0.02}, 400, "invalid_input", ["amount"]),
        ({"amount": 1}, 400, "invalid_input", ["amount"]),
        ({"amount": "-0.02"}, 400, "invalid_input", ["amount"]),
        ({"amount": "+0.02"}, 400, "invalid_input", ["amount"]),
        ({"amount": "NaN"}, 400, "invalid_input", ["amount"]),
        ({"amount": "1e5"}, 400, "invalid_input", ["amount"]),
        ({"amount": "0.000000001"}, 400, "invalid_input", ["amount"]),
        ({"amount": "0,02"}, 400, "invalid_input", ["amount"]),
        ({"amount": "1_000"}, 400, "invalid_input", ["amount"]),
        ({"amount": "٠.٠٢"}, 400, "invalid_input", ["amount"]),
        ({"amount": "9" * 30}, 400, "invalid_input", ["amount"]),
        ({"amount": "0"}, 400, "invalid_amount", ["amount"]),
        ({"amount": None}, 400, "invalid_input", ["amount"]),
        ({"amount": "0.00000001"}, 400, "amount_too_small", ["amount"]),
        ({"amount": "1"}, 402, "insufficient_funds", []),
        ({"currency": "DOGGO"}, 400, "invalid_input", ["currency"]),
        ({"currency": "LTC"}, 400, "invalid_input", ["rail"]),
        ({"rail": "NOPE"}, 400, "invalid_input", ["rail"]),
        ({"rail": "USDTT"}, 400, "invalid_input", ["rail"]),
        ({"address": "nonsense"}, 400, "invalid_address", ["address"]),
        ({"address": "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"}, 400, "invalid_address", ["address"]),
        ({"address": ["x"]}, 400, "invalid_input", ["address"]),
        ({"tag": "7"}, 400, "invalid_address", ["tag"]),
        ({"state": "paid"}, 400, "invalid_input", ["state"]),
        ({"player": 1}, 400, "invalid_input", ["player"]),
    ],
)
def test_a_bad_wish_is_refused_by_name_and_changes_nothing(api, changes, status, code, fields):
    before = picture()

    answer = ask(api, **changes)

    assert answer.status_code == status
    assert answer.json()["error"]["code"] == code
    assert list(answer.json()["error"]["fields"]) == fields
    assert picture() == before


@pytest.mark.parametrize(
    ("key", "code"),
    [
        (None, "idempotency_key_required"),
        ("", "idempotency_key_required"),
        ("a b", "invalid_input"),
    ],
)
def test_a_wish_needs_a_proper_key(api, key, code):
    before = picture()

    answer = ask(api, key)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
    assert picture() == before


@pytest.mark.rule("PAY-08")
def test_a_key_used_for_something_else_is_refused(api):
    ask(api)
    before = picture()

    answer = ask(api, amount="0.01")

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "key_reused")
    assert picture() == before


@pytest.mark.parametrize("body", ["[]", "null", '"x"', "{", '{"amount":NaN}', ""])
def test_a_body_that_is_no_object_is_refused(api, body):
    before = picture()

    answer = api.post(
        "/api/v1/withdrawals/",
        body,
        content_type="application/json",
        headers={"Idempotency-Key": "k"},
    )

    assert answer.status_code == 400
    assert picture() == before


def test_an_address_is_taken_once(api, player):
    make_address(player)

    answer = api.post("/api/v1/deposits/", {"currency": "BTC", "rail": "BTC"}, format="json")

    assert answer.status_code == 200
    assert answer.json() == {
        "currency": "BTC",
        "rail": "BTC",
        "network": "Bitcoin",
        "address": DEPOSIT_ADDRESS,
        "tag": "",
        "minimum": "0.00010000",
        "confirmations": 1,
    }
    assert DepositAddress.objects.count() == 1


def test_a_gateway_that_is_away_is_said_to_be(api, settings):
    settings.COINSPAID_BASE_URL = "http://127.0.0.1:9/nobody"
    before = picture()

    answer = api.post("/api/v1/deposits/", {"currency": "BTC", "rail": "BTC"}, format="json")

    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "gateway_unavailable")
    assert picture() == before


def test_lists_show_the_players_own_with_few_queries(
    api, player, other_player, fund, django_assert_max_num_queries
):
    make_address(player)
    for number in range(5):
        call_back(recorded("deposit_confirmed", id=5000001 + number))
        request_withdrawal(player, "0.001", key=f"k{number}")
    fund(other_player, "0.05", "BTC")
    request_withdrawal(other_player)

    with django_assert_max_num_queries(4):
        withdrawals = api.get("/api/v1/withdrawals/?limit=3").json()
    with django_assert_max_num_queries(4):
        deposits = api.get("/api/v1/deposits/").json()

    assert len(withdrawals["results"]) == 3
    assert withdrawals["next_cursor"]
    assert [one["amount"] for one in deposits["results"]] == ["0.01000000"] * 5


def test_somebody_elses_payment_is_not_there(api, other_player, fund):
    fund(other_player, "0.05", "BTC")
    foreign = request_withdrawal(other_player)

    answer = api.get(f"/api/v1/withdrawals/{foreign.public_id}/")
    missing = api.get("/api/v1/withdrawals/wd_nothing/")

    assert (answer.status_code, missing.status_code) == (404, 404)
    assert answer.json() == missing.json()


@pytest.mark.parametrize("path", ["rails", "deposits", "withdrawals"])
def test_strangers_and_staff_get_nothing(finance, path):
    client = APIClient()
    assert client.get(f"/api/v1/{path}/").status_code in {401, 403}

    client.force_authenticate(finance)
    assert client.get(f"/api/v1/{path}/").status_code == 403
