"""What waits for a person, oldest first, and what a case needs to be decided."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Count, Min, Sum

from apps.accounts.models import User
from apps.audit.models import Alarm
from apps.core.clock import now
from apps.core.money import Money
from apps.events.models import Delivery
from apps.integrations.models import InboxMessage
from apps.kyc import selectors as verification
from apps.ledger.selectors import currency
from apps.payments import reasons
from apps.payments.models import Approval, Deposit, Withdrawal, WithdrawalCase

QUEUE_MAX = 200
WAITING = [Withdrawal.State.REQUESTED]
UNDER_WAY = [Withdrawal.State.APPROVED, Withdrawal.State.SENDING, Withdrawal.State.SENT]
HISTORY_MAX = 10
LATE_MINUTES = 60


@dataclass(frozen=True)
class Counter:
    """A queue in one line."""

    title: str
    count: int
    oldest_at: datetime | None
    url_name: str
    query: str = ""
    is_alarm: bool = False

    @property
    def is_late(self) -> bool:
        if self.oldest_at is None:
            return False
        return self.oldest_at < now() - timedelta(minutes=LATE_MINUTES)


@dataclass(frozen=True)
class Case:
    """A withdrawal with what a decision rests on; balances are of the same currency."""

    withdrawal: Withdrawal
    deposited: Money
    withdrawn: Money
    earlier_to_address: int
    approvals: list[Approval]

    @property
    def is_overdue(self) -> bool:
        decide_by = self.withdrawal.decide_by
        return decide_by is not None and decide_by < now()

    @property
    def approvals_given(self) -> int:
        return len(self.approvals)

    @property
    def reasons(self) -> list[str]:
        """Why it waits, in words."""
        return [reasons.WORDS.get(code, code) for code in self.withdrawal.reasons]

    @property
    def balance(self) -> Money:
        """Deposits minus withdrawals: above zero, the player has left money with us."""
        return self.deposited - self.withdrawn


SHOWN = {
    "": "All",
    "mine": "Mine",
    "free": "Nobody's",
    "overdue": "Overdue",
    "second": "Second yes",
}


def waiting_withdrawals(user: User, *, shown: str = "", reason: str = "") -> list[Case]:
    """The review queue, oldest first. shown: one of SHOWN; reason: a code of `reasons.WORDS`."""
    rows = Withdrawal.objects.filter(state__in=WAITING)
    match shown:
        case "mine":
            rows = rows.filter(assigned_to=user)
        case "free":
            rows = rows.filter(assigned_to=None)
        case "overdue":
            rows = rows.filter(decide_by__lt=now())
        case "second":
            rows = rows.filter(approvals__voided_at=None, approvals__isnull=False).distinct()
    if reason in reasons.WORDS:
        rows = rows.filter(reasons__contains=[reason])
    found = list(
        rows.select_related("player__user", "rail", "currency", "assigned_to").order_by("id")[
            :QUEUE_MAX
        ]
    )
    return _cases(found)


def unsettled() -> list[WithdrawalCase]:
    """Withdrawals that do not add up, oldest first."""
    return list(
        WithdrawalCase.objects.filter(settled_at=None)
        .select_related("withdrawal__player", "withdrawal__currency", "withdrawal__rail")
        .order_by("id")[:QUEUE_MAX]
    )


def case(withdrawal: Withdrawal) -> Case:
    return _cases([withdrawal])[0]


def withdrawals_under_way() -> list[Withdrawal]:
    return list(
        Withdrawal.objects.filter(state__in=UNDER_WAY)
        .select_related("player__user", "rail", "currency", "approved_by", "approved_rule")
        .order_by("id")[:QUEUE_MAX]
    )


def withdrawal_counters() -> list[Counter]:
    waiting = Withdrawal.objects.filter(state__in=WAITING).aggregate(
        count=Count("id"), oldest_at=Min("created_at")
    )
    overdue = Withdrawal.objects.filter(state__in=WAITING, decide_by__lt=now()).aggregate(
        count=Count("id"), oldest_at=Min("decide_by")
    )
    unsettled = WithdrawalCase.objects.filter(settled_at=None).aggregate(
        count=Count("id"), oldest_at=Min("opened_at")
    )
    unknown = Withdrawal.objects.filter(
        state=Withdrawal.State.SENDING, unknown_at__isnull=False
    ).aggregate(count=Count("id"), oldest_at=Min("unknown_at"))
    return [
        Counter("Withdrawals to review", url_name="admin:operator_queue", **waiting),
        Counter(
            "Withdrawals overdue",
            url_name="admin:operator_queue",
            query="?show=overdue",
            is_alarm=bool(overdue["count"]),
            **overdue,
        ),
        Counter(
            "Withdrawals to settle",
            url_name="admin:operator_queue",
            is_alarm=bool(unsettled["count"]),
            **unsettled,
        ),
        Counter(
            "Payouts with unknown outcome",
            url_name="admin:payments_withdrawal_changelist",
            query="?state__exact=sending",
            is_alarm=bool(unknown["count"]),
            **unknown,
        ),
    ]


def verification_counter() -> Counter:
    found = verification.waiting_cases().aggregate(count=Count("id"), oldest_at=Min("submitted_at"))
    return Counter("Verifications to review", url_name="admin:operator_kyc_queue", **found)


def hit_counter() -> Counter:
    found = verification.open_hits().aggregate(count=Count("id"), oldest_at=Min("found_at"))
    return Counter(
        "Watch-list hits",
        url_name="admin:operator_kyc_hits",
        is_alarm=bool(found["count"]),
        **found,
    )


def alarm_counter() -> Counter:
    found = Alarm.objects.filter(resolved_at=None).aggregate(
        count=Count("id"), oldest_at=Min("opened_at")
    )
    return Counter(
        "Open alarms",
        url_name="admin:audit_alarm_changelist",
        is_alarm=bool(found["count"]),
        **found,
    )


def callback_counter() -> Counter:
    found = InboxMessage.objects.filter(state=InboxMessage.State.PARKED).aggregate(
        count=Count("id"), oldest_at=Min("received_at")
    )
    return Counter(
        "Parked callbacks",
        url_name="admin:integrations_inboxmessage_changelist",
        query="?state__exact=parked",
        is_alarm=bool(found["count"]),
        **found,
    )


def delivery_counter() -> Counter:
    found = Delivery.objects.filter(state=Delivery.State.DEAD).aggregate(
        count=Count("id"), oldest_at=Min("due_at")
    )
    return Counter(
        "Dead deliveries",
        url_name="admin:events_delivery_changelist",
        query="?state__exact=dead",
        is_alarm=bool(found["count"]),
        **found,
    )


def _cases(withdrawals: list[Withdrawal]) -> list[Case]:
    players = {one.player_id for one in withdrawals}
    deposited = _sums(
        Deposit.objects.filter(player_id__in=players, state=Deposit.State.CONFIRMED)
        .values_list("player_id", "currency_id")
        .annotate(total=Sum("amount"))
    )
    withdrawn = _sums(
        Withdrawal.objects.filter(player_id__in=players, state=Withdrawal.State.PAID)
        .values_list("player_id", "currency_id")
        .annotate(total=Sum("amount"))
    )
    earlier = {
        (player_id, address): count
        for player_id, address, count in Withdrawal.objects.filter(
            player_id__in=players, state=Withdrawal.State.PAID
        )
        .values_list("player_id", "address")
        .annotate(count=Count("id"))
    }
    given: dict[int, list[Approval]] = {}
    for one_yes in Approval.objects.filter(
        withdrawal__in=withdrawals, voided_at=None
    ).select_related("by"):
        given.setdefault(one_yes.withdrawal_id, []).append(one_yes)
    cases = []
    for one in withdrawals:
        key = (one.player_id, one.currency_id)
        of = currency(one.currency_id)
        cases.append(
            Case(
                withdrawal=one,
                deposited=Money.from_major(deposited.get(key, Decimal(0)), of),
                withdrawn=Money.from_major(withdrawn.get(key, Decimal(0)), of),
                earlier_to_address=earlier.get((one.player_id, one.target), 0),
                approvals=given.get(one.pk, []),
            )
        )
    return cases


def _sums(rows: object) -> dict[tuple[int, str], Decimal]:
    return {(player_id, code): total for player_id, code, total in rows}  # type: ignore[attr-defined]  # a values queryset
