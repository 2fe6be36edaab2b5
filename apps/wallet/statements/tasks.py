from celery import shared_task

from apps.wallet.statements import rendering


@shared_task(name="statements.render_due")
def render_due() -> int:
    return rendering.render_due()


@shared_task(name="statements.delete_old_pages")
def delete_old_pages() -> int:
    return rendering.delete_old()
