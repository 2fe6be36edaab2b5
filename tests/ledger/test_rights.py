"""What the role the casino runs as cannot do: plant names that the money functions would find."""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection

from apps.accounts.models import Player
from apps.ledger.models import Entry
from apps.wallet.movements import Result
from tests.wallet.test_movements import Table

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]

PLANTED = """
CREATE TEMP TABLE ledger_wallet (LIKE public.ledger_wallet);
CREATE TEMP TABLE ledger_operation (LIKE public.ledger_operation);
CREATE TEMP TABLE ledger_entry (LIKE public.ledger_entry);
CREATE TEMP SEQUENCE ledger_entry_id_seq;
CREATE DOMAIN pg_temp.text AS pg_catalog.text CHECK (false);
CREATE DOMAIN pg_temp.bytea AS pg_catalog.bytea CHECK (false);
SET search_path = pg_temp, public, pg_catalog;
"""
BET = """
SELECT status, balance FROM public.ledger_apply(%s::bigint, 2::smallint, 'planted', 1::smallint, -1,
    1::smallint, 'r', NULL::bigint, false, 1::smallint, NULL, 1::smallint, '\\x00', %s)
"""


@pytest.fixture
def runner(db: None) -> Iterator[psycopg.Connection[Any]]:
    """A new session of the role, in which no function has been looked at yet."""
    parameters = connection.get_connection_params()
    where = {name: parameters[name] for name in ("dbname", "host", "user") if name in parameters}
    rest = {name: parameters[name] for name in ("port", "password") if parameters.get(name)}
    with psycopg.connect(**where, **rest) as session:
        session.execute("SET ROLE casino_app")
        yield session
        session.rollback()


@pytest.mark.parametrize("waits", [True, False])
def test_a_movement_finds_the_real_tables_whatever_lies_in_its_way(
    runner: psycopg.Connection[Any],
    player: Player,
    fund: Callable[..., Result],
    waits: bool,
) -> None:
    fund(player, "10.00", "EUR")
    table = Table(player)
    runner.execute(PLANTED)

    status, balance = runner.execute(BET, [table.wallet_id, waits]).fetchone() or ("", 0)
    runner.commit()

    assert (status, balance) == ("applied", 9)
    assert Entry.objects.filter(outside_id="planted", wallet_id=table.wallet_id).exists()


@pytest.mark.rule("SEC-25")
def test_the_role_may_create_in_no_schema(runner: psycopg.Connection[Any]) -> None:
    row = runner.execute("SELECT has_database_privilege(current_database(), 'CREATE')").fetchone()
    writable = runner.execute(
        "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp'"
        " AND has_schema_privilege(oid, 'CREATE')"
    ).fetchall()

    assert row == (False,)
    assert writable == []
