"""Sumsub's JSON and our words for it.

Its documents leave out what they do not know, say null, or say it in another type: every field is
read by what it means, and what cannot be read is treated as absent. Labels do not decide: the
answer and the kind of refusal do. What may never reach a player is cut off here.
Source: docs.sumsub.com, as read November 2026; see the README for where it is silent.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from babel.core import get_global
from django.conf import settings

from apps.kyc.providers.base import (
    SECRET_GROUNDS,
    AmlCase,
    AmlHit,
    CheckState,
    DocumentFact,
    Effect,
    Ground,
    Match,
    Notice,
    PersonFact,
    Snapshot,
    StepFact,
)

PROVIDER = "sumsub"
Json = dict[str, Any]

PENDING = {"pending", "prechecked", "queued", "awaitingService"}
# Types of webhooks, each with what it is about. Names that are not here are not known.
TYPES = {
    "applicantCreated": Effect.STATE,
    "applicantPending": Effect.STATE,
    "applicantPrechecked": Effect.STATE,
    "applicantOnHold": Effect.STATE,
    "applicantAwaitingUser": Effect.STATE,
    "applicantAwaitingService": Effect.STATE,
    "applicantReviewed": Effect.STATE,
    "applicantWorkflowCompleted": Effect.STATE,
    "applicantWorkflowFailed": Effect.STATE,
    "applicantPersonalInfoChanged": Effect.DATA,
    "applicantReset": Effect.RESET,
    "applicantStepsReset": Effect.DATA,
    "applicantLevelChanged": Effect.LEVEL,
    "applicantTagsChanged": Effect.NONE,
    "applicantActivated": Effect.NONE,
    "applicantDeactivated": Effect.GONE,
    "applicantDeleted": Effect.GONE,
    "applicantPersonalDataDeleted": Effect.GONE,
    # A check of an action (a payment method, say) has a verdict of its own.
    "applicantActionPending": Effect.NONE,
    "applicantActionReviewed": Effect.STAFF,
    "applicantActionOnHold": Effect.STAFF,
    "applicantActionLevelChanged": Effect.NONE,
    "videoIdentStatusChanged": Effect.NONE,
    "videoIdentCompositionCompleted": Effect.NONE,
    # Their monitoring of transactions, which we do not use: ours is in apps/risk.
    "applicantKytTxnCreated": Effect.NONE,
    "applicantKytTxnApproved": Effect.NONE,
    "applicantKytTxnRejected": Effect.STAFF,
    "applicantKytTxnReviewed": Effect.NONE,
    "applicantKytTxnDeleted": Effect.NONE,
    "applicantKytTxnAwaitingUser": Effect.STAFF,
    "applicantKytTxnDataChanged": Effect.NONE,
    "applicantKytOnHold": Effect.STAFF,
    "kytCaseCreated": Effect.STAFF,
    "kytCaseReviewed": Effect.NONE,
    "kytCaseStatusChanged": Effect.NONE,
    "amlCaseApproved": Effect.LISTS,
    "amlCaseRejected": Effect.LISTS,
    "amlCaseOnHold": Effect.LISTS,
}
# A type whose status says less than its name.
STATES_BY_TYPE = {
    "applicantOnHold": CheckState.ON_HOLD,
    "applicantPending": CheckState.PENDING,
    "applicantPrechecked": CheckState.PENDING,
    "applicantAwaitingService": CheckState.PENDING,
    "applicantAwaitingUser": CheckState.ACTION_NEEDED,
}
GROUNDS = {
    "AGE_REQUIREMENT_MISMATCH": Ground.AGE,
    "WRONG_USER_REGION": Ground.COUNTRY,
    "REGULATIONS_VIOLATIONS": Ground.RESTRICTED,
    "RESTRICTED_PERSON": Ground.RESTRICTED,
    "SANCTIONS": Ground.SANCTIONS,
    "PEP": Ground.PEP,
    "ADVERSE_MEDIA": Ground.ADVERSE_MEDIA,
    "CRIMINAL": Ground.CRIME,
    "COMPROMISED_PERSONS": Ground.CRIME,
    "DUPLICATE": Ground.DUPLICATE,
    "BLOCKLIST": Ground.BLOCKLIST,
    "BLACKLIST": Ground.BLOCKLIST,
    "FORGERY": Ground.FORGERY,
    "FRAUDULENT_PATTERNS": Ground.FORGERY,
    "FRAUDULENT_LIVENESS": Ground.FORGERY,
    "STOLEN_DOCS": Ground.FORGERY,
    "SPONSORED_VERIFICATION": Ground.FORGERY,
    "THIRD_PARTY_INVOLVED": Ground.FORGERY,
    "SELFIE_MISMATCH": Ground.FACE,
    "BAD_FACE_MATCHING": Ground.FACE,
    "BAD_SELFIE": Ground.FACE,
    "UNSATISFACTORY_PHOTOS": Ground.PHOTOS,
    "LOW_QUALITY": Ground.PHOTOS,
    "SCREENSHOTS": Ground.PHOTOS,
    "DOCUMENT_PAGE_MISSING": Ground.PHOTOS,
    "DOCUMENT_DAMAGED": Ground.PHOTOS,
    "BACK_SIDE_MISSING": Ground.PHOTOS,
    "FRONT_SIDE_MISSING": Ground.PHOTOS,
    "INCOMPATIBLE_LANGUAGE": Ground.PHOTOS,
    "BAD_PROOF_OF_IDENTITY": Ground.PHOTOS,
    "EXPIRATION_DATE": Ground.EXPIRED,
    "BAD_PROOF_OF_ADDRESS": Ground.ADDRESS,
}
RISKS = {
    "pep": Ground.PEP,
    "sanctions": Ground.SANCTIONS,
    "terrorism": Ground.SANCTIONS,
    "crime": Ground.CRIME,
    "adversemedia": Ground.ADVERSE_MEDIA,
    "fitnessprobity": Ground.ADVERSE_MEDIA,
}
# Their steps, as our levels call them; others keep their own name.
STEPS = {
    "IDENTITY": "document",
    "SELFIE": "selfie",
    "PROOF_OF_RESIDENCE": "address",
    "INCOME_SOURCE": "funds",
}
TEXT_MAX = 1000
LABELS_MAX = 50


class WireError(ValueError):
    """What came is nothing we can read."""


# ---- out ----------------------------------------------------------------------------------------------


def encode(document: Json) -> bytes:
    """The bytes that are signed and sent; nobody serialises again after this."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def multipart(metadata: Json, name: str, content_type: str, content: bytes) -> tuple[bytes, str]:
    """Both parts of a document as one body, and its content type: these bytes are signed."""
    described = encode(metadata)
    boundary = f"casino-{hashlib.sha256(described + content).hexdigest()[:40]}"
    safe = re.sub(r"[^A-Za-z0-9._-]", "_", name)[:80] or "document"
    body = b"".join(
        (
            f'--{boundary}\r\nContent-Disposition: form-data; name="metadata"\r\n'.encode(),
            b"Content-Type: application/json\r\n\r\n",
            described,
            f'\r\n--{boundary}\r\nContent-Disposition: form-data; name="content"; '.encode(),
            f'filename="{safe}"\r\nContent-Type: {content_type}\r\n\r\n'.encode(),
            content,
            f"\r\n--{boundary}--\r\n".encode(),
        )
    )
    return body, f"multipart/form-data; boundary={boundary}"


