"""What the database refuses by itself, and what two transactions at once must not do."""

import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import Error, connection, transaction

from apps.accounts.models import Player
from apps.core.errors import DomainError
from apps.ledger import services as ledger
from apps.ledger.instructions import Answer, Post, Status, Transfer, Undo
from apps.ledger.models import Block, Entry, Kind, Operation, Purse, Wallet
from apps.ledger.selectors import account_id, currency_id, partner_id
from apps.wallet import services as wallets
from apps.wallet.movements import Result, Rollback
from tests.wallet.test_concurrency import at_once
from tests.wallet.test_movements import Table

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]

APPLY = (
    "SELECT status FROM ledger_apply(%s, 2::smallint, 'raw', %s::smallint, %s::numeric,"
    " 1::smallint, 'r', NULL, false, 0::smallint, NULL, 1::smallint, 'mac')"
)


@pytest.fixture
def table(player: Player, fund: Callable[..., Result]) -> Table:
    fund(player, "10.00", "EUR")
    return Table(player)


@pytest.fixture
def other(other_player: Player, fund: Callable[..., Result]) -> Table:
    fund(other_player, "10.00", "EUR")
    return Table(other_player)


def apply_raw(table: Table, kind: int, amount: str) -> Any:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(APPLY, [table.wallet_id, kind, amount])
        return cursor.fetchone()[0]


def transfer(source: Table, target: Table, key: str, amount: str = "1.00") -> Answer:
    return ledger.transfer(
        Transfer(
            from_wallet_id=source.wallet_id,
            to_wallet_id=target.wallet_id,
            partner_id=partner_id("casino"),
            outside_id=key,
            kind=Kind.WITHDRAWAL_RELEASED,
            amount=source.money(amount),
            account_id=account_id("purse_transfer"),
        )
    )


# ---- what is no amount -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "amount", "why"),
    [
        (Kind.WIN, "NaN", "ledger_amount_is_a_number"),
        (Kind.WIN, "Infinity", "overflow"),
        (Kind.WIN, "1e30", "overflow"),
        (Kind.WIN, "0.0000000000000000001", "more than 18 decimals"),
        (Kind.BET, "-0.0000000000000000001", "more than 18 decimals"),
        (Kind.BET, "1", "wrong direction"),
        (Kind.WIN, "-1", "wrong direction"),
        (Kind.DEPOSIT, "-1", "wrong direction"),
        (Kind.WITHDRAWAL_PAID, "1", "wrong direction"),
    ],
)
def test_the_money_function_itself_refuses(table: Table, kind: int, amount: str, why: str) -> None:
    with pytest.raises(Error, match=why):
        apply_raw(table, kind, amount)

    assert (table.balance, table.entries) == ("10.00", 1)
    assert not Operation.objects.filter(outside_id="raw").exists()


def test_a_bet_of_minus_infinity_is_not_covered(table: Table) -> None:
    assert apply_raw(table, Kind.BET, "-Infinity") == "no_funds"


@pytest.mark.rule("PAY-02", "RG-32")
def test_a_wallet_cannot_be_put_below_its_floor_by_anybody(table: Table) -> None:
    for change in ("balance = -1", "floor = 1", "floor = 'NaN'", "balance = 'NaN'"):
        with (
            pytest.raises(Error, match=r"ledger_(wallet|amount|floor)"),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"UPDATE ledger_wallet SET {change} WHERE id = %s", [table.wallet_id])


@pytest.mark.rule("PAY-01")
@pytest.mark.parametrize("name", ["ledger_wallet", "ledger_operation", "ledger_entry_p0"])
def test_no_table_of_the_journal_can_be_emptied(table: Table, name: str) -> None:
    with pytest.raises(Error, match="append-only"), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {name}")


# ---- ids that two wallets use ----------------------------------------------------------------------


def test_one_id_in_two_wallets_at_the_same_moment_counts_in_one(table: Table, other: Table) -> None:
    answers = at_once(
        [lambda one=one: one.play(one.bet("shared", "1.00")) for one in (table, other) * 5]
    )

    assert answers.count("key_conflict") == 5
    assert sorted([table.balance, other.balance]) == ["10.00", "9.00"]
    assert Entry.objects.filter(outside_id="shared").count() == 1


