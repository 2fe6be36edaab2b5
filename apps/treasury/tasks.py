from celery import shared_task

from apps.treasury.services import holdings, reconciliation, silence


@shared_task(name="treasury.read_gateways")
def read_gateways() -> int:
    return holdings.read_gateways()


@shared_task(name="treasury.reconcile")
def reconcile() -> int:
    return len(reconciliation.reconcile_due())


@shared_task(name="treasury.watch_methods")
def watch_methods() -> int:
    return silence.watch()
