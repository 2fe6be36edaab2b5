"""What happens to an applicant, and the webhooks about it."""

import hashlib
import hmac
import uuid
from datetime import UTC, date, datetime, timedelta

from django.conf import settings

from apps.integrations.simulation import Courier, Json, Refused, casino_callback_url
from apps.kyc.providers.sumsub.simulator import documents, records
from apps.kyc.providers.sumsub.simulator.records import PARTNER, book, changing, switchboard

RETRY_MINUTES = (5, 60, 300, 1080)
# A reviewer takes a moment, so that a tester sees the state in between.
AUTO_SECONDS = 2.0
HASHES = {
    "HMAC_SHA1_HEX": hashlib.sha1,
    "HMAC_SHA256_HEX": hashlib.sha256,
    "HMAC_SHA512_HEX": hashlib.sha512,
}
# Every type the vendor sends, for the tester's list.
TYPES = [
    "applicantCreated",
    "applicantPending",
    "applicantPrechecked",
    "applicantOnHold",
    "applicantAwaitingUser",
    "applicantAwaitingService",
    "applicantReviewed",
    "applicantWorkflowCompleted",
    "applicantWorkflowFailed",
    "applicantPersonalInfoChanged",
    "applicantReset",
    "applicantStepsReset",
    "applicantLevelChanged",
    "applicantTagsChanged",
    "applicantActivated",
    "applicantDeactivated",
    "applicantDeleted",
    "applicantPersonalDataDeleted",
    "applicantActionPending",
    "applicantActionReviewed",
    "applicantActionOnHold",
    "applicantActionLevelChanged",
    "videoIdentStatusChanged",
    "videoIdentCompositionCompleted",
    "applicantKytTxnCreated",
    "applicantKytTxnApproved",
    "applicantKytTxnRejected",
    "applicantKytTxnReviewed",
    "applicantKytTxnDeleted",
    "applicantKytTxnAwaitingUser",
    "applicantKytTxnDataChanged",
    "applicantKytOnHold",
    "kytCaseCreated",
    "kytCaseReviewed",
    "kytCaseStatusChanged",
    "amlCaseApproved",
    "amlCaseRejected",
    "amlCaseOnHold",
]
RETRY_LABELS = (
    "UNSATISFACTORY_PHOTOS",
    "LOW_QUALITY",
    "SCREENSHOTS",
    "DOCUMENT_PAGE_MISSING",
    "BACK_SIDE_MISSING",
    "EXPIRATION_DATE",
    "BAD_PROOF_OF_ADDRESS",
    "BAD_SELFIE",
)
FINAL_LABELS = (
    "AGE_REQUIREMENT_MISMATCH",
    "WRONG_USER_REGION",
    "FORGERY",
    "SANCTIONS",
    "PEP",
    "ADVERSE_MEDIA",
    "DUPLICATE",
    "BLOCKLIST",
    "RESTRICTED_PERSON",
)


def sign(body: bytes) -> dict[str, str]:
    told = records.options()
    secret = told["secret"] or settings.SUMSUB_WEBHOOK_SECRET
    digest = hmac.new(secret.encode(), body, HASHES[told["algorithm"]]).hexdigest()
    return {
        "X-Payload-Digest": digest,
        "X-Payload-Digest-Alg": told["algorithm"],
        "Content-Type": "application/json",
    }


courier = Courier(book, switchboard, sign=sign, retry_minutes=RETRY_MINUTES, timeout_seconds=5)


def tell(
    kind: str,
    found: Json,
    *,
    correlation_id: str = "",
    at: datetime | None = None,
    **more: object,
) -> str:
    """Post one webhook about an applicant as it is now; the call's key."""
    body = documents.hook(
        kind, found, correlation_id=correlation_id or f"req-{uuid.uuid4()}", at=at, **more
    )
    return courier.post(
        kind=kind,
        url=f"{casino_callback_url(book, PARTNER).rstrip('/')}/",
        body=body.encode(),
        reference=found["id"],
    )


def tell_all(kinds: tuple[str, ...], found: Json) -> None:
    """One operation, several webhooks, one correlation id: which is no id of an event."""
    correlation_id = f"req-{uuid.uuid4()}"
    for kind in kinds:
        tell(kind, found, correlation_id=correlation_id)


# ---- what the player does ---------------------------------------------------------------------------


