"""Followers see every entry exactly once, whoever commits late, fails or runs beside them."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar

import psycopg
import pytest
from django.db import connection, transaction

from apps.accounts.models import Player
from apps.audit.models import Alarm
from apps.core.horizon import safe_horizon
from apps.ledger import followers
from apps.ledger.followers import SEQUENCE, Follower, Positions
from apps.ledger.models import Account, Cursor, Entry, Position
from apps.wallet.movements import Result
from tests.wallet.test_concurrency import at_once
from tests.wallet.test_movements import Table

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


class Notebook(Follower):
    """Writes down the ids it is given, and can be told to fail."""

    name: ClassVar[str] = "notebook"
    batch_size: ClassVar[int] = 2

    def __init__(self) -> None:
        self.seen: list[int] = []
        self.fails = False

    def apply(self, entries: Sequence[Entry]) -> None:
        if self.fails:
            raise RuntimeError("told to fail")
        self.seen += [entry.pk for entry in entries]


@pytest.fixture
def table(player: Player, fund: Callable[..., Result]) -> Table:
    fund(player, "10.00", "EUR")
    return Table(player)


def ids() -> list[int]:
    return list(Entry.objects.order_by("id").values_list("id", flat=True))


def test_an_entry_that_commits_late_under_a_lower_id_is_not_missed(
    table: Table, other_player: Player, fund: Callable[..., Result]
) -> None:
    fund(other_player, "10.00", "EUR")
    other, notebook = Table(other_player), Notebook()
    followers.catch_up([notebook])

    with transaction.atomic():
        table.play(table.bet("slow", "1.00"))
        # Meanwhile somebody else takes the next id and commits.
        at_once([lambda: other.play(other.bet("fast", "1.00"))])
        [during] = at_once([lambda: safe_horizon(SEQUENCE, wait_seconds=0.05)])
        with ThreadPoolExecutor(1) as pool:
            pool.submit(_follow_what_is_safe, notebook).result()
        seen_during = list(notebook.seen)
    followers.catch_up([notebook])

    assert during is None
    assert len(seen_during) == 2  # the two deposits
    assert notebook.seen == ids()
    assert len(notebook.seen) == 4


def test_a_writer_who_is_alone_is_waited_for_too(table: Table) -> None:
    """Nobody finished after it began: the end of a snapshot stands at its own id."""
    with transaction.atomic():
        table.play(table.bet("slow", "1.00"))
        [during] = at_once([lambda: safe_horizon(SEQUENCE, wait_seconds=0.05)])
    after = safe_horizon(SEQUENCE)

    assert during is None
    assert after == max(ids())


def test_who_writes_in_another_database_holds_nobody_up(table: Table) -> None:
    where = {
        name: value
        for name, value in connection.get_connection_params().items()
        if name in {"host", "port", "user", "password"}
    }
    with psycopg.connect(**where, dbname="postgres") as elsewhere:
        elsewhere.execute("SELECT pg_current_xact_id()")
        assert safe_horizon(SEQUENCE, wait_seconds=0.05) == max(ids())
        elsewhere.rollback()


def _follow_what_is_safe(follower: Follower) -> None:
    try:
        horizon = safe_horizon(SEQUENCE, wait_seconds=0.05)
        while horizon and followers.follow(follower, horizon):
            pass
    finally:
        connection.close()


def test_the_id_of_an_entry_that_was_rolled_back_does_not_hold_anybody_up(table: Table) -> None:
    notebook = Notebook()

    with transaction.atomic():
        table.play(table.bet("gone", "1.00"))
        transaction.set_rollback(True)
    table.play(table.bet("kept", "1.00"))
    followers.catch_up([notebook])

    assert notebook.seen == ids()
    assert Cursor.objects.get(name="notebook").position == ids()[-1]


def test_two_workers_on_one_cursor_do_not_apply_twice(table: Table) -> None:
    for number in range(20):
        table.play(table.bet(f"b{number}", "0.10"))
    horizon = safe_horizon(SEQUENCE)
    assert horizon

    def work() -> list[int]:
        mine = Notebook()
        while followers.follow(mine, horizon):
            pass
        return mine.seen

    # One finds the cursor taken and leaves; what it left the next call picks up.
    parts = at_once([work] * 4)
    rest = Notebook()
    followers.catch_up([rest])

    assert sorted([*rest.seen, *(pk for part in parts for pk in part)]) == ids()


def test_a_follower_that_fails_keeps_its_place_and_stops_nobody(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, sound = Notebook(), Positions()
    broken.fails = True
    monkeypatch.setattr(followers, "all_followers", lambda: [broken, sound])

    followers.run(0.3)
    broken.fails = False
    failed = Cursor.objects.get(name="notebook")
    followers.catch_up([broken])

    assert (failed.position, failed.error) == (0, "RuntimeError: told to fail")
    assert Alarm.objects.get(code="follower.failed").subject == "notebook"
    assert Position.objects.get().entries == 1
    assert broken.seen == ids()


def test_a_cursor_at_zero_rebuilds_the_positions(table: Table) -> None:
    table.play(table.bet("b1", "4.00"), table.win("w1", "1.00"))
    followers.catch_up([Positions()])
    before = _positions()

    Position.objects.all().delete()
    Cursor.objects.filter(name="positions").update(position=0)
    followers.catch_up([Positions()])

    assert before == _positions() == _recomputed()


def _positions() -> dict[tuple[int, int], Any]:
    return {
        (row.account_id, row.currency_id): (row.amount, row.entries)
        for row in Position.objects.all()
    }


def _recomputed() -> dict[tuple[int, int], Any]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.account_id, w.currency_id, -sum(e.amount), count(*) FROM ledger_entry e "
            "JOIN ledger_wallet w ON w.id = e.wallet_id GROUP BY 1, 2"
        )
        rows = cursor.fetchall()
    assert {row[0] for row in rows} <= set(Account.objects.values_list("id", flat=True))
    return {(account, of): (amount, count) for account, of, amount, count in rows}
