"""People with roles, money to start with, and what holds after every test."""

import itertools
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import connection
from django.test import TransactionTestCase

from apps.accounts import services as accounts
from apps.accounts.models import Player, User
from apps.core.money import Money
from apps.integrations import breaker
from apps.ledger.selectors import currency, postings_sum
from apps.wallet import movements
from apps.wallet import services as wallets
from tests import chromium

pytest_plugins = ["tests.simulator_client"]

PASSWORD = "correct horse battery"
TEMPLATE, TEMPLATE_LOCK = "test_casino_template", 7_305_115
RULES = ("payments_limit_rule", "payments_approval_rule")
_numbers = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first: at the end one process would wait for them. Rules are found by id."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
    for item in items:
        for marker in item.iter_markers("rule"):
            item.extra_keyword_matches.update(rule.replace("-", "_") for rule in marker.args)


def pytest_sessionfinish() -> None:
    chromium.shared.close()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("browser"):
        chromium.need()


def make_player(
    display_name: str = "", *, email: str = "", password: str = PASSWORD, country: str = "DE"
) -> Player:
    number = next(_numbers)
    return accounts.register_player(
        email=email or f"{display_name or 'player'}{number}@example.com",
        password=password,
        display_name=display_name or f"player{number}",
        birth_date=date(1990, 5, 17),
        country=country,
        terms_accepted=True,
    )


def fund(player: Player, amount: str, code: str = "BTC") -> movements.Result:
    """Give a player money through the ledger's own door: `fund(player, "0.05", "BTC")`."""
    wallet = wallets.open_wallet(player_id=player.pk, currency_code=code)
    return movements.deposit_confirmed(
        partner="coinspaid",
        wallet_id=wallet.pk,
        amount=Money.parse(amount, currency(code)),
        key=f"fund:{next(_numbers)}:{player.pk}",
        deposit_id=0,
    )


def make_staff(role: str) -> User:
    user = User.objects.create_user(f"{role}@staff.example", PASSWORD, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    return user


@pytest.fixture
def player(db: None) -> Player:
    return make_player("alice", email="alice@example.com")


@pytest.fixture
def other_player(db: None) -> Player:
    return make_player("bob", email="bob@example.com")


@pytest.fixture
def support(db: None) -> User:
    return make_staff("support")


@pytest.fixture
def finance(db: None) -> User:
    return make_staff("finance")


@pytest.fixture
def administrator(db: None) -> User:
    return make_staff("administrator")


@pytest.fixture(name="fund")
def _fund(db: None) -> Callable[..., movements.Result]:
    return fund


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,
    request: pytest.FixtureRequest,
    django_db_blocker: Any,
) -> None:
    """Migrate once for all processes of a run: theirs are copies of one database."""
    if not hasattr(request.config, "workerinput"):
        return
    run = request.config.workerinput["testrunuid"]
    ours = connection.settings_dict["NAME"]
    with django_db_blocker.unblock(), connection._nodb_cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [TEMPLATE_LOCK])
        cursor.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s",
            [TEMPLATE],
        )
        if cursor.fetchone() != (run,):
            cursor.execute(f"DROP DATABASE IF EXISTS {TEMPLATE} WITH (FORCE)")
            cursor.execute(f"CREATE DATABASE {TEMPLATE}")
            connection.close()
            connection.settings_dict["NAME"] = TEMPLATE
            try:
                call_command("migrate", verbosity=0, interactive=False)
            finally:
                connection.close()
                connection.settings_dict["NAME"] = ours
            cursor.execute(f"COMMENT ON DATABASE {TEMPLATE} IS '{run}'")
        cursor.execute("SELECT pg_advisory_unlock(%s)", [TEMPLATE_LOCK])
    connection.settings_dict["TEST"]["TEMPLATE"] = TEMPLATE


@pytest.fixture(scope="session", autouse=True)
def _emptied_past_the_triggers(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Empty the database after a test that commits, though the journal refuses to be emptied.

    What the migrations put in (currencies, accounts, roles, rails) stays.
    """
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        kept = set()
        for table in tables:
            cursor.execute(f'SELECT EXISTS (SELECT FROM "{table}")')
            if cursor.fetchone()[0]:
                kept.add(table)
        connection.close()
    # Rows go without their triggers, so what is kept may point to what goes: TRUNCATE would refuse.
    emptied = "; ".join(f'DELETE FROM "{table}"' for table in sorted(set(tables) - kept))
    # Rules are kept, and tests that commit end them: they come back as they were.
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        for table in kept.intersection(RULES):
            cursor.execute(f'CREATE TABLE IF NOT EXISTS "as_made_{table}" AS TABLE "{table}"')
            emptied += (
                f'; DELETE FROM "{table}"; INSERT INTO "{table}" SELECT * FROM "as_made_{table}"'
            )
        connection.close()

    def empty(_case: TransactionTestCase) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            cursor.execute(emptied)
            cursor.execute("SET session_replication_role = origin")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty)
        yield


@pytest.fixture(autouse=True)
def _closed_circuits() -> Iterator[None]:
    """What a partner did in one test is not held against it in the next."""
    yield
    breaker.forget()


@pytest.fixture(autouse=True)
def _ledger_balances(request: pytest.FixtureRequest) -> Iterator[None]:
    """After every test that had a database, all postings sum to zero per currency."""
    uses_database = "db" in request.fixturenames
    if "transactional_db" in request.fixturenames or "live_server" in request.fixturenames:
        request.getfixturevalue("transactional_db")
    elif uses_database:
        request.getfixturevalue("db")
    yield
    if uses_database:
        assert postings_sum() == []
