"""Whether a payout may leave, worked out again from the ledger and the approvals alone.

The row of the withdrawal is not believed: whoever can change a row could have made it. What it says
must be what the journal reserved for it, what people or a rule agreed to, and what the audit trail
recorded of that.
"""

from dataclasses import dataclass
from decimal import Decimal

from django.db import connection

from apps.audit.models import Record
from apps.audit.trail import is_genuine
from apps.ledger.models import Kind, Purse
from apps.ledger.verification import verify_wallet
from apps.payments.models import Approval, Withdrawal

BY_RULE = "withdrawal.approved_by_rule"
AGREED = ["withdrawal.approved", "withdrawal.approved_first", BY_RULE]
OPEN = [
    Withdrawal.State.REQUESTED,
    Withdrawal.State.APPROVED,
    Withdrawal.State.SENDING,
    Withdrawal.State.SENT,
]


def problem(withdrawal: Withdrawal) -> str:
    """Why it must not be sent; empty when ledger and approvals carry it."""
    return _ledger_problem(withdrawal) or _approval_problem(withdrawal)


@dataclass(frozen=True)
class Reserve:
    """What the journal says about the reserve of one withdrawal, at one moment.

    set_aside: by its own key. left: of that, after everything that was booked for it. owed: by all
    open withdrawals of this player and currency.
    """

    wallet_id: int
    balance: Decimal
    set_aside: Decimal
    left: Decimal
    owed: Decimal


def _ledger_problem(withdrawal: Withdrawal) -> str:
    reserve = _reserve(withdrawal)
    if reserve is None:
        return "has no reserve in the ledger"
    if reserve.set_aside != withdrawal.amount:
        return f"asks for {withdrawal.amount}, set aside is {reserve.set_aside}"
    if reserve.left != withdrawal.amount:
        return f"asks for {withdrawal.amount}, of its reserve is left {reserve.left}"
    if reserve.balance < reserve.owed:
        return f"is one of withdrawals over {reserve.owed} that share {reserve.balance}"
    for finding in verify_wallet(reserve.wallet_id):
        return f"is reserved in a wallet that cannot be proven ({finding})"
    return ""


def _reserve(withdrawal: Withdrawal) -> Reserve | None:
    with connection.cursor() as cursor:
        # One statement, one moment: a request or a release in between would look like a theft.
        cursor.execute(
            """
            SELECT w.id, w.balance,
                   (SELECT coalesce(sum(e.amount), 0) FROM ledger_entry e
                     WHERE e.wallet_id = w.id AND e.kind = %s AND e.outside_id = %s),
                   (SELECT coalesce(sum(e.amount), 0) FROM ledger_entry e
                     WHERE e.wallet_id = w.id AND e.source_id = %s),
                   (SELECT coalesce(sum(p.amount), 0) FROM payments_withdrawal p
                     WHERE p.player_id = w.player_id AND p.currency = c.code AND p.state = ANY(%s))
              FROM ledger_wallet w JOIN ledger_currency c ON c.id = w.currency_id
             WHERE w.player_id = %s AND c.code = %s AND w.purse = %s
            """,
            [
                Kind.WITHDRAWAL_RESERVED,
                f"withdrawal:{withdrawal.pk}:reserve",
                withdrawal.pk,
                [str(state) for state in OPEN],
                withdrawal.player_id,
                withdrawal.currency_id,
                Purse.RESERVED,
            ],
        )
        row = cursor.fetchone()
    return Reserve(*row) if row else None


def _approval_problem(withdrawal: Withdrawal) -> str:
    if withdrawal.approval_hash != withdrawal.payout_hash:
        return "differs from what was approved"
    rows = Record.objects.filter(
        action__in=AGREED,
        subject_kind=Withdrawal._meta.label_lower,
        subject_id=str(withdrawal.pk),
        after__approval_hash=withdrawal.approval_hash,
    )
    genuine = [row for row in rows if is_genuine(row)]
    if withdrawal.is_approved_by_rule:
        by_rule = [row for row in genuine if row.action == BY_RULE]
        return "" if by_rule else "has an automatic approval that the audit trail does not know"
    agreed = {row.actor_id for row in genuine if row.action != BY_RULE}
    valid = set(
        Approval.objects.filter(
            withdrawal=withdrawal, voided_at__isnull=True, payout_hash=withdrawal.approval_hash
        ).values_list("by_id", flat=True)
    )
    people = {pk for pk in valid if str(pk) in agreed}
    if withdrawal.player_id in people:
        return "was approved by its own player"
    if len(people) < max(1, withdrawal.people_needed):
        return f"needs {withdrawal.people_needed} people; {len(people)} are proven to have agreed"
    return ""
