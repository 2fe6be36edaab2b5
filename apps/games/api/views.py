from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.api.permissions import player_in
from apps.core.api.pagination import CursorPagination
from apps.core.client_address import client_ip
from apps.games import search, selectors, services
from apps.games.api.serializers import (
    GameDetailOutput,
    GameOutput,
    GamesQuery,
    LaunchInput,
    LaunchOutput,
    RoundOutput,
    RoundsQuery,
)
from apps.games.views import urls_of


class GamesView(APIView):
    """Games that can be played, the latest additions first. No sign-in needed."""

    permission_classes = (AllowAny,)
    authentication_classes = ()
    pagination_class = CursorPagination

    @extend_schema(
        tags=["games"], parameters=[GamesQuery], responses=GameOutput(many=True), auth=[{}]
    )
    def get(self, request: Request) -> Response:
        asked = GamesQuery.read(request.query_params)
        text = asked.get("search", "")
        found = search.matching(text) if text else selectors.visible_games()
        if category := asked.get("category"):
            found = found.filter(category=category)
        if studio := asked.get("studio"):
            found = found.filter(studio__slug=studio)
        pages = CursorPagination()
        page = pages.paginate_queryset(found, request)
        return pages.get_paginated_response(GameOutput(page, many=True).data)


class GameView(APIView):
    """One game, closed ones too. No sign-in needed."""

    permission_classes = (AllowAny,)
    authentication_classes = ()

    @extend_schema(tags=["games"], responses=GameDetailOutput, auth=[{}])
    def get(self, request: Request, slug: str) -> Response:
        return Response(GameDetailOutput(selectors.game_by_slug(slug)).data)


class LaunchView(APIView):
    scopes: ClassVar[dict[str, str]] = {"POST": "play"}

    @extend_schema(tags=["games"], request=LaunchInput, responses=LaunchOutput)
    def post(self, request: Request, slug: str) -> Response:
        """Open a game. For real money an earlier open session in the same game ends."""
        player = player_in(request)
        asked = LaunchInput(data=request.data)
        asked.is_valid(raise_exception=True)
        chosen = asked.validated_data
        game = selectors.game_by_slug(slug)
        launched = services.launch(
            player=player,
            game=game,
            currency_code=chosen.get("currency") or player.active_currency,
            client_type=chosen["client_type"],
            ip=client_ip(request._request) or "",
            mode=chosen["mode"],
            urls=urls_of(request, game),
        )
        return Response(LaunchOutput(launched).data, headers={"Cache-Control": "no-store"})


class RoundsView(APIView):
    """The player's rounds, newest first, a moment after they were played."""

    pagination_class = CursorPagination

    @extend_schema(tags=["games"], parameters=[RoundsQuery], responses=RoundOutput(many=True))
    def get(self, request: Request) -> Response:
        player = player_in(request)
        asked = RoundsQuery.read(request.query_params)
        slug = asked.get("game")
        game = selectors.game_by_slug(slug) if slug else None

        def read(before_id: int | None, limit: int) -> list[selectors.PlayedRound]:
            return selectors.rounds(player, game=game, before_id=before_id, limit=limit)

        pages = CursorPagination()
        page = pages.paginate(request, read)
        return pages.get_paginated_response(RoundOutput(page, many=True).data)
