"""The audit table as a sealed stream, and its verification."""

from collections.abc import Iterable, Iterator
from hmac import compare_digest

from django.conf import settings

from apps.audit import keys, sealing, services
from apps.audit.models import Record
from apps.core.horizon import safe_horizon


class AuditStream:
    name = "audit"

    def leaves(self, after_id: int, upto_id: int, limit: int) -> Iterable[tuple[int, bytes]]:
        rows = Record.objects.filter(id__gt=after_id, id__lte=upto_id).order_by("id")[:limit]
        for row in rows.iterator():
            yield row.pk, _leaf(row)


def seal_trail() -> int:
    """Seal the audit rows that no running transaction can still add to."""
    horizon = safe_horizon(services.SEQUENCE)
    return sealing.seal(AuditStream(), horizon) if horizon else 0


def verify_trail() -> Iterator[sealing.Finding]:
    """Every signature, then every seal and checkpoint. The first finding is the first bad row."""
    for row in Record.objects.order_by("id").iterator():
        if not is_genuine(row):
            yield sealing.Finding(f"audit row {row.pk}", "was changed or was not written by us")
    yield from sealing.verify(AuditStream())


def is_genuine(row: Record) -> bool:
    """Whether we wrote this row, and wrote it so."""
    return row.key_id in _known_keys() and compare_digest(
        keys.sign(services.canonical(row.__dict__), row.key_id), bytes(row.mac)
    )


def _leaf(row: Record) -> bytes:
    return b"%d|%b|%b" % (row.pk, services.canonical(row.__dict__), bytes(row.mac))


def _known_keys() -> set[int]:
    return set(settings.AUDIT_KEYS)
