from celery import shared_task

from apps.risk import location
from apps.risk.services import breaches, complaints, monitoring


@shared_task(name="risk.look")
def look() -> int:
    return monitoring.look_at_due()


@shared_task(name="risk.sweep")
def sweep() -> int:
    return monitoring.sweep()


@shared_task(name="risk.watch_deadlines")
def watch_deadlines() -> int:
    return monitoring.note_late() + complaints.note_late() + breaches.watch()


@shared_task(name="risk.forget_complaints")
def forget_complaints() -> int:
    return complaints.forget_old()


@shared_task(name="risk.stop_overdue")
def stop_overdue() -> int:
    return location.stop_overdue()
