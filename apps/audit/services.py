"""Write an audit row in the transaction of the act it records."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection, models
from django.http import HttpRequest

from apps.audit import keys
from apps.audit.models import Record
from apps.core.client_address import client_ip
from apps.core.clock import now
from apps.core.session_ref import session_ref

SEQUENCE = "audit_record_id_seq"

Actor = models.Model | str


def record(
    action: str,
    *,
    actor: Actor,
    subject: models.Model | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
    request: HttpRequest | None = None,
) -> int:
    """Sign and append one row; call it inside the transaction that changes things.

    actor: a user, or a word for what acts by itself (`system`, `partner:coinspaid`).
    before, after: the changed values, JSON-ready, without secrets.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("An audit row is written in the transaction of its act.")
    kind, actor_id, label = _actor(actor)
    fields: dict[str, Any] = {
        "at": now(),
        "action": action,
        "actor_kind": kind,
        "actor_id": actor_id,
        "actor_label": label,
        "subject_kind": subject._meta.label_lower if subject is not None else "",
        "subject_id": str(subject.pk) if subject is not None else "",
        "before": dict(before) if before is not None else None,
        "after": dict(after) if after is not None else None,
        "reason": reason,
        "ip": client_ip(request),
        "request_id": getattr(request, "request_id", ""),
        "session_ref": session_ref(),
        "key_id": keys.current_key_id(),
    }
    with connection.cursor() as cursor:
        # First the transaction id, then the row id: who follows the table by id relies on that
        # order (core/horizon.py). The id is signed too, so rows cannot be swapped.
        cursor.execute("SELECT pg_current_xact_id()::text, nextval(%s)", [SEQUENCE])
        fields["id"] = int(cursor.fetchone()[1])
    fields["mac"] = keys.sign(canonical(fields), fields["key_id"])
    Record(**fields).save(force_insert=True)
    return int(fields["id"])


def canonical(fields: Mapping[str, Any]) -> bytes:
    """The bytes that are signed: every column but the key id and the signature."""
    at: datetime = fields["at"]
    parts = {
        "at": at.isoformat(timespec="microseconds"),
        **{
            name: fields[name]
            for name in (
                "id",
                "action",
                "actor_kind",
                "actor_id",
                "actor_label",
                "subject_kind",
                "subject_id",
                "before",
                "after",
                "reason",
                "ip",
                "request_id",
                "session_ref",
            )
        },
    }
    return json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _actor(actor: Actor) -> tuple[str, str, str]:
    if isinstance(actor, str):
        kind, _, name = actor.partition(":")
        return kind, name, actor
    # Players have a public face; staff are shown by their sign-in name.
    return actor._meta.model_name or "user", str(actor.pk), str(actor)
