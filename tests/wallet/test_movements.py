"""Each movement alone, repeated, repeated with other content, refused."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import Error, connection, transaction

from apps.accounts.models import Player
from apps.core.money import Money
from apps.ledger.instructions import Status
from apps.ledger.models import Entry, Operation, Position, Purse, Wallet
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


@pytest.mark.rule("PAY-07")
def test_the_same_key_again_gets_the_first_answer_and_moves_nothing(table: Table) -> None:
    [first] = table.play(table.bet("b1", "4.00"))
    table.play(table.win("w1", "1.00"))

    [again] = table.play(table.bet("b1", "4.00"))

    assert again.status is Status.DUPLICATE
    assert again.entry_id == first.entry_id
    assert again.balance_after == first.balance_after
    assert again.balance.text == table.balance == "7.00"


@pytest.mark.rule("PAY-07", "PAY-08")
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


@pytest.mark.rule("RG-32")
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


@pytest.mark.rule("GAM-01")
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


@pytest.mark.rule("PAY-03")
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


# ---- money in and out: the other ways -------------------------------------------------------------


def purses(player: Player, code: str = "EUR") -> dict[str, str]:
    """What lies where, without the empty purses."""
    found = Wallet.objects.filter(player=player, currency__code=code).exclude(balance=0)
    return {
        Purse(one.purse).name: Money.from_major(one.balance, currency(code)).text for one in found
    }


def booked(account: str) -> Decimal:
    """What an account has got, summed from the journal."""
    legs = Entry.objects.filter(account__code=account).values_list("amount", flat=True)
    return -sum(legs, Decimal(0))


def owed(table: Table, amount: str, key: str, **facts: object) -> dict[str, object]:
    return {"player_id": table.player.pk, "amount": table.money(amount), "key": key, **facts}


def refuses_other_content(call: Callable[[str, str], object]) -> None:
    """The same key again moves nothing, with another amount it is a conflict."""
    before = Entry.objects.count()
    again = call("k", "3.00")
    first = again[0] if isinstance(again, tuple) else again
    assert first.status is Status.DUPLICATE  # type: ignore[attr-defined]
    with pytest.raises(KeyConflict):
        call("k", "3.01")
    assert Entry.objects.count() == before


def test_a_held_deposit_cannot_be_played_until_it_is_released(player: Player) -> None:
    table = Table(player)

    def hold(key: str, amount: str) -> Result:
        return movements.deposit_held(**owed(table, amount, key, deposit_id=7), partner="paymentiq")

    assert hold("k", "3.00").status is Status.APPLIED
    assert purses(player) == {"HELD": "3.00"}
    with pytest.raises(InsufficientFunds):
        table.play(table.bet("b", "0.01"))
    refuses_other_content(hold)

    def release(key: str, amount: str) -> Result:
        return movements.deposit_released(**owed(table, amount, f"r{key}", deposit_id=7))

    release("k", "3.00")
    assert purses(player) == {"CASH": "3.00"}
    refuses_other_content(release)
    with pytest.raises(InsufficientFunds):
        release("more", "0.01")
    assert booked("payment_clearing:paymentiq") == -3
    assert booked("purse_transfer") == 0


def test_a_held_deposit_goes_back_and_cannot_be_released_then(player: Player) -> None:
    table = Table(player)
    movements.deposit_held(**owed(table, "3.00", "h", deposit_id=7), partner="paymentiq")

    def refund(key: str, amount: str) -> Result:
        return movements.deposit_refunded(
            **owed(table, amount, key, deposit_id=7), partner="paymentiq"
        )

    refund("k", "3.00")
    assert purses(player) == {}
    assert booked("payment_clearing:paymentiq") == 0
    refuses_other_content(refund)
    with pytest.raises(InsufficientFunds):
        movements.deposit_released(**owed(table, "3.00", "r", deposit_id=7))


@pytest.mark.rule("PAY-02")
def test_a_reversed_deposit_that_was_spent_leaves_a_debt_which_credits_repay(
    table: Table,
) -> None:
    table.play(table.bet("b1", "8.00"))

    def reverse(key: str, amount: str) -> Result:
        return movements.deposit_reversed(
            **owed(table, amount, key, deposit_id=7), partner="paymentiq"
        )

    assert reverse("k", "3.00").balance == -table.money("1.00")
    refuses_other_content(reverse)
    with pytest.raises(InsufficientFunds):
        table.play(table.bet("b2", "0.01"))

    [win] = table.play(table.win("w1", "5.00"))
    assert win.balance.text == "4.00"
    assert Wallet.objects.get(pk=table.wallet_id).floor == 0
    with pytest.raises(InsufficientFunds):
        table.play(table.bet("b3", "4.01"))


def test_a_payout_that_left_after_its_reserve_was_given_back_is_taken_whatever_is_there(
    table: Table,
) -> None:
    def force(key: str, amount: str) -> Result:
        return movements.withdrawal_forced(
            **owed(table, amount, key, withdrawal_id=7), partner="coinspaid"
        )

    force("k", "3.00")
    assert table.balance == "7.00"
    refuses_other_content(force)
    assert force("2", "9.00").balance == -table.money("2.00")


def test_a_payout_that_came_back_is_credited_once(table: Table) -> None:
    def back(key: str, amount: str) -> Result:
        return movements.withdrawal_returned(
            **owed(table, amount, key, withdrawal_id=7), partner="coinspaid"
        )

    back("k", "3.00")
    assert table.balance == "13.00"
    refuses_other_content(back)


def test_a_fee_stays_here_when_a_withdrawal_is_paid(table: Table) -> None:
    movements.withdrawal_reserved(**owed(table, "3.00", "r", withdrawal_id=7))

    def pay(key: str, amount: str) -> Result:
        return movements.withdrawal_paid(
            **owed(table, amount, key, withdrawal_id=7),
            partner="coinspaid",
            fee=table.money("0.50"),
        )

    pay("k", "3.00")
    assert purses(table.player) == {"CASH": "7.00"}
    # Ten came in at the gateway, two and a half went out, half a euro is ours.
    assert (booked("payment_clearing:coinspaid"), booked("fees")) == (
        Decimal("-7.5"),
        Decimal("0.5"),
    )
    refuses_other_content(pay)


def test_a_fee_above_the_amount_is_refused_and_nothing_moves(table: Table) -> None:
    movements.withdrawal_reserved(**owed(table, "3.00", "r", withdrawal_id=7))
    with pytest.raises(ValueError, match="positive"):
        movements.withdrawal_paid(
            **owed(table, "3.00", "k", withdrawal_id=7),
            partner="coinspaid",
            fee=table.money("3.00"),
        )
    assert purses(table.player) == {"CASH": "7.00", "RESERVED": "3.00"}


@pytest.mark.parametrize(("sign", "after"), [(1, "13.00"), (-1, "7.00")])
def test_a_correction_of_either_sign_is_booked_against_its_account(
    table: Table, sign: int, after: str
) -> None:
    def correct(key: str, amount: str) -> Result:
        money = table.money(amount)
        return movements.adjusted(
            player_id=table.player.pk,
            amount=money if sign > 0 else -money,
            key=key,
            adjustment_id=7,
        )

    assert correct("k", "3.00").balance.text == after
    assert booked("adjustment") == -3 * sign
    refuses_other_content(correct)


def test_a_correction_below_what_is_there_or_of_nothing_is_refused(table: Table) -> None:
    with pytest.raises(InsufficientFunds):
        movements.adjusted(
            player_id=table.player.pk, amount=-table.money("10.01"), key="k", adjustment_id=7
        )
    with pytest.raises(ValueError, match="nothing"):
        movements.adjusted(
            player_id=table.player.pk, amount=table.money("0.00"), key="k", adjustment_id=7
        )
    assert (table.balance, table.entries) == ("10.00", 1)


def test_the_vault_is_a_purse_of_its_own(table: Table) -> None:
    def put(key: str, amount: str) -> Result:
        return movements.vault_put(**owed(table, amount, key))

    put("k", "3.00")
    assert purses(table.player) == {"CASH": "7.00", "VAULT": "3.00"}
    refuses_other_content(put)
    with pytest.raises(KeyConflict):
        movements.vault_taken(**owed(table, "3.00", "k"))
    with pytest.raises(InsufficientFunds):
        movements.vault_taken(**owed(table, "3.01", "t"))

    movements.vault_taken(**owed(table, "3.00", "t"))
    assert purses(table.player) == {"CASH": "10.00"}


def test_an_exchange_moves_three_legs_or_none(table: Table) -> None:
    def swap(key: str, amount: str) -> tuple[Result, Result]:
        return movements.exchanged(
            player_id=table.player.pk,
            sold=table.money(amount),
            bought=Money.parse("3.300000", currency("USDT")),
            spread=Money.parse("0.033000", currency("USDT")),
            key=key,
            quote_id=7,
        )

    sold, bought = swap("k", "3.00")
    assert (sold.balance.text, bought.balance.text) == ("7.00", "3.267000")
    refuses_other_content(swap)
    with pytest.raises(InsufficientFunds) as refusal:
        swap("2", "7.01")
    assert refusal.value.balance == table.money("7.00")
    assert purses(table.player, "USDT") == {"CASH": "3.267000"}
    assert booked("conversion_spread") == Decimal("0.033")
