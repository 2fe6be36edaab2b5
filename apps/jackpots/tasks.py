from celery import shared_task

from apps.jackpots import booking, feeds, payouts, reading


@shared_task(name="jackpots.pay_due")
def pay_due() -> None:
    payouts.pay_due()


@shared_task(name="jackpots.close_windows")
def close_windows() -> None:
    reading.close_windows()


@shared_task(name="jackpots.book")
def book() -> None:
    booking.book_all()


@shared_task(name="jackpots.read_feeds")
def read_feeds() -> None:
    feeds.read_feeds()
