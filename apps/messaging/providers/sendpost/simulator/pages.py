"""The mailbox, as recipients see it, and what a tester presses."""

from dataclasses import asdict

from django.http import HttpRequest, HttpResponse, JsonResponse

from apps.integrations.simulation import (
    Json,
    Refused,
    control,
    page,
    set_callback_url,
    set_switches,
)
from apps.messaging.providers.sendpost.simulator import delivery, records
from apps.messaging.providers.sendpost.simulator.records import book, switchboard

CALLS_SHOWN = 100
SHOWN = 100
BUTTONS = (
    ("opened", "Open"),
    ("clicked", "Click"),
    ("softBounced", "Soft bounce"),
    ("hardBounced", "Bounce"),
    ("spam", "Complain"),
    ("unsubscribed", "Unsubscribe"),
)
# The mail in its frame: its own inline styles, nothing loaded, nothing run; links open a new tab.
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)


def mailbox(request: HttpRequest) -> HttpResponse:
    to = request.GET.get("to", "").strip().lower()
    context = {
        "messages": records.messages({"to_lower": to} if to else None, limit=SHOWN),
        "to": to,
        "options": records.options(),
        **_common(),
    }
    return page(request, "sendpost/mailbox.html", context)


def message_page(request: HttpRequest, message_id: str) -> HttpResponse:
    try:
        found = records.message(message_id)
    except Refused:
        return page(request, "sendpost/gone.html", _common(), status=404)
    context = {"message": found, "buttons": BUTTONS, "calls": _calls(message_id), **_common()}
    return page(request, "sendpost/message.html", context)


def message_html(_request: HttpRequest, message_id: str) -> HttpResponse:
    """The mail's own document, for the frame."""
    try:
        found = records.message(message_id)
    except Refused:
        return HttpResponse("Gone.", status=404, content_type="text/plain")
    html = found["html"] or "<!doctype html><title>Mail</title><p>This mail has no HTML.</p>"
    head, mark, rest = html.partition("<head>")
    html = f'{head}{mark}<base target="_blank">{rest}' if mark else html
    response = HttpResponse(html)
    response["Content-Security-Policy"] = MAIL_POLICY
    response["Cache-Control"] = "no-store"
    return response


def calls_page(request: HttpRequest) -> HttpResponse:
    return page(request, "sendpost/calls.html", {"calls": _calls(), **_common()})


def suppressions_page(request: HttpRequest) -> HttpResponse:
    context = {"rows": records.suppressions(), "webhooks": records.webhooks(), **_common()}
    return page(request, "sendpost/suppressions.html", context)


def _common() -> Json:
    switches = switchboard.current()
    return {
        "vendor": "SendPost",
        "vendor_path": records.PARTNER,
        "switches": switches,
        "switches_on": not switches.is_quiet,
        "callback_url": ", ".join(delivery.addresses_shown()),
    }


def _calls(reference: str = "") -> list[Json]:
    match = {"reference": reference} if reference else None
    found = book.find("callbacks", match, limit=CALLS_SHOWN)
    return [
        {**one.body, "key": one.key, "at": one.created_at, "due_at": one.due_at} for one in found
    ]


# ---- buttons -------------------------------------------------------------------------------------


@control
def happen(data: Json, message_id: str) -> Json:
    """{kind, url}"""
    kind = str(data.get("kind", ""))
    event = delivery.happen(message_id, kind, clicked=str(data.get("url", "")))
    return {"said": f"{kind} is reported.", "event": event}


@control
def resend(data: Json, message_id: str) -> Json:
    """{kind}: report the newest event of this kind again, under its own id."""
    kind = str(data.get("kind", ""))
    mail = records.message(message_id)
    event = next((one for one in reversed(mail["events"]) if one["kind"] == kind), None)
    if event is None:
        raise Refused("That did not happen to this mail.")
    delivery.report(mail, event)
    return {"said": f"{kind} is reported again."}


@control
def suppress(data: Json) -> Json:
    """{account, email, reason}"""
    account, reason = str(data.get("account", "")), str(data.get("reason", "manual"))
    if account not in {"security", "marketing"} or reason not in records.REASONS:
        raise Refused("Say which sub-account and why.")
    row = records.suppress(account, str(data.get("email", "")), reason)
    return {"said": "This address gets nothing now.", "suppression": row}


@control
def set_options(data: Json) -> Json:
    return {"said": "The options are set.", "options": records.set_options(data)}


@control
def repeat(data: Json, call_key: str) -> Json:
    copies = str(data.get("copies", 1))
    if not copies.isdigit():
        raise Refused("How often is a whole number.")
    answers = delivery.courier.resend(
        call_key, int(copies), parallel=str(data.get("parallel", "")).lower() in {"true", "on"}
    )
    return {"said": "Sent again.", "statuses": [answer.status for answer in answers]}


@control
def reset(_data: Json) -> Json:
    book.clear()
    return {"said": "The mailbox is empty."}


@control
def messages_of(data: Json) -> Json:
    return {"messages": records.messages(data.get("match") or {})}


@control
def calls_of(data: Json) -> Json:
    found = book.find("callbacks", data.get("match") or {}, limit=CALLS_SHOWN)
    return {"calls": [{**one.body, "key": one.key} for one in found]}


@control
def suppressions_of(data: Json) -> Json:
    return {"suppressions": records.suppressions(**(data.get("match") or {}))}


@control
def webhooks_of(_data: Json) -> Json:
    return {"webhooks": records.webhooks()}


def switch_state(_request: HttpRequest) -> HttpResponse:
    return JsonResponse(asdict(switchboard.current()))


switches = control(set_switches(switchboard))
callback_url = control(set_callback_url(book))
