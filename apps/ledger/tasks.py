from celery import shared_task

from apps.audit.alarms import raise_alarm
from apps.ledger import followers, services, verification

FOLLOW_SECONDS = 30.0


@shared_task(name="ledger.follow")
def follow() -> None:
    followers.run(FOLLOW_SECONDS)


@shared_task(name="ledger.seal")
def seal() -> int:
    return verification.seal_journal()


@shared_task(name="ledger.extend")
def extend() -> int:
    return services.extend()


@shared_task(name="ledger.prove")
def prove() -> int:
    """Verify the whole journal; each finding is an alarm."""
    findings = list(verification.verify())
    for finding in findings:
        raise_alarm(
            "ledger.broken", subject=finding.row, message=finding.problem, severity="critical"
        )
    return len(findings)
