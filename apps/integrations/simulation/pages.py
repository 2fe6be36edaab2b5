"""The vendor's pages and the controls that tests and people drive it with."""

import functools
import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Concatenate, ParamSpec
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
from apps.integrations.simulation.faults import Switchboard, Switches

P = ParamSpec("P")


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
