from celery import shared_task

from apps.messaging import mail, retention, texts


@shared_task(name="messaging.send_mail")
def send_mail() -> int:
    return mail.send_due()


@shared_task(name="messaging.watch_webhook")
def watch_webhook() -> None:
    mail.watch_reports()


@shared_task(name="messaging.delete_old_mails")
def delete_old_mails() -> int:
    return retention.delete_old()


@shared_task(name="messaging.send_texts")
def send_texts() -> int:
    return texts.send_due()