def fixed_info(declared: PersonFact) -> Json:
    """What a player says of themselves, in the vendor's words; what is not known is left out."""
    found = {
        "firstName": declared.first_name,
        "lastName": declared.last_name,
        "dob": declared.birth_date.isoformat() if declared.birth_date else "",
        "country": alpha_3(declared.country),
        "nationality": alpha_3(declared.nationality),
    }
    return {name: value for name, value in found.items() if value}


def alpha_3(country: str) -> str:
    """Their three letters of a country we know by two; empty when Unicode's list has none."""
    return _ALPHA_3.get(country.upper(), "")


def alpha_2(country: str) -> str:
    return _ALPHA_2.get(country.upper(), "")


# ---- in -----------------------------------------------------------------------------------------------


def decode(body: bytes) -> Json:
    """Raises WireError."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise WireError("not JSON") from error
    if not isinstance(document, dict):
        raise WireError("not an object")
    return document


def snapshot(document: Json) -> Snapshot:
    """An applicant as it is now. Raises WireError."""
    applicant_ref, external_ref = text(document, "id"), text(document, "externalUserId")
    if not applicant_ref or not external_ref:
        raise WireError("an applicant without its ids")
    review = part(document, "review")
    is_gone = document.get("deleted") is True
    state, attention = state_of(text(review, "reviewStatus"), part(review, "reviewResult"))
    result = part(review, "reviewResult")
    found = labels(result)
    return Snapshot(
        applicant_ref=applicant_ref,
        external_ref=external_ref,
        level_ref=text(review, "levelName"),
        inspection_ref=text(document, "inspectionId"),
        state=CheckState.WITHDRAWN if is_gone else state,
        at=moment(review.get("reviewDate")) or moment(review.get("createDate")),
        labels=found,
        grounds=grounds(found),
        words=words(state, found, text(result, "moderationComment")),
        staff_words=text(result, "clientComment"),
        person=person(document),
        attention=attention,
    )


def notice(document: Json, body: bytes) -> Notice:
    """A webhook in our words; its signature has been checked. Raises WireError."""
    kind = text(document, "type")
    if not kind:
        raise WireError("a webhook without a type")
    result = part(document, "reviewResult")
    state, _ = state_of(text(document, "reviewStatus"), result)
    state = STATES_BY_TYPE.get(kind, state)
    effect = TYPES.get(kind, Effect.UNKNOWN)
    found = labels(result)
    digest = hashlib.sha256(body).hexdigest()
    return Notice(
        provider=PROVIDER,
        key=_key(document, kind, digest),
        kind=kind,
        effect=effect,
        applicant_ref=text(document, "applicantId"),
        external_ref=text(document, "externalUserId"),
        level_ref=text(document, "levelName"),
        body_digest=digest,
        at=moment(document.get("createdAtMs")) or moment(document.get("createdAt")),
        state=state if effect is Effect.STATE else None,
        labels=found,
        grounds=grounds(found),
        words=words(state, found, text(result, "moderationComment")),
        staff_words=text(result, "clientComment"),
        is_foreign=(document.get("sandboxMode") is True) != settings.SUMSUB_SANDBOX,
    )


def _key(document: Json, kind: str, digest: str) -> str:
    """What makes a webhook this one: there is no id, and `correlationId` is of the request."""
    at = text(document, "createdAtMs") or text(document, "createdAt")
    if not at:
        return digest
    named = [
        text(document, "applicantId"),
        kind,
        at,
        text(document, "applicantActionId"),
        text(document, "kytTxnId"),
    ]
    return hashlib.sha256("\n".join(named).encode()).hexdigest()


def state_of(status: str, result: Mapping[str, Any]) -> tuple[CheckState | None, str]:
    """The table of the vendor's states, by status and answer together; and why staff must look.

    None: nothing was decided that we can read; nothing changes.
    """
    answer, kind = text(result, "reviewAnswer"), text(result, "reviewRejectType")
    if status in {"", "init"}:
        return CheckState.NOT_STARTED, ""
    if status in PENDING:  # a GREEN here is no approval
        return CheckState.PENDING, ""
    if status == "awaitingUser":
        return CheckState.ACTION_NEEDED, ""
    if status == "onHold":
        return CheckState.ON_HOLD, "The provider holds this check for a person to decide."
    if status != "completed":
        return None, f"A status we do not know: {status[:40]}."
    if answer == "GREEN":
        return CheckState.APPROVED, ""
    if answer == "RED":
        if kind == "RETRY":
            return CheckState.RETRY, ""
        if kind == "FINAL":
            return CheckState.REJECTED, ""
        return CheckState.REJECTED, "Refused without saying whether it may be tried again."
    return None, "Completed without an answer."


def labels(result: Mapping[str, Any]) -> tuple[str, ...]:
    """The labels as they are written, unknown ones too."""
    found = result.get("rejectLabels")
    if not isinstance(found, list):
        return ()
    return tuple(_clean(one)[:80] for one in found[:LABELS_MAX] if isinstance(one, str) and one)


def grounds(found: tuple[str, ...]) -> tuple[Ground, ...]:
    return tuple(dict.fromkeys(GROUNDS.get(one, Ground.OTHER) for one in found))


def words(state: CheckState | None, found: tuple[str, ...], comment: str) -> str:
    """The comment for the player, where it cannot tip them off.

    Not when a ground is secret; and after a final refusal only when every ground is known not to be.
    """
    about = set(grounds(found))
    if about & SECRET_GROUNDS or state is CheckState.ON_HOLD:
        return ""
    if state is not CheckState.RETRY and (not about or Ground.OTHER in about):
        return ""
    return comment


def person(document: Json) -> PersonFact | None:
    """What the documents say. `fixedInfo` is what the player said, and is not looked at."""
    info = part(document, "info")
    if not info:
        return None
    documents = info.get("idDocs")
    return PersonFact(
        first_name=text(info, "firstNameEn") or text(info, "firstName"),
        last_name=text(info, "lastNameEn") or text(info, "lastName"),
        birth_date=day(info.get("dob")),
        country=alpha_2(text(info, "country")),
        nationality=alpha_2(text(info, "nationality")),
        documents=tuple(
            DocumentFact(
                kind=text(one, "idDocType"),
                country=alpha_2(text(one, "country")),
                number=text(one, "number"),
                issued_on=day(one.get("issuedDate")),
                valid_until=day(one.get("validUntil")),
            )
            for one in (documents if isinstance(documents, list) else [])
            if isinstance(one, dict)
        ),
    )


def steps(document: Json) -> list[StepFact]:
    """The steps of a level; one that is null has not been started."""
    return [_step(STEPS.get(name, _clean(name)[:64]), found) for name, found in document.items()]


def step_ref(step: str) -> str:
    """Their name of one of our steps."""
    return next((theirs for theirs, ours in STEPS.items() if ours == step), step)


def _step(name: str, found: Any) -> StepFact:
    if not isinstance(found, dict):
        return StepFact(name, CheckState.NOT_STARTED)
    result = part(found, "reviewResult")
    answer = text(result, "reviewAnswer")
    state, _ = state_of("completed" if answer else "pending", result)
    comments = [text(result, "moderationComment")]
    images = part(found, "imageReviewResults")
    comments += [text(one, "moderationComment") for one in images.values() if isinstance(one, dict)]
    told = labels(result)
    for one in images.values():
        told += labels(one) if isinstance(one, dict) else ()
    shown = words(state, told, " ".join(dict.fromkeys(one for one in comments if one)))
    ids = found.get("imageIds")
    return StepFact(
        name,
        state or CheckState.PENDING,
        shown[:TEXT_MAX],
        tuple(str(one) for one in (ids if isinstance(ids, list) else []) if str(one).isdecimal()),
    )


def aml_case(document: Json) -> AmlCase:
    hits = document.get("hits")
    return AmlCase(
        case_ref=text(document, "id"),
        is_monitored=document.get("ongoingMonitoring") is True,
        grounds=_risks(document),
        hits=tuple(
            _hit(one) for one in (hits if isinstance(hits, list) else []) if isinstance(one, dict)
        ),
    )


def _hit(row: Json) -> AmlHit:
    review = part(row, "review")
    try:
        match = Match(text(review, "matchStatus"))
    except ValueError:
        match = Match.UNKNOWN  # open, until somebody has looked
    years = row.get("birthYears")
    sources = row.get("sources")
    return AmlHit(
        hit_ref=text(row, "id") or text(row, "hitId"),
        name=text(row, "name"),
        match=match,
        grounds=_risks(row),
        sources=tuple(
            text(one, "name") or text(one, "type")
            for one in (sources if isinstance(sources, list) else [])
            if isinstance(one, dict)
        ),
        birth_years=tuple(
            int(one)
            for one in (years if isinstance(years, list) else [])
            if str(one).isdecimal() and len(str(one)) == 4
        ),
        is_whitelisted=review.get("whitelisted") is True,
    )


def _risks(row: Mapping[str, Any]) -> tuple[Ground, ...]:
    found = row.get("riskLabels")
    if not isinstance(found, list):
        return ()
    return tuple(
        dict.fromkeys(RISKS.get(one.lower(), Ground.OTHER) for one in found if isinstance(one, str))
    )


def error_of(body: bytes) -> tuple[str, str]:
    """Their words about an error, with the id their support asks for; and its name or code."""
    try:
        document = decode(body)
    except WireError:
        return _clean(body[:200].decode("utf-8", "replace")), ""
    said = f"{text(document, 'description')} (correlation {text(document, 'correlationId') or '-'})"
    return said[:300], text(document, "errorName") or text(document, "errorCode")


def existing_applicant(body: bytes) -> str:
    """The id at the end of `… already exists: 5f9…`; empty when it does not say."""
    said, _ = error_of(body)
    found = re.search(r"already exists:?\s*([0-9a-f]{24})\b", said)
    return found[1] if found else ""


def warnings_of(document: Json, name: str) -> tuple[str, ...]:
    """`errors` or `warnings` of an upload: names, or objects that have one."""
    found = document.get(name)
    rows = found if isinstance(found, list) else []
    named = [
        text(one, "name") or text(one, "code") if isinstance(one, dict) else one for one in rows
    ]
    return tuple(_clean(one)[:80] for one in named if isinstance(one, str) and one)


def moment(value: Any) -> datetime | None:
    """`2026-11-25 16:46:58.123`, with or without a zone, or ISO 8601; without a zone it is UTC."""
    if not isinstance(value, str) or not value.strip():
        return None
    told = re.sub(r"([+-]\d{2})(\d{2})$", r"\1:\2", value.strip())
    try:
        found = datetime.fromisoformat(told)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def day(value: Any) -> date | None:
    if not isinstance(value, str):
        return None
    try:
        return date.fromisoformat(value.strip()[:10])
    except ValueError:
        return None


def text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    if value is None or isinstance(value, dict | list | bool):
        return ""
    return _clean(value)[:TEXT_MAX]


def part(row: Mapping[str, Any], name: str) -> Json:
    value = row.get(name)
    return value if isinstance(value, dict) else {}


def _clean(value: Any) -> str:
    """Text that a database takes: without NUL and without halves of characters."""
    return str(value).replace("\x00", "").encode("utf-8", "replace").decode().strip()


def _letters() -> dict[str, str]:
    """From Unicode's list of other spellings; codes that have left ISO 3166 stand in it too."""
    gone = [
        "BUR",
        "CSK",
        "DDR",
        "FXX",
        "NTZ",
        "QUU",
        "ROM",
        "SCG",
        "SUN",
        "TMP",
        "YMD",
        "YUG",
        "ZAR",
    ]
    return {
        found[0]: code
        for code, found in get_global("territory_aliases").items()
        if len(code) == 3 and code.isalpha() and code not in gone and len(found) == 1
    }


_ALPHA_3 = _letters()
_ALPHA_2 = {code: country for country, code in _ALPHA_3.items()}
