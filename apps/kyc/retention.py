"""How long documents are kept: years after the relationship has ended, then erased with a record.

What was replaced by a better picture goes earlier. Files that no row speaks of are what a process left
behind that died between the two.
"""

import time
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from apps.accounts.models import Player
from apps.audit import services as audit
from apps.audit.models import Record
from apps.core.clock import now
from apps.kyc import files
from apps.kyc.models import Document, Mark, PersonRecord

DAY_SECONDS = 24 * 60 * 60
YEAR = timedelta(days=365)


def erase_due(limit: int = 50) -> int:
    """Erase the papers and the sealed data of those who left long ago; how many people."""
    before = (
        now() - YEAR * settings.KYC_KEEP_YEARS - timedelta(days=settings.KYC_KEEP_YEARS // 4 + 1)
    )
    gone = Player.objects.filter(status=Player.Status.CLOSED).order_by("pk")
    with_data = gone.filter(person__erased_at=None, person__isnull=False) | gone.filter(
        kyc_cases__documents__erased_at=None, kyc_cases__documents__isnull=False
    )
    erased = 0
    for player in with_data.distinct():
        closed_at = closed_on(player)
        if closed_at is not None and closed_at < before:
            _erase(player)
            erased += 1
        if erased >= limit:
            break
    return erased


def closed_on(player: Player) -> datetime | None:
    """When the relationship ended: the last change of the status, as the trail has it."""
    return (
        Record.objects.filter(
            action="player.status_changed",
            subject_kind=player._meta.label_lower,
            subject_id=str(player.pk),
            after__status=Player.Status.CLOSED.value,
        )
        .order_by("-id")
        .values_list("at", flat=True)
        .first()
    )


@transaction.atomic
def _erase(player: Player) -> None:
    documents = list(
        Document.objects.select_for_update().filter(case__player=player, erased_at=None)
    )
    for document in documents:
        files.erase(document.file_name)
        document.erased_at = now()
        document.save(update_fields=["erased_at"])
    marks, _ = Mark.objects.filter(player=player).delete()
    record = PersonRecord.objects.select_for_update().filter(player=player, erased_at=None).first()
    if record is not None:
        record.sealed, record.documents_sealed, record.erased_at = b"", None, now()
        record.save()
    audit.record(
        "kyc.erased",
        actor="system:retention",
        subject=player,
        after={
            "documents": [{"id": one.public_id, "sha256": one.sha256} for one in documents],
            "person": record is not None,
            "marks": marks,
            "kept_years": settings.KYC_KEEP_YEARS,
        },
        reason=f"Kept {settings.KYC_KEEP_YEARS} years after the account was closed.",
    )


def sweep_orphans() -> int:
    """Delete files older than a day that no document names; how many."""
    found = [name for name, written in files.names() if written < time.time() - DAY_SECONDS]
    known = set(Document.objects.filter(file_name__in=found).values_list("file_name", flat=True))
    orphans = [name for name in found if name not in known]
    for name in orphans:
        files.erase(name)
    return len(orphans)


def reseal_files(limit: int = 100) -> int:
    """Seal anew what is under an older key of the ring; how many files."""
    newest = next(iter(settings.FIELD_KEYS))
    old = Document.objects.filter(erased_at=None).exclude(key_id=newest).order_by("pk")[:limit]
    for document in list(old):
        content = files.read(document.file_name, place=document.place)
        document.key_id = files.keep(document.file_name, content, place=document.place)
        document.save(update_fields=["key_id"])
    return len(old)
