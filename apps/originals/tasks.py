from celery import shared_task

from apps.originals import services


@shared_task(name="originals.finish_abandoned")
def finish_abandoned() -> None:
    services.finish_abandoned()
