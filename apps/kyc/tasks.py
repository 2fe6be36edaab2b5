"""What verification does by itself. Each takes a little and is called again."""

from celery import shared_task

from apps.kyc import applicants, persons, retention
from apps.kyc.services import reviews, screening


@shared_task(name="kyc.watch_documents")
def watch_documents() -> None:
    """Documents that have ended, and the days after it."""
    reviews.expire_due()
    reviews.end_grace_due()


@shared_task(name="kyc.sweep_lists")
def sweep_lists() -> None:
    """Everybody against a watch list that has changed."""
    screening.sweep()


@shared_task(name="kyc.keep_documents")
def keep_documents() -> None:
    """What is due to be erased, sealed anew, or lies about."""
    retention.erase_due()
    retention.sweep_orphans()
    retention.reseal_files()
    persons.reindex()


@shared_task(name="kyc.read_applicants")
def read_applicants() -> int:
    return applicants.read_due()


@shared_task(name="kyc.screen_applicants")
def screen_applicants() -> int:
    return applicants.screen_due()


@shared_task(name="kyc.reconcile")
def reconcile() -> int:
    return applicants.reconcile()
