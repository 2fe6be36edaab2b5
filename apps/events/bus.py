"""Publish a fact in the transaction that made it true; handlers hear it after the commit.

`@handles(DepositConfirmed)` connects a function; each has its own delivery row, retries and fate.
Handlers may run twice and must not publish the event they handle.
"""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import structlog
from django.db import connection, models, transaction
from django.db.models import F

from apps.audit import services as audit
from apps.audit.alarms import raise_alarm
from apps.core.clock import now
from apps.core.errors import InvalidInput, NotFound
from apps.events.models import Delivery
from apps.events.models import Event as EventRow

log = structlog.get_logger()

TRIES_MAX = 8
BATCH = 200


@dataclass(frozen=True)
class Event:
    """Base of all events: frozen, named in the past tense, ids and plain values only."""


E = TypeVar("E", bound=Event)
Handler = Callable[[Any], None]
_handlers: dict[str, list[tuple[str, Handler]]] = {}
_types: dict[str, type[Event]] = {}


def handles(event_type: type[E]) -> Callable[[Callable[[E], None]], Callable[[E], None]]:
    """Connect a handler to an event type."""

    def connect(handler: Callable[[E], None]) -> Callable[[E], None]:
        name = f"{handler.__module__}.{handler.__qualname__}"
        _types[_name(event_type)] = event_type
        _handlers.setdefault(_name(event_type), []).append((name, handler))
        return handler

    return connect


def publish(event: Event) -> None:
    """Keep the event for its handlers. Raises RuntimeError outside a transaction."""
    if not connection.in_atomic_block:
        raise RuntimeError("An event is published in the transaction that made it true.")
    at = now()
    row = EventRow.objects.create(name=_name(type(event)), data=dataclasses.asdict(event), at=at)
    Delivery.objects.bulk_create(
        Delivery(event=row, handler=name, due_at=at) for name, _ in _handlers.get(row.name, ())
    )


def deliver_due(limit: int = BATCH) -> int:
    """Run the handlers that are due, each in its own transaction; how many were tried."""
    tried = 0
    while tried < limit and _deliver_one():
        tried += 1
    return tried


@transaction.atomic
def retry(delivery_id: int, *, by: models.Model, reason: str) -> Delivery:
    """Give a dead delivery new tries: a person has mended what was wrong.

    Raises NotFound, InvalidInput.
    """
    delivery = (
        Delivery.objects.select_for_update()
        .filter(pk=delivery_id, state=Delivery.State.DEAD)
        .first()
    )
    if delivery is None:
        raise NotFound
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Say why it is retried."})
    delivery.state = Delivery.State.WAITING
    delivery.tries = 0
    delivery.due_at = now()
    delivery.save(update_fields=["state", "tries", "due_at"])
    audit.record(
        "event.retried",
        actor=by,
        subject=delivery,
        before={"state": Delivery.State.DEAD},
        after={"state": Delivery.State.WAITING},
        reason=reason.strip(),
    )
    return delivery


def _deliver_one() -> bool:
    with transaction.atomic():
        delivery = (
            Delivery.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("event")
            .filter(state=Delivery.State.WAITING, due_at__lte=now())
            .order_by("due_at")
            .first()
        )
        if delivery is None:
            return False
        try:
            with transaction.atomic():
                _run(delivery)
                # A foreign key that points nowhere fails here, not at the delivery's own commit.
                connection.check_constraints()
        except Exception as error:  # noqa: BLE001 (a handler's failure is its own; see the row)
            _failed(delivery, error)
        else:
            delivery.state = Delivery.State.DONE
            delivery.done_at = now()
            delivery.save(update_fields=["state", "done_at"])
    return True


def _run(delivery: Delivery) -> None:
    name = delivery.event.name
    for handler_name, handler in _handlers.get(name, ()):
        if handler_name == delivery.handler:
            handler(_types[name](**delivery.event.data))
            return
    raise LookupError(f"No handler {delivery.handler} is connected.")


def _failed(delivery: Delivery, error: Exception) -> None:
    log.error("event.handler_failed", delivery=delivery.pk, handler=delivery.handler)
    tries = delivery.tries + 1
    dead = tries >= TRIES_MAX
    Delivery.objects.filter(pk=delivery.pk).update(
        tries=F("tries") + 1,
        error=f"{type(error).__name__}: {error}"[:2000],
        state=Delivery.State.DEAD if dead else Delivery.State.WAITING,
        due_at=now() + timedelta(seconds=2**tries),
    )
    if dead:
        raise_alarm(
            "event.dead", subject=delivery.handler, message=f"{delivery.event} was not handled."
        )


def _name(event_type: type[Event]) -> str:
    return f"{event_type.__module__}.{event_type.__qualname__}"