def hand_in(applicant_id: str, kind: str, country: str, content_type: str, content: bytes) -> str:
    """Keep one picture of a document; its id."""
    step = documents.step_of(kind)
    found = records.applicant(applicant_id)
    picture_id = records.keep_picture(found["inspectionId"], content_type, content)
    with changing(applicant_id) as found:
        given = found["docs"].get(step) or {}
        if given.get("kind") != kind or given.get("country") != country or given.get("result"):
            given = {"kind": kind, "country": country, "pictures": []}
        given["pictures"].append(picture_id)
        found["docs"][step] = given
        if step == "IDENTITY":
            found["info"] = _read_off(found, kind, country)
    return picture_id


def _read_off(found: Json, kind: str, country: str) -> Json:
    """What the vendor's eyes would read: what was declared, or a sample person."""
    said = found["fixedInfo"]
    birth = said.get("dob") or "1990-05-17"
    return {
        "firstName": said.get("firstName") or "Sam",
        "lastName": said.get("lastName") or "Sample",
        "dob": birth,
        "country": country,
        "nationality": said.get("nationality") or country,
        "idDocs": [
            {
                "idDocType": kind,
                "country": country,
                "number": f"X{found['id'][:8].upper()}",
                "issuedDate": "2022-03-01",
                "validUntil": (date.today() + timedelta(days=5 * 365)).isoformat(),  # noqa: DTZ011 (a document's)
                "dob": birth,
            }
        ],
    }


def submit(applicant_id: str) -> Json:
    """All is handed in: the vendor looks at it. Raises Refused while something is missing."""
    with changing(applicant_id) as found:
        missing = [
            step
            for step in records.levels().get(found["level"], ())
            if not found["docs"].get(step) or _is_red(found["docs"][step])
        ]
        if missing:
            raise Refused(f"Still missing: {', '.join(missing)}.")
        _pend(found)
    tell("applicantPending", found)
    _be_done_soon(applicant_id)
    return found


def pend(applicant_id: str) -> Json:
    """Ask for a review of whatever is there."""
    with changing(applicant_id) as found:
        _pend(found)
    tell("applicantPending", found)
    _be_done_soon(applicant_id)
    return found


def _pend(found: Json) -> None:
    found["status"], found["result"], found["reviewed"] = "pending", {}, ""
    found["attempt"] += 1


def _is_red(given: Json) -> bool:
    return bool((given.get("result") or {}).get("reviewAnswer") == "RED")


def _be_done_soon(applicant_id: str) -> None:
    if records.options()["auto"] != "wait":
        due_at = datetime.now(UTC) + timedelta(seconds=AUTO_SECONDS)
        book.schedule("applicants", applicant_id, due_at)


def go_on() -> int:
    """Decide by itself on what is due; how many."""
    due = book.take_due("applicants")
    for document in due:
        book.schedule("applicants", document.key, None)
        if document.body["status"] == "pending":
            if records.options()["auto"] == "approve":
                decide(document.key, {"answer": "GREEN"})
            else:
                decide(document.key, {"answer": "RED", "kind": "RETRY", "labels": RETRY_LABELS[0]})
    return len(due)


# ---- what a reviewer decides ------------------------------------------------------------------------


def decide(applicant_id: str, data: Json) -> Json:
    """{answer, kind, labels, comment, private}: the end of a review. An empty answer is no answer."""
    answer, kind = str(data.get("answer", "")), str(data.get("kind", ""))
    if answer not in {"GREEN", "RED", ""}:
        raise Refused("An answer is GREEN or RED.")
    told = data.get("labels") or []
    named = told.replace(",", " ").split() if isinstance(told, str) else [str(one) for one in told]
    result: Json = {"reviewAnswer": answer} if answer else {}
    if answer == "RED":
        result |= {
            "rejectLabels": named,
            "moderationComment": str(data.get("comment", "")),
            "clientComment": str(data.get("private", "")),
            "buttonIds": [],
        }
        if kind:
            result["reviewRejectType"] = kind
    with changing(applicant_id) as found:
        found["status"], found["result"], found["reviewed"] = "completed", result, records.stamp()
        for given in found["docs"].values():
            given["result"] = result
    workflow = bool(records.options()["workflow"])
    tell("applicantWorkflowCompleted" if workflow else "applicantReviewed", found)
    return found


STATES = {
    "onHold": ("applicantOnHold", "onHold", {}),
    "awaitingUser": ("applicantAwaitingUser", "awaitingUser", {}),
    # The trap: what is answered here is of a check in between.
    "awaitingService": (
        "applicantAwaitingService",
        "awaitingService",
        {"reviewAnswer": "GREEN"},
    ),
    "prechecked": ("applicantPrechecked", "queued", {}),
}


