"""Mails are forgotten when they are old, whatever became of them, but never unsent."""

from datetime import timedelta
from typing import Any

import pytest

from apps.accounts.models import Player
from apps.audit.models import Record
from apps.core.clock import now
from apps.messaging import retention
from apps.messaging.models import Mail, MailEvent

pytestmark = pytest.mark.django_db
State = Mail.State
KEPT = {State.QUEUED, State.SENDING, State.UNKNOWN}


def test_old_mails_go_with_their_reports_and_unsent_ones_stay(
    player: Player, settings: Any
) -> None:
    settings.MAIL_KEEP_DAYS = 400
    Mail.objects.all().delete()
    for state in State:
        mail = Mail.objects.create(
            stream=Mail.Stream.SECURITY,
            kind="deposit_confirmed",
            player=player,
            to_email="alice@example.com",
            subject="Your deposit",
            state=state,
            expires_at=now(),
        )
        MailEvent.objects.create(event_id=mail.public_id, mail=mail, kind="x", happened_at=now())

    assert retention.delete_old(at=now() + timedelta(days=399)) == 0
    gone = retention.delete_old(at=now() + timedelta(days=401))

    assert gone == len(State) - len(KEPT)
    assert set(Mail.objects.values_list("state", flat=True)) == KEPT
    assert MailEvent.objects.count() == len(KEPT)
    records = [one.after for one in Record.objects.filter(action="mails.deleted")]
    assert sum(one["count"] for one in records if one) == gone


def test_a_run_ends_after_its_batches(
    player: Player, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    Mail.objects.all().delete()
    for _ in range(5):
        Mail.objects.create(
            stream=Mail.Stream.SECURITY,
            kind="deposit_confirmed",
            to_email="alice@example.com",
            subject="Your deposit",
            state=State.DELIVERED,
            expires_at=now(),
        )
    later = now() + timedelta(days=settings.MAIL_KEEP_DAYS + 1)

    assert retention.delete_old(at=later, batches_max=2) == 4
    assert retention.delete_old(at=later) == 1
