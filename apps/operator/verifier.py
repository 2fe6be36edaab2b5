"""Verifications of the trail, the journal and the program: on demand, every day, kept with what they found."""

import threading
from collections.abc import Iterable

import structlog
from django.db import DatabaseError, IntegrityError, connection, transaction

from apps.accounts.models import User
from apps.audit import release, trail
from apps.audit import services as audit
from apps.audit.alarms import raise_alarm
from apps.audit.models import Record
from apps.audit.sealing import Finding
from apps.core.clock import now
from apps.core.errors import Conflict, InvalidInput
from apps.ledger import verification
from apps.ledger.models import Entry
from apps.operator.models import VerifierRun
from apps.wallet import integrity

log = structlog.get_logger()

What = VerifierRun.What
State = VerifierRun.State
KEPT_FINDINGS = 50


class AlreadyRunning(Conflict):
    code = "already_running"
    message = "This verification is waiting or running already."


def ask(*, what: str, by: User | None) -> VerifierRun:
    """Have it verified soon, by the worker. Raises InvalidInput, AlreadyRunning."""
    if what not in possible():
        raise InvalidInput(fields={"what": "This cannot be verified here."})
    try:
        with transaction.atomic():
            run = VerifierRun.objects.create(what=what, asked_by=by, asked_at=now())
            audit.record("verifier.asked", actor=by or "system", subject=run, after={"what": what})
    except IntegrityError as error:
        raise AlreadyRunning from error
    return run


def possible() -> list[str]:
    """What there is to verify: the program only where a release key is set."""
    return [one for one in What.values if one != What.RELEASE or release.is_configured()]


def ask_all() -> int:
    """Everything, as every day; how many."""
    asked = 0
    for what in possible():
        try:
            ask(what=what, by=None)
        except AlreadyRunning:
            continue
        asked += 1
    return asked


def run_due() -> int:
    """Run what waits, one after the other; how many."""
    done = 0
    while (run := _begun()) is not None:
        _run(run)
        done += 1
    return done


def _begun() -> VerifierRun | None:
    with transaction.atomic():
        run = (
            VerifierRun.objects.select_for_update(skip_locked=True)
            .filter(state=State.WAITING)
            .order_by("id")
            .first()
        )
        if run is None:
            return None
        run.state, run.started_at = State.RUNNING, now()
        run.save(update_fields=["state", "started_at"])
    return run


def _run(run: VerifierRun) -> None:
    try:
        checked, findings = _CHECKS[What(run.what)]()
    except Exception as error:
        # What could not be finished is no proof; the next one can be asked for.
        _end(run, 0, [Finding("verifier", f"could not finish: {type(error).__name__}")])
        raise
    _end(run, checked, findings)


@transaction.atomic
def _end(run: VerifierRun, checked: int, findings: list[Finding]) -> None:
    run.state = State.FAILED if findings else State.PASSED
    run.ended_at, run.checked, run.found = now(), checked, len(findings)
    run.findings = [str(one) for one in findings[:KEPT_FINDINGS]]
    run.save(update_fields=["state", "ended_at", "checked", "found", "findings"])
    audit.record(
        "verifier.found_differences" if findings else "verified.nothing_found",
        actor="system",
        subject=run,
        after={
            "what": run.what,
            "checked": checked,
            "found": len(findings),
            "first": run.findings[:1],
        },
    )
    if findings:
        raise_alarm(
            f"{run.what}.differs",
            subject=findings[0].row,
            message=f"{run.get_what_display()}: {len(findings)} findings, the first: {findings[0]}",
            severity="critical",
        )


def _trail() -> tuple[int, list[Finding]]:
    trail.seal_trail()
    return Record.objects.count(), list(trail.verify_trail())


def _journal() -> tuple[int, list[Finding]]:
    verification.seal_journal()
    return Entry.objects.count(), integrity.check()


def _release() -> tuple[int, list[Finding]]:
    checked = release.verify()
    return checked.files, checked.findings


_CHECKS = {What.TRAIL: _trail, What.JOURNAL: _journal, What.RELEASE: _release}


def release_at_start(findings: Iterable[Finding]) -> None:
    """What a process found when it started: a significant event, once an alarm is open."""
    found = list(findings)
    if not found:
        return
    with transaction.atomic():
        audit.record(
            "release.differs",
            actor="system",
            after={"found": len(found), "first": [str(one) for one in found[:KEPT_FINDINGS]]},
        )
        raise_alarm(
            "release.differs",
            subject=found[0].row,
            message=f"At start: {len(found)} program files differ, the first: {found[0]}",
            severity="critical",
        )


def watch_release() -> None:
    """Compare the program with its release beside the start of a process, where one is configured."""
    if release.is_configured():
        threading.Thread(target=_at_start, name="release", daemon=True).start()


def _at_start() -> None:
    try:
        release_at_start(release.verify().findings)
    except (OSError, DatabaseError) as error:
        # The daily run asks again; a process that could not tell anybody says so in its log.
        log.error("release.not_compared", error=type(error).__name__)
    finally:
        connection.close()
