"""Limits and fees: the most specific rule, half-open windows, and what cannot be valued."""

from datetime import timedelta
from decimal import Decimal

import pytest

from apps.accounts.models import Player
from apps.audit.models import Alarm, Record
from apps.core.clock import now
from apps.core.money import Money
from apps.ledger.selectors import currency
from apps.payments import limits
from apps.payments.errors import AmountTooSmall, RuleEnded, RuleExists, WithdrawalBlocked
from apps.payments.models import Deposit, LimitRule, PaymentMethod, Withdrawal
from apps.payments.services import rules, withdrawals
from tests.payments.factories import (
    btc,
    call_back,
    cash,
    end_rules,
    limit,
    make_address,
    picture,
    rail,
    recorded,
    request_withdrawal,
)
from tests.rates.factories import set_rates

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _own_rules_only(player, fund):
    end_rules()
    fund(player, "0.5", "BTC")


def problem(player, amount="0.01", direction="withdrawal", **kwargs):
    found = limits.problem(limits.terms(direction, player, rail()), btc(amount), **kwargs)
    return found.code if found else ""


def made_at(withdrawal, moment) -> None:
    Withdrawal.objects.filter(pk=withdrawal.pk).update(created_at=moment)


# ---- which rule --------------------------------------------------------------------------------


def test_without_rules_everything_goes(player):
    assert problem(player, "0.4") == ""


def test_the_most_specific_rule_that_says_something_wins(player):
    Player.objects.filter(pk=player.pk).update(rank=3)
    player.refresh_from_db()
    limit(day_count=1, fee_bps=100)
    limit(day_count=2, country="DE")
    limit(day_count=3, rank=2)
    limit(day_count=9, rank=5)
    limit(day_count=4, rail=rail("LTC"))
    terms = limits.terms("withdrawal", player, rail())

    assert terms.value("day_count") == 2  # the country is more specific than the rank
    limit(day_count=5, rail=rail())
    terms = limits.terms("withdrawal", player, rail())
    assert (terms.value("day_count"), terms.value("fee_bps")) == (5, 100)


def test_of_two_ranks_the_higher_one_counts(player):
    limit(day_count=1, rank=0)
    limit(day_count=7, rank=2)

    assert limits.terms("withdrawal", player, rail()).value("day_count") == 1
    player.rank = 4
    assert limits.terms("withdrawal", player, rail()).value("day_count") == 7


def test_deposits_and_withdrawals_have_rules_of_their_own(player):
    limit("deposit", amount_max=Decimal("0.001"), rail=rail())

    assert problem(player) == ""
    assert limits.deposit_problem(player, rail(), btc("0.01")) == "above_maximum"


def test_a_method_is_more_specific_than_its_rail(player):
    euro = rail("EUR")
    assert PaymentMethod.objects.filter(rail=euro, code="card").exists()
    limit("deposit", rail=euro, amount_max=Decimal(1000))
    limit("deposit", rail=euro, method="card", amount_max=Decimal(100))
    amount = Money.parse("500", currency("EUR"))

    assert limits.deposit_problem(player, euro, amount, "bank") == ""
    assert limits.deposit_problem(player, euro, amount, "card") == "above_maximum"


# ---- one payment -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "code"),
    [("0.00999999", "below_minimum"), ("0.01", ""), ("0.05", ""), ("0.05000001", "above_maximum")],
)
def test_bounds_are_included(player, amount, code):
    limit(rail=rail(), amount_min=Decimal("0.01"), amount_max=Decimal("0.05"))

    assert problem(player, amount) == code


def test_bounds_without_a_rail_are_in_the_base_currency(player):
    limit(amount_max=Decimal(600))
    assert problem(player) == "no_rate"  # nobody knows what it is worth: too much

    set_rates(BTC="60000")
    assert problem(player, "0.01") == ""
    assert problem(player, "0.0100002") == "above_maximum"


def test_a_refusal_by_a_limit_changes_nothing(player):
    limit(rail=rail(), amount_max=Decimal("0.05"))
    before = picture()

    with pytest.raises(WithdrawalBlocked) as refused:
        request_withdrawal(player, "0.06")

    assert refused.value.code == "above_maximum"
    assert "0.05 BTC" in refused.value.message
    assert picture() == before


