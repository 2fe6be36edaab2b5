"""Limits, breaks and reality checks for programs. Tighter works with a key, looser does not."""

from decimal import Decimal
from typing import ClassVar

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.api.permissions import OnlySignedIn, player_in
from apps.accounts.models import Player
from apps.core.errors import InvalidInput
from apps.limits import exclusion, pages, reality, selectors, services
from apps.limits.api.serializers import (
    AnswerInput,
    AnswerToRequest,
    BreakInput,
    BreakOutput,
    BreaksOutput,
    IntervalInput,
    LimitInput,
    LimitNamed,
    LimitsOutput,
    WaitingOutput,
)


class LimitsView(APIView):
    scopes: ClassVar[dict[str, str]] = {"GET": "read", "POST": "play"}

    @extend_schema(tags=["safer play"], operation_id="limits_list", responses=LimitsOutput)
    def get(self, request: Request) -> Response:
        """Every limit in force, with what is used and what waits."""
        return Response(_limits(player_in(request)))

    @extend_schema(
        tags=["safer play"],
        operation_id="limits_set",
        request=LimitInput,
        responses=LimitsOutput,
        description="A lower limit holds at once; a higher one waits and has to be confirmed.",
    )
    def post(self, request: Request) -> Response:
        player = player_in(request)
        asked = LimitInput(data=request.data)
        asked.is_valid(raise_exception=True)
        data = asked.validated_data
        services.set_limit(
            player_id=player.pk,
            kind=data["kind"],
            window=data["window"],
            value=_value(data),
            actor=player,
        )
        return Response(_limits(player))


class RemoveLimitView(OnlySignedIn, APIView):
    @extend_schema(
        tags=["safer play"],
        operation_id="limits_remove",
        request=LimitNamed,
        responses=LimitsOutput,
        description="Ask to have a limit taken away; it waits and has to be confirmed.",
    )
    def post(self, request: Request) -> Response:
        player = player_in(request)
        asked = LimitNamed(data=request.data)
        asked.is_valid(raise_exception=True)
        services.remove_limit(player_id=player.pk, actor=player, **asked.validated_data)
        return Response(_limits(player))


class LimitRequestView(OnlySignedIn, APIView):
    @extend_schema(
        tags=["safer play"],
        operation_id="limits_request_answer",
        request=AnswerToRequest,
        responses=LimitsOutput,
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Confirm a looser limit after its wait, or cancel it."""
        player = player_in(request)
        asked = AnswerToRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        is_yes = asked.validated_data["act"] == "confirm"
        act = services.confirm_request if is_yes else services.cancel_request
        act(player_id=player.pk, public_id=public_id, actor=player)
        return Response(_limits(player))


class BreaksView(APIView):
    scopes: ClassVar[dict[str, str]] = {"GET": "read", "POST": "play"}

    @extend_schema(tags=["safer play"], operation_id="breaks_list", responses=BreaksOutput)
    def get(self, request: Request) -> Response:
        """Breaks that stand."""
        found = selectors.breaks_of(player_in(request).pk)
        return Response({"results": BreakOutput(found, many=True).data})

    @extend_schema(
        tags=["safer play"],
        operation_id="breaks_begin",
        request=BreakInput,
        responses={201: BreakOutput},
        description="Play stops at once. Nobody can shorten it.",
    )
    def post(self, request: Request) -> Response:
        player = player_in(request)
        asked = BreakInput(data=request.data)
        asked.is_valid(raise_exception=True)
        kind, length = asked.validated_data["kind"], asked.validated_data.get("length", "")
        if kind == "panic":
            begun = exclusion.panic(player_id=player.pk, actor=player)
        elif kind == "time_out":
            begun = exclusion.time_out(player_id=player.pk, length=length, actor=player)
        else:
            begun = exclusion.self_exclude(player_id=player.pk, length=length, actor=player)
        return Response(BreakOutput(begun).data, status=status.HTTP_201_CREATED)


class RealityView(APIView):
    scopes: ClassVar[dict[str, str]] = {"GET": "read", "POST": "play"}

    @extend_schema(tags=["safer play"], operation_id="reality_check", responses=WaitingOutput)
    def get(self, request: Request) -> Response:
        """The reality check that has to be answered before the next bet, if there is one."""
        return Response(_waiting(player_in(request)))

    @extend_schema(
        tags=["safer play"],
        operation_id="reality_check_interval",
        request=IntervalInput,
        responses=WaitingOutput,
    )
    def post(self, request: Request) -> Response:
        """Choose how often play is interrupted."""
        player = player_in(request)
        asked = IntervalInput(data=request.data)
        asked.is_valid(raise_exception=True)
        reality.choose_interval(player=player, minutes=asked.validated_data["minutes"])
        return Response(_waiting(player))


class RealityAnswerView(OnlySignedIn, APIView):
    @extend_schema(
        tags=["safer play"],
        operation_id="reality_check_answer",
        request=AnswerInput,
        responses=WaitingOutput,
        description="A person answers it, so no key may.",
    )
    def post(self, request: Request, public_id: str) -> Response:
        player = player_in(request)
        asked = AnswerInput(data=request.data)
        asked.is_valid(raise_exception=True)
        reality.answer(player=player, public_id=public_id, answer=asked.validated_data["answer"])
        return Response(_waiting(player))


def _limits(player: Player) -> dict[str, object]:
    return dict(LimitsOutput({"results": pages.lines(player)}).data)


def _waiting(player: Player) -> dict[str, object]:
    told = reality.interrupt_if_due(player)
    minutes = reality.interval_minutes(player)
    return dict(WaitingOutput({"interval_minutes": minutes, "check": told}).data)


def _value(data: dict[str, object]) -> Decimal:
    if "minutes" in data:
        return Decimal(str(data["minutes"]))
    limit = data["limit"]
    if limit.currency.code != settings.BASE_CURRENCY:  # type: ignore[attr-defined]  # a Money
        raise InvalidInput(fields={"limit": f"Limits are in {settings.BASE_CURRENCY}."})
    value: Decimal = limit.major  # type: ignore[attr-defined]  # a Money
    return value
