"""Each movement alone, repeated, repeated with other content, refused."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import Error, connection, transaction

from apps.accounts.models import Player
from apps.core.money import Money
from apps.ledger.instructions import Status
from apps.ledger.models import Entry, Operation, Position, Wallet
from apps.ledger.selectors import currency
from apps.wallet import movements, selectors, services
from apps.wallet.errors import InsufficientFunds, KeyConflict, PlayRefused, WalletBlocked
from apps.wallet.movements import Bet, Gate, Result, Rollback, Win

pytestmark = pytest.mark.django_db


class Table:
    """One player's wallet and the short words of these tests."""

    def __init__(self, player: Player, code: str = "EUR"):
        self.player, self.currency = player, currency(code)
        self.wallet_id = services.open_wallet(player_id=player.pk, currency_code=code).pk

    def money(self, text: str) -> Money:
        return Money.parse(text, self.currency)

    def bet(self, key: str, amount: str, round_ref: str = "r1") -> Bet:
        return Bet(key, self.money(amount), round_ref, None)

    def win(self, key: str, amount: str, round_ref: str = "r1") -> Win:
        return Win(key, self.money(amount), round_ref, None)

    def play(self, *operations: Bet | Win | Rollback, gate: Gate | None = None) -> list[Result]:
        return movements.play(
            operations,
            partner="softswiss",
            wallet_id=self.wallet_id,
            currency=self.currency,
            **({"gate": gate} if gate else {}),
        )

    @property
    def balance(self) -> str:
        return selectors.balance(self.player.pk, self.currency).cash.text

    @property
    def entries(self) -> int:
        return Entry.objects.filter(wallet_id=self.wallet_id).count()


@pytest.fixture
def table(player: Player, fund: Callable[..., Result]) -> Table:
    fund(player, "10.00", "EUR")
    return Table(player)


def test_a_bet_and_a_win_move_the_balance(table: Table) -> None:
    [bet] = table.play(table.bet("b1", "4.00"))
    [win] = table.play(table.win("w1", "7.50"))

    assert (bet.status, bet.balance.text) == (Status.APPLIED, "6.00")
    assert (win.status, win.balance.text) == (Status.APPLIED, "13.50")


def test_the_same_key_again_gets_the_first_answer_and_moves_nothing(table: Table) -> None:
    [first] = table.play(table.bet("b1", "4.00"))
    table.play(table.win("w1", "1.00"))

    [again] = table.play(table.bet("b1", "4.00"))

    assert again.status is Status.DUPLICATE
    assert again.entry_id == first.entry_id
    assert again.balance_after == first.balance_after
    assert again.balance.text == table.balance == "7.00"


@pytest.mark.parametrize(
    "other",
    [
        lambda t: t.bet("b1", "4.01"),
        lambda t: t.win("b1", "4.00"),
        lambda t: t.bet("b1", "4.00", "another round"),
        lambda t: Rollback("b1", "something"),
    ],
    ids=["amount", "kind", "round", "rollback"],
)
def test_the_same_key_with_other_content_is_a_conflict(table: Table, other: Callable) -> None:
    table.play(table.bet("b1", "4.00"))

    with pytest.raises(KeyConflict):
        table.play(other(table))

    assert (table.balance, table.entries) == ("6.00", 2)


def test_a_key_of_another_wallet_is_a_conflict(
    table: Table, other_player: Player, fund: Callable[..., Result]
) -> None:
    table.play(table.bet("b1", "4.00"))
    fund(other_player, "10.00", "EUR")
    other = Table(other_player)

    with pytest.raises(KeyConflict):
        other.play(other.bet("b1", "4.00"))

    assert other.balance == "10.00"


def test_a_bet_without_the_money_is_refused_and_not_remembered(
    table: Table, fund: Callable[..., Result]
) -> None:
    with pytest.raises(InsufficientFunds) as refusal:
        table.play(table.bet("b1", "10.01"))
    assert refusal.value.balance == table.money("10.00")
    assert not Operation.objects.filter(outside_id="b1").exists()

    fund(table.player, "0.01", "EUR")
    [result] = table.play(table.bet("b1", "10.01"))

    assert (result.status, table.balance) == (Status.APPLIED, "0.00")


def test_a_list_applies_all_or_nothing_in_order(table: Table) -> None:
    with pytest.raises(InsufficientFunds), transaction.atomic():
        # The win would cover the second bet, but it comes too late.
        table.play(table.bet("b1", "6.00"), table.bet("b2", "6.00"), table.win("w1", "50.00"))
    assert (table.balance, table.entries) == ("10.00", 1)

    results = table.play(table.bet("b1", "6.00"), table.win("w1", "5.00"), table.bet("b2", "9.00"))

    assert [result.status for result in results] == [Status.APPLIED] * 3
    assert table.balance == "0.00"


def test_a_list_with_seen_and_new_keys_applies_the_new_ones(table: Table) -> None:
    table.play(table.bet("b1", "6.00"))

    results = table.play(table.bet("b1", "6.00"), table.win("w1", "5.00"))

    assert [result.status for result in results] == [Status.DUPLICATE, Status.APPLIED]
    assert table.balance == "9.00"


def test_a_rollback_returns_the_stake_once(table: Table) -> None:
    table.play(table.bet("b1", "4.00"))

    [first] = table.play(Rollback("x1", "b1"))
    [again] = table.play(Rollback("x1", "b1"))
    [second] = table.play(Rollback("x2", "b1"))

    assert [first.status, again.status, second.status] == [
        Status.APPLIED,
        Status.DUPLICATE,
        Status.ALREADY_REVERSED,
    ]
    assert table.balance == "10.00"
    assert Entry.objects.get(pk=first.entry_id).reverses_id is not None


