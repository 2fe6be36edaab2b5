"""The vendor's JSON: an applicant, its steps, a watch-list case, a webhook."""

import json
from datetime import UTC, datetime

from apps.integrations.simulation import Json
from apps.kyc.providers.sumsub.simulator import records


def applicant(found: Json) -> Json:
    document: Json = {
        "id": found["id"],
        "createdAt": found["created"],
        "key": found["id"][:16],
        "clientId": "casino",
        "inspectionId": found["inspectionId"],
        "externalUserId": found["externalUserId"],
        "email": found["email"],
        "phone": found["phone"],
        "lang": found["lang"],
        "type": "individual",
        "fixedInfo": found["fixedInfo"],
        "requiredIdDocs": {
            "docSets": [
                {"idDocSetType": step, "types": types(step)}
                for step in records.levels().get(found["level"], ())
            ]
        },
        "review": review(found),
    }
    if found["info"]:
        document["info"] = found["info"]
    if found["deleted"]:
        document["deleted"] = True
    return document


def review(found: Json) -> Json:
    document: Json = {
        "reviewId": found["inspectionId"][::-1],
        "attemptId": f"a{found['attempt']}",
        "attemptCnt": found["attempt"],
        "levelName": found["level"],
        "levelAutoCheckMode": None,
        "createDate": f"{found['created']}+0000",
        "reviewStatus": found["status"],
        "priority": 0,
        "reprocessing": False,
    }
    if found["result"]:
        document["reviewResult"] = found["result"]
    if found["reviewed"]:
        document["reviewDate"] = f"{found['reviewed']}+0000"
    return document


def types(step: str) -> list[str]:
    return {
        "IDENTITY": ["PASSPORT", "ID_CARD", "DRIVERS", "RESIDENCE_PERMIT"],
        "SELFIE": ["SELFIE"],
        "PROOF_OF_RESIDENCE": ["UTILITY_BILL"],
        "INCOME_SOURCE": ["INCOME_SOURCE", "OTHER"],
    }.get(step, ["OTHER"])


def step_of(kind: str) -> str:
    """The step a document belongs to."""
    return next(
        (step for steps in _all_steps() for step in steps if kind in types(step)), "IDENTITY"
    )


def _all_steps() -> list[tuple[str, ...]]:
    return [*records.STEPS.values(), *records.OTHER_LEVELS.values()]


def steps(found: Json) -> Json:
    """`requiredIdDocsStatus`: null where nothing was handed in."""
    document: Json = {}
    for step in records.levels().get(found["level"], ()):
        given = found["docs"].get(step)
        if not given:
            document[step] = None
            continue
        result = given.get("result") or {}
        document[step] = {
            "reviewResult": result,
            "country": given["country"],
            "idDocType": given["kind"],
            "imageIds": [int(one) for one in given["pictures"]],
            "imageReviewResults": dict.fromkeys(given["pictures"], result) if result else {},
            "forbidden": False,
            "doubleSided": given["kind"] == "ID_CARD",
            "stepStatuses": None,
        }
    return document


def case(found: Json) -> Json | None:
    told: Json | None = found["case"]
    return told


def hook(
    kind: str, found: Json, *, correlation_id: str, at: datetime | None = None, **more: object
) -> str:
    """The body of a webhook, as text."""
    moment = at or datetime.now(UTC)
    document: Json = {
        "applicantId": found["id"],
        "inspectionId": found["inspectionId"],
        "applicantType": "individual",
        "correlationId": correlation_id,
        "levelName": found["level"],
        "sandboxMode": records.is_sandbox(),
        "externalUserId": found["externalUserId"],
        "type": kind,
        "reviewStatus": found["status"],
        "createdAt": f"{records.stamp(moment)}+0000",
        "createdAtMs": f"{records.stamp(moment)}.{moment.microsecond // 1000:03d}",
        "clientId": "casino",
    }
    if found["result"] and found["status"] in {"completed", "onHold", "awaitingService"}:
        document["reviewResult"] = found["result"]
    return json.dumps(document | more)
