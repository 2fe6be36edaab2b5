"""The switch that stops all payouts: pressed by a person, or by itself when something is wrong.

Only a person lets them go on. Stopped means that nothing new is sent, and that nothing whose
outcome is unknown is sent again; asking about what was sent before goes on, and so do callbacks.
"""

from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, Sum

from apps.accounts.models import User
from apps.audit import services as audit
from apps.audit.alarms import raise_alarm
from apps.core.clock import now
from apps.core.errors import Forbidden, InvalidInput
from apps.payments.errors import PayoutsNotStopped, PayoutsStopped
from apps.payments.models import PayoutIntent, PayoutStop, Withdrawal
from apps.rates import selectors as rates

Cause = PayoutStop.Cause
LOCK = 0x7061796F7574  # one of our own among PostgreSQL's advisory locks
HOUR = timedelta(hours=1)
AVERAGE_OF_AT_LEAST = 3
REASON_MAX = 255


def hold() -> None:
    """Let nobody else claim a payout, or turn the switch, until the commit."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def is_stopped() -> bool:
    return PayoutStop.objects.filter(resumed_at__isnull=True).exists()


def current() -> PayoutStop | None:
    return PayoutStop.objects.filter(resumed_at__isnull=True).first()


@transaction.atomic
def stop(*, by: User, reason: str) -> PayoutStop:
    """Stop all payouts. A call that is on its way already is not called back.

    Raises Forbidden, InvalidInput, PayoutsStopped.
    """
    if not by.has_perm("payments.begin_payoutstop"):
        raise Forbidden
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Say why payouts are stopped."})
    hold()
    if is_stopped():
        raise PayoutsStopped
    return _stop(Cause.STAFF, reason.strip(), by)


@transaction.atomic
def stop_by_itself(cause: str, reason: str, *, refs: list[str] | None = None) -> PayoutStop:
    """Stop all payouts because of what was found; once is enough.

    refs: the gateway's ids of payments that are not as they should be.
    """
    hold()
    found = current() or _stop(cause, reason, None)
    if new := [ref for ref in refs or [] if ref not in found.refs]:
        found.refs = [*found.refs, *new]
        found.save(update_fields=["refs"])
    return found


@transaction.atomic
def resume(*, by: User, reason: str) -> PayoutStop:
    """Let payouts go on; the limits of an hour begin anew. Raises Forbidden, InvalidInput,
    PayoutsNotStopped."""
    if not by.has_perm("payments.end_payoutstop"):
        raise Forbidden
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Say what was found and why it is safe."})
    hold()
    found = current()
    if found is None:
        raise PayoutsNotStopped
    found.resumed_at = now()
    found.resumed_by = by
    found.resume_reason = reason.strip()[:REASON_MAX]
    found.save()
    audit.record(
        "payouts.resumed",
        actor=by,
        subject=found,
        before={"cause": found.cause, "reason": found.reason},
        reason=found.resume_reason,
    )
    return found


def settled_refs() -> set[str]:
    """Payments that payouts were stopped for once, and that a person has looked at since."""
    lists = PayoutStop.objects.filter(resumed_at__isnull=False).exclude(refs=[])
    return {ref for refs in lists.values_list("refs", flat=True) for ref in refs}


def problem_with_pace(withdrawal: Withdrawal, value: Decimal | None) -> tuple[str, str] | None:
    """The cause and the words when one more payout is more than an hour may have.

    value: of the payout in the base currency. What left before the last resumption is not counted.
    """
    since = _window_start(now())
    past = PayoutIntent.objects.filter(at__gte=since).aggregate(
        count=Count("pk"), value=Sum("base_value")
    )
    count = past["count"] + 1
    total = (past["value"] or Decimal(0)) + (value or Decimal(0))
    base = settings.BASE_CURRENCY
    if settings.PAYOUT_HOUR_COUNT_MAX and count > settings.PAYOUT_HOUR_COUNT_MAX:
        return Cause.COUNT, f"{withdrawal.public_id} would be payout {count} of the hour."
    if settings.PAYOUT_HOUR_VALUE_MAX and total > settings.PAYOUT_HOUR_VALUE_MAX:
        words = f"With {withdrawal.public_id} the hour would have {total:.2f} {base}."
        return Cause.VALUE, words
    average = total / count
    limit = settings.PAYOUT_HOUR_AVERAGE_MAX
    if limit and count >= AVERAGE_OF_AT_LEAST and average > limit:
        words = f"With {withdrawal.public_id} the hour's average would be {average:.2f} {base}."
        return Cause.AVERAGE, words
    return None


def needs_value() -> bool:
    """Whether a limit is in force that cannot be kept without knowing what a payout is worth."""
    return bool(settings.PAYOUT_HOUR_VALUE_MAX or settings.PAYOUT_HOUR_AVERAGE_MAX)


def value_of(withdrawal: Withdrawal) -> Decimal | None:
    """In the base currency at a rate that may settle, or None."""
    worth = rates.base_value(withdrawal.money)
    return worth.major if worth is not None else None


def _window_start(at: datetime) -> datetime:
    resumed = (
        PayoutStop.objects.filter(resumed_at__isnull=False)
        .order_by("-resumed_at")
        .values_list("resumed_at", flat=True)
        .first()
    )
    return max(at - HOUR, resumed) if resumed else at - HOUR


def _stop(cause: str, reason: str, by: User | None) -> PayoutStop:
    made = PayoutStop.objects.create(
        cause=cause, reason=reason[:REASON_MAX], stopped_at=now(), stopped_by=by
    )
    audit.record(
        "payouts.stopped",
        actor=by or "system",
        subject=made,
        after={"cause": cause},
        reason=made.reason,
    )
    raise_alarm(
        "payouts.stopped",
        subject=str(cause),
        message=f"All payouts are stopped, {made.get_cause_display()}: {made.reason}",
        severity="critical",
    )
    return made
