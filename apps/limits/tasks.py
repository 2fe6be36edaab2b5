from datetime import timedelta

from celery import shared_task

from apps.core.clock import now
from apps.limits import (
    accounts,
    exclusion,
    harm,
    help_lines,
    reality,
    registers,
    services,
    sessions_time,
    terms,
)


@shared_task(name="limits.end_breaks")
def end_breaks() -> None:
    exclusion.end_due()


@shared_task(name="limits.lapse_requests")
def lapse_requests() -> None:
    services.lapse_due()


@shared_task(name="limits.cover_persons")
def cover_persons() -> None:
    exclusion.cover_due()


@shared_task(name="limits.finish_closing")
def finish_closing() -> None:
    accounts.finish_closing()


@shared_task(name="limits.find_dormant")
def find_dormant() -> None:
    accounts.announce_dormancy()
    accounts.mark_dormant()


@shared_task(name="limits.interrupt_play")
def interrupt_play() -> None:
    reality.interrupt_due()
    reality.free_paused()
    sessions_time.enforce_due()
    sessions_time.release_due()


@shared_task(name="limits.require_plans")
def require_plans() -> None:
    sessions_time.require_plans()


@shared_task(name="limits.score_harm")
def score_harm() -> None:
    """Yesterday, which is complete, then today so far."""
    today = now().date()
    harm.compute_day(today - timedelta(days=1))
    harm.compute_day(today)


@shared_task(name="limits.require_terms")
def require_terms() -> None:
    terms.require_all()


@shared_task(name="limits.ask_registers")
def ask_registers() -> None:
    registers.ask_again()


@shared_task(name="limits.check_help_links")
def check_help_links() -> None:
    help_lines.check_links()
