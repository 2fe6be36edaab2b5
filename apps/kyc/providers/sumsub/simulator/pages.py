"""What a tester looks at, and what they press: applicants, outcomes, webhooks."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta

from django.http import HttpRequest, HttpResponse, JsonResponse

from apps.integrations.simulation import (
    Json,
    Refused,
    call_row,
    casino_callback_url,
    control,
    find_calls,
    page,
    repeat_call,
    set_callback_url,
    set_switches,
)
from apps.kyc.providers.sumsub.simulator import decisions, documents, records
from apps.kyc.providers.sumsub.simulator.records import PARTNER, book, switchboard

CALLS_SHOWN = 100
MATCHES = ("potential_match", "true_positive", "false_positive", "no_match", "unknown")
RISKS = ("sanctions", "pep", "adverseMedia", "crime", "terrorism", "fitnessProbity")


def applicants_page(request: HttpRequest) -> HttpResponse:
    context = {
        "applicants": [document.body for document in book.find("applicants", limit=100)],
        "options": records.options(),
        "algorithms": records.ALGORITHMS,
        "autos": records.AUTO,
        **_common(),
    }
    return page(request, "sumsub/applicants.html", context)


def applicant_page(request: HttpRequest, applicant_id: str) -> HttpResponse:
    try:
        found = records.applicant(applicant_id)
    except Refused:
        return page(request, "sumsub/gone.html", _common(), status=404)
    context = {
        "applicant": found,
        "steps": records.levels().get(found["level"], ()),
        "levels": records.levels(),
        "retry_labels": decisions.RETRY_LABELS,
        "final_labels": decisions.FINAL_LABELS,
        "states": decisions.STATES,
        "types": decisions.TYPES,
        "matches": MATCHES,
        "risks": RISKS,
        "calls": _calls(applicant_id),
        **_common(),
    }
    return page(request, "sumsub/applicant.html", context)


def calls_page(request: HttpRequest) -> HttpResponse:
    return page(request, "sumsub/calls.html", {"calls": _calls(), **_common()})


def picture(_request: HttpRequest, inspection_id: str, picture_id: str) -> HttpResponse:
    found = records.picture(inspection_id, picture_id)
    if found is None:
        return HttpResponse("Gone.", status=404, content_type="text/plain")
    response = HttpResponse(found[0], content_type=found[1])
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store"
    return response


def _common() -> Json:
    current = switchboard.current()
    return {
        "vendor": "Sumsub",
        "vendor_path": PARTNER,
        "switches": current,
        "switches_on": not current.is_quiet,
        "callback_url": f"{casino_callback_url(book, PARTNER).rstrip('/')}/",
    }


def _calls(reference: str = "") -> list[Json]:
    match = {"reference": reference} if reference else None
    return [call_row(one) for one in book.find("callbacks", match, limit=CALLS_SHOWN)]


# ---- buttons ----------------------------------------------------------------------------------------


def _said(words: str, found: Json) -> Json:
    return {"said": words, "applicant": documents.applicant(found), "state": found}


@control
def decide(data: Json, applicant_id: str) -> Json:
    """{answer, kind, labels, comment, private}"""
    return _said("Decided.", decisions.decide(applicant_id, data))


@control
def move(data: Json, applicant_id: str) -> Json:
    """{state}: onHold, awaitingUser, awaitingService, prechecked."""
    return _said("Moved.", decisions.move(applicant_id, str(data.get("state", ""))))


@control
def submit(_data: Json, applicant_id: str) -> Json:
    """As if the player had handed in all there is."""
    found = records.applicant(applicant_id)
    country = found["fixedInfo"].get("country") or "DEU"
    for step in records.levels().get(found["level"], ()):
        decisions.hand_in(
            applicant_id, documents.types(step)[0], country, "image/png", b"\x89PNG sample"
        )
    return _said("Handed in.", decisions.pend(applicant_id))


@control
def reset(data: Json, applicant_id: str) -> Json:
    """{step}: one step, or everything."""
    return _said("Re-opened.", decisions.reset(applicant_id, str(data.get("step", ""))))


@control
def level(data: Json, applicant_id: str) -> Json:
    """{level}"""
    return _said(
        "The level is changed.", decisions.change_level(applicant_id, str(data.get("level", "")))
    )


@control
def person(data: Json, applicant_id: str) -> Json:
    """{firstName, lastName, dob, country, nationality, number, validUntil}"""
    return _said("Read off anew.", decisions.change_person(applicant_id, data))


@control
def hit(data: Json, applicant_id: str) -> Json:
    """{match, risk, name, hold}"""
    return _said("The lists know somebody like that.", decisions.find_on_lists(applicant_id, data))


@control
def clear_hits(data: Json, applicant_id: str) -> Json:
    """{match}"""
    match = str(data.get("match") or "false_positive")
    return _said("Somebody looked at the hits.", decisions.clear_lists(applicant_id, match))


@control
def presence(data: Json, applicant_id: str) -> Json:
    """{active}"""
    is_active = str(data.get("active", "")).lower() in {"true", "on", "1"}
    return _said("Done.", decisions.be_present(applicant_id, is_active=is_active))


@control
def delete(_data: Json, applicant_id: str) -> Json:
    return _said("Deleted.", decisions.delete(applicant_id))


@control
def send(data: Json, applicant_id: str) -> Json:
    """{type, age_seconds, more}: any webhook about this applicant as it is, or with other fields."""
    kind = str(data.get("type", ""))
    more = data.get("more") or {}
    if not kind or not isinstance(more, dict):
        raise Refused("Say which type.")
    age = str(data.get("age_seconds") or 0)
    if not age.isdecimal():
        raise Refused("How old is a whole number of seconds.")
    at = datetime.now(UTC) - timedelta(seconds=int(age))
    key = decisions.tell(kind, records.applicant(applicant_id), at=at, **more)
    return {"said": f"{kind} is sent.", "call": key}


@control
def set_options(data: Json) -> Json:
    return {"said": "The options are set.", "options": records.set_options(data)}


@control
def clear(_data: Json) -> Json:
    book.clear()
    return {"said": "Nobody is known here any more."}


@control
def applicants_of(data: Json) -> Json:
    match = data.get("match") or {}
    return {"applicants": [one.body for one in book.find("applicants", match)]}


def switch_state(_request: HttpRequest) -> HttpResponse:
    return JsonResponse(asdict(switchboard.current()))


calls_of = control(find_calls(book))
repeat = control(repeat_call(decisions.courier))
switches = control(set_switches(switchboard))
callback_url = control(set_callback_url(book))
