from typing import Any, ClassVar

from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.api.permissions import player_in
from apps.core.api.pagination import CursorPagination
from apps.core.api.throttling import MoneyThrottle
from apps.wallet.statements import periods, rendering, selectors, services
from apps.wallet.statements.api.serializers import (
    PagesOutput,
    StatementDetailOutput,
    StatementInput,
    StatementOutput,
    VerifyOutput,
    VerifyQuery,
)
from apps.wallet.statements.models import Statement
from apps.wallet.statements.periods import Period
from apps.wallet.statements.sealing import WORDS
from apps.wallet.statements.views import csv_answer, pdf_answer

RETRY_SECONDS = 2


class StatementsView(ListAPIView[Statement]):
    """The player's statements, newest first."""

    scopes: ClassVar[dict[str, str]] = {"GET": "read", "POST": "read"}
    serializer_class = StatementOutput
    pagination_class = CursorPagination
    queryset = Statement.objects.none()

    def get_queryset(self):  # type: ignore[no-untyped-def]  # the framework's hook
        return selectors.statements(player_in(self.request))

    def get_throttles(self):  # type: ignore[no-untyped-def]  # the framework's hook
        usual = super().get_throttles()
        return [*usual, MoneyThrottle()] if self.request.method == "POST" else usual

    @extend_schema(tags=["statements"], operation_id="statements_list")
    def get(self, request: Request) -> Response:
        return self.list(request)

    @extend_schema(
        tags=["statements"],
        operation_id="statements_create",
        request=StatementInput,
        responses={201: StatementDetailOutput},
        description=(
            "Make a statement of a month, a year or any days. A period that was over when it was "
            "made before gives the same statement again."
        ),
    )
    def post(self, request: Request) -> Response:
        asked = StatementInput(data=request.data)
        asked.is_valid(raise_exception=True)
        made = services.issue(
            player=player_in(request),
            period=_period(asked.validated_data),
            currency_code=asked.validated_data["currency"],
            request=request._request,
        )
        return Response(StatementDetailOutput(made).data, status=status.HTTP_201_CREATED)


class StatementView(APIView):
    @extend_schema(
        tags=["statements"], operation_id="statements_read", responses=StatementDetailOutput
    )
    def get(self, request: Request, number: str) -> Response:
        """One statement with its totals."""
        return Response(StatementDetailOutput(selectors.statement(player_in(request), number)).data)


class AnyAnswer(DefaultContentNegotiation):
    """Files come as what they are, whatever is asked for; errors as JSON."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


class CsvView(APIView):
    content_negotiation_class = AnyAnswer
    throttle_classes = (MoneyThrottle,)

    @extend_schema(
        tags=["statements"],
        operation_id="statements_csv",
        responses={(200, "text/csv"): OpenApiResponse(OpenApiTypes.STR)},
    )
    def get(self, request: Request, number: str) -> HttpResponseBase:
        """Every movement and all totals; the last line signs what is above it."""
        return csv_answer(selectors.statement(player_in(request), number))


class PdfView(APIView):
    content_negotiation_class = AnyAnswer
    throttle_classes = (MoneyThrottle,)

    @extend_schema(
        tags=["statements"],
        operation_id="statements_pdf",
        responses={
            (200, "application/pdf"): OpenApiResponse(OpenApiTypes.BINARY),
            (202, "application/json"): PagesOutput,
        },
    )
    def get(self, request: Request, number: str) -> HttpResponseBase:
        """The same on pages, signed as a file of its own. 202: it is long; ask again."""
        found = selectors.statement(player_in(request), number)
        return pdf_answer(found) or Response(
            PagesOutput(rendering.progress(found)).data,
            status=status.HTTP_202_ACCEPTED,
            headers={"Retry-After": str(RETRY_SECONDS)},
        )


class VerifyView(APIView):
    permission_classes = (AllowAny,)
    authentication_classes = ()

    @extend_schema(
        tags=["statements"],
        operation_id="statements_verify",
        parameters=[VerifyQuery],
        responses=VerifyOutput,
        auth=[{}],
    )
    def get(self, request: Request) -> Response:
        """Whether we issued a statement of this number with this digest. No sign-in needed."""
        asked = VerifyQuery.read(request.query_params, but=())
        verdict, _ = services.verify_digest(asked["number"], asked["digest"])
        return Response({"verdict": verdict.value, "message": WORDS[verdict]})


def _period(data: dict[str, Any]) -> Period:
    if "period" in data:
        return periods.named(data["period"])
    return periods.between(data.get("first_day", ""), data.get("last_day", ""))
