"""Keep a callback, then act on it; what fails is tried again, then parked for a person.

What is done with is deleted after `INBOX_KEEP_DAYS`.

A partner's `callbacks.py` registers how to act:

    @inbox.handler("coinspaid")
    def handle(message: InboxMessage) -> None: ...

The handler is safe to run twice: its services are keyed by the partner's own ids.
"""

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from importlib import import_module

import structlog
from django.conf import settings
from django.db import connection, models, transaction

from apps.audit import services as audit
from apps.audit.alarms import raise_alarm
from apps.core.clock import now
from apps.core.errors import InvalidInput, NotFound
from apps.integrations.models import InboxMessage

log = structlog.get_logger()

TRIES_MAX = 8
BATCH = 100
# For how long one worker works off a backlog; then the next turn begins.
DRAIN_SECONDS = 60
DRAIN_LOCK = 0x696E626F  # one of our own among PostgreSQL's advisory locks
DELETE_BATCH = 1_000
DELETE_BATCHES_MAX = 200
# A message that was kept but whose process died before acting is picked up after this long.
ORPHAN_SECONDS = 15
SECRET_HEADERS = {"authorization", "cookie", "x-request-sign", "x-processing-signature"}

Handler = Callable[[InboxMessage], None]
_handlers: dict[str, Handler] = {}


def handler(partner: str) -> Callable[[Handler], Handler]:
    def connect(function: Handler) -> Handler:
        _handlers[partner] = function
        return function

    return connect


def receive(
    partner: str,
    kind: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    outside_ref: str = "",
) -> InboxMessage:
    """Keep a message whose signature was right. Committed on its own before anything happens."""
    at = now()
    return InboxMessage.objects.create(
        partner=partner,
        kind=kind,
        outside_ref=outside_ref[:255],
        headers=_shown(headers),
        body=body,
        received_at=at,
        due_at=at + timedelta(seconds=ORPHAN_SECONDS),
    )


def refuse(
    partner: str, kind: str, body: bytes, headers: Mapping[str, str], *, error: str, status: int
) -> None:
    """Keep a message that was refused at the door, for whoever asks why."""
    at = now()
    InboxMessage.objects.create(
        partner=partner,
        kind=kind,
        headers=_shown(headers),
        body=body,
        state=InboxMessage.State.REFUSED,
        answer_status=status,
        error=error,
        received_at=at,
        done_at=at,
    )


def keep_answered(
    partner: str,
    kind: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    outside_ref: str,
    answer: bytes,
) -> None:
    """Keep a call that only asked something, with what it was told."""
    at = now()
    InboxMessage.objects.create(
        partner=partner,
        kind=kind,
        outside_ref=outside_ref[:255],
        headers=_shown(headers),
        body=body,
        state=InboxMessage.State.DONE,
        answer_status=200,
        answer=answer,
        received_at=at,
        done_at=at,
    )


def run(message: InboxMessage) -> bool:
    """Act on a message now; True when it is done. A failure is kept with it, never raised."""
    with transaction.atomic():
        locked = (
            InboxMessage.objects.select_for_update()
            .filter(
                pk=message.pk,
                state__in=[InboxMessage.State.RECEIVED, InboxMessage.State.FAILED],
            )
            .first()
        )
        if locked is None:
            return InboxMessage.objects.filter(
                pk=message.pk, state=InboxMessage.State.DONE
            ).exists()
        try:
            with transaction.atomic():
                _handlers[locked.partner](locked)
                # A foreign key that points nowhere fails here, not at the message's own commit.
                connection.check_constraints()
        except Exception as error:
            log.exception("inbox.failed", message=locked.pk, partner=locked.partner)
            _failed(locked, error)
            return False
        locked.state = InboxMessage.State.DONE
        locked.done_at = now()
        locked.due_at = None
        locked.error = ""
        # A handler whose partner waits for more than a yes leaves its answer on the message.
        locked.save(
            update_fields=["state", "done_at", "due_at", "error", "answer_status", "answer"]
        )
        return True


