"""How often a client of the API may call, by the table `RATE_LIMITS` (apps/core/rate_limits.py)."""

from typing import TYPE_CHECKING, ClassVar

from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from apps.core import rate_limits
from apps.core.client_address import client_ip
from apps.core.errors import RateLimited

if TYPE_CHECKING:
    from rest_framework.views import APIView  # the framework loads this module for its views


class ApiThrottle(BaseThrottle):
    """For every call: all of them together, and what its address is counted as besides."""

    action: ClassVar[str] = "api"
    retry_after = 0

    def allow_request(self, request: Request, view: "APIView") -> bool:
        account = request.user.pk if request.user and request.user.is_authenticated else ""
        ip = client_ip(request._request)
        try:
            for action in self.actions(request):
                rate_limits.hit(action, account=account or "", ip=ip)
        except RateLimited as error:
            self.retry_after = error.retry_after
            return False
        return True

    def actions(self, request: Request) -> list[str]:
        match = request._request.resolver_match
        named = rate_limits.action_of(match.view_name if match else "", request.method or "")
        return [self.action, named] if named else [self.action]

    def wait(self) -> float:
        return float(self.retry_after)


class MoneyThrottle(ApiThrottle):
    """For calls that move money; add to the ordinary limit: `throttle_classes`."""

    action = "money"

    def actions(self, request: Request) -> list[str]:
        return [self.action]
