"""Raise and resolve alarms."""

from django.db import connection, models, transaction

from apps.audit import services
from apps.audit.models import Alarm
from apps.core.clock import now
from apps.core.errors import InvalidInput, NotFound


def raise_alarm(code: str, *, message: str, subject: str = "", severity: str = "warning") -> None:
    """Open an alarm, or count one more on the open one of the same code and subject."""
    at = now()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO audit_alarm(code, subject, message, severity, count, opened_at, seen_at, note)
            VALUES (%s, %s, %s, %s, 1, %s, %s, '')
            ON CONFLICT (code, subject) WHERE resolved_at IS NULL
            DO UPDATE SET count = audit_alarm.count + 1, seen_at = EXCLUDED.seen_at,
                          message = EXCLUDED.message
            """,
            [code, subject[:160], message, severity, at, at],
        )


@transaction.atomic
def resolve_alarm(alarm_id: int, *, by: models.Model, note: str) -> Alarm:
    """Close an alarm with a word on what was found. Raises NotFound, InvalidInput."""
    alarm = Alarm.objects.select_for_update().filter(pk=alarm_id, resolved_at=None).first()
    if alarm is None:
        raise NotFound
    if not note.strip():
        raise InvalidInput(fields={"note": "Say what was found and done."})
    alarm.resolved_at = now()
    alarm.resolved_by_id = by.pk
    alarm.note = note.strip()
    alarm.save(update_fields=["resolved_at", "resolved_by", "note"])
    services.record("alarm.resolved", actor=by, subject=alarm, reason=alarm.note)
    return alarm
