"""A node whose clock is off: it takes no bets, pays wins, and tells the time of the database."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from apps.accounts.models import Player
from apps.audit import node_clock
from apps.audit.models import Alarm
from apps.core import clock
from apps.core.money import Money
from apps.ledger.selectors import currency
from apps.wallet import movements
from apps.wallet.errors import PlayRefused
from apps.wallet.services import open_wallet

pytestmark = [pytest.mark.django_db, pytest.mark.rule("AUD-01")]


@pytest.fixture(autouse=True)
def _clock_as_it_was() -> Iterator[None]:
    yield
    node_clock.stop_watching()


@pytest.fixture
def play(player: Player, fund: Callable[..., Any]) -> Callable[..., Any]:
    """Bet or win one euro of ten."""
    fund(player, "10", "EUR")
    wallet = open_wallet(player_id=player.pk, currency_code="EUR")
    euro = Money.parse("1", currency("EUR"))

    def act(kind: Any, key: str) -> Decimal:
        [result] = movements.play(
            [kind(key=key, amount=euro, round_ref="r", session_id=None)],
            partner="softswiss",
            wallet_id=wallet.pk,
            currency=currency("EUR"),
        )
        return result.balance.major

    return act


@pytest.mark.parametrize(
    ("off_ms", "alarms", "bets"),
    [(249, 0, True), (-250, 1, True), (1999, 1, True), (2000, 1, False), (-2000, 1, False)],
)
def test_the_two_bounds(off_ms: int, alarms: int, bets: bool, client: Client) -> None:
    node_clock.judge(off_ms)
    node_clock.tell()
    node_clock.tell()

    assert node_clock.takes_bets() is bets
    told = Alarm.objects.filter(code="node.clock_off")
    assert [one.count for one in told] == [1] * alarms
    text = client.get("/metrics").content.decode()
    assert f"casino_clock_skew_seconds {off_ms / 1000}" in text
    assert f"casino_clock_takes_bets {float(bets)}" in text


def test_a_node_that_is_off_refuses_new_bets_and_nothing_else(play: Callable[..., Any]) -> None:
    assert play(movements.Bet, "b1") == Decimal(9)
    node_clock.judge(10 * 60 * 1000)

    with pytest.raises(PlayRefused) as refused:
        play(movements.Bet, "b2")
    # A repeat of a bet that stands is told so, and what was won is paid.
    repeated, won = play(movements.Bet, "b1"), play(movements.Win, "w1")

    assert refused.value.reason == "clock"
    assert (repeated, won) == (Decimal(9), Decimal(10))
    node_clock.judge(0)
    assert play(movements.Bet, "b2") == Decimal(9)


@pytest.mark.parametrize("off", [timedelta(minutes=10), timedelta(days=-1)])
def test_deadlines_follow_the_database_however_the_node_is_set(
    off: timedelta, monkeypatch: pytest.MonkeyPatch, client: Client
) -> None:
    """The node's clock is set while people play, which is all that is pretended here."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        true = cursor.fetchone()[0]
    node_clock.compare()
    monkeypatch.setattr(clock, "node_now", lambda: datetime.now(UTC) + off)

    node_clock.look()

    assert abs(clock.now() - true) < timedelta(seconds=30)
    assert not node_clock.takes_bets()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["clock"]) == (503, False)


def test_the_watcher_compares_at_once(settings: Any) -> None:
    settings.CLOCK_COMPARE_SECONDS = 60
    node_clock.judge(10_000)

    node_clock.watch()

    assert abs(node_clock.skew_ms()) < 250
    assert node_clock.takes_bets()
