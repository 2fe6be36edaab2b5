"""Working on breaks: who has it, what it is, how it ended. Every step is in the audit trail."""

from django.db import transaction

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.clock import now
from apps.core.errors import Forbidden, InvalidInput, NotFound
from apps.treasury.errors import BreakClosed
from apps.treasury.models import Break

State = Break.State
REASON_MAX = 500


@transaction.atomic
def assign(public_id: str, *, to: User, by: User) -> Break:
    """Give a break to somebody who may work on it. Raises NotFound, BreakClosed, Forbidden."""
    _permit(by, "treasury.assign_break")
    if not to.is_active or not to.has_perm("treasury.assign_break"):
        raise InvalidInput(fields={"owner": "They cannot work on breaks."})
    found = _pending(public_id)
    before = _shown(found)
    found.owner = to
    if found.state == State.OPEN:
        found.state = State.ASSIGNED
    found.save(update_fields=["owner", "state"])
    audit.record("break.assigned", actor=by, subject=found, before=before, after=_shown(found))
    return found


@transaction.atomic
def explain(public_id: str, *, by: User, reason: str) -> Break:
    """Say why it differs. It stays in the queue until the difference is gone or settled.

    Raises NotFound, BreakClosed, Forbidden, InvalidInput.
    """
    return _say(public_id, State.EXPLAINED, "break.explained", by=by, reason=reason)


@transaction.atomic
def resolve(public_id: str, *, by: User, reason: str) -> Break:
    """Close it for good: a person has put it right elsewhere, or it will stay so.

    No money moves here; a correction is an adjustment by two people. If the difference changes
    later it opens anew. Raises NotFound, BreakClosed, Forbidden, InvalidInput.
    """
    return _say(public_id, State.RESOLVED, "break.resolved", by=by, reason=reason)


def _say(public_id: str, state: str, action: str, *, by: User, reason: str) -> Break:
    _permit(by, "treasury.resolve_break")
    text = reason.strip()
    if not text or len(text) > REASON_MAX:
        raise InvalidInput(fields={"reason": f"Say why, in up to {REASON_MAX} characters."})
    found = _pending(public_id)
    before = _shown(found)
    found.state = state
    found.reason = text
    found.owner = found.owner or by
    if state == State.RESOLVED:
        found.closed_by, found.closed_at = by, now()
    found.save(update_fields=["state", "reason", "owner", "closed_by", "closed_at"])
    audit.record(action, actor=by, subject=found, before=before, after=_shown(found), reason=text)
    return found


def _pending(public_id: str) -> Break:
    found = Break.objects.select_for_update().filter(public_id=public_id).first()
    if found is None:
        raise NotFound
    if not found.is_pending:
        raise BreakClosed
    return found


def _permit(by: User, permission: str) -> None:
    if not by.has_perm(permission):
        raise Forbidden


def _shown(row: Break) -> dict[str, object]:
    return {"state": row.state, "owner": row.owner_id, "reason": row.reason}
