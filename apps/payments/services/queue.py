"""Looking after the queue: who has a case, until when, and what time alone decides."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from apps.accounts.models import User
from apps.audit import services as audit
from apps.audit.alarms import raise_alarm
from apps.core.clock import now
from apps.core.errors import Forbidden, InvalidInput, NotFound
from apps.payments.errors import AlreadyDecided, CaseTaken, OwnRequest
from apps.payments.history import add_step
from apps.payments.models import PaymentStep, Withdrawal
from apps.payments.services.withdrawals import REASON_MAX, approve_by_rule

State = Withdrawal.State
Holder = PaymentStep.Holder
BATCH = 100


@transaction.atomic
def take(withdrawal: Withdrawal, by: User, *, over: bool = False) -> Withdrawal:
    """Make a case one's own. over: take it from whoever has it, on the record.

    Raises AlreadyDecided, CaseTaken, OwnRequest, Forbidden.
    """
    locked = _waiting(withdrawal, by)
    if locked.assigned_to_id == by.pk:
        return locked
    before = locked.assigned_to
    if before is not None and not over:
        raise CaseTaken
    locked.assigned_to, locked.assigned_at = by, now()
    locked.save(update_fields=["assigned_to", "assigned_at"])
    audit.record(
        "withdrawal.taken",
        actor=by,
        subject=locked,
        before={"assigned_to": str(before) if before else ""},
        after={"assigned_to": str(by)},
    )
    return locked


@transaction.atomic
def give_back(withdrawal: Withdrawal, by: User) -> Withdrawal:
    """Leave a case of one's own to the others. Raises AlreadyDecided, CaseTaken."""
    locked = _waiting(withdrawal, by)
    if locked.assigned_to_id is None:
        return locked
    if locked.assigned_to_id != by.pk:
        raise CaseTaken
    locked.assigned_to = locked.assigned_at = None
    locked.save(update_fields=["assigned_to", "assigned_at"])
    audit.record(
        "withdrawal.given_back",
        actor=by,
        subject=locked,
        before={"assigned_to": str(by)},
        after={"assigned_to": ""},
    )
    return locked


@transaction.atomic
def hold(withdrawal: Withdrawal, by: User, reason: str) -> Withdrawal:
    """Promise the player a later time, once, with a reason and an owner.

    Raises AlreadyDecided, CaseTaken, InvalidInput.
    """
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Give a reason."})
    locked = _waiting(withdrawal, by)
    if locked.assigned_to_id not in (None, by.pk):
        raise CaseTaken
    latest = (locked.held_until or locked.created_at) + timedelta(
        hours=settings.WITHDRAWAL_HOLD_HOURS
    )
    if locked.decide_by is not None and locked.decide_by >= latest:
        raise InvalidInput("This was put on hold already. Decide it now.")
    before = locked.decide_by
    locked.decide_by, locked.overdue_at = latest, None
    locked.assigned_to, locked.assigned_at = by, now()
    locked.save(update_fields=["decide_by", "overdue_at", "assigned_to", "assigned_at"])
    audit.record(
        "withdrawal.held",
        actor=by,
        subject=locked,
        before={"decide_by": before.isoformat() if before else ""},
        after={"decide_by": latest.isoformat()},
        reason=reason.strip()[:REASON_MAX],
    )
    add_step(locked, Holder.TEAM, "We need more time for a closer look", until=latest)
    return locked


def watch(*, at: datetime | None = None) -> int:
    """End the waits of new addresses, and raise an alarm for what is overdue; how many."""
    at = at or now()
    waited = Withdrawal.objects.filter(state=State.REQUESTED, held_until__lte=at)
    overdue = Withdrawal.objects.filter(state=State.REQUESTED, decide_by__lt=at, overdue_at=None)
    done = 0
    for pk in list(waited.order_by("id").values_list("pk", flat=True)[:BATCH]):
        done += _end_wait(pk, at)
    for pk in list(overdue.order_by("id").values_list("pk", flat=True)[:BATCH]):
        done += _overdue(pk, at)
    return done


@transaction.atomic
def _end_wait(pk: int, at: datetime) -> bool:
    found = _locked(pk)
    if found is None or found.held_until is None or found.held_until > at:
        return False
    found.held_until = None
    found.save(update_fields=["held_until"])
    add_step(found, Holder.TEAM, "The wait for the new address is over", until=found.decide_by)
    approve_by_rule(found, at=at)
    return True


@transaction.atomic
def _overdue(pk: int, at: datetime) -> bool:
    found = _locked(pk)
    if found is None or found.overdue_at or found.decide_by is None or found.decide_by >= at:
        return False
    found.overdue_at = at
    found.save(update_fields=["overdue_at"])
    raise_alarm(
        "withdrawal.undecided",
        subject=found.public_id,
        message=f"Withdrawal {found.public_id} was promised a decision by {found.decide_by:%H:%M}"
        f" UTC and waits; it is with {found.assigned_to or 'nobody'}.",
    )
    return True


def _locked(pk: int) -> Withdrawal | None:
    return (
        Withdrawal.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("rail", "player", "assigned_to")
        .filter(pk=pk, state=State.REQUESTED)
        .first()
    )


def _waiting(withdrawal: Withdrawal, by: User) -> Withdrawal:
    if not by.is_staff:
        raise Forbidden
    if by.pk == withdrawal.player_id:
        raise OwnRequest
    locked = (
        Withdrawal.objects.select_for_update(of=("self",))
        .select_related("assigned_to", "rail", "player")
        .filter(pk=withdrawal.pk)
        .first()
    )
    if locked is None:
        raise NotFound
    if locked.state != State.REQUESTED:
        raise AlreadyDecided
    return locked
