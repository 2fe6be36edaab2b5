from celery import shared_task

from apps.events import bus


@shared_task(name="events.deliver")
def deliver() -> int:
    return bus.deliver_due()
