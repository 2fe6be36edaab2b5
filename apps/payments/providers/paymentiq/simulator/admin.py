"""What the casino's back office calls: OAuth2, orders about payments, the search."""

import base64
import hmac
import json
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from apps.integrations.simulation import Json, Refused, spoilt
from apps.payments.providers.paymentiq.simulator import gateway
from apps.payments.providers.paymentiq.simulator.gateway import TRANSACTIONS, book, switchboard

TOKEN_SECONDS = 300
LISTED_MAX = 10_000


def _refuse(_request: HttpRequest) -> HttpResponse:
    return JsonResponse({"errorMessage": "Transaction is in the wrong state"}, status=400)


@csrf_exempt
def token(request: HttpRequest) -> HttpResponse:
    """`POST /paymentiq/oauth/token?grant_type=client_credentials`."""
    pair = f"{settings.PAYMENTIQ_CLIENT_ID}:{settings.PAYMENTIQ_CLIENT_SECRET}".encode()
    wanted = f"Basic {base64.b64encode(pair).decode()}".encode()
    given = request.headers.get("Authorization", "").encode()
    is_right = hmac.compare_digest(given, wanted)
    if request.method != "POST" or not is_right:
        return JsonResponse({"error": "invalid_client"}, status=401)
    if request.GET.get("grant_type") != "client_credentials":
        return JsonResponse({"error": "unsupported_grant_type"}, status=400)
    made = secrets.token_urlsafe(24)
    ends = datetime.now(UTC) + timedelta(seconds=TOKEN_SECONDS)
    book.insert("tokens", made, {"ends": ends.isoformat()})
    return JsonResponse({"access_token": made, "token_type": "bearer", "expires_in": TOKEN_SECONDS})


def _authorised(
    view: Callable[..., HttpResponse],
) -> Callable[..., HttpResponseBase]:
    """Check the bearer and the merchant before the action sees the call."""

    @csrf_exempt
    @spoilt(switchboard, _refuse)
    def checked(request: HttpRequest, /, *args: str, **kwargs: str) -> HttpResponseBase:
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        kept = book.get("tokens", given)
        is_live = kept is not None and datetime.fromisoformat(kept["ends"]) > datetime.now(UTC)
        if scheme.lower() != "bearer" or not is_live:
            return JsonResponse({"error": "invalid_token"}, status=401)
        if request.GET.get("merchantId") != settings.PAYMENTIQ_MERCHANT_ID:
            return JsonResponse({"errorMessage": "Unknown merchant"}, status=403)
        return view(request, *args, **kwargs)

    return checked


@_authorised
def search(request: HttpRequest) -> HttpResponse:
    """`GET payments?merchantId=&idList=&txRefId=&states=&limit=`, newest first."""
    limit = min(int(request.GET.get("limit", "100") or 100), LISTED_MAX)
    wanted = {one for one in request.GET.get("idList", "").split(",") if one}
    states = {one for one in request.GET.get("states", "").split(",") if one}
    reference = request.GET.get("txRefId", "")
    match: Json = {"txRefId": reference} if reference else {}
    if len(wanted) == 1:
        only = next(iter(wanted))
        match["id"] = int(only) if only.isdigit() else only
    found = [
        gateway.listed(one.body)
        for one in book.find(TRANSACTIONS, match, limit=LISTED_MAX)
        if (not wanted or str(one.body["id"]) in wanted)
        and (not states or one.body["state"] in states)
    ]
    return JsonResponse(found[:limit], safe=False)


@_authorised
def order(request: HttpRequest, verb: str, number: str) -> HttpResponse:
    """`POST payments/{approve|deny|onhold|refund}/{txId}?merchantId=`, at least `{}`."""
    try:
        data = json.loads(request.body or b"")
    except ValueError:
        return JsonResponse({"errorMessage": "A JSON body is required"}, status=400)
    if request.method != "POST" or not isinstance(data, dict):
        return JsonResponse({"errorMessage": "A JSON body is required"}, status=400)
    try:
        kept = _ordered(verb, int(number) if number.isdigit() else 0, data)
    except Refused as refused:
        is_gone = refused.status == 404
        words = "Unknown transaction" if is_gone else f"Wrong state: {refused.message}"
        return JsonResponse({"errorMessage": words}, status=404 if is_gone else 400)
    return JsonResponse(
        {"id": kept["id"], "statusCode": kept["statusCode"], "state": kept["state"]}
    )


def _ordered(verb: str, number: int, data: Json) -> Json:
    gateway.found(number)
    if verb == "approve":
        return gateway.approve(number)
    if verb == "deny":
        return gateway.deny(number)
    if verb == "onhold":
        return gateway.hold(number)
    if gateway.found(number)["state"] != gateway.SUCCESSFUL:
        raise Refused("only a successful payment is refunded")
    return gateway.undo(number, "Refund", amount=str(data.get("txAmount") or ""))
