"""The cashier that stands in the casino's frame, and the Front API it speaks.

The frame tells the page around it what happens by messages (`eventType`, `payload`), as the vendor's
bootstrapper hears them. It is told to which origin by `attributes.hostUri`.
"""

import json
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt

from apps.integrations.simulation import Json, Refused, page
from apps.payments.providers.paymentiq.simulator import gateway
from apps.payments.providers.paymentiq.simulator.methods import METHODS, SMALLEST, offered

# What the frame says about a transaction, by its state.
EVENTS = {
    gateway.SUCCESSFUL: "TX_SUCCESS",
    gateway.FAILED: "TX_FAILED",
    gateway.CANCELLED: "TX_CANCELLED",
    gateway.INCONSISTENT: "TX_UNRESOLVED",
}
KEPT = ("merchantId", "userId", "sessionId", "method", "locale", "country")
PREDEFINED = {"JPY": ("3000", "5000", "10000"), "": ("20", "50", "100")}


def cashier(request: HttpRequest) -> HttpResponse:
    """The list of methods: the user is verified here already, so that no stranger sees it."""
    frame = _frame(request)
    user = gateway.verify(frame["userId"], frame["sessionId"])
    if not user:
        event = {"name": "TX_FAILED", "payload": {"status": "FAILED", "statusCode": "548"}}
        return _show(request, "session.html", frame, event=event, status=403)
    currency = str(user.get("balanceCy"))
    listed = [
        {"method": one, "href": _href("paymentiq-cashier-method", frame, one.code)}
        for one in offered(currency, str(user.get("country")))
    ]
    return _show(request, "methods.html", frame, listed=listed, user=user, currency=currency)


def method_page(request: HttpRequest, code: str) -> HttpResponse:
    """One method: an amount, then the step at the provider."""
    frame = _frame(request)
    method = METHODS.get(code)
    user = gateway.verify(frame["userId"], frame["sessionId"])
    if method is None or not user:
        return HttpResponseRedirect(_href("paymentiq-cashier", frame))
    currency = str(user.get("balanceCy"))
    context: Json = {
        "chosen": method,
        "user": user,
        "currency": currency,
        "amounts": PREDEFINED.get(currency, PREDEFINED[""]),
        "amount": SMALLEST.get(currency, "10"),
        "back": _href("paymentiq-cashier", frame),
        "event": {"name": "ENTERED_TX_METHOD_PAGE", "payload": {"method": method.code}},
    }
    if request.method != "POST":
        return _show(request, "method.html", frame, **context)
    context["amount"] = request.POST.get("amount", "")
    try:
        kept = gateway.start(
            direction=frame["method"],
            method_code=code,
            user_id=frame["userId"],
            session_id=frame["sessionId"],
            amount=context["amount"],
            currency=currency,
            attributes=frame["attributes"],
        )
    except Refused as refused:
        context["event"] = {"name": "TX_VALIDATION_FAILED", "payload": {"amount": refused.message}}
        return _show(request, "method.html", frame, **context, error=refused.message)
    return HttpResponseRedirect(_href("paymentiq-cashier-transaction", frame, kept["id"]))


def transaction_page(request: HttpRequest, number: int) -> HttpResponse:
    """The step at the provider while it waits for the payer; after that, what came of it."""
    frame = _frame(request)
    try:
        kept = gateway.found(number)
    except Refused:
        return HttpResponseRedirect(_href("paymentiq-cashier", frame))
    if kept["userId"] != frame["userId"]:
        return HttpResponseRedirect(_href("paymentiq-cashier", frame))
    here = _href("paymentiq-cashier-transaction", frame, number)
    if request.method == "POST":
        try:
            gateway.payer_says(number, request.POST.get("outcome", ""))
        except Refused:
            return HttpResponseRedirect(here)
        return HttpResponseRedirect(here)
    method = next(one for one in METHODS.values() if kept["txName"].startswith(one.name))
    context: Json = {
        "kept": kept,
        "chosen": method,
        "here": here,
        "again": _href("paymentiq-cashier", frame),
        "wants_payer": kept["state"] == gateway.WAITING_INPUT and not _is_payer_done(kept),
    }
    if context["wants_payer"]:
        context["event"] = {"name": "TRANSACTION_INIT", "payload": {"txRefId": kept["txRefId"]}}
        return _show(request, "step.html", frame, **context)
    context["event"] = {"name": EVENTS.get(kept["state"], "TX_PENDING"), "payload": _payload(kept)}
    context["is_open"] = kept["state"] in {gateway.PROCESSING, gateway.WAITING_INPUT}
    return _show(request, "result.html", frame, **context)


def _is_payer_done(kept: Json) -> bool:
    """Whether only time is needed."""
    return any(note["words"] == gateway.PAYER_DONE for note in kept["log"])


