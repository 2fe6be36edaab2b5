from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts import profile, services
from apps.accounts.api.permissions import OnlySignedIn, player_in
from apps.accounts.api.serializers import (
    ApiKeyInput,
    ApiKeyOutput,
    MeInput,
    MeOutput,
    NewApiKeyOutput,
)
from apps.accounts.models import ApiKey
from apps.core.api.pagination import CursorPagination
from apps.core.errors import NotFound


class MeView(APIView):
    """The player behind the token."""

    scopes: ClassVar[dict[str, str]] = {"GET": "read"}

    @extend_schema(tags=["account"], responses=MeOutput)
    def get(self, request: Request) -> Response:
        return Response(MeOutput(player_in(request)).data)

    @extend_schema(tags=["account"], request=MeInput, responses=MeOutput)
    def patch(self, request: Request) -> Response:
        """Change what a player may change about themselves."""
        player = player_in(request)
        asked = MeInput(data=request.data)
        asked.is_valid(raise_exception=True)
        profile.set_marketing(player=player, source="api", **asked.validated_data)
        return Response(MeOutput(player).data)


class ApiKeysView(OnlySignedIn, ListAPIView[ApiKey]):
    """A player's keys. A key cannot make another."""

    serializer_class = ApiKeyOutput
    pagination_class = CursorPagination
    queryset = ApiKey.objects.none()

    def get_queryset(self):  # type: ignore[no-untyped-def]  # the framework's hook
        return ApiKey.objects.filter(player=player_in(self.request), revoked_at=None)

    @extend_schema(tags=["account"], operation_id="api_keys_list")
    def get(self, request: Request) -> Response:
        return self.list(request)

    @extend_schema(
        tags=["account"],
        operation_id="api_keys_create",
        request=ApiKeyInput,
        responses={201: NewApiKeyOutput},
    )
    def post(self, request: Request) -> Response:
        """Make a key. `key` is in this answer and never again."""
        asked = ApiKeyInput(data=request.data)
        asked.is_valid(raise_exception=True)
        row, text = services.create_api_key(player=player_in(request), **asked.validated_data)
        return Response(
            {**ApiKeyOutput(row).data, "key": text},
            status=status.HTTP_201_CREATED,
            headers={"Cache-Control": "no-store"},
        )


class ApiKeyView(OnlySignedIn, APIView):
    @extend_schema(tags=["account"], operation_id="api_keys_revoke", responses={204: None})
    def delete(self, request: Request, key_id: str) -> Response:
        """Revoke a key; it stops working at once."""
        player = player_in(request)
        row = ApiKey.objects.filter(player=player, prefix=key_id).first()
        if row is None:
            raise NotFound
        services.revoke_api_key(player=player, key_id=row.pk)
        return Response(status=status.HTTP_204_NO_CONTENT)
