"""Exchange, vault and rates for programs."""

from typing import Any

import pytest

from apps.ledger.selectors import currency
from apps.wallet import selectors
from tests.api.clients import Caller
from tests.conftest import PASSWORD
from tests.rates.factories import set_rates

pytestmark = pytest.mark.django_db

SALE = {"sell": {"amount": "0.01000000", "currency": "BTC"}, "buy": "EUR"}


@pytest.fixture
def caller(player: Any, fund: Any) -> Caller:
    set_rates()
    fund(player, "0.05", "BTC")
    return Caller(user=player.user)


def key(text: str = "k1") -> dict[str, str]:
    return {"Idempotency-Key": text}


def test_quote_accept_repeat_and_receipt(caller: Caller, player: Any) -> None:
    quote = caller.post("exchange/quotes/", SALE)
    assert quote.status_code == 201
    offer = quote.json()
    assert offer["received"] == {"amount": "594.00", "currency": "EUR"}
    assert (offer["spread"]["amount"], offer["spread_bps"], offer["rate"]) == ("6.00", 100, "60000")
    assert offer["accepted_at"] is None

    first = caller.post(f"exchange/quotes/{offer['id']}/accept/", None, key())
    again = caller.post(f"exchange/quotes/{offer['id']}/accept/", None, key())
    other = caller.post(f"exchange/quotes/{offer['id']}/accept/", None, key("k2"))

    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    assert (other.status_code, other.json()["error"]["code"]) == (409, "quote_used")
    assert selectors.balance(player.pk, currency("EUR")).cash.text == "594.00"
    assert caller.get("exchanges/").json()["results"] == [first.json()]
    assert caller.get(f"exchanges/{offer['id']}/").json() == first.json()


def test_accepting_needs_a_key(caller: Caller) -> None:
    offer = caller.post("exchange/quotes/", SALE).json()
    answer = caller.post(f"exchange/quotes/{offer['id']}/accept/", None)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "idempotency_key_required")
    assert caller.get(f"exchanges/{offer['id']}/").status_code == 404


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"sell": {"amount": 0.01, "currency": "BTC"}}, 400, "invalid_input"),
        ({"sell": {"amount": "1", "currency": "NOPE"}}, 400, "invalid_input"),
        ({"buy": "NOPE"}, 400, "unknown_currency"),
        ({"buy": "BTC"}, 400, "invalid_input"),
        ({"sell": {"amount": "0.06", "currency": "BTC"}}, 402, "insufficient_funds"),
        ({"sell": {"amount": "0.00000100", "currency": "BTC"}}, 400, "too_little"),
        ({"extra": 1}, 400, "invalid_input"),
    ],
)
def test_a_wrong_wish_is_named(
    caller: Caller, changes: dict[str, Any], status: int, code: str
) -> None:
    answer = caller.post("exchange/quotes/", SALE | changes)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_a_quote_of_another_player_is_not_there(caller: Caller, other_player: Any) -> None:
    offer = caller.post("exchange/quotes/", SALE).json()
    thief = Caller(user=other_player.user)
    answer = thief.post(f"exchange/quotes/{offer['id']}/accept/", None, key())
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_without_a_rate_nothing_is_quoted(player: Any, fund: Any) -> None:
    fund(player, "0.05", "BTC")
    answer = Caller(user=player.user).post("exchange/quotes/", SALE)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "rate_unavailable")


def test_rates_are_public(caller: Caller) -> None:
    found = Caller().get("rates/").json()
    assert found["base"] == "EUR"
    by_code = {one["currency"]: one for one in found["results"]}
    assert (by_code["BTC"]["value"], by_code["BTC"]["stale"]) == ("60000", False)
    assert by_code["EUR"]["value"] == "1"


def test_the_vault_by_api(caller: Caller, player: Any) -> None:
    wish = {"amount": {"amount": "0.02", "currency": "BTC"}}
    put = caller.post("vault/put/", wish, key("in"))
    assert (put.status_code, put.json()["due_at"]) == (200, None)
    [btc] = [one for one in caller.get("wallets/").json()["results"] if one["currency"] == "BTC"]
    assert (btc["balance"], btc["vault"]) == ("0.03000000", "0.02000000")

    wrong = caller.post("vault/take/", wish | {"password": "wrong"}, key("out"))
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (403, "wrong_password")
    right = caller.post("vault/take/", wish | {"password": PASSWORD}, key("out"))
    assert right.status_code == 200
    assert selectors.balance(player.pk, currency("BTC")).vault.units == 0
