from celery import shared_task

from apps.treasury.liabilities import services


@shared_task(name="liabilities.publish")
def publish() -> None:
    services.publish_daily()


@shared_task(name="liabilities.delete_old_trees")
def delete_old_trees() -> int:
    return services.delete_old_trees()
