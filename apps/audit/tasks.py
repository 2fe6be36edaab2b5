from celery import shared_task

from apps.audit import proposals, trail


@shared_task(name="audit.seal")
def seal() -> int:
    return trail.seal_trail()


@shared_task(name="audit.expire_proposals")
def expire_proposals() -> int:
    return proposals.expire_due()
