"""The JSON API under /api/v1/: its addresses, its error shape, its schema and documentation."""

from typing import Any

from csp.decorators import csp_replace
from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.core.api.errors import exception_handler
from apps.core.errors import NotFound

__all__ = ["app_name", "describe", "exception_handler", "urlpatterns"]

DESCRIPTION = """
Everything a player can do, for programs.

**Signing in.** Make an API key in your account and send `Authorization: Bearer ck_…`. A key has
scopes: `read`, `play`, `money`. Or sign in with e-mail and password at
`POST /_allauth/app/v1/auth/login` and send `meta.session_token` of the answer as
`X-Session-Token`; that may do everything you may.

**Amounts** are text in major units with the currency's exact number of decimals:
`{"amount": "0.04218800", "currency": "BTC"}`. Numbers are refused.

**Money calls** need the header `Idempotency-Key`: the same key again moves nothing and returns
the first answer.

**Errors** always look like
`{"error": {"code": "invalid_input", "message": "…", "fields": {"amount": "…"}}}`. Codes are
stable, messages are for people. What is not yours is answered like what does not exist.

**Lists** have `results`, newest first, and `next`; pass `next_cursor` as `cursor` to go on.
"""

ERROR_SCHEMA = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "fields"],
            "properties": {
                "code": {"type": "string", "example": "invalid_input"},
                "message": {"type": "string"},
                "fields": {"type": "object", "additionalProperties": {"type": "string"}},
            },
        }
    },
}


def describe(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Give the schema its introduction, and every operation the error answer."""
    result["info"]["description"] = DESCRIPTION.strip()
    result.setdefault("components", {}).setdefault("schemas", {})["Error"] = ERROR_SCHEMA
    refused = {
        "description": "Refused; nothing was changed.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
    }
    for operations in result["paths"].values():
        for operation in operations.values():
            operation["responses"]["default"] = refused
    return result


class MissingView(APIView):
    """Addresses that do not exist answer as everything else here does, to every method."""

    schema = None
    permission_classes = (AllowAny,)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise NotFound


# The documentation's own page sets styles while it runs and draws its icons from data addresses.
documentation = csp_replace(
    {
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:"],
        "script-src": ["'self'"],
    }
)(SpectacularSwaggerSplitView.as_view(url_name="api:schema"))

app_name = "api"

urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", documentation, name="docs"),
    path("", include("apps.accounts.api.urls")),
    path("", include("apps.wallet.api.urls")),
    path("", include("apps.wallet.statements.api.urls")),
    path("", include("apps.limits.api.urls")),
    path("", include("apps.games.api.urls")),
    path("", include("apps.payments.api.urls")),
    path("", include("apps.originals.api.urls")),
    re_path(r"", MissingView.as_view()),
]
