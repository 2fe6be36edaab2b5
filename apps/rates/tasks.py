from celery import shared_task

from apps.rates import services, thinning


@shared_task(name="rates.refresh")
def refresh() -> int:
    return services.refresh()


@shared_task(name="rates.refresh_display")
def refresh_display() -> int:
    return services.refresh_display()


@shared_task(name="rates.thin")
def thin() -> int:
    return thinning.thin()
