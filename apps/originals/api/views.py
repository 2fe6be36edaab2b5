"""Our own games over JSON. The pages play through these too: there is one door to a bet."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.api.permissions import player_in
from apps.core.api.fields import money_of
from apps.core.api.idempotency import PARAMETER, idempotency_key
from apps.core.api.pagination import CursorPagination
from apps.ledger.selectors import currency
from apps.originals import seeds, selectors, services
from apps.originals.api.serializers import (
    ActionInput,
    BetInput,
    BetOutput,
    BetsQuery,
    OriginalOutput,
    SeedsInput,
    SeedsOutput,
)
from apps.originals.errors import UnknownBet
from apps.originals.models import Bet


class OriginalsView(APIView):
    """Our own games. No sign-in needed."""

    permission_classes = (AllowAny,)
    authentication_classes = ()

    @extend_schema(tags=["originals"], responses=OriginalOutput(many=True), auth=[{}])
    def get(self, request: Request) -> Response:
        return Response({"results": OriginalOutput(selectors.originals(), many=True).data})


class BetsView(ListAPIView[Bet]):
    """The player's bets on our own games, newest first."""

    scopes: ClassVar[dict[str, str]] = {"GET": "read", "POST": "play"}
    serializer_class = BetOutput
    pagination_class = CursorPagination
    queryset = Bet.objects.none()

    def get_queryset(self):  # type: ignore[no-untyped-def]  # the framework's hook
        asked = BetsQuery.read(self.request.query_params)
        return selectors.bets(player_in(self.request), game=asked.get("game", ""))

    @extend_schema(tags=["originals"], operation_id="original_bets_list", parameters=[BetsQuery])
    def get(self, request: Request) -> Response:
        return self.list(request)


class PlaceView(APIView):
    scopes: ClassVar[dict[str, str]] = {"POST": "play"}

    @extend_schema(
        tags=["originals"],
        operation_id="original_bets_create",
        request=BetInput,
        responses={201: BetOutput},
        parameters=[PARAMETER],
        description="Bet once. A round in one step is over at once; others wait for actions.",
    )
    def post(self, request: Request, game: str) -> Response:
        key = idempotency_key(request)
        asked = BetInput(data=request.data)
        asked.is_valid(raise_exception=True)
        data = asked.validated_data
        bet = services.place(
            player=player_in(request),
            game=game,
            choice=data["choice"],
            stake=money_of(data["amount"], data["currency"], currency),
            key=key,
        )
        return Response(BetOutput(bet).data, status=status.HTTP_201_CREATED)


class BetView(APIView):
    @extend_schema(tags=["originals"], operation_id="original_bets_read", responses=BetOutput)
    def get(self, request: Request, public_id: str) -> Response:
        """One bet of the player."""
        bet = selectors.bet(public_id)
        if bet.player_id != player_in(request).pk:
            raise UnknownBet
        return Response(BetOutput(bet).data)


class ActionsView(APIView):
    scopes: ClassVar[dict[str, str]] = {"POST": "play"}

    @extend_schema(
        tags=["originals"],
        operation_id="original_bets_act",
        request=ActionInput,
        responses=BetOutput,
        description="Take a step of an open round; the same step again changes nothing.",
    )
    def post(self, request: Request, public_id: str) -> Response:
        asked = ActionInput(data=request.data)
        asked.is_valid(raise_exception=True)
        bet = services.act(player=player_in(request), public_id=public_id, **asked.validated_data)
        return Response(BetOutput(bet).data)


class SeedsView(APIView):
    """The pair of seeds in use, and the commitment to the one that follows."""

    scopes: ClassVar[dict[str, str]] = {"GET": "read", "POST": "play"}

    @extend_schema(tags=["originals"], operation_id="seeds_read", responses=SeedsOutput)
    def get(self, request: Request) -> Response:
        return Response(self._shown(request))

    @extend_schema(
        tags=["originals"],
        operation_id="seeds_rotate",
        request=SeedsInput,
        responses=SeedsOutput,
        description="Reveal the pair in use and start the next one.",
    )
    def post(self, request: Request) -> Response:
        asked = SeedsInput(data=request.data)
        asked.is_valid(raise_exception=True)
        revealed, _ = seeds.rotate(
            player_in(request), client_seed=asked.validated_data["client_seed"]
        )
        return Response(self._shown(request, revealed=revealed))

    def _shown(self, request: Request, **more: Any) -> dict[str, Any]:
        active, waiting = seeds.pairs_of(player_in(request))
        shown: dict[str, Any] = SeedsOutput(
            {"active": active, "next": waiting, "revealed": more.get("revealed")}
        ).data
        return shown
