"""Emergency access: rights of a role nobody holds, for hours, when who should act cannot be reached.

One person on duty asks, another role approves (acts.py), everybody sees an alarm. It ends by the
clock: before every click of whoever has it, and by a task for those who click no more.
"""

from datetime import timedelta

from django.contrib.auth.models import Group
from django.db import transaction

from apps.accounts.models import User
from apps.audit import services as audit
from apps.audit.alarms import raise_alarm
from apps.core.clock import now
from apps.core.errors import NotFound
from apps.operator import roles
from apps.operator.errors import EmergencyOpen
from apps.operator.models import EmergencyAccess

HOURS_MAX = 4
BATCH = 100


@transaction.atomic
def open_access(*, user_id: int, hours: int, given_by: User, reason: str) -> EmergencyAccess:
    """Let somebody in until the hours are over. Raises NotFound, EmergencyOpen."""
    user = User.objects.select_for_update().filter(pk=user_id, is_staff=True, is_active=True)
    found = user.first()
    if found is None:
        raise NotFound
    if standing(found.pk) is not None:
        raise EmergencyOpen
    at = now()
    opened = EmergencyAccess.objects.create(
        user=found,
        given_by=given_by,
        reason=reason[:500],
        opened_at=at,
        until=at + timedelta(hours=min(hours, HOURS_MAX)),
    )
    found.groups.add(_group())
    audit.record(
        "emergency.opened",
        actor=given_by,
        subject=found,
        after={"until": opened.until.isoformat(timespec="seconds")},
        reason=reason,
    )
    raise_alarm(
        "staff.emergency_access",
        subject=found.email,
        message=f"{found.email} has emergency access until {opened.until:%H:%M} UTC: {reason}",
        severity="critical",
    )
    return opened


@transaction.atomic
def end(access_id: int, *, by: User | str, reason: str) -> bool:
    """Take it away again; False when it was over already."""
    access = (
        EmergencyAccess.objects.select_for_update()
        .select_related("user")
        .filter(pk=access_id, ended_at=None)
        .first()
    )
    if access is None:
        return False
    access.ended_at = now()
    access.ended_by = str(by)[:160]
    access.save(update_fields=["ended_at", "ended_by"])
    access.user.groups.remove(_group())
    audit.record("emergency.ended", actor=by, subject=access.user, reason=reason)
    return True


def end_due(user_id: int | None = None) -> int:
    """End what is past its time; of one person, or of all."""
    due = EmergencyAccess.objects.filter(ended_at=None, until__lte=now())
    if user_id is not None:
        due = due.filter(user_id=user_id)
    return sum(
        end(pk, by="system", reason="The time was over.")
        for pk in list(due.values_list("pk", flat=True)[:BATCH])
    )


def standing(user_id: int) -> EmergencyAccess | None:
    return EmergencyAccess.objects.filter(user_id=user_id, ended_at=None).first()


def _group() -> Group:
    return Group.objects.get(name=roles.EMERGENCY)
