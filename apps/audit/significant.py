"""Which acts a regulator calls significant, and the report of them.

The list is by kind, as GLI-19 2.8.8 has it; an action belongs to the first kind whose beginning it
has. What the house did not do itself (outages, doubts) are alarms, and are in the report too.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.db.models import Q

from apps.audit.models import Alarm, Proposal, Record

KINDS: Final[dict[str, tuple[str, ...]]] = {
    "failed access": (
        "operator.login_failed",
        "operator.address_refused",
        "player.sign_in_failed",
        "location.refused",
    ),
    "emergency and rights": (
        "emergency.",
        "staff.",
    ),
    "program or record mismatch": ("release.", "verifier."),
    "large win, wager or payment": ("money.large_",),
    "void, override or correction": (
        "balance.adjusted",
        "jackpot.win_void",
        "originals.crash_round_void",
        "originals.refunded",
        "round_case.refunded",
        "rate.override",
        "withdrawal.settled",
        "withdrawal.returned",
        "partner.circuit_forced",
        "callback.replayed",
        "event.retried",
    ),
    "parameter changed": (
        "profile.changed",
        "rule.",
        "thresholds.changed",
        "win_cap.",
        "originals.limits_changed",
        "originals.enabled",
        "originals.disabled",
        "game.enabled",
        "game.disabled",
        "jackpot.opened",
        "jackpot.rules_changed",
        "bonus.rules_changed",
        "risk.rule_changed",
    ),
    "stopped or resumed": ("play.", "payouts.stopped", "payouts.resumed"),
    "player deactivated or restricted": (
        "player.status_changed",
        "player.restricted",
        "player.freed",
        "exclusion.",
    ),
    "personal data changed or seen": (
        "player.email_changed",
        "player.phone_changed",
        "player.identity_revealed",
        "kyc.person_revealed",
        "mail.revealed",
        "withdrawal.owner_revealed",
        "data.exported",
        "data.erased",
    ),
    "breach": ("breach.",),
}
OUTAGE: Final = "outage or doubt"
ROWS_MAX = 5_000
EXPORT_MAX = 100_000


@dataclass(frozen=True)
class Event:
    """One line of the report (AUD-05)."""

    at: datetime
    kind: str
    component: str
    what: str
    who: str
    authorised_by: str
    subject: str
    ip: str
    reason: str
    before: Any
    after: Any
    row: str


def kind_of(action: str) -> str:
    """The kind, or nothing for an act that is not significant."""
    return next((kind for kind, starts in KINDS.items() if action.startswith(starts)), "")


def events(
    *, since: datetime, until: datetime, kind: str = "", limit: int = ROWS_MAX
) -> Iterator[Event]:
    """What happened in [since, until), the newest first. kind: one of `kinds()`, or all."""
    acts = records(since=since, until=until, kind=kind).order_by("-id")[:limit]
    doubts = (
        Alarm.objects.filter(opened_at__gte=since, opened_at__lt=until).order_by("-id")[:limit]
        if kind in ("", OUTAGE)
        else Alarm.objects.none()
    )
    rows = list(acts)
    second = _authorised([row for row in rows if row.subject_kind == Proposal._meta.label_lower])
    found = [_of_record(row, second) for row in rows] + [_of_alarm(one) for one in doubts]
    yield from sorted(found, key=lambda one: one.at, reverse=True)[:limit]


def records(*, since: datetime, until: datetime, kind: str = "") -> "Any":
    """The audit rows behind it; none for the kind that has only alarms."""
    starts = [KINDS[kind]] if kind in KINDS else ([] if kind else list(KINDS.values()))
    wanted = Q(pk__in=[])
    for group in starts:
        for start in group:
            wanted |= Q(action__startswith=start)
    return Record.objects.filter(wanted, at__gte=since, at__lt=until).exclude(
        subject_kind__in=settings.AUDIT_CONFIDENTIAL
    )


def kinds() -> list[str]:
    return [*KINDS, OUTAGE]


def _of_record(row: Record, second: Mapping[str, str]) -> Event:
    return Event(
        at=row.at,
        kind=kind_of(row.action),
        component=row.action.partition(".")[0],
        what=row.action,
        who=row.actor_label,
        authorised_by=second.get(row.subject_id, "") or _named(row),
        subject=f"{row.subject_kind} {row.subject_id}".strip(),
        ip=row.ip or "",
        reason=row.reason,
        before=row.before,
        after=row.after,
        row=f"audit {row.pk}",
    )


def _of_alarm(one: Alarm) -> Event:
    return Event(
        at=one.opened_at,
        kind=OUTAGE,
        component=one.code.partition(".")[0],
        what=one.code,
        who="system",
        authorised_by="",
        subject=one.subject,
        ip="",
        reason=one.message,
        before=None,
        after={
            "times": one.count,
            "resolved": one.resolved_at.isoformat() if one.resolved_at else None,
        },
        row=f"alarm {one.pk}",
    )


def _named(row: Record) -> str:
    """Who approved, where the act itself wrote it down."""
    after = row.after if isinstance(row.after, dict) else {}
    people = after.get("people")
    if isinstance(people, list):
        return ", ".join(str(one) for one in people)
    return str(after.get("approved_by", ""))


def _authorised(rows: list[Record]) -> dict[str, str]:
    """The second person of each proposal."""
    found = Proposal.objects.filter(pk__in={row.subject_id for row in rows}).select_related(
        "checker"
    )
    return {str(one.pk): str(one.checker or "") for one in found}
