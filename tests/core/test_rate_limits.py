"""How often something may be tried, with Redis and without."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client

from apps.accounts.models import Player
from apps.core import rate_limits
from apps.core.client_address import counted_as
from apps.core.errors import RateLimited
from casino.settings import rate_limits as table
from tests.core.routes import names

TABLE = {
    "door": {"account": "3/minute", "ip": "5/minute", "away": "database"},
    "bet": {"account": "3/minute"},
}


@pytest.fixture(autouse=True)
def _own_counters(settings: Any) -> Iterator[None]:
    settings.RATE_LIMITS = settings.RATE_LIMITS | TABLE
    settings.RATE_LIMITS_PREFIX = f"test:{uuid4().hex}"
    rate_limits.forget()
    yield
    rate_limits.forget()


def tries(action: str, count: int, **whose: Any) -> int:
    """How many of so many tries were let through."""
    through, waits = 0, []
    for _ in range(count):
        try:
            rate_limits.hit(action, **whose)
        except RateLimited as error:
            waits.append(error.retry_after)
        else:
            through += 1
    assert all(1 <= wait <= 60 for wait in waits)
    return through


@pytest.mark.rule("SEC-13")
def test_tries_are_counted_by_account_and_by_address() -> None:
    assert tries("door", 5, account="Ann@example.com", ip="203.0.113.7") == 3
    assert tries("door", 1, account=" ann@EXAMPLE.com ") == 0
    # Refused tries of one account are no reason to refuse others from there, until the place is full.
    assert tries("door", 3, account="bob", ip="203.0.113.7") == 0
    assert tries("door", 3, account="bob", ip="203.0.113.8") == 3
    rate_limits.clear("door", account="bob")
    assert tries("door", 1, account="bob") == 1


@pytest.mark.rule("SEC-13")
def test_a_network_of_ipv6_counts_as_one_address() -> None:
    assert (
        counted_as("2001:db8:1:2::7") == counted_as("2001:db8:1:2:ffff::1") == "2001:db8:1:2::/64"
    )
    assert counted_as("::ffff:203.0.113.7") == "203.0.113.7"
    assert counted_as("none of it") == "unknown"


@pytest.mark.rule("SEC-13")
@pytest.mark.parametrize("kind", ["redis", "database"])
@pytest.mark.django_db(transaction=True)
def test_tries_at_the_same_moment_are_all_counted(kind: str, request: Any) -> None:
    if kind == "database":
        request.getfixturevalue("_no_redis")
    through: list[int] = []
    threads = [
        threading.Thread(
            target=lambda: (through.append(tries("door", 4, account="many")), connection.close())
        )
        for _ in range(4)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(through) == 3


@pytest.mark.rule("SEC-13")
@pytest.mark.django_db
@pytest.mark.usefixtures("_no_redis")
def test_without_redis_entrances_are_counted_in_the_database_and_bets_go_on() -> None:
    assert tries("door", 5, account="ann", ip="203.0.113.7") == 3
    assert tries("bet", 2, account="ann") == 2
    # Another process knows of the door's tries, as they are kept; of the bets' it does not.
    rate_limits.forget()
    assert tries("door", 1, account="ann") == 0
    assert tries("bet", 3, account="ann") == 3


@pytest.mark.rule("SEC-13")
@pytest.mark.django_db
def test_pages_count_by_the_table(client: Client, player: Player, settings: Any) -> None:
    settings.RATE_LIMITED_ROUTES = table.RATE_LIMITED_ROUTES
    settings.RATE_LIMITS = settings.RATE_LIMITS | {
        "exchange": {"account": "1/minute"},
        "search": {"ip": "1/minute", "reads": "yes"},
    }
    client.force_login(player.user)

    first, second = (client.post("/wallet/exchange/quote/", {}) for _ in range(2))
    reads = [client.get("/search/?q=a").status_code for _ in range(2)]

    assert first.status_code != 429
    assert (second.status_code, reads) == (429, [200, 429])
    assert 1 <= int(second.headers["Retry-After"]) <= 60
    assert client.get("/wallet/exchange/").status_code == 200


@pytest.mark.rule("SEC-13")
def test_every_action_of_the_table_is_used_and_every_route_exists() -> None:
    assert set(table.RATE_LIMITED_ROUTES) <= names()
    used = {*table.RATE_LIMITED_ROUTES.values(), *table.RATE_LIMITED_SUFFIXES.values()}
    code = "".join(file.read_text() for file in Path("apps").rglob("*.py"))
    assert {name for name in set(table.RATE_LIMITS) - used if f'"{name}"' not in code} == set()
    for action in table.RATE_LIMITS:
        rate_limits.check(action, account=1, ip="203.0.113.9")
