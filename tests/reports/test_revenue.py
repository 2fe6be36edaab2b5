"""Revenue by hour is the journal, summed."""

from decimal import Decimal

import pytest

from apps.ledger.models import Cursor
from apps.reports.models import ActiveHour, RevenueHour
from tests.operator.factories import (
    follow_journal,
    make_deposit,
    make_player,
    make_withdrawal,
    play,
    roll_back,
)

pytestmark = pytest.mark.django_db


def totals(partner: str) -> dict[str, Decimal | int]:
    row = RevenueHour.objects.get(partner__code=partner)
    names = ("stakes", "wins", "deposits", "withdrawals", "bet_count", "win_count")
    return {name: getattr(row, name) for name in names}


@pytest.mark.rule("AUD-09")
def test_stakes_wins_and_deposits_are_summed_by_partner() -> None:
    player = make_player()
    make_deposit(player, "0.5")
    play(player, "0.01", "0.004")
    play(player, "0.02", "0.05")

    follow_journal()

    assert totals("softswiss") == {
        "stakes": Decimal("0.03"),
        "wins": Decimal("0.054"),
        "deposits": 0,
        "withdrawals": 0,
        "bet_count": 2,
        "win_count": 2,
    }
    assert totals("coinspaid")["deposits"] == Decimal("0.5")


def test_a_rolled_back_bet_leaves_the_stakes() -> None:
    player = make_player()
    make_deposit(player, "0.5")
    target = play(player, "0.01", "0")

    roll_back(player, target)
    follow_journal()

    assert (totals("softswiss")["stakes"], totals("softswiss")["bet_count"]) == (0, 0)


def test_a_rolled_back_win_leaves_the_wins() -> None:
    player = make_player()
    make_deposit(player, "0.5")
    target = play(player, "0.01", "0.2").replace("b", "w")

    roll_back(player, target)
    follow_journal()

    assert (totals("softswiss")["wins"], totals("softswiss")["win_count"]) == (0, 0)
    assert totals("softswiss")["stakes"] == Decimal("0.01")


def test_money_set_aside_is_not_a_withdrawal_yet() -> None:
    player = make_player()
    make_deposit(player, "0.5")
    make_withdrawal(player)

    follow_journal()

    assert not RevenueHour.objects.filter(withdrawals__gt=0).exists()
    assert not RevenueHour.objects.filter(partner__code="casino").exists()


def test_nothing_is_counted_twice() -> None:
    player = make_player()
    make_deposit(player, "0.5")
    play(player, "0.01", "0")
    follow_journal()

    follow_journal()

    assert totals("softswiss")["bet_count"] == 1


@pytest.mark.rule("AUD-09")
def test_a_rebuild_from_the_start_gives_the_same() -> None:
    player = make_player()
    make_deposit(player, "0.5")
    play(player, "0.01", "0.004")
    follow_journal()
    before = totals("softswiss")

    RevenueHour.objects.all().delete()
    ActiveHour.objects.all().delete()
    Cursor.objects.filter(name="revenue").update(position=0)
    follow_journal()

    assert totals("softswiss") == before


def test_a_player_who_bets_is_active_once_an_hour() -> None:
    player = make_player()
    make_deposit(player, "0.5")
    play(player, "0.01", "0")
    follow_journal()
    play(player, "0.01", "0")

    follow_journal()

    assert ActiveHour.objects.get().player_id == player.pk
