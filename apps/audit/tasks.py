from celery import shared_task

from apps.audit import trail


@shared_task(name="audit.seal")
def seal() -> int:
    return trail.seal_trail()
