"""The queues of the treasury in one line each."""

from django.db.models import Count, Min

from apps.audit.models import Proposal
from apps.operator.queues import Counter
from apps.payments.models import Deposit
from apps.treasury.models import Break

State = Break.State


def proposal_counter() -> Counter:
    found = Proposal.objects.filter(state__in=Proposal.OPEN).aggregate(
        count=Count("id"), oldest_at=Min("created_at")
    )
    return Counter("Proposals", url_name="admin:operator_proposals", **found)


def break_counter() -> Counter:
    found = Break.objects.filter(state__in=[State.OPEN, State.ASSIGNED]).aggregate(
        count=Count("id"), oldest_at=Min("opened_at")
    )
    return Counter(
        "Breaks with gateways",
        url_name="admin:operator_reconciliation",
        is_alarm=bool(found["count"]),
        **found,
    )


def held_counter() -> Counter:
    found = Deposit.objects.filter(state=Deposit.State.HELD).aggregate(
        count=Count("id"), oldest_at=Min("confirmed_at")
    )
    return Counter("Held deposits", url_name="admin:operator_held", **found)
