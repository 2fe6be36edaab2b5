from celery import shared_task

from apps.messaging import mail


@shared_task(name="messaging.send_mail")
def send_mail() -> int:
    return mail.send_due()


@shared_task(name="messaging.watch_webhook")
def watch_webhook() -> None:
    mail.watch_reports()