def test_a_rollback_of_another_wallets_bet_is_a_conflict_even_in_a_race(
    table: Table, other: Table
) -> None:
    for number in range(10):
        bet, undo = other.bet(f"theirs{number}", "0.10"), Rollback(f"x{number}", f"theirs{number}")
        answers = at_once(
            [lambda bet=bet: other.play(bet), lambda undo=undo: table.play(undo)],
        )
        # Either the rollback was first: a tombstone of this wallet, and the bet is a conflict;
        # or the bet was, and the rollback is one. Never does it pay into this wallet.
        assert "key_conflict" in answers

    assert table.balance == "10.00"
    assert Entry.objects.filter(kind=Kind.ROLLBACK).count() == 0


def test_a_lock_the_rollback_waited_for_is_looked_at_again(table: Table, other: Table) -> None:
    """The bet of the other wallet is inserted, not yet committed, when the rollback looks."""
    inserted, go_on = threading.Event(), threading.Event()

    def slow_bet() -> None:
        with transaction.atomic():
            other.play(other.bet("theirs", "1.00"))
            inserted.set()
            go_on.wait(5)

    def rollback() -> Any:
        inserted.wait(5)
        threading.Timer(0.2, go_on.set).start()
        return table.play(Rollback("x", "theirs"))

    answers = at_once([slow_bet, rollback])

    assert answers[1] == "key_conflict"
    assert (table.balance, other.balance) == ("10.00", "9.00")


# ---- transfers -------------------------------------------------------------------------------------


def test_transfers_both_ways_at_once_do_not_deadlock(table: Table, other: Table) -> None:
    calls = [
        lambda n=n, pair=pair: transfer(*pair, f"{n}:{pair[0].wallet_id}")
        for n in range(10)
        for pair in ((table, other), (other, table))
    ]

    answers = at_once(calls)

    assert {answer.status for answer in answers} == {Status.APPLIED}
    assert (table.balance, other.balance) == ("10.00", "10.00")


def test_a_transfer_is_done_once_and_its_key_holds_its_direction(
    table: Table, other: Table
) -> None:
    answers = at_once([lambda: transfer(table, other, "t1", "4.00")] * 6)

    assert sorted(answer.status for answer in answers) == ["applied", *["duplicate"] * 5]
    assert len({answer.entry_id for answer in answers}) == 1
    assert transfer(table, other, "t1", "4.01").status is Status.CONFLICT
    assert transfer(other, table, "t1", "4.00").status is Status.CONFLICT
    assert (table.balance, other.balance) == ("6.00", "14.00")


def test_the_same_key_to_another_wallet_is_a_conflict(
    table: Table, other: Table, player: Player
) -> None:
    third = wallets.open_wallet(player_id=player.pk, currency_code="EUR", purse=Purse.VAULT)
    transfer(table, other, "t1")

    answer = ledger.transfer(
        Transfer(
            from_wallet_id=table.wallet_id,
            to_wallet_id=third.pk,
            partner_id=partner_id("casino"),
            outside_id="t1",
            kind=Kind.WITHDRAWAL_RELEASED,
            amount=table.money("1.00"),
            account_id=account_id("purse_transfer"),
        )
    )

    assert answer.status is Status.CONFLICT
    assert Wallet.objects.get(pk=third.pk).balance == 0


@pytest.mark.rule("PAY-21")
def test_money_does_not_pass_between_currencies(
    table: Table, other_player: Player, fund: Callable[..., Result]
) -> None:
    fund(other_player, "10.00", "USD")

    answer = transfer(table, Table(other_player, "USD"), "t1")

    assert answer.status is Status.NO_WALLET
    assert table.balance == "10.00"


# ---- lists -----------------------------------------------------------------------------------------


def test_a_refused_list_tells_the_balance_as_it_is(table: Table) -> None:
    with pytest.raises(DomainError) as refusal:
        table.play(table.win("w1", "5.00"), table.bet("b1", "100.00"))

    assert refusal.value.balance == table.money("10.00")
    assert (table.balance, table.entries) == ("10.00", 1)


def test_lists_that_share_keys_in_opposite_order_both_end(table: Table, other: Table) -> None:
    """Two wallets, the same two ids: a deadlock is tried again and ends as a conflict."""
    for number in range(5):
        one, two = f"one{number}", f"two{number}"
        answers = at_once(
            [
                lambda a=one, b=two: table.play(table.bet(a, "0.10"), table.bet(b, "0.10")),
                lambda a=one, b=two: other.play(other.bet(b, "0.10"), other.bet(a, "0.10")),
            ]
        )
        assert answers.count("key_conflict") == 1

    assert Decimal(table.balance) + Decimal(other.balance) == Decimal("19.00")


