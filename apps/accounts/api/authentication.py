"""A player's own API keys: `Authorization: Bearer ck_…`."""

import re
from datetime import timedelta
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from apps.accounts import services
from apps.accounts.models import ApiKey, User
from apps.core.clock import now

KEY = re.compile(r"ck_[0-9a-f]{12}_[A-Za-z0-9_-]{20,80}", re.ASCII)
USED_EVERY = timedelta(minutes=1)


class ApiKeyAuthentication(BaseAuthentication):
    """`request.auth` is the key; what it may do is asked by the permissions."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        text = text.strip()
        key = services.api_key(text) if KEY.fullmatch(text) else None
        if key is None or not key.player.user.is_active:
            raise AuthenticationFailed("This API key is not valid.", code="invalid_api_key")
        self._note_use(key)
        return key.player.user, key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"

    def _note_use(self, key: ApiKey) -> None:
        at = now()
        if key.used_at is None or at - key.used_at > USED_EVERY:
            ApiKey.objects.filter(pk=key.pk).update(used_at=at)


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[misc]  # has no types
    target_class = ApiKeyAuthentication
    name = "API key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "ck_…",
            "description": "A key you made in your account, with the scopes you gave it.",
        }


class SessionTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[misc]  # has no types
    target_class = (
        "allauth.headless.contrib.rest_framework.authentication.XSessionTokenAuthentication"
    )
    name = "Session token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "X-Session-Token",
            "description": "`meta.session_token` of POST /_allauth/app/v1/auth/login.",
        }
