"""Old rates go unless something was settled with them."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import DatabaseError, connection, transaction

from apps.accounts.models import Player
from apps.audit.models import Record
from apps.core.clock import now
from apps.rates import selectors, thinning
from apps.rates.models import Rate, Thinning
from apps.wallet import exchange
from tests.conftest import fund
from tests.rates.factories import set_rates
from tests.statements.factories import money

pytestmark = pytest.mark.django_db
Verdict = Rate.Verdict


@pytest.fixture(autouse=True)
def _kept(settings: Any) -> None:
    settings.RATES_KEEP_DAYS = 90


@pytest.fixture
def long_ago() -> datetime:
    return (now() - timedelta(days=100)).replace(minute=0, second=0, microsecond=0)


def rate(at: datetime, value: str, code: str = "BTC", **more: Any) -> Rate:
    return Rate.objects.create(
        **{
            "code": code,
            "base": django_settings.BASE_CURRENCY,
            "value": Decimal(value),
            "verdict": Verdict.ACCEPTED,
            "source": "test",
            "as_of": at,
            "fetched_at": at,
            "valid_until": at + timedelta(minutes=1),
            "entry_from": next_entry(),
            **more,
        }
    )


def next_entry() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(pg_sequence_last_value('ledger_entry_id_seq'::regclass), 0)"
        )
        return int(cursor.fetchone()[0]) + 1


def left() -> list[str]:
    return [str(int(one.value)) for one in Rate.objects.order_by("id")]


def test_what_was_never_used_is_thinned_to_one_an_hour(long_ago: datetime) -> None:
    for minute in (0, 1, 30, 59, 60, 61):
        rate(long_ago + timedelta(minutes=minute), f"{1000 + minute}")
    rate(now(), "2000")

    assert thinning.thin() == 4
    assert left() == ["1000", "1060", "2000"]
    assert thinning.thin() == 0
    record = Record.objects.get(action="rates.thinned")
    assert record.after is not None
    assert (record.after["looked_at"], record.after["removed"]) == (6, 4)
    assert Thinning.objects.get().removed == 4


def test_what_an_entry_was_worth_stays_what_it_was(
    player: Player, other_player: Player, long_ago: datetime
) -> None:
    rate(long_ago, "1000")
    rate(long_ago, "1")
    used = rate(long_ago, "1001")
    entry = fund(player, "1", "BTC").entry_id
    rate(long_ago, "1002")
    fund(other_player, "1", "ETH")  # of another currency: no use of it
    rate(long_ago, "1003")
    rate(now(), "2000")
    before = selectors.worth_of([entry])

    assert thinning.thin() == 3

    assert left() == ["1000", "1001", "2000"]
    assert selectors.rate_of(entry, "BTC") == used.value
    assert selectors.worth_of([entry]) == before == {entry: Decimal(1001)}


def test_what_a_quote_names_what_staff_set_and_the_last_one_stay(
    player: Player, administrator: Any, long_ago: datetime
) -> None:
    fund(player, "1", "BTC")
    rates = set_rates(BTC="1001", ETH="50")
    exchange.quote(player=player, sold=money("0.1"), bought_code="ETH")
    rate(now(), "1002", verdict=Verdict.MANUAL, set_by=administrator, reason="Feeds were down.")
    rate(now(), "1003")
    rate(now(), "1004")
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE rates_rate SET fetched_at = %s, entry_from = 10^9", [long_ago])
        cursor.execute("SET session_replication_role = origin")

    assert thinning.thin() == 1
    assert left() == ["1001", "50", "1002", "1004"]
    assert set(Rate.objects.values_list("pk", flat=True)) >= {one.pk for one in rates.values()}


def test_many_are_thinned_in_batches(long_ago: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thinning, "BATCH", 3)
    for second in range(8):
        rate(long_ago + timedelta(seconds=second), f"{1000 + second}")

    assert thinning.thin(batches_max=1) == 2
    assert thinning.thin() == 4
    assert left() == ["1000", "1007"]


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM rates_rate",
        "UPDATE rates_rate SET value = 1",
        "SELECT rates_thin(0, now() - interval '1 day', 10)",
    ],
)
def test_no_other_way_leads_out(long_ago: datetime, sql: str) -> None:
    rate(long_ago, "1000")
    rate(now(), "2000")

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert left() == ["1000", "2000"]
