"""What the casino asks, under the vendor's paths."""

import functools
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse, JsonResponse

from apps.integrations.simulation import Json, spoilt
from apps.messaging.providers.sendpost.simulator import records
from apps.messaging.providers.sendpost.simulator.handlebars import filled
from apps.messaging.providers.sendpost.simulator.records import book, switchboard

P = ParamSpec("P")
TO_MAX = 500
SPAN_MAX = timedelta(days=60)
SUNSET = "Wed, 30 Jun 2027 00:00:00 GMT"


def error(status: int, code: str, message: str) -> HttpResponse:
    if records.options()["legacy"]:
        return HttpResponse(message, status=status, content_type="text/plain")
    body = {"error": {"code": code, "message": message, "param": "", "type": "api_error"}}
    return JsonResponse(body, status=status)


def refuse(_request: HttpRequest) -> HttpResponse:
    return error(401, "authentication_failed", "Invalid API key")


def limit(_request: HttpRequest) -> HttpResponse:
    return error(429, "rate_limit_exceeded", "Too many requests")


vendor = spoilt(switchboard, refuse, limit)


def contracted(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Echo the form that was applied, and say that the older one ends."""

    @functools.wraps(view)
    def wrapped(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        response = view(request, *args, **kwargs)
        if is_legacy(request):
            response["X-SendPost-Public-Contract"] = "legacy"
            response["Deprecation"] = "true"
            response["Sunset"] = SUNSET
        else:
            response["X-SendPost-Public-Contract"] = "v1"
        return response

    return wrapped


def is_legacy(request: HttpRequest) -> bool:
    asked = request.headers.get("X-SendPost-Public-Contract", "")
    return asked != "v1" or bool(records.options()["legacy"])


@vendor
@contracted
def send(request: HttpRequest) -> HttpResponse:
    """`POST /subaccount/email/` and `/subaccount/email/template`."""
    account = records.sub_account(request.headers.get("X-SubAccount-ApiKey", ""))
    if not account:
        return refuse(request)
    mail = _object(request)
    sender = mail.get("from") if mail else None
    recipients = mail.get("to") if mail else None
    if (
        mail is None
        or not isinstance(sender, dict)
        or not sender.get("email")
        or not isinstance(recipients, list)
        or not 1 <= len(recipients) <= TO_MAX
        or not all(isinstance(one, dict) and one.get("email") for one in recipients)
        or len(str(mail.get("subject", ""))) > 998
        or any("\n" in str(value) for value in _dict(mail.get("headers")).values())
    ):
        return error(422, "validation_error", "The body is malformed")
    return JsonResponse(
        [_sent(request, account, mail, str(sender["email"]), one) for one in recipients],
        safe=False,
    )


def _sent(request: HttpRequest, account: str, mail: Json, sender: str, one: Json) -> Json:
    to = str(one["email"])
    code, words = _refusal(account, to)
    if code:
        return {"to": to, "errorCode": code, "message": words}
    values = {**_dict(mail.get("templateVariables")), **_dict(one.get("customFields"))}
    kept = records.keep_message(
        account,
        to,
        {
            "from": sender,
            "subject": filled(str(mail.get("subject", "")), values, is_html=False),
            "html": filled(str(mail.get("htmlBody", "")), values, is_html=True),
            "text": filled(str(mail.get("textBody", "")), values, is_html=False),
            "headers": _dict(mail.get("headers")),
            "groups": mail.get("groups") or [],
            "trackOpens": mail.get("trackOpens", True),
            "trackClicks": mail.get("trackClicks", True),
            "template": str(mail.get("template") or mail.get("templateId") or ""),
        },
    )
    name = "messageID" if is_legacy(request) else "messageId"
    return {"to": to.lower(), name: kept["messageId"], "submittedAt": kept["submittedAt"]}


def _refusal(account: str, to: str) -> tuple[int, str]:
    options = records.options()
    if "@" not in to or "." not in to.rpartition("@")[2]:
        return 1, "Invalid recipient"
    if records.is_suppressed(account, to):
        return 2, "Recipient is suppressed"
    if options["unverified"]:
        return 3, "Domain is not verified"
    if options["limited"]:
        return 4, "Rate limit exceeded"
    return 0, ""


@vendor
@contracted
def message_list(request: HttpRequest) -> HttpResponse:
    if not records.is_account(request.headers.get("X-Account-ApiKey", "")):
        return refuse(request)
    try:
        since = _moment(request.GET["from"])
        until = _moment(request.GET["to"])
        limit_to = int(request.GET.get("limit", "20"))
        offset = int(request.GET.get("offset", "0"))
    except (KeyError, ValueError):
        return error(422, "validation_error", "from and to are ISO times")
    if until - since > SPAN_MAX or not 1 <= limit_to <= 100 or offset < 0:
        return error(422, "validation_error", "At most 60 days and 100 messages")
    found = [
        one
        for one in records.messages(limit=5000)
        if since <= datetime.fromisoformat(one["at"]) <= until
    ]
    shown = [_described(one) for one in found[offset : offset + limit_to]]
    return JsonResponse(shown, safe=False)


@vendor
@contracted
def message(request: HttpRequest, message_id: str) -> HttpResponse:
    if not records.is_account(request.headers.get("X-Account-ApiKey", "")):
        return refuse(request)
    found = book.get("messages", message_id)
    if found is None:
        return error(404, "resource_not_found", "No such message")
    return JsonResponse(_described(found))


def _described(mail: Json) -> Json:
    return {
        "messageID": mail["messageId"],
        "accountID": 1,
        "emailType": "transactional",
        "submittedAt": mail["submittedAt"],
        "from": {"email": mail["from"]},
        "to": {"email": mail["to"]},
        "groups": mail["groups"],
        "headers": mail["headers"],
    }


@vendor
@contracted
def suppression(request: HttpRequest) -> HttpResponse:
    account = records.sub_account(request.headers.get("X-SubAccount-ApiKey", ""))
    if not account:
        return refuse(request)
    if request.method == "GET":
        match = {"type": request.GET["type"]} if request.GET.get("type") else {}
        rows = records.suppressions(account=account, **match)
        return JsonResponse([_row(request, row) for row in rows], safe=False)
    data = _object(request)
    if data is None:
        return error(422, "validation_error", "The body is malformed")
    if request.method == "POST":
        made = [
            records.suppress(account, str(one["email"]), reason)
            for reason in records.REASONS
            for one in data.get(reason, [])
        ]
        return JsonResponse([_row(request, row) for row in made], safe=False)
    gone = [
        records.forget(account, str(one.get("email", ""))) for one in data.get("suppressions", [])
    ]
    if is_legacy(request):
        rows = [{"id": row["id"], "message": "deleted"} for row in gone if row]
        return JsonResponse(rows, safe=False)
    return JsonResponse({"message": f"{sum(row is not None for row in gone)} deleted"})


def _row(request: HttpRequest, row: Json) -> Json:
    name = "smtp_error" if is_legacy(request) else "smtpError"
    return {**{key: row[key] for key in ("id", "email", "reason", "created")}, name: ""}


@vendor
@contracted
def webhooks(request: HttpRequest) -> HttpResponse:
    if not records.is_account(request.headers.get("X-Account-ApiKey", "")):
        return refuse(request)
    if request.method == "GET":
        return JsonResponse([_webhook(row) for row in records.webhooks()], safe=False)
    data = _object(request)
    if data is None or not str(data.get("url", "")).startswith(("http://", "https://")):
        return error(422, "validation_error", "A webhook has a url")
    return JsonResponse(_webhook(records.keep_webhook(data)))


@vendor
@contracted
def webhook(request: HttpRequest, number: int) -> HttpResponse:
    if not records.is_account(request.headers.get("X-Account-ApiKey", "")):
        return refuse(request)
    kept = book.get("webhooks", str(number))
    if kept is None or kept["is_deleted"]:
        return error(406, "resource_not_found", "No such webhook")
    if request.method == "PUT":
        kept = {**kept, **(_object(request) or {}), "id": number}
        book.put("webhooks", str(number), kept)
    elif request.method == "DELETE":
        book.put("webhooks", str(number), {**kept, "is_deleted": True})
    return JsonResponse(_webhook(kept))


def _webhook(row: Json) -> Json:
    status = records.options()["webhook"]
    reason = "too many failures" if status == "disabled" else ""
    return {
        **{name: value for name, value in row.items() if name != "is_deleted"},
        "status": status,
        "disabledReason": reason,
    }


def _object(request: HttpRequest) -> Json | None:
    try:
        data = json.loads(request.body)
    except ValueError:
        return None
    return data if isinstance(data, dict) else None


def _dict(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
