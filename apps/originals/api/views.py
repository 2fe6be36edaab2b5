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
from apps.core.middleware import arrived_at
from apps.core.money import Money
from apps.ledger.selectors import currency
from apps.originals import autobet, crash_feed, seeds, selectors, services
from apps.originals.api.serializers import (
    ActionInput,
    BetInput,
    BetOutput,
    BetsQuery,
    CrashOutput,
    NextInput,
    NextOutput,
    OriginalOutput,
    RunInput,
    RunOutput,
    SeedsInput,
    SeedsOutput,
)
from apps.originals.errors import UnknownBet
from apps.originals.models import AutoRun, Bet


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
            is_hidden=data["hidden"],
        )
        return Response(BetOutput(bet).data, status=status.HTTP_201_CREATED)


class RunsView(ListAPIView[AutoRun]):
    """The player's runs of bets, newest first."""

    scopes: ClassVar[dict[str, str]] = {"GET": "read", "POST": "play"}
    serializer_class = RunOutput
    pagination_class = CursorPagination
    queryset = AutoRun.objects.none()

    def get_queryset(self):  # type: ignore[no-untyped-def]  # the framework's hook
        return selectors.runs(player_in(self.request))

    @extend_schema(tags=["originals"], operation_id="original_runs_list")
    def get(self, request: Request) -> Response:
        return self.list(request)

    @extend_schema(
        tags=["originals"],
        operation_id="original_runs_create",
        request=RunInput,
        responses={201: RunOutput},
        parameters=[PARAMETER],
        description="Begin a run of bets. Each bet is asked for with `next/`.",
    )
    def post(self, request: Request) -> Response:
        key = idempotency_key(request)
        asked = RunInput(data=request.data)
        asked.is_valid(raise_exception=True)
        data = asked.validated_data

        def amount(name: str) -> Money | None:
            return data[name] and money_of(data[name], data["currency"], currency)

        run = autobet.start(
            player=player_in(request),
            game=data["game"],
            choice=data["choice"],
            stake=money_of(data["amount"], data["currency"], currency),
            plan=autobet.Plan(
                bets=data["bets"],
                raise_on_win=data["raise_on_win"],
                raise_on_loss=data["raise_on_loss"],
                stop_profit=amount("stop_profit"),
                stop_loss=amount("stop_loss"),
                stop_single_win=amount("stop_single_win"),
            ),
            key=key,
            is_hidden=data["hidden"],
        )
        return Response(RunOutput(run).data, status=status.HTTP_201_CREATED)


class RunView(APIView):
    @extend_schema(tags=["originals"], operation_id="original_runs_read", responses=RunOutput)
    def get(self, request: Request, public_id: str) -> Response:
        """One run of the player."""
        return Response(RunOutput(selectors.run(player_in(request), public_id)).data)


class NextView(APIView):
    scopes: ClassVar[dict[str, str]] = {"POST": "play"}

    @extend_schema(
        tags=["originals"],
        operation_id="original_runs_next",
        request=NextInput,
        responses=NextOutput,
        description="Place the next bet of a run; the same number again gives the same bet.",
    )
    def post(self, request: Request, public_id: str) -> Response:
        asked = NextInput(data=request.data)
        asked.is_valid(raise_exception=True)
        run, bet = autobet.place_next(
            player=player_in(request), public_id=public_id, **asked.validated_data
        )
        return Response(NextOutput({"run": run, "bet": bet}).data)


class StopView(APIView):
    scopes: ClassVar[dict[str, str]] = {"POST": "play"}

    @extend_schema(
        tags=["originals"], operation_id="original_runs_stop", request=None, responses=RunOutput
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Stop a run; a round that is open can be finished."""
        run = autobet.stop(player=player_in(request), public_id=public_id)
        return Response(RunOutput(run).data)


class CrashView(APIView):
    """The round of crash, who is in it, and the latest ones. No sign-in needed."""

    permission_classes = (AllowAny,)
    authentication_classes = ()

    @extend_schema(tags=["originals"], responses=CrashOutput, auth=[{}])
    def get(self, request: Request) -> Response:
        return Response(crash_feed.state()["data"])


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
        arrived = arrived_at(request)
        asked = ActionInput(data=request.data)
        asked.is_valid(raise_exception=True)
        bet = services.act(
            player=player_in(request), public_id=public_id, arrived=arrived, **asked.validated_data
        )
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
