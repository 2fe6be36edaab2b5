from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.api.permissions import player_in
from apps.core.api.pagination import ID_MAX, CursorPagination
from apps.core.errors import NotFound
from apps.ledger.models import Kind
from apps.ledger.selectors import currencies, currency
from apps.wallet import selectors, services
from apps.wallet.api.serializers import (
    ActiveInput,
    CurrenciesOutput,
    CurrencyOutput,
    TransactionOutput,
    TransactionsQuery,
    WalletOutput,
    WalletsOutput,
)


class CurrenciesView(APIView):
    """The currencies on offer. No sign-in needed."""

    permission_classes = (AllowAny,)
    authentication_classes = ()

    @extend_schema(tags=["wallet"], responses=CurrenciesOutput, auth=[{}])
    def get(self, request: Request) -> Response:
        return Response({"results": CurrencyOutput(currencies(), many=True).data})


class WalletsView(APIView):
    """Every currency on offer with what the player has of it; zero where nothing came in yet."""

    @extend_schema(tags=["wallet"], responses=WalletsOutput)
    def get(self, request: Request) -> Response:
        player = player_in(request)
        wallets = WalletOutput(
            selectors.balances(player.pk),
            many=True,
            context={"active_currency": player.active_currency},
        )
        return Response({"results": wallets.data})


class ActiveWalletView(APIView):
    scopes: ClassVar[dict[str, str]] = {"POST": "play"}

    @extend_schema(tags=["wallet"], request=ActiveInput, responses=WalletOutput)
    def post(self, request: Request) -> Response:
        """Choose the currency that games start with. Moves no money."""
        player = player_in(request)
        asked = ActiveInput(data=request.data)
        asked.is_valid(raise_exception=True)
        services.set_active(player=player, currency_code=asked.validated_data["currency"])
        chosen = selectors.balance(player.pk, currency(player.active_currency))
        answer = WalletOutput(chosen, context={"active_currency": player.active_currency})
        return Response(answer.data)


class TransactionsView(APIView):
    """Every movement of the player's money, newest first."""

    pagination_class = CursorPagination

    @extend_schema(
        tags=["wallet"],
        operation_id="transactions_list",
        parameters=[TransactionsQuery],
        responses=TransactionOutput(many=True),
    )
    def get(self, request: Request) -> Response:
        player_id = player_in(request).pk
        asked = TransactionsQuery.read(request.query_params)
        code = currency(asked["currency"]).code if "currency" in asked else None
        kinds = [Kind[asked["kind"].upper()]] if "kind" in asked else []

        def read(before_id: int | None, limit: int) -> list[selectors.Movement]:
            return selectors.history(
                player_id, currency_code=code, kinds=kinds, before_id=before_id, limit=limit
            )

        paginator = self.pagination_class()
        page = paginator.paginate(request, read)
        return paginator.get_paginated_response(TransactionOutput(page, many=True).data)


class TransactionView(APIView):
    @extend_schema(tags=["wallet"], operation_id="transactions_read", responses=TransactionOutput)
    def get(self, request: Request, transaction_id: int) -> Response:
        """One movement of the player's money."""
        return Response(TransactionOutput(self._own(request, transaction_id)).data)

    def _own(self, request: Request, transaction_id: int) -> Any:
        if transaction_id < ID_MAX:
            found = selectors.history(player_in(request).pk, before_id=transaction_id + 1, limit=1)
            if found and found[0].id == transaction_id:
                return found[0]
        raise NotFound
