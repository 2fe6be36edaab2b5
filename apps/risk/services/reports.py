"""Reports of suspicion: written, filed, dropped. Only the compliance role knows that there are any.

Nothing here publishes an event, raises an alarm, restricts anybody or writes to a player's row: a
report must not show anywhere but on its own pages. Its audit rows name the report and not the
player, and `settings.AUDIT_CONFIDENTIAL` keeps them from whoever may not read reports.
"""

from django.db import transaction

from apps.accounts.models import Player, User
from apps.audit import services as audit
from apps.core import secrets
from apps.core.clock import now
from apps.core.errors import Forbidden, InvalidInput, NotFound
from apps.core.ids import public_id as new_id
from apps.risk.errors import ReportFinished
from apps.risk.models import Case, SuspiciousReport

State = SuspiciousReport.State
PERMISSION = "risk.write_suspiciousreport"
NARRATIVE_MAX = 20_000
TEXT_MAX = 120


@transaction.atomic
def draft(
    *, player_id: int, narrative: str, authority: str, by: User, case_id: int | None = None
) -> SuspiciousReport:
    """Begin a report. Raises Forbidden, NotFound, InvalidInput."""
    _permit(by)
    if not Player.objects.filter(pk=player_id).exists():
        raise NotFound
    if case_id is not None and not Case.objects.filter(pk=case_id, player_id=player_id).exists():
        raise NotFound
    at = now()
    report = SuspiciousReport(
        public_id=new_id("sr"), player_id=player_id, case_id=case_id,
        authority=_text(authority, "authority"), created_at=at, created_by=by, changed_at=at,
    )  # fmt: skip
    report.sealed = secrets.seal(_narrative(narrative), place=report.place)
    report.save()
    audit.record("suspicion.drafted", actor=by, subject=report)
    return report


@transaction.atomic
def rewrite(public_id: str, *, narrative: str, authority: str, by: User) -> SuspiciousReport:
    """Change a draft. Raises Forbidden, NotFound, ReportFinished, InvalidInput."""
    report = _draft(public_id, by)
    report.authority = _text(authority, "authority")
    report.sealed = secrets.seal(_narrative(narrative), place=report.place)
    report.changed_at = now()
    report.save(update_fields=["authority", "sealed", "changed_at"])
    audit.record("suspicion.rewritten", actor=by, subject=report)
    return report


@transaction.atomic
def file(public_id: str, *, reference: str, by: User) -> SuspiciousReport:
    """Say that it went to the authority, under this number. Raises as `rewrite`."""
    report = _draft(public_id, by)
    report.reference = _text(reference, "reference")
    return _finish(report, State.FILED, by, "suspicion.filed")


@transaction.atomic
def drop(public_id: str, *, reason: str, by: User) -> SuspiciousReport:
    """Say why it is not filed. Raises as `rewrite`."""
    report = _draft(public_id, by)
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Give a reason."})
    report.reason = reason.strip()[:500]
    return _finish(report, State.DROPPED, by, "suspicion.dropped")


@transaction.atomic
def read(public_id: str, *, by: User) -> tuple[SuspiciousReport, str]:
    """A report with what is written in it; every reading is recorded. Raises Forbidden, NotFound."""
    if not by.has_perm("risk.view_suspiciousreport"):
        raise Forbidden
    report = (
        SuspiciousReport.objects.select_related("player", "case", "created_by", "finished_by")
        .filter(public_id=public_id)
        .first()
    )
    if report is None:
        raise NotFound
    audit.record("suspicion.read", actor=by, subject=report)
    return report, secrets.unseal(report.sealed, place=report.place)


def _finish(report: SuspiciousReport, state: str, by: User, action: str) -> SuspiciousReport:
    report.state = state
    report.finished_at = report.changed_at = now()
    report.finished_by = by
    report.save()
    audit.record(
        action,
        actor=by,
        subject=report,
        before={"state": State.DRAFT},
        after={"state": state, "reference": report.reference},
        reason=report.reason,
    )
    return report


def _draft(public_id: str, by: User) -> SuspiciousReport:
    _permit(by)
    report = SuspiciousReport.objects.select_for_update().filter(public_id=public_id).first()
    if report is None:
        raise NotFound
    if report.state != State.DRAFT:
        raise ReportFinished
    return report


def _permit(by: User) -> None:
    if not by.has_perm(PERMISSION):
        raise Forbidden


def _narrative(text: str) -> str:
    text = text.strip()
    if not text or len(text) > NARRATIVE_MAX:
        raise InvalidInput(fields={"narrative": f"Write up to {NARRATIVE_MAX} characters."})
    return text


def _text(text: str, field: str) -> str:
    text = text.strip()
    if not text or len(text) > TEXT_MAX:
        raise InvalidInput(fields={field: f"Write up to {TEXT_MAX} characters."})
    return text
