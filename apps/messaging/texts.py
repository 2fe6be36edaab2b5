"""Text messages: written with the act they tell of, sent after it, each worth sending for a while.

A try is committed before the gateway is called, outside any transaction. An answer that is missing is
tried again: what we send by text is short-lived, and twice is better than not at all.
"""

from datetime import datetime, timedelta

import structlog
from django.db import transaction

from apps.core import secrets
from apps.core.clock import now
from apps.integrations.errors import ProviderError
from apps.messaging.models import Text
from apps.messaging.providers.base import SendReport, ShortText, Verdict
from apps.messaging.providers.registry import text_carrier

log = structlog.get_logger()

State = Text.State
BATCH = 50
TRIES_MAX = 6
BACKOFF_SECONDS = 10
NOTICE = timedelta(days=1)
TEXT_MAX = 300


def queue(
    *, to: str, kind: str, text: str, player_id: int | None, expires_at: datetime | None = None
) -> Text:
    """Write a message in the caller's transaction."""
    at = now()
    row = Text(
        player_id=player_id,
        kind=kind,
        to_number=to,
        due_at=at,
        expires_at=expires_at or at + NOTICE,
    )
    with transaction.atomic():
        row.save()
        row.body = secrets.seal(text[:TEXT_MAX], place=_place(row))
        row.save(update_fields=["body"])
    return row


def send_due(limit: int = BATCH) -> int:
    """Send what is due; how many messages were touched."""
    count = 0
    while count < limit and (row := _claim()) is not None:
        count += 1
        if row.state == State.QUEUED:
            _try(row)
    return count


@transaction.atomic
def _claim() -> Text | None:
    at = now()
    row = (
        Text.objects.select_for_update(skip_locked=True)
        .filter(state=State.QUEUED, due_at__lte=at)
        .order_by("due_at")
        .first()
    )
    if row is None:
        return None
    if row.expires_at <= at or row.tries >= TRIES_MAX:
        state = State.EXPIRED if row.expires_at <= at else State.FAILED
        _close(row, state, row.error)
        return row
    row.tries += 1
    row.due_at = at + timedelta(seconds=BACKOFF_SECONDS * 2 ** (row.tries - 1))
    row.save(update_fields=["tries", "due_at"])
    return row


def _try(row: Text) -> None:
    try:
        text = secrets.unseal(row.body or b"", place=_place(row))
        message = ShortText(reference=row.public_id, to=row.to_number, text=text)
        report = text_carrier().send(message)
    except ProviderError as error:
        # It stays queued, and is due again later.
        Text.objects.filter(pk=row.pk).update(error=str(error)[:200])
        return
    except secrets.SealBroken:
        report = SendReport(Verdict.REFUSED, error="Its sealed body cannot be opened.")
    with transaction.atomic():
        if report.verdict == Verdict.ACCEPTED:
            _close(row, State.SENT, "")
        elif report.verdict == Verdict.LATER:
            Text.objects.filter(pk=row.pk).update(error=report.error[:200])
        else:
            log.warning("text.refused", reference=row.public_id, error=report.error)
            _close(row, State.FAILED, report.error)


def _close(row: Text, state: str, error: str) -> None:
    row.state, row.body, row.due_at, row.error = state, None, None, error[:200]
    row.save(update_fields=["state", "body", "due_at", "error"])


def _place(row: Text) -> str:
    return secrets.place_of(row, "body", "public_id")
