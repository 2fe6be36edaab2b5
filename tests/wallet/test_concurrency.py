"""Many at once, on real connections."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from apps.accounts.models import Player
from apps.core.errors import DomainError
from apps.ledger.instructions import Status
from apps.wallet import movements, services
from apps.wallet.movements import Result, Rollback
from tests.wallet.test_movements import Table

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


def at_once(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run all calls at the same moment, each on its own connection; results or refusals."""
    barrier = Barrier(len(calls))

    def one(call: Callable[[], Any]) -> Any:
        try:
            connection.ensure_connection()
            barrier.wait()
            return call()
        except DomainError as refusal:
            return refusal.code
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(one, calls))


def test_fifty_bets_with_money_for_seven_take_seven(
    player: Player, fund: Callable[..., Result]
) -> None:
    fund(player, "7.50", "EUR")
    table = Table(player)

    answers = at_once([lambda n=n: table.play(table.bet(f"b{n}", "1.00")) for n in range(50)])

    assert sum(isinstance(answer, list) for answer in answers) == 7
    assert answers.count("insufficient_funds") == 43
    assert (table.balance, table.entries) == ("0.50", 8)


def test_one_callback_ten_times_at_once_has_one_effect_and_one_answer(
    player: Player, fund: Callable[..., Result]
) -> None:
    fund(player, "10.00", "EUR")
    table = Table(player)

    answers = at_once([lambda: table.play(table.bet("b1", "4.00"))] * 10)

    assert {answer[0].entry_id for answer in answers} == {answers[0][0].entry_id}
    assert (
        sorted(answer[0].status for answer in answers) == [Status.APPLIED] + [Status.DUPLICATE] * 9
    )
    assert table.balance == "6.00"


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_every_order_of_bet_win_and_rollback_ends_the_same(
    player: Player, fund: Callable[..., Result], order: tuple[int, ...]
) -> None:
    fund(player, "10.00", "EUR")
    table = Table(player)
    messages = [table.bet("b1", "4.00"), table.win("w1", "3.00"), Rollback("x1", "b1")]

    for place in order:
        at_once([lambda place=place: table.play(messages[place])] * 3)

    assert table.balance == "13.00"


@pytest.mark.rule("ACC-14")
def test_a_block_lets_no_bet_pass_after_its_commit(
    player: Player, fund: Callable[..., Result]
) -> None:
    fund(player, "50.00", "EUR")
    table = Table(player)

    def block() -> None:
        services.set_player_status(
            player_id=player.pk, status="suspended", actor="system", reason="test"
        )

    answers = at_once(
        [block, *(lambda n=n: table.play(table.bet(f"b{n}", "1.00")) for n in range(30))]
    )

    taken = sum(isinstance(answer, list) for answer in answers[1:])
    refused = {answer for answer in answers[1:] if not isinstance(answer, list)}
    assert refused <= {"wallet_blocked"}
    assert table.balance == f"{50 - taken}.00"
    assert at_once([lambda: table.play(table.bet("late", "1.00"))]) == ["wallet_blocked"]


def test_reserves_and_releases_both_ways_do_not_deadlock(
    player: Player, fund: Callable[..., Result]
) -> None:
    fund(player, "20.00", "EUR")
    table = Table(player)
    facts = {"player_id": player.pk, "amount": table.money("1.00"), "withdrawal_id": 1}
    for n in range(10):
        movements.withdrawal_reserved(**facts, key=f"first:{n}")

    answers = at_once(
        [
            *(lambda n=n: movements.withdrawal_reserved(**facts, key=f"r:{n}") for n in range(10)),
            *(lambda n=n: movements.withdrawal_released(**facts, key=f"b:{n}") for n in range(10)),
        ]
    )

    assert all(isinstance(answer, Result) for answer in answers)
    assert table.balance == "10.00"
