"""The register of breaches: what happened, who was told, and the 72 hours of those about people."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from apps.accounts.models import User
from apps.audit import services as audit
from apps.audit.alarms import raise_alarm
from apps.core.clock import now
from apps.core.errors import InvalidInput, NotFound
from apps.risk.errors import AlreadyDecided
from apps.risk.models import Breach, BreachNote
from apps.risk.models.breaches import NOTIFY_WITHIN

Kind = Breach.Kind
TEXT_MAX, REFERENCE_MAX = 8_000, 120
# An alarm comes this long before the clock runs out, while there is still time to write.
WARN_BEFORE = timedelta(hours=24)


@dataclass(frozen=True)
class Discovery:
    kind: str
    title: str
    happened: str
    discovered_at: datetime
    people_count: int = 0


@transaction.atomic
def register(found: Discovery, *, by: User) -> Breach:
    """Write a breach down. The clock runs from its discovery. Raises InvalidInput."""
    at = now()
    if found.kind not in Kind.values:
        raise InvalidInput(fields={"kind": "Choose one of the list."})
    if not found.title.strip() or len(found.title) > 160:
        raise InvalidInput(fields={"title": "Write up to 160 characters."})
    if not found.happened.strip() or len(found.happened) > TEXT_MAX:
        raise InvalidInput(fields={"happened": f"Write up to {TEXT_MAX} characters."})
    if found.discovered_at > at:
        raise InvalidInput(fields={"discovered_at": "That is in the future."})
    if found.people_count < 0:
        raise InvalidInput(fields={"people_count": "Enter zero or more."})
    is_personal = found.kind == Kind.PERSONAL_DATA
    breach = Breach.objects.create(
        kind=found.kind, title=found.title.strip(), happened=found.happened.strip(),
        people_count=found.people_count, discovered_at=found.discovered_at,
        notify_by=found.discovered_at + NOTIFY_WITHIN if is_personal else None,
        registered_by=by, registered_at=at,
    )  # fmt: skip
    audit.record(
        "breach.registered",
        actor=by,
        subject=breach,
        after={
            "kind": breach.kind,
            "discovered_at": breach.discovered_at.isoformat(),
            "notify_by": breach.notify_by.isoformat() if breach.notify_by else None,
        },
    )
    return breach


@transaction.atomic
def add_note(public_id: str, *, text: str, by: User) -> BreachNote:
    """Raises NotFound, AlreadyDecided, InvalidInput."""
    breach = _open(public_id)
    text = _required(text, "text", TEXT_MAX)
    note = BreachNote.objects.create(breach=breach, text=text, by=by, at=now())
    audit.record("breach.note", actor=by, subject=breach, after={"note": note.pk})
    return note


@transaction.atomic
def notified(public_id: str, *, reference: str, by: User) -> Breach:
    """The authority knows; its number. Raises NotFound, AlreadyDecided, InvalidInput."""
    breach = _open(public_id)
    if breach.notified_at is not None:
        raise AlreadyDecided
    breach.notified_ref = _required(reference, "reference", REFERENCE_MAX)
    breach.notified_at = now()
    breach.save(update_fields=["notified_at", "notified_ref"])
    return _recorded(breach, "breach.notified", by, breach.notified_ref)


@transaction.atomic
def not_notified(public_id: str, *, reason: str, by: User) -> Breach:
    """Why the authority is not told: no risk to people, say. Raises as `notified`."""
    breach = _open(public_id)
    if breach.notified_at is not None:
        raise AlreadyDecided
    breach.not_notified_because = _required(reason, "reason", 500)
    breach.save(update_fields=["not_notified_because"])
    return _recorded(breach, "breach.not_notified", by, breach.not_notified_because)


@transaction.atomic
def people_told(public_id: str, *, reason: str, by: User) -> Breach:
    """Whose data it was knows; how they were told. Raises as `notified`."""
    breach = _open(public_id)
    how = _required(reason, "reason", 500)
    breach.people_told_at = now()
    breach.save(update_fields=["people_told_at"])
    return _recorded(breach, "breach.people_told", by, how)


@transaction.atomic
def close(public_id: str, *, reason: str, by: User) -> Breach:
    """Nothing more is to do. Not while its clock runs. Raises as `notified`."""
    breach = _open(public_id)
    text = _required(reason, "reason", 500)
    if breach.waits_for_notice:
        raise InvalidInput(
            fields={"reason": "First tell the authority, or say why it is not told."}
        )
    breach.closed_at = now()
    breach.save(update_fields=["closed_at"])
    return _recorded(breach, "breach.closed", by, text)


def watch() -> int:
    """Clocks that are about to run out, or have: an alarm each."""
    at, done = now(), 0
    waiting = Breach.objects.filter(
        notified_at=None, not_notified_because="", notify_by__lte=at + WARN_BEFORE, closed_at=None
    )
    for breach in waiting.order_by("notify_by")[:100]:
        is_over = breach.notify_by is not None and breach.notify_by <= at
        if is_over and breach.late_at is None:
            Breach.objects.filter(pk=breach.pk).update(late_at=at)
        raise_alarm(
            "breach.late" if is_over else "breach.clock",
            subject=breach.public_id,
            message=(
                f"The 72 hours of {breach.public_id} "
                + ("are over." if is_over else f"end on {breach.notify_by:%-d %b %H:%M} UTC.")
            ),
            severity="critical",
        )
        done += 1
    return done


def _recorded(breach: Breach, action: str, by: User, reason: str) -> Breach:
    audit.record(action, actor=by, subject=breach, reason=reason)
    return breach


def _open(public_id: str) -> Breach:
    breach = Breach.objects.select_for_update().filter(public_id=public_id).first()
    if breach is None:
        raise NotFound
    if breach.closed_at is not None:
        raise AlreadyDecided
    return breach


def _required(text: str, field: str, length_max: int) -> str:
    text = text.strip()
    if not text or len(text) > length_max:
        raise InvalidInput(fields={field: f"Write up to {length_max} characters."})
    return text