def _payload(kept: Json) -> Json:
    return {
        "status": kept["state"],
        "payload": {
            "txRefId": kept["txRefId"],
            "amount": kept["txAmount"],
            "txAmount": kept["txAmount"],
            "txAmountCy": kept["txAmountCy"],
            "fee": kept["fee"],
            "psp": kept["provider"],
            "merchantTxId": kept["merchantTxId"],
            "method": kept["txName"],
            "pspStatusCode": kept["statusCode"],
        },
    }


def _frame(request: HttpRequest) -> Json:
    """What the bootstrapper put into the address."""
    given = request.GET
    frame: Json = {name: given.get(name, "") for name in KEPT}
    frame["method"] = "withdrawal" if frame["method"] == "withdrawal" else "deposit"
    frame["attributes"] = {
        name.removeprefix("attributes."): value
        for name, value in given.items()
        if name.startswith("attributes.")
    }
    frame["query"] = urlencode(
        [(name, value) for name, value in given.items() if name in KEPT or "." in name]
    )
    return frame


def _href(name: str, frame: Json, *args: Any) -> str:
    return f"{reverse(name, args=args)}?{frame['query']}"


def _show(
    request: HttpRequest,
    template: str,
    frame: Json,
    *,
    event: Json | None = None,
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    host = str(frame["attributes"].get("hostUri", ""))
    is_origin = urlsplit(host).scheme in {"http", "https"} and not urlsplit(host).path.strip("/")
    return page(
        request,
        f"paymentiq/cashier/{template}",
        {
            "frame": frame,
            "host": host if is_origin else "",
            "event_name": event["name"] if event else "",
            "event_payload": json.dumps(event["payload"]) if event else "",
            **context,
        },
        framed=True,
        status=status,
    )


# ---- the Front API, for a casino without the frame -----------------------------------------------


@csrf_exempt
def process(request: HttpRequest, provider: str, direction: str, step: str) -> HttpResponse:
    """`POST /api/{provider}/{deposit|withdrawal}/{process|validate}`."""
    try:
        data = json.loads(request.body or b"{}")
        if not isinstance(data, dict) or request.method != "POST":
            raise Refused("POST a JSON object.")
        if step == "validate":
            if provider not in METHODS:
                raise Refused("There is no such payment method.")
            gateway.parse_amount(data.get("amount"), str(data.get("currency") or "EUR"))
            return JsonResponse({"success": True, "errors": [], "messages": []})
        kept = gateway.start(
            direction=direction,
            method_code=provider,
            user_id=str(data.get("userId", "")),
            session_id=str(data.get("sessionId", "")),
            amount=str(data.get("amount", "")),
            attributes=data.get("attributes") or {},
        )
    except (Refused, ValueError) as refused:
        return JsonResponse({"success": False, "errors": [{"msg": str(refused)}], "messages": []})
    return JsonResponse(_front(kept))


def status(request: HttpRequest, merchant: str, user: str, number: int) -> HttpResponse:
    """`GET …/status?sessionId=`."""
    try:
        kept = _of_session(request, user, number)
    except Refused as refused:
        return JsonResponse({"success": False, "errors": [{"msg": refused.message}]}, status=403)
    return JsonResponse(_front(kept))


@csrf_exempt
def withdraw_it(request: HttpRequest, merchant: str, user: str, number: int) -> HttpResponse:
    """`DELETE`: the player takes a waiting payout back."""
    try:
        _of_session(request, user, number)
        if request.method != "DELETE":
            raise Refused("Use DELETE.")
        kept = gateway.deny(number, "600")
    except Refused as refused:
        return JsonResponse({"success": False, "errors": [{"msg": refused.message}]}, status=403)
    return JsonResponse(_front(kept))


def _of_session(request: HttpRequest, user: str, number: int) -> Json:
    if not gateway.verify(user, request.GET.get("sessionId", "")):
        raise Refused("ERR_USER_SESSION_INVALID", 403)
    kept = gateway.found(number)
    if kept["userId"] != user:
        raise Refused("There is no such transaction.", 404)
    return kept


def _front(kept: Json) -> Json:
    waits = kept["state"] == gateway.WAITING_INPUT
    return {
        "success": kept["state"] not in {gateway.FAILED, gateway.CANCELLED},
        "txState": kept["state"],
        "txId": kept["id"],
        "txRefId": kept["txRefId"],
        "statusCode": kept["statusCode"],
        "messages": [],
        "errors": [],
        "redirectOutput": {
            "url": reverse("paymentiq-cashier-transaction", args=[kept["id"]]),
            "method": "GET",
            "container": "iframe",
            "parameters": {},
        }
        if waits
        else None,
    }