# ---- windows -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "length"), [("day", DAY), ("week", 7 * DAY), ("month", 30 * DAY)]
)
def test_a_window_of_counts_is_half_open(player, field, length):
    limit(**{f"{field}_count": 1})
    first = request_withdrawal(player, "0.01")
    at = now()

    made_at(first, at - length + timedelta(microseconds=1))
    assert problem(player, at=at) == f"{field}_count"
    made_at(first, at - length)  # exactly as old as the window is long: out
    assert problem(player, at=at) == ""


@pytest.mark.parametrize(
    ("field", "length"), [("day", DAY), ("week", 7 * DAY), ("month", 30 * DAY)]
)
def test_a_window_of_sums_is_half_open_and_exact(player, field, length):
    set_rates(BTC="50000")
    limit(**{f"{field}_sum": Decimal(1000)})
    first = request_withdrawal(player, "0.015")  # 750
    at = now()
    made_at(first, at - length + timedelta(seconds=1))

    assert problem(player, "0.005", at=at) == ""  # 1000 exactly
    assert problem(player, "0.0050002", at=at) == f"{field}_sum"
    assert problem(player, "0.02", at=at + timedelta(seconds=1)) == ""


def test_there_is_no_double_room_at_midnight(player):
    limit(day_count=1)
    first = request_withdrawal(player, "0.01")
    late = now().replace(hour=23, minute=59, second=59, microsecond=0)
    made_at(first, late)

    assert problem(player, at=late + timedelta(seconds=2)) == "day_count"


def test_it_is_said_until_when(player):
    limit(day_count=2)
    at = now()
    for number, hours in enumerate((20, 5)):
        made_at(request_withdrawal(player, "0.01", key=f"k{number}"), at - timedelta(hours=hours))

    found = limits.problem(limits.terms("withdrawal", player, rail()), btc("0.01"), at=at)

    assert found is not None
    assert found.until == at + timedelta(hours=4)


def test_a_sum_says_when_there_is_room_again(player):
    set_rates(BTC="50000")
    limit(day_sum=Decimal(1000))
    at = now()
    made_at(request_withdrawal(player, "0.01", key="a"), at - timedelta(hours=20))
    made_at(request_withdrawal(player, "0.008", key="b"), at - timedelta(hours=2))
    terms = limits.terms("withdrawal", player, rail())

    some = limits.problem(terms, btc("0.005"), at=at)
    more = limits.problem(terms, btc("0.02"), at=at)
    never = limits.problem(terms, btc("0.03"), at=at)

    assert some is not None
    assert more is not None
    assert never is not None
    assert some.until == at + timedelta(hours=4)
    assert more.until == at + timedelta(hours=22)
    assert never.until is None


def test_a_sum_counts_every_currency_together_and_a_rail_only_its_own(player, fund):
    set_rates(BTC="50000", LTC="100")
    fund(player, "10", "LTC")
    limit(day_sum=Decimal(1000))
    request_withdrawal(player, "0.019")  # 950
    ltc = Money.parse("1", currency("LTC"))

    found = limits.problem(limits.terms("withdrawal", player, rail("LTC")), ltc)
    assert found is not None
    assert found.code == "day_sum"
    limit(rail=rail("LTC"), day_sum=Decimal(1000))
    assert limits.problem(limits.terms("withdrawal", player, rail("LTC")), ltc) is None


def test_money_that_came_back_was_not_withdrawn(player, finance):
    limit(day_count=1)
    withdrawals.reject(request_withdrawal(player, "0.01"), finance, "No.")

    assert problem(player) == ""


def test_a_sum_without_a_rate_is_too_much(player):
    limit(day_sum=Decimal(1_000_000))

    assert problem(player) == "no_rate"
    assert limits.room(limits.terms("withdrawal", player, rail())) == btc("0")


def test_the_room_is_the_least_that_all_limits_leave(player):
    set_rates(BTC="50000")
    limit(day_sum=Decimal(1000), amount_max=Decimal(900))
    request_withdrawal(player, "0.01")

    assert limits.room(limits.terms("withdrawal", player, rail())) == btc("0.01")


# ---- fees --------------------------------------------------------------------------------------


