"""How payments fare, and the alarm when a method falls silent."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.accounts.models import Player, User
from apps.audit.models import Alarm
from apps.core.clock import now
from apps.payments.models import Deposit, Rail
from apps.treasury.models import GatewayRecord
from apps.treasury.selectors import board
from apps.treasury.services import silence
from tests.conftest import fund
from tests.treasury.factories import make_withdrawal, numbers

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 25, 14, 20, tzinfo=UTC)
HOUR, WEEK = timedelta(hours=1), timedelta(days=7)


def paid_in(player: Player, at: datetime, *, seconds: int = 600, **changes: Any) -> Deposit:
    """A deposit of that time, without a movement: the board reads payments, not the journal."""
    number = next(numbers)
    rail = Rail.objects.get(code="BTC")
    fields: dict[str, Any] = {
        "player": player,
        "rail": rail,
        "currency_id": "BTC",
        "provider": "coinspaid",
        "outside_ref": f"b{number}",
        "state": Deposit.State.CONFIRMED,
        "amount": "0.1",
        "gross": "0.1",
        "net": "0.1",
        "created_at": at,
        "confirmed_at": at + timedelta(seconds=seconds),
        "updated_at": at,
    }
    return Deposit.objects.create(**{**fields, **changes})


def failed(player: Player, at: datetime, why: str) -> Deposit:
    return paid_in(player, at, state="cancelled", confirmed_at=None, error=why)


def test_approval_time_volume_and_cost_of_a_method(player: Player) -> None:
    for number in range(1, 11):
        row = paid_in(player, AT - HOUR, seconds=60 * number)
    GatewayRecord.objects.create(
        provider="coinspaid", outside_ref=row.outside_ref, kind="deposit", day=AT.date(), code="BTC",
        amount="0.1", status="confirmed", fee="0.0008", fee_code="BTC", seen_at=AT,
    )  # fmt: skip
    failed(player, AT - HOUR, "Below the minimum")
    paid_in(player, AT - HOUR, state="pending", confirmed_at=None)
    paid_in(player, AT - timedelta(days=8))

    (row_,) = board.performance(24, at=AT)

    assert (row_.method.direction, row_.method.words) == ("deposit", "BTC on Bitcoin")
    assert (row_.approved, row_.failed, row_.under_way) == (10, 1, 1)
    assert row_.approval_bps == 9090
    assert (row_.median_seconds, row_.p90_seconds) == (300, 540)
    assert (row_.volume.text, row_.cost, row_.cost_bps) == ("1.00000000", Decimal("0.0008"), 8)


def test_both_directions_are_apart(player: Player, maker: User) -> None:
    fund(player, "1")
    make_withdrawal(player, maker, "0.1")
    paid_in(player, now() - HOUR)

    found = {one.method.direction: one for one in board.performance(24)}

    assert found["withdrawal"].median_seconds == 3600
    assert (found["deposit"].approved, found["withdrawal"].approved) == (1, 1)


def test_failures_are_counted_by_what_was_said(player: Player) -> None:
    for _ in range(3):
        failed(player, AT - HOUR, "Below the minimum")
    failed(player, AT - HOUR, "")

    found = board.failures(24, at=AT)

    assert [(one.why, one.count) for one in found] == [
        ("Below the minimum", 3),
        ("no reason was given", 1),
    ]


def test_an_hour_is_compared_with_the_same_hour_of_other_weeks(player: Player) -> None:
    for back in (1, 2, 3, 4):
        for _ in range(back):
            paid_in(player, AT - WEEK * back)
        paid_in(player, AT - WEEK * back - HOUR)
    paid_in(player, AT - WEEK * 5)
    paid_in(player, AT)

    hours = board.hourly(board.history(AT), "", 3)

    assert [(one.count, one.usual, one.weeks) for one in hours] == [
        (0, 0, 5),
        (0, 4, 5),
        (1, 11, 5),
    ]
    assert [one.expected for one in hours] == [0, 1, 2]


def usual_week(player: Player, count: int, *, weeks: int = 4, hours: int = 12) -> None:
    """So many an hour, at this hour and those before it, for some weeks."""
    for week in range(1, weeks + 1):
        for hour in range(hours):
            for _ in range(count):
                paid_in(player, AT - WEEK * week - HOUR * hour)


def test_a_method_that_goes_silent_is_found_in_the_shortest_window(player: Player) -> None:
    usual_week(player, 3)

    (found,) = board.silences(board.history(AT), {"BTC": 5})

    assert (found.hours, found.expected, found.method.key) == (3, 6, "deposit:BTC")


@pytest.mark.parametrize("minutes", [0, 30, 100])
def test_one_payment_breaks_the_silence(player: Player, minutes: int) -> None:
    usual_week(player, 3)
    paid_in(player, AT - timedelta(minutes=minutes))

    assert board.silences(board.history(AT), {"BTC": 5}) == []


def test_a_quiet_method_and_a_new_one_and_one_switched_off_are_not_silent(player: Player) -> None:
    paid_in(player, AT - WEEK - HOUR)
    assert board.silences(board.history(AT), {"BTC": 5}) == []

    usual_week(player, 3, weeks=3)
    assert board.silences(board.history(AT), {"BTC": 500}) == []
    Rail.objects.filter(code="BTC").update(enabled=False)
    assert board.silences(board.history(AT), {"BTC": 5}) == []


def test_silence_alarms_once(player: Player) -> None:
    hour = now().replace(minute=0, second=0, microsecond=0)
    for week in (1, 2, 3):
        for back in range(24):
            paid_in(player, hour - WEEK * week - HOUR * back + timedelta(minutes=5))

    assert silence.watch() == 1
    assert silence.watch() == 1

    alarm = Alarm.objects.get(code="payments.silent")
    assert (alarm.subject, alarm.count, alarm.severity) == ("deposit:BTC", 2, "critical")


def test_all_of_it_takes_a_few_queries(player: Player, django_assert_max_num_queries: Any) -> None:
    usual_week(player, 1)

    with django_assert_max_num_queries(9):
        board.performance(24, at=AT)
        board.failures(24, at=AT)
        board.hourly(board.history(AT), "", 48)
        board.silences(board.history(AT), {"BTC": 5})
