"""What happens to a mail by itself, and the reports about it."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings

from apps.integrations.simulation import (
    Courier,
    Json,
    Refused,
    casino_callback_url,
    vendor_seconds,
)
from apps.messaging.providers.sendpost.simulator import records
from apps.messaging.providers.sendpost.simulator.records import PARTNER, TYPES, book, switchboard

RETRY_MINUTES = (1, 5, 30, 120, 1440)
SOFT_BOUNCES_MAX = 5
SOFT_BOUNCE_SECONDS = 4 * 3600
# A real mailbox takes a moment; a tester sees the steps one after the other.
STEP_SECONDS = 0.3
FINAL = {"delivered", "hardBounced", "dropped", "smtpDropped"}
WORDS = {
    "hardBounced": (550, "5.1.1 no such user here"),
    "softBounced": (452, "4.2.2 mailbox full"),
    "dropped": (0, "suppressed"),
    "smtpDropped": (554, "5.7.1 refused by policy"),
    "delivered": (250, "2.0.0 OK"),
}

# They document no signature: what calls is known by the address it calls.
courier = Courier(
    book, switchboard, sign=lambda _body: {}, retry_minutes=RETRY_MINUTES, timeout_seconds=10
)


def go_on() -> int:
    """Take every due mail one step further; how many moved."""
    due = book.take_due("messages")
    for document in due:
        _step(document.key, document.body)
    return len(due)


def _step(key: str, mail: Json) -> None:
    after = _next(mail)
    if after:
        happen(key, after)
    now = datetime.now(UTC)
    due_at = None
    if after == "softBounced":
        due_at = now + timedelta(seconds=vendor_seconds(SOFT_BOUNCE_SECONDS))
    elif after and after not in FINAL:
        due_at = now + timedelta(seconds=STEP_SECONDS)
    book.schedule("messages", key, due_at)


def _next(mail: Json) -> str:
    fate = mail["to_lower"].partition("@")[0].partition("+")[0]
    state = mail["state"]
    if state == "accepted":
        return "dropped" if fate == "dropped" else "processed"
    if state == "processed":
        return "sent"
    if state in {"sent", "softBounced"}:
        if fate == "hardbounce":
            return "hardBounced"
        if fate == "softbounce":
            return "hardBounced" if mail["soft_bounces"] > SOFT_BOUNCES_MAX else "softBounced"
        return "delivered"
    return ""


def happen(message_id: str, kind: str, *, clicked: str = "") -> Json:
    """Let something happen to a mail, and report it. Returns the report's own facts."""
    if kind not in TYPES:
        raise Refused(f"An event is one of {', '.join(TYPES)}.")
    event = {"id": str(uuid.uuid4()), "kind": kind, "at": records.nanoseconds(), "url": clicked}
    try:
        with book.locked("messages", message_id) as mail:
            mail["events"].append(event)
            if kind in {"processed", "sent", "softBounced", *FINAL}:
                mail["state"] = kind
            mail["soft_bounces"] += kind == "softBounced"
    except KeyError:
        raise Refused("There is no such mail.", 404) from None
    reason = {"hardBounced": "hardBounce", "unsubscribed": "unsubscribe", "spam": "spamComplaint"}
    if kind in reason:
        records.suppress(mail["account"], mail["to"], reason[kind])
    report(mail, event)
    return event


def report(mail: Json, event: Json) -> None:
    body = json.dumps(legacy(mail, event) if records.options()["legacy"] else v1(mail, event))
    for url in _addresses(event["kind"]):
        courier.post(
            kind=event["kind"],
            url=url,
            body=body.encode(),
            reference=mail["messageId"],
        )


def addresses_shown() -> list[str]:
    """Where reports go, without what makes the address a secret."""
    return [url.rpartition("/")[0] + "/…" for url in _addresses("delivered")]


def _addresses(kind: str) -> list[str]:
    told = book.get("settings", "callback_url")
    if told and told.get("url"):
        return [_with_secret(told["url"])]
    registered = records.webhooks()
    if registered:
        return [row["url"] for row in registered if row["enabled"] and row.get(kind)]
    return [_with_secret(casino_callback_url(book, PARTNER))]


def _with_secret(url: str) -> str:
    """The tester gives the place; the secret part of the address is the one in the settings."""
    is_whole = len(urlsplit(url).path.rstrip("/").split("/")) > 3
    return url if is_whole else f"{url.rstrip('/')}/{settings.SENDPOST_WEBHOOK_SECRET}"


# ---- the documents -------------------------------------------------------------------------------


def v1(mail: Json, event: Json) -> Json:
    return {
        "event": {
            "eventId": event["id"],
            "messageId": mail["messageId"],
            "type": TYPES.index(event["kind"]),
            "typeName": event["kind"],
            "from": mail["from"],
            "to": mail["to"],
            "subject": mail["subject"],
            "groups": mail["groups"],
            "submittedAt": mail["submittedAt"],
            "timestamp": event["at"],
            "eventMetadata": _metadata(event, "clickedUrl"),
        },
        "emailMessage": {**_message(mail), "to": {"email": mail["to"]}},
    }


def legacy(mail: Json, event: Json) -> Json:
    code, words = WORDS.get(event["kind"], (0, ""))
    return {
        "event": {
            "eventID": event["id"],
            "messageID": mail["messageId"],
            "type": TYPES.index(event["kind"]),
            "from": mail["from"],
            "to": mail["to"],
            "messageSubject": mail["subject"],
            "groups": mail["groups"],
            # Seconds, and of the event: what their older page says.
            "submittedAt": event["at"] // 1_000_000_000,
            "smtpCode": code,
            "smtpDescription": words,
            "eventMetadata": _metadata(event, "clickedURL"),
            "accountID": 1,
            "subAccountID": 1 + (mail["account"] == "marketing"),
        },
        "emailMessage": {**_message(mail), "to": [{"email": mail["to"]}]},
    }


def _metadata(event: Json, url_name: str) -> Json:
    code, words = WORDS.get(event["kind"], (0, ""))
    found: Json = {"smtpCode": code, "smtpDescription": words}
    if event["url"]:
        found[url_name] = event["url"]
    return found


def _message(mail: Json) -> Json:
    return {
        "messageID": mail["messageId"],
        "accountID": 1,
        "submittedAt": mail["submittedAt"],
        "from": {"email": mail["from"]},
        "groups": mail["groups"],
        "headers": mail["headers"],
        "trackOpens": mail["trackOpens"],
        "trackClicks": mail["trackClicks"],
    }
