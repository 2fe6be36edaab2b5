"""Thin out old rates that were never used. What may go is decided by the database (`rates_thin`)."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction

from apps.audit import services as audit
from apps.core.clock import now
from apps.rates.models import Thinning

BATCH = 2_000
BATCHES_MAX = 500


def thin(*, at: datetime | None = None, batches_max: int = BATCHES_MAX) -> int:
    """Keep, of rates older than `RATES_KEEP_DAYS`, those that were used and one an hour; how many go.

    Each rate is looked at once: a run goes on where the last one ended, in batches of one
    transaction each. What is left after `batches_max` waits for the next run.
    """
    before = (at or now()) - timedelta(days=settings.RATES_KEEP_DAYS)
    count = 0
    for _ in range(batches_max):
        looked, removed = _thin_batch(before)
        count += removed
        if looked < BATCH:
            break
    return count


@transaction.atomic
def _thin_batch(before: datetime) -> tuple[int, int]:
    last = Thinning.objects.select_for_update().order_by("-id").first()
    after_id = last.upto_id if last else 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM rates_thin(%s, %s, %s)", [after_id, before, BATCH])
        upto_id, looked, removed = cursor.fetchone()
    if looked:
        Thinning.objects.create(upto_id=upto_id, looked_at=looked, removed=removed, ran_at=now())
        audit.record(
            "rates.thinned",
            actor="system",
            after={
                "looked_at": looked,
                "removed": removed,
                "first_after_id": after_id,
                "last_id": upto_id,
                "fetched_before": before.isoformat(),
            },
        )
    return looked, removed