def move(applicant_id: str, state: str) -> Json:
    """Put an applicant into a state that is no end."""
    if state not in STATES:
        raise Refused(f"A state is one of {', '.join(STATES)}.")
    kind, status, result = STATES[state]
    with changing(applicant_id) as found:
        found["status"], found["result"] = status, dict(result)
    tell(kind, found)
    return found


def reset(applicant_id: str, step: str = "") -> Json:
    with changing(applicant_id) as found:
        if step:
            found["docs"].pop(step, None)
        else:
            found["docs"], found["info"] = {}, {}
        found["status"], found["result"], found["reviewed"] = "init", {}, ""
    tell("applicantStepsReset" if step else "applicantReset", found)
    return found


def change_level(applicant_id: str, level: str) -> Json:
    if level not in records.levels():
        raise Refused(f"There is no level {level!r}.", 404)
    with changing(applicant_id) as found:
        before, found["level"] = found["level"], level
        if before == level:
            return found
        found["status"], found["result"], found["reviewed"] = "init", {}, ""
    tell("applicantLevelChanged", found, previousLevelName=before)
    return found


def change_person(applicant_id: str, data: Json) -> Json:
    """{firstName, lastName, dob, country, nationality, number, validUntil}: what is read off."""
    with changing(applicant_id) as found:
        info = found["info"] or _read_off(found, "PASSPORT", str(data.get("country") or "DEU"))
        for name in ("firstName", "lastName", "dob", "country", "nationality"):
            if data.get(name):
                info[name] = str(data[name])
        for name in ("number", "validUntil"):
            if data.get(name):
                info["idDocs"][0][name] = str(data[name])
        found["info"] = info
    tell("applicantPersonalInfoChanged", found)
    return found


def be_present(applicant_id: str, *, is_active: bool) -> Json:
    with changing(applicant_id) as found:
        found["active"] = is_active
    tell("applicantActivated" if is_active else "applicantDeactivated", found)
    return found


def delete(applicant_id: str) -> Json:
    with changing(applicant_id) as found:
        found["deleted"] = True
        found["info"], found["fixedInfo"], found["docs"] = {}, {}, {}
    tell_all(("applicantDeleted", "applicantPersonalDataDeleted"), found)
    return found


# ---- watch lists ------------------------------------------------------------------------------------


def find_on_lists(applicant_id: str, data: Json) -> Json:
    """{match, risk, name}: one more hit in the case; with `hold` the applicant is on hold for it."""
    risk, match = str(data.get("risk") or "sanctions"), str(data.get("match") or "potential_match")
    with changing(applicant_id) as found:
        case = found["case"] or _new_case(found)
        info = found["info"]
        name = str(data.get("name") or f"{info.get('firstName', '')} {info.get('lastName', '')}")
        case["hits"].append(
            {
                "id": records.new_id(),
                "name": name.strip() or "Sam Sample",
                "entityType": "person",
                "birthYears": [int(str(info.get("dob") or "1990")[:4])],
                "sources": [{"type": risk, "name": f"{risk} list"}],
                "review": {
                    "matchStatus": match,
                    "whitelisted": False,
                    "modifiedAt": records.stamp(),
                },
                "riskLabels": [risk],
            }
        )
        case["riskLabels"] = sorted({*case["riskLabels"], risk})
        found["case"] = case
        if data.get("hold") in {True, "true", "on"}:
            found["status"], found["result"] = "onHold", {}
    if found["status"] == "onHold":
        tell("applicantOnHold", found)
    else:
        tell("amlCaseOnHold", found)
    return found


def clear_lists(applicant_id: str, match: str = "false_positive") -> Json:
    """Somebody at the vendor has looked at all hits."""
    with changing(applicant_id) as found:
        for hit in (found["case"] or {}).get("hits", []):
            hit["review"]["matchStatus"] = match
    tell("amlCaseApproved" if match != "true_positive" else "amlCaseRejected", found)
    return found


def screen(applicant_id: str) -> Json:
    """The lists are asked anew. People with certain test names are always on one."""
    with changing(applicant_id) as found:
        found["case"] = found["case"] or _new_case(found)
        found["case"]["screened"] = records.stamp()
    return found


def _new_case(found: Json) -> Json:
    return {
        "id": records.new_id(),
        "createdAt": records.stamp(),
        "targetEntityType": "applicant",
        "targetEntityId": found["id"],
        "vendorAttribution": None,
        "ongoingMonitoring": True,
        "review": {},
        "riskLabels": [],
        "hits": [],
    }
