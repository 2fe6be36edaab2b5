"""Raw callbacks are deleted when they are done with and old; what waits for somebody never is."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.audit.models import Record
from apps.core.clock import now
from apps.integrations import inbox
from apps.integrations.models import InboxMessage
from apps.integrations.tasks import delete_old_messages
from casino.celery import app

pytestmark = pytest.mark.django_db

State = InboxMessage.State


def keep(state: State, *, days_old: float, at: datetime | None = None) -> InboxMessage:
    received_at = (at or now()) - timedelta(days=days_old)
    return InboxMessage.objects.create(
        partner="softswiss",
        kind="play",
        body=b"{}",
        state=state,
        received_at=received_at,
        done_at=received_at if state in {State.DONE, State.REFUSED} else None,
    )


def test_only_what_is_done_with_and_old_is_deleted(settings: Any) -> None:
    settings.INBOX_KEEP_DAYS = 400
    for state in State:
        keep(state, days_old=401)
    fresh = {keep(state, days_old=399).pk for state in State}

    assert inbox.delete_old() == 2

    left = InboxMessage.objects.exclude(pk__in=fresh).order_by("pk")
    assert [one.state for one in left] == ["received", "failed", "parked"]
    assert InboxMessage.objects.filter(pk__in=fresh).count() == len(State)


def test_a_deletion_is_written_down(settings: Any) -> None:
    first = keep(State.DONE, days_old=500)
    last = keep(State.DONE, days_old=450)

    inbox.delete_old()
    inbox.delete_old()

    found = Record.objects.get(action="callbacks.deleted")
    assert found.actor_label == "system"
    assert found.after["count"] == 2
    assert (found.after["first_id"], found.after["last_id"]) == (first.pk, last.pk)


def test_batches_go_on_until_all_is_gone_or_the_run_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "DELETE_BATCH", 2)
    for _ in range(7):
        keep(State.DONE, days_old=500)

    assert inbox.delete_old(batches_max=2) == 4
    assert inbox.delete_old() == 3
    assert InboxMessage.objects.count() == 0


def test_a_run_with_nothing_to_do_reads_one_batch_a_state(
    django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "DELETE_BATCH", 2)
    for _ in range(7):
        keep(State.DONE, days_old=1)

    # A savepoint, the batch, the savepoint's end; nothing is deleted, so nothing is recorded.
    with django_assert_num_queries(6):
        assert inbox.delete_old() == 0


def test_the_schedule_runs_it_nightly() -> None:
    keep(State.REFUSED, days_old=500)
    planned = app.conf.beat_schedule["delete old callbacks"]

    assert planned["task"] == delete_old_messages.name
    assert delete_old_messages() == 1
