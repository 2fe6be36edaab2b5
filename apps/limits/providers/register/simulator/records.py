"""What the register keeps: who is excluded, and what it was asked."""

import re
from datetime import UTC, datetime
from uuid import uuid4

from apps.integrations.simulation import Book, Json, Refused, Switchboard

PARTNER = "register"
book = Book(PARTNER)
switchboard = Switchboard(book)
STATES = {"Y": "excluded", "P": "was excluded once"}
FIELDS = ("dateOfBirth", "email", "mobile", "lastName", "postcode")


def add(data: Json) -> Json:
    """{dateOfBirth, email, mobile, lastName, postcode, state}"""
    entry: Json = {name: str(data.get(name, "")).strip() for name in FIELDS}
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", entry["dateOfBirth"]):
        raise Refused("A birth date looks like 1990-05-17.")
    if not (entry["email"] or entry["mobile"] or (entry["lastName"] and entry["postcode"])):
        raise Refused("Give an e-mail address, a mobile number, or last name and postcode.")
    state = str(data.get("state", "Y") or "Y")
    if state not in STATES:
        raise Refused("Somebody is excluded (Y) or was once (P).")
    entry |= {"id": uuid4().hex[:12], "state": state, "is_listed": True}
    book.put("people", entry["id"], entry)
    return entry


def remove(entry_id: str) -> None:
    entry = book.get("people", entry_id)
    if entry is None or not entry["is_listed"]:
        raise Refused("There is no such entry.", 404)
    book.put("people", entry_id, {**entry, "is_listed": False})


def people() -> list[Json]:
    return [one.body for one in book.find("people", {"is_listed": True})]


def verdict(asked: Json) -> str:
    """Y, P or N; who is listed twice is what the stricter entry says."""
    found = {entry["state"] for entry in people() if _is(entry, asked)}
    return "Y" if "Y" in found else "P" if "P" in found else "N"


def note(asked: Json, answer: str) -> str:
    """Keep a question with its answer; the answer's number."""
    number = uuid4().hex
    at = datetime.now(UTC).isoformat()
    book.put("questions", number, {**asked, "id": number, "answer": answer, "at": at})
    return number


def questions(match: Json | None = None, limit: int = 100) -> list[Json]:
    return [one.body for one in book.find("questions", match or {}, limit=limit)]


def _is(entry: Json, asked: Json) -> bool:
    if entry["dateOfBirth"] != asked["dateOfBirth"]:
        return False
    return (
        _same(entry, asked, "email")
        or _same(entry, asked, "mobile")
        or (_same(entry, asked, "lastName") and _same(entry, asked, "postcode"))
    )


def _same(entry: Json, asked: Json, field: str) -> bool:
    one, other = (re.sub(r"[\s-]", "", str(of[field])).casefold() for of in (entry, asked))
    return bool(one) and one == other
