from celery import shared_task

from apps.games import services


@shared_task(name="games.sync")
def sync() -> None:
    services.sync_catalogue()
