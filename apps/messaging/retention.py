"""Forget mails nobody asks about any more, in batches, with a word in the audit trail."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from apps.audit import services as audit
from apps.core.clock import now
from apps.messaging.models import Mail

BATCH = 1_000
BATCHES_MAX = 200


def delete_old(*, at: datetime | None = None, batches_max: int = BATCHES_MAX) -> int:
    """Delete mails of more than `MAIL_KEEP_DAYS` and what was reported about them; how many.

    What is still to be sent stays, however old. Suppressions are rows of their own and stay too.
    Each batch is a transaction; what is left after `batches_max` waits for the next run.
    """
    before = (at or now()) - timedelta(days=settings.MAIL_KEEP_DAYS)
    count = 0
    for state in Mail.State:
        if state in (*Mail.TO_SEND, Mail.State.SENDING):
            continue
        for _ in range(batches_max):
            deleted = _delete_batch(state, before)
            count += deleted
            if deleted < BATCH:
                break
    return count


@transaction.atomic
def _delete_batch(state: str, before: datetime) -> int:
    # Ids follow the time of writing: the oldest of a state are at one end of its index.
    oldest = Mail.objects.filter(state=state).order_by("id")[:BATCH]
    ids = [pk for pk, at in oldest.values_list("pk", "created_at") if at < before]
    # Asked again under the row's lock: it may have been sent again in between.
    _, by_model = Mail.objects.filter(pk__in=ids, state=state).delete()
    deleted = by_model.get(Mail._meta.label, 0)
    if deleted:
        audit.record(
            "mails.deleted",
            actor="system",
            after={
                "state": str(state),
                "count": deleted,
                "written_before": before.isoformat(),
                "first_id": ids[0],
                "last_id": ids[-1],
            },
        )
    return deleted
