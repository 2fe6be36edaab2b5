"""What the casino asks, under the vendor's paths: signed over the exact bytes, within a minute."""

import functools
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Callable
from typing import Concatenate, ParamSpec
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.http.multipartparser import MultiPartParserError

from apps.integrations.simulation import Json, Refused, spoilt
from apps.kyc.providers.sumsub.simulator import decisions, documents, records
from apps.kyc.providers.sumsub.simulator.records import switchboard

P = ParamSpec("P")
TOLERANCE_SECONDS = 60
FILE_BYTES_MAX = 64 * 1024 * 1024
FILES_MAX = 20
FORMATS = {"image/jpeg", "image/png", "image/webp", "application/pdf"}
NAMES = {
    1000: "duplicate-document",
    1001: "too-many-documents",
    1002: "file-too-big",
    1003: "empty-file",
    1004: "corrupted-file",
    1005: "unsupported-file-format",
    1006: "no-upload-verification-in-progress",
    4003: "app-token-signature-mismatch",
}


def error(status: int, description: str, code: int = 0) -> HttpResponse:
    body: Json = {
        "description": description,
        "code": status,
        "correlationId": f"req-{uuid.uuid4()}",
    }
    if code and not records.options()["bare_errors"]:
        body |= {"errorCode": code, "errorName": NAMES[code]}
    return JsonResponse(body, status=status)


def refuse(_request: HttpRequest) -> HttpResponse:
    return error(401, "Invalid signature", 4003)


def limit(_request: HttpRequest) -> HttpResponse:
    return error(429, "Too many requests")