def test_a_fee_is_rounded_up_to_what_the_rail_carries(player, fund):
    limit(fee_bps=33, rail=rail(), fee_fixed=Decimal("0.0001"))
    terms = limits.terms("withdrawal", player, rail())

    assert limits.fee(terms, btc("0.01")).text == "0.00013300"
    assert limits.fee(terms, btc("0.01234567")).text == "0.00014075"  # …0.000140740711
    assert limits.fee_words(terms) == "0.33 % + 0.0001 BTC"


def test_the_fee_stays_here_and_the_rest_is_paid(player, finance):
    limit(fee_bps=100, rail=rail())

    made = request_withdrawal(player, "0.02")

    assert (made.fee_money.text, made.net_money.text) == ("0.00020000", "0.01980000")
    assert cash(player) == Decimal("0.48")
    withdrawals.reject(made, finance, "No.")
    assert cash(player) == Decimal("0.5")


def test_a_wish_that_the_fee_would_eat_is_refused(player):
    limit(rail=rail(), fee_fixed=Decimal("0.01"))
    before = picture()

    with pytest.raises(AmountTooSmall):
        request_withdrawal(player, "0.01")

    assert picture() == before


# ---- deposits that fail, and held ones ---------------------------------------------------------


def test_a_deposit_against_a_limit_is_held_with_the_code(player):
    make_address(player)
    limit("deposit", rail=rail(), amount_max=Decimal("0.001"))

    call_back(recorded("deposit_confirmed"))

    deposit = Deposit.objects.get()
    assert (deposit.state, deposit.held_because) == ("held", "above_maximum")
    assert cash(player) == Decimal("0.5")


@pytest.mark.rule("PAY-29")
def test_five_failures_in_ten_minutes_block_deposits_and_ten_suspend(player):
    for _ in range(4):
        limits.deposit_failed(player, rail(), "declined")
    assert limits.deposit_problem(player, rail(), btc("0.01")) == ""

    limits.deposit_failed(player, rail(), "declined")
    until = limits.deposits_blocked_until(player)
    assert until is not None
    assert limits.deposit_problem(player, rail(), btc("0.01")) == "too_many_failures"
    assert limits.deposit_problem(player, rail(), btc("0.01"), at=until) == ""
    assert Record.objects.filter(action="deposits.blocked").count() == 1
    player.refresh_from_db()
    assert player.status == "active"

    for _ in range(5):
        limits.deposit_failed(player, rail(), "declined")
    player.refresh_from_db()
    assert player.status == "suspended"
    assert Alarm.objects.filter(code="deposit.failures").count() == 1


def test_failures_long_ago_do_not_count(player):
    for _ in range(4):
        limits.deposit_failed(player, rail(), "declined")
    player.deposit_failures.update(at=now() - timedelta(minutes=10))

    limits.deposit_failed(player, rail(), "declined")

    assert limits.deposits_blocked_until(player) is None


# ---- changing rules ----------------------------------------------------------------------------


def test_a_change_is_a_new_version_with_its_reason(administrator):
    first = rules.add(
        LimitRule, name="Mine", values={"direction": "withdrawal", "day_count": 3},
        by=administrator, reason="To begin with",
    )  # fmt: skip

    second = rules.change(
        first, values={"direction": "withdrawal", "day_count": 5}, by=administrator, reason="More"
    )

    first.refresh_from_db()
    assert first.ended_at is not None
    assert (second.version, second.day_count, second.ended_at) == (2, 5, None)
    record = Record.objects.get(action="rule.changed")
    assert (record.before["day_count"], record.after["day_count"]) == (3, 5)
    assert record.reason == "More"
    with pytest.raises(RuleEnded):
        rules.change(first, values={"direction": "withdrawal"}, by=administrator, reason="Late")
    rules.end(second, by=administrator, reason="Enough")
    assert not LimitRule.objects.filter(ended_at=None).exists()


def test_two_rules_for_exactly_the_same_are_one_too_many(administrator):
    limit(day_count=1)

    with pytest.raises(RuleExists):
        rules.add(
            LimitRule, name="Again", values={"direction": "withdrawal", "day_count": 3},
            by=administrator, reason="Twice",
        )  # fmt: skip

    assert LimitRule.objects.filter(ended_at=None).count() == 1
