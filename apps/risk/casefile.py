"""A case as a file that anybody can check: what is known, as JSON, signed like a statement.

The zip holds `case.json` and `case.json.sig`: number, SHA-256 of the JSON, key and Ed25519
signature. Reports of suspicion are never in it: the file leaves the compliance desk.
"""

import io
import json
import zipfile
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.db import transaction

from apps.accounts.models import User
from apps.audit import services as audit
from apps.audit import signatures
from apps.core.clock import now
from apps.core.errors import Forbidden, NotFound
from apps.risk import linking
from apps.risk.models import Case
from apps.risk.services import standings

NAME, SIGNATURE = "case.json", "case.json.sig"
KIND = "case-file"


@dataclass(frozen=True)
class CaseFile:
    name: str
    data: bytes


@transaction.atomic
def export(public_id: str, *, by: User) -> CaseFile:
    """The file of a case; that it was taken out is recorded with its digest. Raises Forbidden, NotFound."""
    if not by.has_perm("risk.export_case"):
        raise Forbidden
    case = (
        Case.objects.select_related("player", "owner", "decided_by", "second_by")
        .filter(public_id=public_id)
        .first()
    )
    if case is None:
        raise NotFound
    text = json.dumps(_content(case, by), indent=1, sort_keys=True, ensure_ascii=False).encode()
    digest = sha256(text).hexdigest()
    key_id, signature = signatures.sign(message_of(case.public_id, digest))
    line = f"Signature,{case.public_id},{digest},{key_id},{signature.hex()}\n".encode()
    audit.record("risk.case_exported", actor=by, subject=case, after={"sha256": digest})
    return CaseFile(f"{case.public_id}.zip", _zipped({NAME: text, SIGNATURE: line}))


def is_genuine(data: bytes) -> bool:
    """Whether a file is as we signed it."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as found:
            text, line = found.read(NAME), found.read(SIGNATURE).decode()
        _, number, digest, key_id, signature = line.strip().split(",")
        return sha256(text).hexdigest() == digest and signatures.verify(
            message_of(number, digest), key_id=int(key_id), signature=bytes.fromhex(signature)
        )
    except (zipfile.BadZipFile, KeyError, ValueError):
        return False


def message_of(number: str, digest: str) -> bytes:
    return f"{KIND}\n{number}\n{digest}\n".encode()


def _content(case: Case, by: User) -> dict[str, Any]:
    player = case.player
    return {
        "issued_by": settings.SITE_NAME,
        "issued_at": now().isoformat(),
        "issued_to": str(by),
        "case": {
            "number": case.public_id,
            "kind": case.kind,
            "reason": case.reason,
            "opened_at": case.opened_at.isoformat(),
            "opened_by": case.opened_by,
            "decide_by": case.decide_by.isoformat(),
            "risk_class_when_opened": case.risk_class,
            "two_signatures": case.is_high,
            "holds_withdrawals": case.holds,
            "owner": str(case.owner or ""),
            "state": case.state,
            "outcome": case.outcome,
            "decision": case.decision,
            "decided_at": case.decided_at.isoformat() if case.decided_at else None,
            "signatures": [str(one) for one in (case.decided_by, case.second_by) if one],
        },
        "player": {
            "number": player.public_id,
            "country": player.country,
            "birth_date": player.birth_date.isoformat(),
            "verification_level": player.kyc_level,
            "registered_at": player.created_at.isoformat(),
        },
        "risk_class": [
            {
                "class": one.risk_class, "score": one.score, "reasons": one.reasons,
                "since": one.since.isoformat(), "set_by": str(one.set_by or ""), "note": one.note,
            }
            for one in standings.history(player.pk)
        ],
        "checklist": [
            {
                "item": one.title, "state": one.state, "note": one.note, "by": str(one.by or ""),
                "at": one.at.isoformat() if one.at else None,
            }
            for one in case.items.select_related("by")
        ],
        "notes_and_documents": [
            {
                "kind": one.kind, "text": one.text, "reference": one.reference, "by": str(one.by),
                "at": one.at.isoformat(),
            }
            for one in case.notes.select_related("by")
        ],
        "alerts": [
            {
                "number": one.public_id, "rule": one.code, "version": one.version.version,
                "figures_of_the_rule": one.version.values, "words": one.words,
                "figures": one.figures, "entries": one.entries, "payments": one.payments,
                "found_at": one.found_at.isoformat(), "state": one.state, "decision": one.decision,
            }
            for one in case.alerts.select_related("version").order_by("id")
        ],
        "links": [
            {"player": one.other_id, "strength": one.strength, "reason": one.words}
            for one in linking.links_of(player.pk)
        ],
    }  # fmt: skip


def _zipped(files: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in files.items():
            made.writestr(name, data)
    return held.getvalue()
