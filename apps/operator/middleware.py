"""What a browser may do on back-office pages."""

from collections.abc import Callable
from typing import Final

from csp.decorators import csp_replace
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import add_never_cache_headers

from apps.operator import sign_in

PREFIX: Final = "/operator/"
# Where players look after their account. What staff do with theirs is done and recorded here.
OF_PLAYERS: Final = (
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/password/set/",
    "/accounts/reauthenticate/",
    "/accounts/2fa/",
    "/notices/",
)
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
    "base-uri": ["'none'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'none'"],
}


class OperatorPageMiddleware:
    """Give back-office pages their own content policy, keep them out of every cache, and answer
    listed addresses only where there is a list.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]):
        self.get_response = get_response
        self.get_operator_response = csp_replace(POLICY)(get_response)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path.startswith(PREFIX):
            return self.get_response(request)
        if not sign_in.is_allowed_address(request):
            sign_in.refused_address(request)
            return HttpResponse("Not from here.", status=403, content_type="text/plain")
        response: HttpResponseBase = self.get_operator_response(request)
        add_never_cache_headers(response)
        return response

    def process_view(self, request: HttpRequest, *_: object) -> None:
        """A session of the back office changes nothing at the players' doors."""
        user = getattr(request, "user", None)
        if request.path.startswith(OF_PLAYERS) and getattr(user, "is_staff", False):
            raise PermissionDenied
