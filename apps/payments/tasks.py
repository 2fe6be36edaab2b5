from celery import shared_task

from apps.payments.services import payouts


@shared_task(name="payments.send_due")
def send_due() -> int:
    return payouts.send_due()
