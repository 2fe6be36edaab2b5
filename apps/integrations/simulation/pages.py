"""The vendor's pages and the controls that tests and people drive it with."""

import functools
import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Concatenate, ParamSpec
from urllib.parse import quote, urlencode, urlsplit

from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    JsonResponse,
)
from django.template.loader import render_to_string
from django.utils.http import url_has_allowed_host_and_scheme

from apps.integrations.simulation.book import Book, Document, Json, Refused
from apps.integrations.simulation.courier import Answer, Courier
from apps.integrations.simulation.faults import Switchboard, Switches

P = ParamSpec("P")
COPIES_MAX = 50

API_ANSWER_WORDS = {
    "normal": "as it should be",
    "refuse": "a refusal",
    "limited": "429, too many calls",
    "error_before": "500, nothing done",
    "error_after": "500, but done",
    "drop_after": "lost, but done",
    "hang": "none at all, nothing done",
    "hang_after": "none at all, but done",
}
FRAMED_PAGE = "frame-ancestors http: https:"
OWN_PAGE = "frame-ancestors 'self'"
CONTENT_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; "
)


def page(
    request: HttpRequest, template: str, context: Json, *, framed: bool = False, status: int = 200
) -> HttpResponse:
    """Render a simulator's page; only a game page may stand in the casino's frame.

    The request is not given to the template: the site's context processors have no part in this.
    """
    context = {
        "said": request.GET.get("said", ""),
        "here": request.path,
        "answers": API_ANSWER_WORDS.items(),
        "signatures": Switches.SIGNATURES,
        **context,
    }
    response = HttpResponse(render_to_string(f"simulators/{template}", context), status=status)
    response["Content-Security-Policy"] = CONTENT_POLICY + (FRAMED_PAGE if framed else OWN_PAGE)
    response["Cache-Control"] = "no-store"
    return response


def control(
    action: Callable[Concatenate[Json, P], Json],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Turn a function of one JSON object into a POST endpoint for tests and for page forms.

    JSON gets a JSON answer; a form gets a redirect to its `next` with words about the outcome.
    """

    @functools.wraps(action)
    def view(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if request.method != "POST":
            return JsonResponse({"error": "Use POST."}, status=405)
        if request.headers.get("Sec-Fetch-Site", "same-origin") == "cross-site":
            return JsonResponse({"error": "Not from another site."}, status=403)
        is_json = request.content_type == "application/json"
        try:
            data = _json_object(request.body) if is_json else _form(request)
            result = action(data, *args, **kwargs)
        except Refused as refused:
            if is_json:
                return JsonResponse({"error": refused.message}, status=refused.status)
            return _back(request, refused.message)
        if is_json:
            return JsonResponse(result)
        return _back(request, str(result.get("said", "Done.")), url=str(result.get("go", "")))

    return view


def _form(request: HttpRequest) -> Json:
    return {name: value for name, value in request.POST.items() if name != "next"}


def _json_object(body: bytes) -> Json:
    try:
        data = json.loads(body or b"{}")
    except ValueError:
        raise Refused("The body is not JSON.") from None
    if not isinstance(data, dict):
        raise Refused("The body is not a JSON object.")
    return data


def _back(request: HttpRequest, said: str, *, url: str = "") -> HttpResponseRedirect:
    if url:
        return HttpResponseRedirect(url)
    url = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(url, allowed_hosts={request.get_host()}):
        url = "/"
    url, _, fragment = url.partition("#")
    joint = "&" if "?" in url else "?"
    url = f"{url}{joint}{urlencode({'said': said})}"
    return HttpResponseRedirect(url + (f"#{quote(fragment)}" if fragment else ""))


def set_switches(switchboard: Switchboard) -> Callable[[Json], Json]:
    """The control that sets a vendor's switches; what is not named goes back to normal."""

    def action(data: Json) -> Json:
        switches = Switches.parse(data)
        switchboard.set(switches)
        said = "All switches are off." if switches.is_quiet else "The switches are set."
        return {"said": said, "switches": asdict(switches)}

    return action


def set_callback_url(book: Book) -> Callable[[Json], Json]:
    """The control that tells the vendor where to call; empty means what the settings say."""

    def action(data: Json) -> Json:
        url = str(data.get("url", ""))
        if url and urlsplit(url).scheme not in {"http", "https"}:
            raise Refused("The address starts with http:// or https://.")
        book.put("settings", "callback_url", {"url": url.rstrip("/")})
        return {"said": "The callback address is set.", "url": url}

    return action


def call_row(document: Document) -> Json:
    """A call of the courier as the pages list it."""
    return document.body | {
        "key": document.key,
        "at": document.created_at,
        "due_at": document.due_at,
    }


def answered(answer: Answer) -> Json:
    """What the casino said, for whoever made the call by hand."""
    text = answer.body.decode("utf-8", "replace")
    said = f"The casino answered {answer.status}: {text or answer.note}"
    return {"said": said[:300], "status": answer.status, "body": answer.json, "note": answer.note}


def repeat_call(courier: Courier) -> Callable[[Json, str], Json]:
    """The control that sends a kept call again, byte for byte: `copies` times, in turn or at once."""

    def action(data: Json, call_key: str) -> Json:
        copies = whole(data.get("copies", 1), "copies", COPIES_MAX)
        answers = courier.resend(call_key, copies, parallel=flag(data.get("parallel")))
        statuses = [answer.status for answer in answers]
        return {
            "said": f"The casino answered {', '.join(map(str, statuses))}.",
            "statuses": statuses,
            "answers": [answered(answer) for answer in answers],
        }

    return action


def find_calls(book: Book, *, most: int = 100_000) -> Callable[[Json], Json]:
    """The control that lists calls to the casino, newest first, that contain `match`."""

    def action(data: Json) -> Json:
        limit = whole(data.get("limit", most), "limit", most)
        found = book.find("callbacks", json_object(data.get("match")), limit=limit)
        return {"calls": [document.body | {"key": document.key} for document in found]}

    return action


def show_switches(switchboard: Switchboard) -> Callable[[Json], Json]:
    """The control that tells how a vendor's switches stand."""
    return lambda _data: asdict(switchboard.current())


def whole(value: Any, name: str, highest: int) -> int:
    """A number from 1 on, as a form or JSON says it. Raises Refused."""
    if not str(value).isdecimal() or not 1 <= int(value) <= highest:
        raise Refused(f"{name} is between 1 and {highest}.")
    return int(value)


def flag(value: Any) -> bool:
    return value if isinstance(value, bool) else str(value).lower() in {"1", "true", "on"}


def json_object(value: Any) -> Json:
    """An object, or the text of one as a form sends it; nothing is an empty one. Raises Refused."""
    if value in (None, ""):
        return {}
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise Refused("That is not JSON.") from None
    if not isinstance(value, dict):
        raise Refused("That is not a JSON object.")
    return value
