"""One shape for every refusal: `{"error": {"code", "message", "fields"}}`."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import set_rollback

from apps.core.errors import DomainError, InvalidInput, NotFound

FIELD_OF_NOBODY = "body"


def exception_handler(exception: Exception, context: dict[str, Any]) -> Response | None:
    """Answer refusals; anything else is our fault and goes on to be a logged 500."""
    if isinstance(exception, DomainError):
        set_rollback()
        return _answer(exception.status, exception.code, exception.message, exception.fields)
    if isinstance(exception, Http404):
        set_rollback()
        return _answer(404, NotFound.code, NotFound.message)
    if isinstance(exception, PermissionDenied):
        exception = exceptions.PermissionDenied()
    if not isinstance(exception, exceptions.APIException):
        return None
    set_rollback()
    return _of_framework(exception)


def _of_framework(exception: exceptions.APIException) -> Response:
    headers: dict[str, str] = {}
    if challenge := getattr(exception, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if isinstance(exception, exceptions.ValidationError):
        fields = flat(exception.detail)
        return _answer(400, InvalidInput.code, InvalidInput.message, fields, headers)
    if isinstance(exception, exceptions.Throttled):
        wait: float | None = getattr(exception, "wait", None)
        if wait is not None:
            headers["Retry-After"] = str(max(1, int(wait)))
        return _answer(429, "rate_limited", "Too many calls. Wait a moment.", None, headers)
    code = exception.get_codes()
    message = str(exception.detail)
    if exception.status_code == status.HTTP_404_NOT_FOUND:
        message = NotFound.message
    return _answer(
        exception.status_code, code if isinstance(code, str) else "refused", message, None, headers
    )


def flat(detail: Any, path: str = "") -> dict[str, str]:
    """Errors of nested fields with dotted names: `{"to.address": "…"}`."""
    if isinstance(detail, Mapping):
        found: dict[str, str] = {}
        for name, inner in detail.items():
            step = path if name == "non_field_errors" else f"{path}.{name}" if path else str(name)
            found |= flat(inner, step)
        return found
    if isinstance(detail, Sequence) and not isinstance(detail, str):
        if all(isinstance(item, str) for item in detail):
            return {path or FIELD_OF_NOBODY: " ".join(detail)} if detail else {}
        found = {}
        for position, inner in enumerate(detail):
            if inner:
                found |= flat(inner, f"{path}.{position}" if path else str(position))
        return found
    return {path or FIELD_OF_NOBODY: str(detail)}


def _answer(
    code_http: int,
    code: str,
    message: str,
    fields: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    body = {"error": {"code": code, "message": message, "fields": dict(fields or {})}}
    return Response(body, status=code_http, headers=dict(headers or {}))