def vendor(
    *methods: str,
) -> Callable[
    [Callable[Concatenate[HttpRequest, P], HttpResponse]],
    Callable[Concatenate[HttpRequest, P], HttpResponseBase],
]:
    """One of the vendor's endpoints: its faults, its signature, its errors."""

    def decorate(
        view: Callable[Concatenate[HttpRequest, P], HttpResponse],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
        @functools.wraps(view)
        def wrapped(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if request.method not in methods:
                return error(405, "Method not allowed")
            if why := _unsigned(request):
                return error(401, why, 4003 if "signature" in why else 0)
            try:
                return view(request, *args, **kwargs)
            except Refused as refused:
                return error(refused.status, refused.message)

        return spoilt(switchboard, refuse, limit)(wrapped)

    return decorate


def _unsigned(request: HttpRequest) -> str:
    """Why a request is not let in; empty when its signature is right."""
    if request.headers.get("X-App-Token") != settings.SUMSUB_APP_TOKEN:
        return "Unknown app token"
    told = request.headers.get("X-App-Access-Ts", "")
    if not told.isdecimal() or abs(int(told) - time.time()) > TOLERANCE_SECONDS:
        return "Token expired"
    message = told.encode() + (request.method or "").encode() + _target(request).encode()
    right = hmac.new(
        settings.SUMSUB_SECRET_KEY.encode(), message + request.body, hashlib.sha256
    ).hexdigest()
    given = request.headers.get("X-App-Access-Sig", "")
    return "" if hmac.compare_digest(given.encode(), right.encode()) else "Invalid signature"


def _target(request: HttpRequest) -> str:
    """Path and query as they were sent, or written again as the vendor's clients write them."""
    raw = request.META.get("RAW_URI") or request.META.get("REQUEST_URI")
    if raw:
        return str(raw)
    path, query = quote(request.path, safe="/-;=._~"), request.META.get("QUERY_STRING", "")
    return f"{path}?{query}" if query else path


def _json(request: HttpRequest) -> Json:
    try:
        data = json.loads(request.body or b"{}")
    except ValueError:
        raise Refused("The body is not JSON") from None
    if not isinstance(data, dict):
        raise Refused("The body is not an object")
    return data


def _shown(found: Json) -> HttpResponse:
    other = records.options()["other_person"]
    if other and (swapped := records.find_external(other)):
        found = swapped
    return JsonResponse(documents.applicant(found))


OK: Json = {"ok": 1}


# ---- applicants -------------------------------------------------------------------------------------


@vendor("POST", "PATCH")
def applicants(request: HttpRequest) -> HttpResponse:
    data = _json(request)
    if request.method == "PATCH":
        with records.changing(str(data.get("id", ""))) as found:
            for name in ("email", "phone", "lang"):
                if name in data:
                    found[name] = str(data[name])
        return _shown(found)
    level = _level(request.GET.get("levelName", ""))
    external_id = str(data.get("externalUserId") or f"level-{uuid.uuid4()}")
    made = records.make_applicant(external_id, level, data)
    if made is None:
        there = records.find_external(external_id) or {}
        return error(
            409,
            f"Applicant with external user id '{external_id}' already exists: {there.get('id')}",
        )
    decisions.tell("applicantCreated", made)
    return JsonResponse(documents.applicant(made), status=201)


def _level(name: str) -> str:
    if name not in records.levels():
        raise Refused(f"Applicant level '{name}' not found", 404)
    return name


@vendor("GET")
def one(_request: HttpRequest, applicant_id: str) -> HttpResponse:
    return _shown(records.applicant(applicant_id))


@vendor("GET")
def one_of_ours(_request: HttpRequest, external_id: str) -> HttpResponse:
    found = records.find_external(external_id)
    return error(404, "Applicant not found") if found is None else _shown(found)


@vendor("GET")
def exists(_request: HttpRequest, external_id: str) -> HttpResponse:
    found = records.find_external(external_id)
    if found is None:
        return JsonResponse({"exists": False})
    return JsonResponse({"exists": True, "applicant": documents.applicant(found)})


@vendor("GET")
def status(_request: HttpRequest, applicant_id: str) -> HttpResponse:
    return JsonResponse(documents.review(records.applicant(applicant_id)))


@vendor("GET")
def steps(_request: HttpRequest, applicant_id: str) -> HttpResponse:
    return JsonResponse(documents.steps(records.applicant(applicant_id)))


@vendor("POST")
def pending(_request: HttpRequest, applicant_id: str) -> HttpResponse:
    decisions.pend(applicant_id)
    return JsonResponse(OK)


@vendor("POST")
def reset(_request: HttpRequest, applicant_id: str, step: str = "") -> HttpResponse:
    if step and step not in records.levels()[records.applicant(applicant_id)["level"]]:
        return error(404, f"No step {step}")
    decisions.reset(applicant_id, step)
    return JsonResponse(OK)


@vendor("POST")
def back_to_init(_request: HttpRequest, applicant_id: str) -> HttpResponse:
    with records.changing(applicant_id) as found:
        if found["status"] != "onHold":
            raise Refused("Only from onHold", 409)
        found["status"] = "init"
    return JsonResponse(OK)


@vendor("POST")
def move_to_level(request: HttpRequest, applicant_id: str) -> HttpResponse:
    return _shown(decisions.change_level(applicant_id, _level(request.GET.get("name", ""))))


@vendor("PATCH")
def presence(_request: HttpRequest, applicant_id: str, presence: str) -> HttpResponse:
    return _shown(decisions.be_present(applicant_id, is_active=presence == "activated"))


@vendor("PATCH")
def fixed_info(request: HttpRequest, applicant_id: str) -> HttpResponse:
    with records.changing(applicant_id) as found:
        found["fixedInfo"] |= _json(request)
    return JsonResponse(found["fixedInfo"])


@vendor("PATCH")
def info(request: HttpRequest, applicant_id: str) -> HttpResponse:
    return JsonResponse(decisions.change_person(applicant_id, _json(request))["info"])


@vendor("GET")
def moderation(_request: HttpRequest, applicant_id: str) -> HttpResponse:
    result = records.applicant(applicant_id)["result"]
    return JsonResponse({"applicantId": applicant_id, **result})


@vendor("POST")
def test_completed(request: HttpRequest, applicant_id: str) -> HttpResponse:
    if not records.is_sandbox():
        return error(403, "Sandbox only")
    data = _json(request)
    told = {
        "answer": data.get("reviewAnswer", ""),
        "kind": data.get("reviewRejectType", ""),
        "labels": data.get("rejectLabels") or [],
        "comment": data.get("moderationComment", ""),
        "private": data.get("clientComment", ""),
    }
    decisions.decide(applicant_id, told)
    return JsonResponse(OK)


# ---- documents --------------------------------------------------------------------------------------


@vendor("POST")
def id_doc(request: HttpRequest, applicant_id: str) -> HttpResponse:
    found = records.applicant(applicant_id)
    try:
        metadata = json.loads(request.POST.get("metadata") or _part(request, "metadata"))
    except (ValueError, MultiPartParserError):
        return error(400, "The metadata is not JSON")
    kind, country = str(metadata.get("idDocType", "")), str(metadata.get("country", ""))
    if not kind or len(country) != 3:
        return error(400, "idDocType and country are required")
    content = request.FILES.get("content")
    if content is None:
        return JsonResponse(metadata)
    data, size = content.read(), content.size or 0
    if size > FILE_BYTES_MAX:
        return error(400, "The file is larger than 64 MB", 1002)
    if not data:
        return error(400, "The file is empty", 1003)
    if content.content_type not in FORMATS:
        return error(400, "This format is not supported", 1005)
    if not data.startswith((b"\xff\xd8", b"\x89PNG", b"RIFF", b"%PDF")):
        return error(400, "The file is corrupted", 1004)
    given = found["docs"].get(documents.step_of(kind)) or {"pictures": []}
    if len(given["pictures"]) >= FILES_MAX:
        return error(400, "Too many documents", 1001)
    if any(
        records.picture(found["inspectionId"], one) == (data, content.content_type)
        for one in given["pictures"]
    ):
        return error(409, "This document was handed in already", 1000)
    picture_id = decisions.hand_in(applicant_id, kind, country, content.content_type, data)
    answer = dict(metadata)
    if request.headers.get("X-Return-Doc-Warnings") == "true":
        answer["warnings"] = ["grayscale"] if b"grayscale" in data else []
        answer["errors"] = ["screenshot"] if b"screenshot" in data else []
    response = JsonResponse(answer)
    response["X-Image-Id"] = picture_id
    return response


def _part(request: HttpRequest, name: str) -> str:
    """A part that came as a file, because it has a type of its own."""
    found = request.FILES.get(name)
    return found.read().decode() if found else ""


@vendor("GET")
def image(_request: HttpRequest, inspection_id: str, image_id: str) -> HttpResponse:
    found = records.picture(inspection_id, image_id)
    if found is None:
        return error(404, "Image not found")
    return HttpResponse(found[0], content_type=found[1])


# ---- tokens -----------------------------------------------------------------------------------------


@vendor("POST")
def access_token(request: HttpRequest) -> HttpResponse:
    """The older form: all in the query, no body."""
    if request.body:
        return error(400, "The body must be empty")
    return _token(dict(request.GET.items()))


@vendor("POST")
def sdk_token(request: HttpRequest) -> HttpResponse:
    return _token(_json(request))


def _token(data: Json) -> HttpResponse:
    external_id, level = str(data.get("userId") or ""), _level(str(data.get("levelName") or ""))
    if not external_id:
        return error(400, "userId is required")
    seconds = str(data.get("ttlInSecs") or 1800)
    if not seconds.isdecimal():
        return error(400, "ttlInSecs is a number")
    _ensured(external_id, level, data)
    return JsonResponse(
        {"token": records.make_token(external_id, level, int(seconds)), "userId": external_id}
    )


def _ensured(external_id: str, level: str, data: Json) -> None:
    """A token for an id nobody has seen makes the applicant."""
    if records.find_external(external_id):
        return
    told = data.get("applicantIdentifiers") or {}
    made = records.make_applicant(external_id, level, told if isinstance(told, dict) else {})
    if made:
        decisions.tell("applicantCreated", made)


@vendor("POST")
def websdk_link(request: HttpRequest, level: str) -> HttpResponse:
    """`…/levels/-/websdkLink` with a body, or the older form with the level in the path."""
    if level == "-":
        data = _json(request)
    else:
        data = {
            "levelName": level,
            "userId": request.GET.get("externalUserId"),
            "ttlInSecs": request.GET.get("ttlInSecs"),
        }
    external_id, named = str(data.get("userId") or ""), _level(str(data.get("levelName") or ""))
    if not external_id:
        return error(400, "userId is required")
    _ensured(external_id, named, data)
    token = records.make_token(external_id, named, int(data.get("ttlInSecs") or 1800))
    base = settings.SIMULATORS_PUBLIC_URL.rstrip("/") or request.build_absolute_uri("/").rstrip("/")
    return JsonResponse({"url": f"{base}/websdk/websdk.html#token={token}"})


# ---- watch lists, health ----------------------------------------------------------------------------


@vendor("POST")
def recheck(_request: HttpRequest, applicant_id: str) -> HttpResponse:
    found = records.applicant(applicant_id)
    if (found["result"] or {}).get("reviewAnswer") != "GREEN":
        return error(409, "Only approved applicants are checked again")
    decisions.screen(applicant_id)
    return JsonResponse(OK)


@vendor("GET")
def aml_case(_request: HttpRequest, applicant_id: str) -> HttpResponse:
    case = documents.case(records.applicant(applicant_id))
    return error(404, "No case") if case is None else JsonResponse(case)


@vendor("GET")
def checks(request: HttpRequest) -> HttpResponse:
    found = records.applicant(request.GET.get("applicantId", ""))
    kind = request.GET.get("type", "")
    check: Json = {"checkType": kind, "answer": "GREEN", "createdAt": found["created"]}
    if kind == "IP_CHECK":
        check["ipCheckInfo"] = {"countryCode3": found["fixedInfo"].get("country", ""), "vpn": False}
    return JsonResponse({"checks": [check]})


@vendor("GET")
def health(_request: HttpRequest) -> HttpResponse:
    return JsonResponse({"status": "ok"})
