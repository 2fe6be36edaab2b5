from celery import shared_task

from apps.wallet import vault


@shared_task(name="wallet.release_vault")
def release_vault() -> int:
    return vault.release_due()