def test_a_rollback_before_its_bet_makes_the_bet_a_no_op_for_ever(table: Table) -> None:
    [early] = table.play(Rollback("x1", "b1"))
    [late] = table.play(table.bet("b1", "4.00"))
    [later] = table.play(table.win("b1", "4.00"))

    assert [early.status, late.status, later.status] == [Status.TOMBSTONE] * 3
    assert (table.balance, table.entries) == ("10.00", 1)


def test_undoing_a_spent_win_leaves_a_debt_that_credits_repay(
    table: Table, fund: Callable[..., Result]
) -> None:
    table.play(table.win("w1", "90.00"))
    table.play(table.bet("b1", "100.00"))

    [undone] = table.play(Rollback("x1", "w1"))

    assert undone.balance.units == -9000
    with pytest.raises(InsufficientFunds):
        table.play(table.bet("b2", "0.01"))
    fund(table.player, "50.00", "EUR")
    assert Wallet.objects.get(pk=table.wallet_id).floor == Decimal("-40")
    fund(table.player, "50.00", "EUR")
    wallet = Wallet.objects.get(pk=table.wallet_id)
    assert (wallet.balance, wallet.floor) == (Decimal(10), Decimal(0))


def test_deposits_cannot_be_rolled_back_by_a_game(table: Table) -> None:
    key = Entry.objects.get(wallet_id=table.wallet_id).outside_id

    [result] = table.play(Rollback("x1", key))

    # The key belongs to another partner: for this one it never came.
    assert (result.status, table.balance) == (Status.TOMBSTONE, "10.00")


def test_zero_amounts_are_booked(table: Table) -> None:
    results = table.play(table.bet("b1", "0.00"), table.win("w1", "0.00"))

    assert [result.status for result in results] == [Status.APPLIED] * 2
    assert (table.balance, table.entries) == ("10.00", 3)


def test_a_blocked_wallet_refuses_bets_and_takes_wins_and_repeats(table: Table) -> None:
    table.play(table.bet("b1", "1.00"))
    services.set_player_status(
        player_id=table.player.pk, status="suspended", actor="system", reason="test"
    )

    with pytest.raises(WalletBlocked):
        table.play(table.bet("b2", "1.00"))
    [again] = table.play(table.bet("b1", "1.00"))
    [win] = table.play(table.win("w1", "3.00"))

    assert (again.status, win.status) == (Status.DUPLICATE, Status.APPLIED)
    assert table.balance == "12.00"


def test_a_gate_refuses_new_bets_with_its_word(table: Table) -> None:
    gate = Gate("%s::text", ("session",))
    table.play(table.bet("b1", "1.00"))

    with pytest.raises(PlayRefused) as refusal:
        table.play(table.bet("b2", "1.00"), gate=gate)
    [again] = table.play(table.bet("b1", "1.00"), gate=gate)
    [win] = table.play(table.win("w1", "1.00"), gate=gate)

    assert refusal.value.reason == "session"
    assert (again.status, win.status) == (Status.DUPLICATE, Status.APPLIED)


def test_a_withdrawal_is_reserved_then_paid(table: Table) -> None:
    amount = table.money("4.00")
    facts = {"player_id": table.player.pk, "amount": amount, "withdrawal_id": 1}

    movements.withdrawal_reserved(**facts, key="wd:1:reserve")
    held = selectors.balance(table.player.pk, table.currency)
    movements.withdrawal_paid(**facts, key="wd:1:paid", partner="coinspaid")

    assert (held.cash.text, held.reserved.text) == ("6.00", "4.00")
    after = selectors.balance(table.player.pk, table.currency)
    assert (after.cash.text, after.reserved.text) == ("6.00", "0.00")
    with pytest.raises(InsufficientFunds):
        movements.withdrawal_released(**facts, key="wd:1:released")


def test_a_released_withdrawal_returns_the_money_once(table: Table) -> None:
    facts = {"player_id": table.player.pk, "amount": table.money("4.00"), "withdrawal_id": 1}
    movements.withdrawal_reserved(**facts, key="wd:1:reserve")

    movements.withdrawal_released(**facts, key="wd:1:released")
    again = movements.withdrawal_released(**facts, key="wd:1:released")

    assert again.status is Status.DUPLICATE
    assert table.balance == "10.00"


def test_eighteen_decimals_are_exact(player: Player, fund: Callable[..., Result]) -> None:
    fund(player, "123456789.000000000000000001", "ETH")
    table = Table(player, "ETH")

    table.play(table.bet("b1", "0.000000000000000001"))

    assert table.balance == "123456789.000000000000000000"


@pytest.mark.parametrize("bad", ["NaN", "Infinity"])
def test_the_database_itself_refuses_what_is_no_number(table: Table, bad: str) -> None:
    with pytest.raises(Error), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE ledger_wallet SET balance = %s::numeric WHERE id = %s", [bad, table.wallet_id]
        )

    assert table.balance == "10.00"


@pytest.mark.django_db(transaction=True)
def test_positions_are_the_other_side_of_all_entries(
    player: Player, fund: Callable[..., Result]
) -> None:
    from apps.ledger import followers

    fund(player, "10.00", "EUR")
    table = Table(player)
    table.play(table.bet("b1", "4.00"), table.win("w1", "1.00"))

    followers.catch_up([followers.Positions()])
    followers.catch_up([followers.Positions()])

    positions = dict(Position.objects.values_list("account__code", "amount"))
    assert positions == {
        "payment_clearing:coinspaid": Decimal("-10"),
        "game_result": Decimal("3"),
    }
