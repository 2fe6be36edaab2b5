"""What people do about alerts: take one, clear it, confirm it, or open a case over it."""

from django.db import transaction

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.clock import now
from apps.core.errors import InvalidInput, NotFound
from apps.risk.errors import AlreadyDecided, OwnAccount
from apps.risk.models import Alert, Case
from apps.risk.services import cases, holds, standings

State = Alert.State
REASON_MAX = 500


@transaction.atomic
def take(public_id: str, *, by: User) -> Alert:
    """Say that one works on it. Raises NotFound, AlreadyDecided, OwnAccount."""
    alert = _open(public_id, by)
    before = alert.owner_id
    alert.owner = by
    alert.save(update_fields=["owner"])
    audit.record(
        "risk.alert_taken",
        actor=by,
        subject=alert,
        before={"owner": before},
        after={"owner": by.pk},
    )
    return alert


@transaction.atomic
def clear(public_id: str, *, by: User, reason: str) -> Alert:
    """There is nothing to it. Raises NotFound, AlreadyDecided, OwnAccount, InvalidInput."""
    return _decide(public_id, State.CLEARED, by, reason)


@transaction.atomic
def confirm(public_id: str, *, by: User, reason: str) -> Alert:
    """It is what it looks like; it counts for the class. Raises as `clear`."""
    return _decide(public_id, State.CONFIRMED, by, reason)


@transaction.atomic
def open_case(public_id: str, *, by: User, reason: str, kind: str, holds_money: bool) -> Case:
    """Look deeper: the alert is confirmed and a case goes on from it. Raises as `clear`."""
    alert = _open(public_id, by)
    case = cases.open_by_hand(
        alert.player_id, kind=kind, reason=f"{alert.words} {reason.strip()}", by=by,
        holds_money=holds_money,
    )  # fmt: skip
    alert.case = case
    alert.save(update_fields=["case"])
    _decide(public_id, State.CONFIRMED, by, reason)
    return case


def _decide(public_id: str, state: str, by: User, reason: str) -> Alert:
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Give a reason."})
    alert = _open(public_id, by)
    alert.state = state
    alert.decided_at, alert.decided_by = now(), by
    alert.decision = reason.strip()[:REASON_MAX]
    alert.save(update_fields=["state", "decided_at", "decided_by", "decision"])
    audit.record(
        f"risk.alert_{state}",
        actor=by,
        subject=alert,
        before={"state": State.OPEN},
        after={"state": state, "rule": alert.code, "player": alert.player_id},
        reason=alert.decision,
    )
    if not alert.is_shadow:
        holds.sync(alert.player_id, actor=by)
        standings.work_out(alert.player_id)
    return alert


def _open(public_id: str, by: User) -> Alert:
    alert = Alert.objects.select_for_update(of=("self",)).filter(public_id=public_id).first()
    if alert is None:
        raise NotFound
    if not alert.is_open:
        raise AlreadyDecided
    if alert.player_id == by.pk:
        raise OwnAccount
    return alert
