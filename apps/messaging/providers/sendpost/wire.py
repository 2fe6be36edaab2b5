"""SendPost's documents. Two generations are about; both are read, ours are written in `v1`."""

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from apps.messaging.providers.base import Letter, SendReport, Verdict

PROVIDER = "sendpost"
CONTRACT_HEADER = "X-SendPost-Public-Contract"
CONTRACT = "v1"
SUBJECT_MAX = 998
Json = dict[str, Any]

# `errorCode` of one recipient.
VERDICTS = {
    0: Verdict.ACCEPTED,
    1: Verdict.REFUSED,
    2: Verdict.SUPPRESSED,
    3: Verdict.MISCONFIGURED,
    4: Verdict.LATER,
    5: Verdict.MISCONFIGURED,
}
TYPES = {
    0: "processed",
    1: "dropped",
    2: "delivered",
    3: "softBounced",
    4: "hardBounced",
    5: "opened",
    6: "clicked",
    7: "unsubscribed",
    8: "spam",
    9: "sent",
    10: "smtpDropped",
}
NAMES = {name.lower(): name for name in TYPES.values()} | {
    "uniqueopen": "opened",
    "uniqueopened": "opened",
    "uniqueclick": "clicked",
    "uniqueclicked": "clicked",
    "complained": "spam",
    "bounced": "hardBounced",
}


class WireError(ValueError):
    """What came is nothing we can read."""


@dataclass(frozen=True)
class Happened:
    """One event. kind: a name from TYPES, or what they wrote when we do not know it."""

    event_id: str
    message_id: str
    reference: str
    kind: str
    at: datetime | None
    to: str
    note: str
    is_known: bool


# ---- out -----------------------------------------------------------------------------------------


def letter_body(letter: Letter, *, sender: str, sender_name: str) -> Json:
    """The body of a send.

    Their server runs Handlebars over subject and bodies, which hold names that people chose: braces
    are taken apart, so that nothing in them is an expression.
    """
    is_marketing = letter.stream == "marketing"
    body: Json = {
        "from": {"email": sender, "name": sender_name},
        "to": [{"email": letter.to}],
        "subject": plain(letter.subject).replace("\r", " ").replace("\n", " ")[:SUBJECT_MAX],
        "headers": {**letter.headers, "X-Entity-Ref-ID": letter.reference},
        "groups": [letter.kind, letter.reference],
        # A rewritten link would show the provider a token that works once.
        "trackOpens": is_marketing,
        "trackClicks": is_marketing,
    }
    if letter.text:
        body["textBody"] = plain(letter.text)
    if letter.html:
        body["htmlBody"] = re.sub(r"\{(?=\{)", "&#123;", letter.html)
    return body


def plain(text: str) -> str:
    return re.sub(r"\{(?=\{)", "{ ", text)


def encode(document: Json) -> bytes:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


# ---- in ------------------------------------------------------------------------------------------


def send_report(body: bytes, to: str) -> SendReport:
    """Their word about our one recipient; the order of the list means nothing. Raises WireError."""
    document = _parsed(body)
    rows = document if isinstance(document, list) else [document]
    for row in rows:
        if not isinstance(row, dict) or str(row.get("to", "")).lower() != to.lower():
            continue
        code = row.get("errorCode") or 0  # absent is accepted
        message_id = _first(row, "messageId", "messageID")
        verdict = VERDICTS.get(code, Verdict.REFUSED) if isinstance(code, int) else Verdict.REFUSED
        if verdict is Verdict.ACCEPTED and not message_id:
            raise WireError("accepted without an id")
        said = _text(row.get("message"))[:200]
        return SendReport(verdict, message_id, "" if verdict is Verdict.ACCEPTED else said)
    raise WireError("no word about the recipient")


def error_text(body: bytes) -> str:
    """Their words about an error: v1 has an object, the older form is anything."""
    try:
        document = _parsed(body)
    except WireError:
        return _text(body[:200].decode("utf-8", "replace"))
    error = document.get("error") if isinstance(document, dict) else None
    if isinstance(error, dict):
        return _text(f"{error.get('code', '')}: {error.get('message', '')}")[:200]
    return _text(body[:200].decode("utf-8", "replace"))


def find_reference(body: bytes, reference: str) -> str | None:
    """The id of the message in a list that carries our reference. Raises WireError."""
    document = _parsed(body)
    rows = document
    if isinstance(document, dict):
        rows = next((value for value in document.values() if isinstance(value, list)), [])
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, dict) and _reference(row) == reference:
            return _first(row, "messageId", "messageID") or None
    return None


