from celery import shared_task

from apps.integrations import inbox


@shared_task(name="integrations.retry_inbox")
def retry_inbox() -> int:
    return inbox.drain()


@shared_task(name="integrations.delete_old_messages")
def delete_old_messages() -> int:
    return inbox.delete_old()
