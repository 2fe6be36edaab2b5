from typing import Any

import pytest
from django.db import connection
from django.test import Client

from apps.audit.alarms import raise_alarm

pytestmark = pytest.mark.django_db


def test_a_living_process_answers_without_a_database(
    client: Client, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        assert client.get("/healthz").content == b"ok"


def test_ready_when_everything_is_there(client: Client) -> None:
    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json() == {
        "database": True, "redis": True, "migrations": True, "clock": True,
    }  # fmt: skip


def test_not_ready_while_a_migration_is_missing(client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'wallet' OR app = 'ledger'")

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json() == {
        "database": True, "redis": True, "migrations": False, "clock": True,
    }  # fmt: skip


def test_metrics_count_what_is_open(client: Client) -> None:
    raise_alarm("test.alarm", message="Look.", severity="critical")

    text = client.get("/metrics").content.decode()

    assert 'casino_alarms_open{severity="critical"} 1.0' in text
    assert 'casino_inbox_messages{state="parked"} 0.0' in text
    assert "casino_ledger_unbalanced_currencies 0.0" in text
    assert 'casino_follower_lag_entries{follower="positions"}' in text
    assert "process_resident_memory_bytes" in text


@pytest.mark.parametrize(
    ("peer", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("10.1.2.3", {}, 200),
        ("8.8.4.4", {}, 403),
        # A proxy on the private network speaks for somebody who is not on it.
        ("10.1.2.3", {"X-Forwarded-For": "8.8.4.4"}, 403),
        ("not an address", {}, 403),
    ],
)
def test_metrics_are_for_private_peers(
    client: Client, peer: str, headers: dict[str, str], status: int
) -> None:
    assert client.get("/metrics", REMOTE_ADDR=peer, headers=headers).status_code == status


def test_with_a_token_only_the_token_counts(client: Client, settings: Any) -> None:
    settings.METRICS_TOKEN = "scrape-me"

    assert client.get("/metrics").status_code == 403
    assert client.get("/metrics", headers={"Authorization": "Bearer other"}).status_code == 403
    assert client.get("/metrics", headers={"Authorization": "Bearer scrape-me"}).status_code == 200
