"""Keep a callback, then act on it; what fails is tried again, then parked for a person.

A partner's `callbacks.py` registers how to act:

    @inbox.handler("coinspaid")
    def handle(message: InboxMessage) -> None: ...

The handler is safe to run twice: its services are keyed by the partner's own ids.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
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
        locked.save(update_fields=["state", "done_at", "due_at", "error"])
        return True


def retry_due(limit: int = BATCH) -> int:
    """Try again what is due; how many were tried."""
    due = InboxMessage.objects.filter(
        state__in=[InboxMessage.State.RECEIVED, InboxMessage.State.FAILED], due_at__lte=now()
    ).order_by("due_at")[:limit]
    count = 0
    for message in due:
        run(message)
        count += 1
    return count


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
