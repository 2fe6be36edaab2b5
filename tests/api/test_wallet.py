from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import Player
from apps.ledger.models import Wallet
from tests.api.clients import Caller, error_of, signed_in, stranger, with_key
from tests.conftest import fund

pytestmark = pytest.mark.django_db


def test_wallets_show_every_currency_with_its_exact_scale(player: Player) -> None:
    fund(player, "0.05", "BTC")

    wallets = {one["currency"]: one for one in _results(signed_in(player), "wallets/")}

    assert wallets["BTC"] == {
        "currency": "BTC",
        "balance": "0.05000000",
        "reserved": "0.00000000",
        "held": "0.00000000",
        "vault": "0.00000000",
        "version": 1,
        "active": True,
    }
    assert wallets["ETH"]["balance"] == "0.000000000000000000"
    assert wallets["JPY"]["balance"] == "0"


def test_wallets_of_others_are_not_mixed_in(player: Player, other_player: Player) -> None:
    fund(other_player, "3", "BTC")

    wallets = _results(signed_in(player), "wallets/")

    assert {one["balance"].strip("0.") for one in wallets} == {""}


def test_the_active_currency_is_switched(player: Player) -> None:
    response = signed_in(player).post("wallets/active/", {"currency": "ETH"})

    assert response.status_code == 200
    assert response.json()["currency"] == "ETH"
    player.refresh_from_db()
    assert player.active_currency == "ETH"
    assert Wallet.objects.filter(player=player, currency__code="ETH").count() == 1


def test_an_unknown_currency_is_not_switched_to(player: Player) -> None:
    response = signed_in(player).post("wallets/active/", {"currency": "XYZ"})

    assert response.status_code == 400
    assert error_of(response)["code"] == "unknown_currency"
    player.refresh_from_db()
    assert player.active_currency == "BTC"


def test_transactions_are_newest_first_and_filtered(player: Player) -> None:
    fund(player, "0.05", "BTC")
    fund(player, "1.5", "ETH")
    caller = signed_in(player)

    everything = _results(caller, "transactions/")

    assert [(one["amount"], one["currency"]) for one in everything] == [
        ("1.500000000000000000", "ETH"),
        ("0.05000000", "BTC"),
    ]
    assert everything[1]["kind"] == "deposit"
    assert everything[1]["balance_after"] == "0.05000000"
    assert everything[1]["round"] is None
    assert _results(caller, "transactions/?currency=BTC") == everything[1:]
    assert _results(caller, "transactions/?kind=bet") == []


def test_one_transaction_is_read(player: Player) -> None:
    fund(player, "0.05", "BTC")
    caller = signed_in(player)
    listed = _results(caller, "transactions/")[0]

    response = caller.get(f"transactions/{listed['id']}/")

    assert response.json() == listed


def test_pages_hold_still_while_money_moves(player: Player) -> None:
    for number in range(1, 6):
        fund(player, f"0.0{number}", "BTC")
    caller = signed_in(player)

    first = caller.get("transactions/?limit=2").json()
    fund(player, "0.09", "BTC")
    second = caller.get(f"transactions/?limit=2&cursor={first['next_cursor']}").json()
    third = caller.client.get(second["next"]).json()

    amounts = [one["amount"] for page in (first, second, third) for one in page["results"]]
    assert amounts == ["0.05000000", "0.04000000", "0.03000000", "0.02000000", "0.01000000"]
    assert third["next"] is None
    assert third["next_cursor"] is None


def test_a_page_that_ends_exactly_has_no_next(player: Player) -> None:
    fund(player, "0.01", "BTC")
    fund(player, "0.02", "BTC")

    page = signed_in(player).get("transactions/?limit=2").json()

    assert len(page["results"]) == 2
    assert page["next"] is None


def test_currencies_need_no_sign_in() -> None:
    codes = [one["code"] for one in _results(stranger(), "currencies/")]

    assert codes[0] == "BTC"
    assert {"ETH", "USDT", "EUR"} <= set(codes)


@pytest.mark.parametrize(
    ("path", "queries"), [("me/", 1), ("wallets/", 3), ("transactions/", 3), ("currencies/", 1)]
)
def test_the_number_of_queries_does_not_grow(path: str, queries: int, player: Player) -> None:
    caller = with_key(player)
    caller.get(path)  # what is noted once a minute is noted now

    for code in ("BTC", "ETH", "LTC", "EUR"):
        fund(player, "1", code)
        fund(player, "1", code)
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert caller.get(path).status_code == 200

    assert len(captured) == queries, [query["sql"] for query in captured]


def _results(caller: Caller, path: str) -> list[dict[str, Any]]:
    response = caller.get(path)
    assert response.status_code == 200
    found: list[dict[str, Any]] = response.json()["results"]
    return found
