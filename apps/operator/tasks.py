from celery import shared_task

from apps.operator import emergency, verifier


@shared_task(name="operator.end_emergencies")
def end_emergencies() -> int:
    return emergency.end_due()


@shared_task(name="operator.verify_asked")
def verify_asked() -> int:
    return verifier.run_due()


@shared_task(name="operator.verify_daily")
def verify_daily() -> int:
    return verifier.ask_all()
