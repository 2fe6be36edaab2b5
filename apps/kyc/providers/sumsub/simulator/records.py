"""What the vendor keeps: applicants, pictures, tokens, its options."""

import base64
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings

from apps.integrations.simulation import Book, Json, Refused, Switchboard

PARTNER = "sumsub"
book = Book(PARTNER)
switchboard = Switchboard(book)

ALGORITHMS = ("HMAC_SHA256_HEX", "HMAC_SHA512_HEX", "HMAC_SHA1_HEX")
AUTO = ("wait", "approve", "decline")
OPTIONS: Json = {
    "algorithm": "HMAC_SHA256_HEX",
    "secret": "",  # what webhooks are signed with; empty: what the settings say
    "auto": "wait",  # what becomes of what a player hands in, without a tester
    "sandbox": "by the token",  # or `yes`, `no`: what webhooks say of themselves
    "workflow": False,  # verdicts come as applicantWorkflowCompleted
    "bare_errors": False,  # errors without errorCode and errorName
    "other_person": "",  # external id whose applicant is answered with, whoever is asked for
}
# Steps of a level by what our settings call it; a name we do not know has the first one's.
STEPS = {
    "identity": ("IDENTITY", "SELFIE", "PROOF_OF_RESIDENCE"),
    "funds": ("INCOME_SOURCE",),
}
OTHER_LEVELS = {
    "basic-kyc-level": ("IDENTITY", "SELFIE"),
    # A name that breaks whoever signs another spelling of it than they send.
    "Identité & 50% +1 (v2)": ("IDENTITY",),
}
SANDBOX_TOKEN = "sbx:"  # noqa: S105 (how they begin, not one of them)


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
    if known["algorithm"] not in ALGORITHMS:
        raise Refused(f"An algorithm is one of {', '.join(ALGORITHMS)}.")
    if known["auto"] not in AUTO:
        raise Refused(f"auto is one of {', '.join(AUTO)}.")
    book.put("settings", "options", known)
    return known


def is_sandbox() -> bool:
    told = options()["sandbox"]
    if told in {"yes", "no"}:
        return bool(told == "yes")
    return bool(settings.SUMSUB_APP_TOKEN.startswith(SANDBOX_TOKEN))


def levels() -> dict[str, tuple[str, ...]]:
    """The levels of this account and the steps of each."""
    found = dict(OTHER_LEVELS)
    for entry in settings.SUMSUB_LEVELS:
        ours, _, theirs = entry.partition(":")
        found[theirs.strip()] = STEPS.get(ours.strip(), STEPS["identity"])
    return found


def stamp(at: datetime | None = None) -> str:
    return (at or datetime.now(UTC)).strftime("%Y-%m-%d %H:%M:%S")


def new_id() -> str:
    return secrets.token_hex(12)


# ---- applicants -------------------------------------------------------------------------------------


def make_applicant(external_id: str, level: str, data: Json) -> Json | None:
    """A new applicant; None when this external id is taken."""
    applicant: Json = {
        "id": new_id(),
        "externalUserId": external_id,
        "inspectionId": new_id(),
        "level": level,
        "email": str(data.get("email") or ""),
        "phone": str(data.get("phone") or ""),
        "lang": str(data.get("lang") or "en"),
        "fixedInfo": data["fixedInfo"] if isinstance(data.get("fixedInfo"), dict) else {},
        "info": {},
        "docs": {},
        "created": stamp(),
        "deleted": False,
        "active": True,
        "attempt": 0,
        "status": "init",
        "result": {},
        "reviewed": "",
        "case": None,
    }
    if not book.insert("external", external_id, {"id": applicant["id"]}):
        return None
    book.insert("applicants", applicant["id"], applicant)
    return applicant


def find(applicant_id: str) -> Json | None:
    return book.get("applicants", applicant_id)


def find_external(external_id: str) -> Json | None:
    told = book.get("external", external_id)
    return find(told["id"]) if told else None


def applicant(applicant_id: str) -> Json:
    """Raises Refused for one that is not there."""
    found = find(applicant_id)
    if found is None:
        raise Refused("There is no such applicant.", 404)
    return found


@contextmanager
def changing(applicant_id: str) -> Iterator[Json]:
    """Raises Refused for one that is not there."""
    try:
        with book.locked("applicants", applicant_id) as found:
            yield found
    except KeyError:
        raise Refused("There is no such applicant.", 404) from None


def applicants(limit: int = 200, **match: Any) -> list[Json]:
    return [one.body for one in book.find("applicants", match, limit=limit)]


# ---- pictures ---------------------------------------------------------------------------------------


def keep_picture(inspection_id: str, content_type: str, content: bytes) -> str:
    picture_id = str(book.number("pictures", 1_000_001))
    book.insert(
        "pictures",
        picture_id,
        {
            "inspectionId": inspection_id,
            "type": content_type,
            "content": base64.b64encode(content).decode(),
        },
    )
    return picture_id


def picture(inspection_id: str, picture_id: str) -> tuple[bytes, str] | None:
    found = book.get("pictures", picture_id)
    if found is None or found["inspectionId"] != inspection_id:
        return None
    return base64.b64decode(found["content"]), found["type"]


# ---- tokens of the frame ----------------------------------------------------------------------------


def make_token(external_id: str, level: str, seconds: int) -> str:
    mark = "sbx" if is_sandbox() else "prd"
    token = f"_act-{mark}-{secrets.token_urlsafe(24)}"
    until = datetime.now(UTC) + timedelta(seconds=seconds)
    book.insert(
        "tokens", token, {"external": external_id, "level": level, "until": until.isoformat()}
    )
    return token


def of_token(token: str) -> Json | None:
    """The applicant a token opens the frame for; None when it is over."""
    found = book.get("tokens", token) if token else None
    if found is None or datetime.fromisoformat(found["until"]) <= datetime.now(UTC):
        return None
    return find_external(found["external"])
