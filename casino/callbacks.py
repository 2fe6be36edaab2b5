"""Partners' callbacks: one table, two servers (Django's URLs and the thin `wallet` process)."""

from functools import cache

from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string
from django.views.decorators.csrf import csrf_exempt

from apps.integrations.callbacks import (
    BODY_BYTES_MAX,
    CallbackRequest,
    CallbackResponse,
    Handler,
)

PREFIX = "/callbacks/"
HANDLERS = {
    "softswiss": "apps.games.providers.softswiss.callbacks.handle",
    "alea": "apps.games.providers.alea.callbacks.handle",
    "coinspaid": "apps.payments.providers.coinspaid.callbacks.handle",
    "paymentiq": "apps.payments.providers.paymentiq.callbacks.handle",
    "sendpost": "apps.messaging.providers.sendpost.callbacks.handle",
    "sumsub": "apps.kyc.providers.sumsub.callbacks.handle",
}
# Partners whose path is a secret; logs leave it out.
SECRET_PATHS = {"sendpost"}
NOT_FOUND = CallbackResponse(404, b'{"code":404,"message":"not found"}')
TOO_LARGE = CallbackResponse(413, b'{"code":413,"message":"too large"}')


@cache
def handler(partner: str) -> Handler | None:
    path = HANDLERS.get(partner)
    return import_string(path) if path else None


def answer(request: CallbackRequest, partner: str) -> CallbackResponse:
    found = handler(partner)
    if found is None:
        return NOT_FOUND
    if len(request.body) > BODY_BYTES_MAX:
        return TOO_LARGE
    return found(request)


@csrf_exempt  # the partner's signature over the raw bytes stands in its place
def view(request: HttpRequest, partner: str, path: str = "") -> HttpResponse:
    response = answer(
        CallbackRequest(
            method=request.method or "",
            path=path,
            headers={name.lower(): value for name, value in request.headers.items()},
            body=request.body,
            remote_addr=request.META.get("REMOTE_ADDR", ""),
            query=request.META.get("QUERY_STRING", ""),
        ),
        partner,
    )
    return HttpResponse(response.body, status=response.status, content_type=response.content_type)
