from celery import shared_task

from apps.ledger import followers, services, verification

FOLLOW_SECONDS = 30.0


@shared_task(name="ledger.follow")
def follow() -> None:
    followers.run(FOLLOW_SECONDS)


@shared_task(name="ledger.seal")
def seal() -> int:
    return verification.seal_journal()


@shared_task(name="ledger.extend")
def extend() -> int:
    return services.extend()
