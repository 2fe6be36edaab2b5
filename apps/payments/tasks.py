from celery import shared_task

from apps.payments.services import (
    exchanges,
    fiat_inquiries,
    gateway_lists,
    gateway_orders,
    inquiries,
    payout_watch,
    payouts,
    queue,
)


@shared_task(name="payments.send_due")
def send_due() -> int:
    return payouts.send_due()


@shared_task(name="payments.watch_queue")
def watch_queue() -> int:
    return queue.watch()


@shared_task(name="payments.send_exchanges")
def send_exchanges() -> int:
    return exchanges.send_due()


@shared_task(name="payments.ask_open")
def ask_open() -> int:
    return inquiries.ask_open()


@shared_task(name="payments.watch_payouts")
def watch_payouts() -> int:
    return payout_watch.watch()


@shared_task(name="payments.sync_lists")
def sync_lists() -> int:
    return gateway_lists.sync_all()


@shared_task(name="payments.send_orders")
def send_orders() -> int:
    return gateway_orders.send_due()


@shared_task(name="payments.ask_fiat")
def ask_fiat() -> int:
    return fiat_inquiries.ask_open()


@shared_task(name="payments.read_exports")
def read_exports() -> int:
    return inquiries.read_exports()
