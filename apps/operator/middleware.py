"""What a browser may do on back-office pages."""

from collections.abc import Callable
from typing import Final

from csp.decorators import csp_replace
from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import add_never_cache_headers

PREFIX: Final = "/operator/"
# Unfold's Alpine evaluates expressions and writes styles into the page; players' pages do neither
# and keep the strict policy.
POLICY: Final = {
    "default-src": ["'self'"],
    "script-src": ["'self'", "'unsafe-inline'", "'unsafe-eval'"],
    "style-src": ["'self'", "'unsafe-inline'"],
    "img-src": ["'self'", "data:"],
    "font-src": ["'self'"],
    "connect-src": ["'self'"],
    "frame-src": ["'none'"],
    "object-src": ["'none'"],
    "base-uri": ["'self'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'none'"],
}


class OperatorPageMiddleware:
    """Give back-office pages their own content policy, and keep them out of every cache."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]):
        self.get_response = get_response
        self.get_operator_response = csp_replace(POLICY)(get_response)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path.startswith(PREFIX):
            return self.get_response(request)
        response: HttpResponseBase = self.get_operator_response(request)
        add_never_cache_headers(response)
        return response