def drain(seconds: float = DRAIN_SECONDS) -> int:
    """Try again all that is due, in the order it came, one worker at a time; how many were tried.

    After an outage thousands wait. New calls do not: they are acted on at the door.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, 0)", [DRAIN_LOCK])
        if not cursor.fetchone()[0]:
            return 0
    ends, count = time.monotonic() + seconds, 0
    try:
        while time.monotonic() < ends and (tried := retry_due()):
            count += tried
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, 0)", [DRAIN_LOCK])
    return count


def retry_due(limit: int = BATCH) -> int:
    """Try again what is due; how many were tried."""
    due = InboxMessage.objects.filter(
        state__in=[InboxMessage.State.RECEIVED, InboxMessage.State.FAILED], due_at__lte=now()
    ).order_by("due_at", "pk")[:limit]
    count = 0
    for message in due:
        run(message)
        count += 1
    return count


def delete_old(*, at: datetime | None = None, batches_max: int = DELETE_BATCHES_MAX) -> int:
    """Delete what is done or was refused and is older than `INBOX_KEEP_DAYS`; how many.

    What failed or is parked stays for as long as somebody has to look at it. Each batch is a
    transaction of its own; what is left after `batches_max` waits for the next run.
    """
    before = (at or now()) - timedelta(days=settings.INBOX_KEEP_DAYS)
    count = 0
    for state in (InboxMessage.State.DONE, InboxMessage.State.REFUSED):
        for _ in range(batches_max):
            deleted = _delete_batch(state, before)
            count += deleted
            if deleted < DELETE_BATCH:
                break
    return count


@transaction.atomic
def _delete_batch(state: InboxMessage.State, before: datetime) -> int:
    # Ids follow the time of receipt: the oldest of a state are at one end of its index, and a run
    # that finds nothing to delete reads one batch, not the table.
    oldest = InboxMessage.objects.filter(state=state).order_by("id")[:DELETE_BATCH]
    ids = [
        pk for pk, received_at in oldest.values_list("pk", "received_at") if received_at < before
    ]
    # Asked again under the row's lock: it may have been put back to work in between.
    deleted, _ = InboxMessage.objects.filter(pk__in=ids, state=state).delete()
    if deleted:
        audit.record(
            "callbacks.deleted",
            actor="system",
            after={
                "state": str(state),
                "count": deleted,
                "received_before": before.isoformat(),
                "first_id": ids[0],
                "last_id": ids[-1],
            },
        )
    return deleted


@transaction.atomic
def replay(message_id: int, *, by: models.Model, reason: str) -> InboxMessage:
    """Put a parked or done message back to work. Effects are keyed, so none happens twice."""
    message = (
        InboxMessage.objects.select_for_update()
        .filter(pk=message_id)
        .exclude(state=InboxMessage.State.REFUSED)
        .first()
    )
    if message is None:
        raise NotFound
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Say why it is replayed."})
    before = message.state
    message.state = InboxMessage.State.FAILED
    message.tries = 0
    message.due_at = now()
    message.save(update_fields=["state", "tries", "due_at"])
    audit.record(
        "callback.replayed",
        actor=by,
        subject=message,
        before={"state": before},
        after={"state": message.state},
        reason=reason.strip(),
    )
    return message


def load_handlers() -> None:
    for module in settings.INBOX_HANDLER_MODULES:
        import_module(module)


def _failed(message: InboxMessage, error: Exception) -> None:
    message.tries += 1
    message.error = f"{type(error).__name__}: {error}"[:2000]
    parked = message.tries >= TRIES_MAX
    message.state = InboxMessage.State.PARKED if parked else InboxMessage.State.FAILED
    message.due_at = None if parked else now() + timedelta(seconds=2**message.tries)
    message.save(update_fields=["tries", "error", "state", "due_at"])
    if parked:
        raise_alarm(
            "callback.parked",
            subject=f"{message.partner} {message.pk}",
            message=f"A {message.partner} callback failed {TRIES_MAX} times: {message.error}",
            severity="critical",
        )


def _shown(headers: Mapping[str, str]) -> dict[str, str]:
    return {
        name: "(kept out)" if name.lower() in SECRET_HEADERS else value
        for name, value in headers.items()
    }
