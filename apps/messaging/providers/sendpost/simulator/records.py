"""What the vendor keeps: messages, addresses that get nothing, webhooks, its options."""

import uuid
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from apps.integrations.simulation import Book, Json, Refused, Switchboard

PARTNER = "sendpost"
book = Book(PARTNER)
switchboard = Switchboard(book)

TYPES = [
    "processed",
    "dropped",
    "delivered",
    "softBounced",
    "hardBounced",
    "opened",
    "clicked",
    "unsubscribed",
    "spam",
    "sent",
    "smtpDropped",
]
REASONS = {
    "manual": 0,
    "unsubscribe": 1,
    "hardBounce": 2,
    "spamComplaint": 3,
}
OPTIONS: Json = {
    "legacy": False,  # answers and reports in the older form, whatever the header says
    "unverified": False,  # the sender's domain is not verified any more
    "limited": False,  # 200, with a rate limit for the recipient
    "auto": True,  # mails are delivered by themselves
    "webhook": "active",
}


def options() -> Json:
    return OPTIONS | (book.get("settings", "options") or {})


def set_options(data: Json) -> Json:
    known = options()
    for name, value in data.items():
        if name not in OPTIONS:
            raise Refused(f"There is no option called {name}.")
        if isinstance(OPTIONS[name], bool):
            known[name] = value if isinstance(value, bool) else str(value) in {"1", "true", "on"}
        else:
            known[name] = str(value)
    if known["webhook"] not in {"active", "degraded", "disabled"}:
        raise Refused("A webhook is active, degraded or disabled.")
    book.put("settings", "options", known)
    return known


def sub_account(key: str) -> str:
    """The sub-account of a key; empty for a wrong one."""
    if not key:
        return ""
    return {
        settings.SENDPOST_API_KEY: "security",
        settings.SENDPOST_MARKETING_API_KEY: "marketing",
    }.get(key, "")


def is_account(key: str) -> bool:
    return bool(key) and key == settings.SENDPOST_ACCOUNT_API_KEY


def nanoseconds() -> int:
    return int(datetime.now(UTC).timestamp() * 1_000_000) * 1000


def keep_message(account: str, to: str, mail: Json) -> Json:
    """A new message, due to be worked on."""
    message: Json = {
        **mail,
        "messageId": str(uuid.uuid4()),
        "account": account,
        "to": to,
        "to_lower": to.lower(),
        "submittedAt": nanoseconds(),
        "at": datetime.now(UTC).isoformat(),
        "state": "accepted",
        "soft_bounces": 0,
        "events": [],
    }
    due_at = datetime.now(UTC) if options()["auto"] else None
    book.insert("messages", message["messageId"], message, due_at=due_at)
    return message


def message(message_id: str) -> Json:
    found = book.get("messages", message_id)
    if found is None:
        raise Refused("There is no such mail.", 404)
    return found


def messages(match: Json | None = None, limit: int = 100) -> list[Json]:
    return [one.body for one in book.find("messages", match, limit=limit)]


# ---- addresses that get nothing ------------------------------------------------------------------


def suppress(account: str, email: str, reason: str) -> Json:
    row: Json = {
        "id": book.number("suppressions"),
        "account": account,
        "email": email,
        "reason": REASONS[reason],
        "type": reason,
        "created": nanoseconds(),
        "is_in_force": True,
    }
    book.put("suppressions", f"{account}:{email.lower()}", row)
    return row


def is_suppressed(account: str, email: str) -> bool:
    found = book.get("suppressions", f"{account}:{email.lower()}")
    return bool(found and found["is_in_force"])


def forget(account: str, email: str) -> Json | None:
    found = book.get("suppressions", f"{account}:{email.lower()}")
    if not found or not found["is_in_force"]:
        return None
    book.put("suppressions", f"{account}:{email.lower()}", {**found, "is_in_force": False})
    return found


def suppressions(**match: Any) -> list[Json]:
    return [one.body for one in book.find("suppressions", {"is_in_force": True, **match})]


# ---- webhooks ------------------------------------------------------------------------------------


def webhooks() -> list[Json]:
    return [one.body for one in book.find("webhooks", {"is_deleted": False})]


def keep_webhook(data: Json) -> Json:
    row: Json = {**data, "id": book.number("webhooks"), "is_deleted": False}
    row.setdefault("enabled", True)
    book.put("webhooks", str(row["id"]), row)
    return row
