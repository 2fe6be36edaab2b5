"""Amounts on the wire: exact on the way in, rounded down on the way out."""

from decimal import Decimal
from typing import Any

import pytest

from apps.accounts.models import Player
from apps.core.money import Money
from apps.games.models import Game
from apps.games.providers.softswiss import wire
from apps.ledger.selectors import currency
from tests.games.conftest import fund
from tests.games.factories import Table, make_session


def money(amount: str, code: str) -> Money:
    return Money.parse(amount, currency(code))


@pytest.mark.parametrize(
    ("amount", "code", "units", "text"),
    [
        ("0.12345678", "BTC", 12_345_678, "0.12345678"),
        ("90071992.54740993", "BTC", 9_007_199_254_740_993, "90071992.54740993"),
        ("1.000000000999999999", "ETH", 1_000_000_000, "1.000000000999"),
        ("1.234567", "USDT", 1_234_567, "1.234567"),
        ("1234.56", "EUR", 123_456, "1234.56"),
        ("1234", "JPY", 1_234, "1234"),
        ("2.5", "DOGE", 250_000_000, "2.50000000"),
        ("0", "EUR", 0, "0.00"),
    ],
)
def test_balances_as_each_generation_writes_them(
    db: None, amount: str, code: str, units: int, text: str
) -> None:
    held = money(amount, code)

    assert wire.balance_out(held, "v1") == units
    assert wire.balance_out(held, "v2") == text


def test_a_debt_is_shown_as_nothing(db: None) -> None:
    owed = -money("3.00", "EUR")

    assert wire.balance_out(owed, "v1") == 0
    assert wire.balance_out(owed, "v2") == "0.00"


@pytest.mark.parametrize(
    ("amount", "code", "generation", "exact"),
    [
        (1, "BTC", "v1", "0.00000001"),
        (1, "ETH", "v1", "0.000000001"),
        (1, "JPY", "v1", "1"),
        (150, "EUR", "v1", "1.50"),
        ("0.00000001", "BTC", "v2", "0.00000001"),
        ("0.000000000001", "ETH", "v2", "0.000000000001"),
        ("1.500000000000", "EUR", "v2", "1.50"),
        ("0", "EUR", "v2", "0.00"),
    ],
)
def test_amounts_are_read_exactly(
    db: None, amount: Any, code: str, generation: wire.Generation, exact: str
) -> None:
    assert wire.money_in(amount, currency(code), generation).major == Decimal(exact)


@pytest.mark.parametrize(
    ("amount", "code"), [("0.000000001", "BTC"), ("0.5", "JPY"), ("0.001", "EUR")]
)
def test_digits_below_our_unit_are_refused(db: None, amount: str, code: str) -> None:
    with pytest.raises(wire.Malformed):
        wire.money_in(amount, currency(code), "v2")


def test_a_vendors_unit_smaller_than_ours_must_still_be_exact(db: None, settings: Any) -> None:
    settings.SOFTSWISS_DECIMALS = {"v1": {"EUR": 4}, "v2": {}}

    assert wire.money_in(15_000, currency("EUR"), "v1") == money("1.50", "EUR")
    assert wire.units_out(money("1.50", "EUR"), "v1") == 15_000
    with pytest.raises(wire.Malformed):
        wire.money_in(15_001, currency("EUR"), "v1")


def test_dogecoin_is_dog_on_the_v1_wire_only(player: Player, game: Game) -> None:
    fund(player, "100", "DOGE")
    session = make_session(player, game, currency="DOGE")
    v1, v2 = (Table(player, game, session, generation) for generation in ("v1", "v2"))

    assert v1.v1(game_id=None, currency="DOG").json == {"balance": 10_000_000_000}
    assert v1.v1(game_id=None, currency="DOGE").code == 154
    assert v2.v2("Player/Balance", currency="DOGE").json == {"balance": "100.00000000"}
    assert v2.v2("Player/Balance", currency="DOG").code == 154


def test_ether_keeps_what_the_vendor_cannot_see(player: Player, game: Game) -> None:
    fund(player, "1.000000000000000007", "ETH")
    table = Table(player, game, make_session(player, game, currency="ETH"), "v1")

    answer = table.bet("a-1", 1_000_000_000)

    assert answer.json["balance"] == 0
    assert table.held.text == "0.000000000000000007"
    assert table.bet("a-2", 1, round_id="r-2").code == 100
