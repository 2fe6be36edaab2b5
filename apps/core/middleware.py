"""A request id for logs and audit rows, what caches must know, and domain errors as pages."""

import re
import time
from collections.abc import Callable
from typing import Any

import structlog
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from apps.core import rate_limits
from apps.core.client_address import client_ip
from apps.core.errors import DomainError, RateLimited
from apps.core.ids import public_id

API = "api:"
ACCEPTABLE = re.compile(r"[A-Za-z0-9_-]{8,64}")


class RequestIdMiddleware:
    """Note when a request came. Take the proxy's X-Request-ID or make one; log lines and audit rows carry it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.arrived_at = time.monotonic()  # type: ignore[attr-defined]  # ours
        given = request.headers.get("X-Request-ID", "")
        request.request_id = given if ACCEPTABLE.fullmatch(given) else public_id("rq")  # type: ignore[attr-defined]  # ours
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request.request_id)  # type: ignore[attr-defined]  # ours
        response = self.get_response(request)
        response.headers["X-Request-ID"] = request.request_id  # type: ignore[attr-defined]  # ours
        return response


def arrived_at(request: Any) -> float:
    """When a request reached us, on the monotonic clock: before anything was asked of a database."""
    found: float = getattr(request, "arrived_at", 0.0)
    return found or time.monotonic()


class PlainTextMiddleware:
    """No address holds a NUL character: PostgreSQL takes none, not even to search for it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if "\x00" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            raise SuspiciousOperation("NUL in the address")
        return self.get_response(request)


class HtmxVaryMiddleware:
    """Pages differ for htmx: a part, or `#main` alone. Whoever caches must tell them apart."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.headers.get("Content-Type", "").startswith("text/html"):
            patch_vary_headers(response, ["HX-Request", "HX-Boosted"])
        return response


class RateLimitMiddleware:
    """Counts what the table of limits names by its address; the API counts by itself, its callers
    sign in later.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: Any) -> HttpResponse | None:
        match = request.resolver_match
        route = match.view_name if match else ""
        action = rate_limits.action_of(route, request.method or "")
        if not action or route.startswith(API):
            return None
        user = request.user
        try:
            rate_limits.hit(
                action, account=user.pk if user.is_authenticated else "", ip=client_ip(request)
            )
        except RateLimited as error:
            response = render(request, "refused.html", {"error": error}, status=error.status)
            response.headers["Retry-After"] = str(error.retry_after)
            return response
        return None


class DomainErrorMiddleware:
    """The HTML face of a refused rule that no form has caught."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, DomainError):
            return None
        return render(request, "refused.html", {"error": exception}, status=exception.status)