def count_of(body: bytes) -> int:
    """How many messages one page of the list has."""
    document = _parsed(body)
    if isinstance(document, dict):
        document = next((value for value in document.values() if isinstance(value, list)), [])
    return len(document) if isinstance(document, list) else 0


def event_of(body: bytes) -> Happened:
    """A webhook in the nested form, either spelling, or in the flat one. Raises WireError."""
    document = _parsed(body)
    if not isinstance(document, dict):
        raise WireError("not an object")
    event = document.get("event")
    mail = document.get("emailMessage")
    mail = mail if isinstance(mail, dict) else {}
    if isinstance(event, dict):
        kind, is_known = _kind(event)
        note = _metadata(event)
        at = _time(event.get("timestamp")) or _time(event.get("submittedAt"))
        message_id = _first(event, "messageId", "messageID") or _first(
            mail, "messageID", "messageId"
        )
        to = _address(event.get("to")) or _address(mail.get("to"))
        reference = _reference(event) or _reference(mail)
        event_id = _first(event, "eventId", "eventID")
    elif isinstance(event, str):
        name = NAMES.get(event.replace("_", "").lower())
        kind, is_known = name or _text(event)[:32], name is not None
        note, reference = "", ""
        at = _time(document.get("timestamp"))
        message_id = _first(document, "messageId", "messageID")
        to = _address(document.get("recipient"))
        event_id = _first(document, "eventId", "eventID")
    else:
        raise WireError("no event")
    if not event_id:
        event_id = f"sha256:{hashlib.sha256(body).hexdigest()}"
    return Happened(
        event_id=event_id[:80],
        message_id=message_id[:64],
        reference=reference,
        kind=kind,
        at=at,
        to=to,
        note=note,
        is_known=is_known,
    )


def webhooks_of(body: bytes) -> list[Json]:
    document = _parsed(body)
    if isinstance(document, dict):
        document = next((value for value in document.values() if isinstance(value, list)), [])
    return [row for row in document if isinstance(row, dict)] if isinstance(document, list) else []


def _kind(event: Json) -> tuple[str, bool]:
    number = event.get("type")
    if isinstance(number, int) and not isinstance(number, bool) and number in TYPES:
        return TYPES[number], True
    named = _text(event.get("typeName") or number)
    known = NAMES.get(named.replace("_", "").lower())
    return known or named[:32] or "nothing", known is not None


def _metadata(event: Json) -> str:
    about = event.get("eventMetadata")
    about = about if isinstance(about, dict) else {}
    code = about.get("smtpCode") or event.get("smtpCode") or ""
    words = about.get("smtpDescription") or event.get("smtpDescription") or ""
    return _text(f"{code} {words}").strip()[:200]


def _reference(row: Json) -> str:
    headers = row.get("headers")
    if isinstance(headers, dict):
        for name, value in headers.items():
            if str(name).lower() == "x-entity-ref-id":
                return _text(value)
    groups = row.get("groups")
    for group in groups if isinstance(groups, list) else []:
        if str(group).startswith("ml_"):
            return _text(group)
    return ""


def _address(value: Any) -> str:
    """An address as text, as `{email}`, or as the first of a list."""
    if isinstance(value, list):
        value = value[0] if value else ""
    if isinstance(value, dict):
        value = value.get("email", "")
    return _text(value)


def _time(value: Any) -> datetime | None:
    """A moment in seconds, milli-, micro- or nanoseconds, told apart by size; or ISO text."""
    if isinstance(value, bool) or value in (None, "", 0):
        return None
    if isinstance(value, str) and not value.isdigit():
        try:
            parsed = datetime.fromisoformat(value)
        except ValueError:
            return None
        return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    try:
        number = int(value)
        for size, unit in ((10**17, 10**9), (10**14, 10**6), (10**11, 10**3)):
            if number >= size:
                return datetime.fromtimestamp(number // unit, UTC)
        return datetime.fromtimestamp(number, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def _first(row: Json, *names: str) -> str:
    for name in names:
        if value := row.get(name):
            return _text(value)
    return ""


def _text(value: Any) -> str:
    """Text that a database takes: without NUL and without halves of characters."""
    return str(value or "").replace("\x00", "").encode("utf-8", "replace").decode()


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError as error:
        raise WireError("not JSON") from error
