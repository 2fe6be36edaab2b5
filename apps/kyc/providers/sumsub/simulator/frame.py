"""The pages in a player's browser: a shell in the casino's frame, and what it asks for.

It is opened by a token that is good for one applicant alone, handed over by `postMessage`.
"""

from django.http import HttpRequest, HttpResponse, JsonResponse

from apps.integrations.simulation import Json, Refused, page
from apps.kyc.providers.sumsub.simulator import api, decisions, documents, records

COUNTRIES = {
    "DEU": "Germany",
    "ESP": "Spain",
    "FRA": "France",
    "GBR": "United Kingdom",
    "AUT": "Austria",
    "CAN": "Canada",
    "BRA": "Brazil",
    "JPN": "Japan",
}
WORDS = {
    "IDENTITY": "Identity document",
    "SELFIE": "Selfie",
    "PROOF_OF_RESIDENCE": "Proof of address",
    "INCOME_SOURCE": "Source of funds",
    "PASSPORT": "Passport",
    "ID_CARD": "Identity card, both sides",
    "DRIVERS": "Driving licence",
    "RESIDENCE_PERMIT": "Residence permit",
    "UTILITY_BILL": "Utility bill or bank statement",
    "OTHER": "Another paper",
}


def shell(request: HttpRequest) -> HttpResponse:
    return page(request, "sumsub/frame.html", {"countries": COUNTRIES.items()}, framed=True)


def state(request: HttpRequest) -> HttpResponse:
    found = _of(request)
    return _invalid() if found is None else JsonResponse(_state(found))


def hand_in(request: HttpRequest) -> HttpResponse:
    found = _of(request)
    if found is None:
        return _invalid()
    file = request.FILES.get("content")
    kind, country = request.POST.get("kind", ""), request.POST.get("country", "")
    if request.method != "POST" or file is None or country not in COUNTRIES or kind not in WORDS:
        return JsonResponse({"error": "Choose a document, a country and a picture."}, status=400)
    data = file.read()
    if not data or file.content_type not in api.FORMATS:
        return JsonResponse({"error": "A JPEG, PNG, WebP or PDF is needed."}, status=400)
    picture_id = decisions.hand_in(found["id"], kind, country, file.content_type, data)
    return JsonResponse({"imageId": picture_id, **_state(records.applicant(found["id"]))})


def submit(request: HttpRequest) -> HttpResponse:
    found = _of(request)
    if found is None:
        return _invalid()
    try:
        return JsonResponse(_state(decisions.submit(found["id"])))
    except Refused as refused:
        return JsonResponse({"error": refused.message}, status=refused.status)


def _of(request: HttpRequest) -> Json | None:
    return records.of_token(request.headers.get("X-Access-Token", ""))


def _invalid() -> HttpResponse:
    return JsonResponse({"error": "invalid-token"}, status=401)


def _state(found: Json) -> Json:
    result = found["result"] or {}
    given = found["docs"]
    is_retry = result.get("reviewRejectType") == "RETRY" and found["status"] == "completed"
    return {
        "applicantId": found["id"],
        "levelName": found["level"],
        "reviewStatus": found["status"],
        "reviewResult": {
            name: result[name] for name in ("reviewAnswer", "reviewRejectType") if name in result
        },
        "comment": result.get("moderationComment", "") if is_retry else "",
        "canSubmit": found["status"] in {"init", "awaitingUser"} or is_retry,
        "steps": [
            {
                "step": step,
                "title": WORDS.get(step, step),
                "types": [[one, WORDS.get(one, one)] for one in documents.types(step)],
                "pictures": len((given.get(step) or {}).get("pictures", [])),
                "isRed": bool(
                    (given.get(step) or {}).get("result", {}).get("reviewAnswer") == "RED"
                ),
            }
            for step in records.levels().get(found["level"], ())
        ],
    }
