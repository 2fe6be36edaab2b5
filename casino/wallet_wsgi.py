"""The `wallet` process: partners' callbacks and nothing else.

No URL resolver, no middleware, no template engine: a bet passes the signature, one statement in
PostgreSQL and an answer. Each thread keeps its own connection, so a busy lobby never delays a bet.
"""

import os
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

import django
import structlog
from granian.utils.proxies import wrap_wsgi_with_proxy_headers

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "casino.settings.production")
django.setup()

from apps.audit import node_clock  # noqa: E402 (Django must be set up first)
from apps.integrations.callbacks import (  # noqa: E402 (Django must be set up first)
    BODY_BYTES_MAX,
    CallbackRequest,
    CallbackResponse,
)
from casino import callbacks, env  # noqa: E402

node_clock.watch()
log = structlog.get_logger()

StartResponse = Callable[[str, list[tuple[str, str]]], object]

PHRASES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}
HEALTHY = CallbackResponse(200, b"ok", "text/plain")
BROKEN = CallbackResponse(500, b'{"code":500,"message":"internal error"}')


def respond(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    response = _respond(environ)
    start_response(
        PHRASES[response.status],
        [
            ("Content-Type", response.content_type),
            ("Content-Length", str(len(response.body))),
        ],
    )
    return [response.body]


def _respond(environ: dict[str, Any]) -> CallbackResponse:
    path: str = environ["PATH_INFO"]
    if not path.startswith(callbacks.PREFIX):
        return HEALTHY if path == "/healthz" else callbacks.NOT_FOUND
    partner, _, rest = path[len(callbacks.PREFIX) :].partition("/")
    length = environ.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length) > BODY_BYTES_MAX:
        return callbacks.TOO_LARGE
    request = CallbackRequest(
        method=environ["REQUEST_METHOD"],
        path=rest,
        headers={
            name[5:].replace("_", "-").lower(): value
            for name, value in environ.items()
            if name.startswith("HTTP_")
        },
        body=environ["wsgi.input"].read(int(length)),
        remote_addr=environ.get("REMOTE_ADDR", ""),
        query=environ.get("QUERY_STRING", ""),
    )
    try:
        return callbacks.answer(request, partner)
    except Exception:
        shown = "(kept out)" if partner in callbacks.SECRET_PATHS else rest
        log.exception("callback.failed", partner=partner, path=shown)
        return BROKEN


# Only a proxy of ours may say whose call it is; without one the wrapper stays off the hot path.
_proxies = env.proxies()
application = wrap_wsgi_with_proxy_headers(respond, trusted_hosts=_proxies) if _proxies else respond
