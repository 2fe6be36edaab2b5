from celery import shared_task

from apps.games import desk, partners, returns, services
from apps.games.catalogue import sync_wanted as sync_wanted_catalogues


@shared_task(name="games.sync")
def sync() -> None:
    services.sync_catalogue()


@shared_task(name="games.sync_wanted")
def sync_wanted() -> None:
    partners.restore()
    sync_wanted_catalogues()


@shared_task(name="games.watch_rounds")
def watch_rounds() -> None:
    desk.watch()


@shared_task(name="games.tally_returns")
def tally_returns() -> None:
    returns.tally()


@shared_task(name="games.watch_returns")
def watch_returns() -> None:
    returns.watch()