def test_a_rollback_list_of_bet_and_win_returns_to_the_start(table: Table) -> None:
    table.play(table.bet("b1", "4.00"), table.win("w1", "9.00"))

    results = table.play(Rollback("x1", "w1"), Rollback("x2", "b1"))

    assert [result.status for result in results] == [Status.APPLIED] * 2
    assert table.balance == "10.00"


def test_a_rollback_id_and_a_bet_id_never_mean_the_same(table: Table) -> None:
    table.play(Rollback("x1", "unknown"))

    with pytest.raises(DomainError, match="something else"):
        table.play(table.bet("x1", "1.00"))
    with pytest.raises(DomainError, match="something else"):
        table.play(Rollback("x1", "another"))

    assert (table.balance, table.entries) == ("10.00", 1)


def test_a_rollback_that_names_itself_moves_nothing(table: Table) -> None:
    [result] = table.play(Rollback("x1", "x1"))

    assert result.status is Status.ALREADY_REVERSED
    assert table.balance == "10.00"


def test_a_deposit_and_a_transfer_are_not_a_partners_to_roll_back(
    table: Table, other: Table
) -> None:
    transfer(table, other, "t1")

    [answer] = ledger.apply(
        [Undo(table.wallet_id, partner_id("casino"), outside_id="x1", target="t1")]
    )

    assert answer.status is Status.CONFLICT
    assert table.balance == "9.00"


# ---- blocks ----------------------------------------------------------------------------------------


def test_a_block_binds_wallets_that_are_opened_after_it(player: Player) -> None:
    ledger.set_blocks(player_id=player.pk, blocks=Block.PLAY)

    wallet = wallets.open_wallet(player_id=player.pk, currency_code="BTC")

    assert wallet.blocks == Block.PLAY


def test_a_block_and_a_wallet_at_the_same_moment_leave_no_wallet_unblocked(player: Player) -> None:
    codes = ["BTC", "ETH", "USDT", "LTC", "DOGE", "USDC", "EUR", "USD"]

    at_once(
        [
            lambda: ledger.set_blocks(player_id=player.pk, blocks=Block.PLAY),
            *(
                lambda code=code: ledger.open_wallet(
                    player_id=player.pk, currency_id=currency_id(code), purse=Purse.CASH
                )
                for code in codes
            ),
        ]
    )

    blocks = list(Wallet.objects.filter(player=player).values_list("blocks", flat=True))
    assert blocks == [Block.PLAY] * len(codes)


def test_a_bet_that_waits_behind_a_block_is_refused(table: Table) -> None:
    blocked, go_on = threading.Event(), threading.Event()

    def block() -> None:
        with transaction.atomic():
            ledger.set_blocks(player_id=table.player.pk, blocks=Block.PLAY)
            blocked.set()
            go_on.wait(5)

    def bet(number: int) -> Any:
        blocked.wait(5)
        if number == 0:
            threading.Timer(0.2, go_on.set).start()
        return table.play(table.bet(f"b{number}", "0.10"))

    answers = at_once([block, *(lambda n=n: bet(n) for n in range(20))])

    assert answers[1:] == ["wallet_blocked"] * 20
    assert table.balance == "10.00"


# ---- partitions ------------------------------------------------------------------------------------


def test_partitions_are_made_ahead_and_closed_to_the_casinos_role(table: Table) -> None:
    assert ledger.extend() == 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT setval('ledger_entry_id_seq', 50000000)")
        assert ledger.extend() > 0
        cursor.execute("SELECT has_table_privilege('casino_app', 'ledger_entry_p10', 'INSERT')")
        assert cursor.fetchone() == (False,)
        [result] = table.play(table.bet("far", "1.00"))
        assert result.entry_id == 50_000_001
        transaction.set_rollback(True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval('ledger_entry_id_seq', %s)", [Entry.objects.latest("id").pk])


def test_a_running_report_does_not_hold_up_a_new_partition(table: Table) -> None:
    def report_then_extend() -> int:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '2s'")
            cursor.execute("SELECT setval('ledger_entry_id_seq', 50000000)")
            made = ledger.extend()
            transaction.set_rollback(True)
        return made

    with transaction.atomic():
        assert Entry.objects.count() == 1
        [made] = at_once([report_then_extend])

    assert made > 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval('ledger_entry_id_seq', %s)", [Entry.objects.latest("id").pk])


def test_a_movement_needs_its_wallet(table: Table) -> None:
    amount = table.money("1.00")

    [answer] = ledger.apply([Post(0, 1, "x", Kind.WIN, amount, account_id("game_result"))])

    assert answer.status is Status.NO_WALLET
