from typing import Any, ClassVar

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts import step_up
from apps.accounts.api.permissions import OnlySignedIn, player_in
from apps.core.api.idempotency import PARAMETER, idempotency_key
from apps.core.api.pagination import ID_MAX, CursorPagination
from apps.core.api.throttling import MoneyThrottle
from apps.core.errors import NotFound
from apps.ledger.models import Kind
from apps.ledger.selectors import currencies, currency
from apps.rates.selectors import prices
from apps.wallet import exchange, selectors, services, vault
from apps.wallet.api.serializers import (
    ActiveInput,
    CurrenciesOutput,
    CurrencyOutput,
    QuoteInput,
    QuoteOutput,
    RatesOutput,
    TransactionOutput,
    TransactionsQuery,
    VaultInput,
    VaultOutput,
    VaultTakeInput,
    WalletOutput,
    WalletsOutput,
)
from apps.wallet.models import VaultRelease


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


class RatesView(APIView):
    """What one unit of each currency is worth in the base currency. No sign-in needed."""

    permission_classes = (AllowAny,)
    authentication_classes = ()

    @extend_schema(tags=["exchange"], responses=RatesOutput, auth=[{}])
    def get(self, request: Request) -> Response:
        found = prices(one.code for one in currencies())
        listed = [found[one.code] for one in currencies() if one.code in found]
        return Response(RatesOutput({"base": settings.BASE_CURRENCY, "results": listed}).data)


class QuotesView(APIView):
    scopes: ClassVar[dict[str, str]] = {"POST": "money"}

    @extend_schema(
        tags=["exchange"],
        operation_id="exchange_quote",
        request=QuoteInput,
        responses={201: QuoteOutput},
        description=(
            "An offer for you alone, good once and until `expires_at`. It moves nothing and binds "
            "nobody until it is accepted, so no key is needed."
        ),
    )
    def post(self, request: Request) -> Response:
        asked = QuoteInput(data=request.data)
        asked.is_valid(raise_exception=True)
        quote = exchange.quote(
            player=player_in(request),
            sold=asked.validated_data["sell"],
            bought_code=currency(asked.validated_data["buy"]).code,
        )
        return Response(QuoteOutput(quote).data, status=status.HTTP_201_CREATED)


class AcceptView(APIView):
    scopes: ClassVar[dict[str, str]] = {"POST": "money"}
    throttle_classes = (*APIView.throttle_classes, MoneyThrottle)

    @extend_schema(
        tags=["exchange"],
        operation_id="exchange_accept",
        request=None,
        responses=QuoteOutput,
        parameters=[PARAMETER],
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Exchange exactly as quoted."""
        key = idempotency_key(request)
        done = exchange.accept(player=player_in(request), quote_id=public_id, key=key)
        return Response(QuoteOutput(done).data)


class ExchangesView(APIView):
    """The exchanges of the player that took place, newest first."""

    pagination_class = CursorPagination

    @extend_schema(
        tags=["exchange"], operation_id="exchanges_list", responses=QuoteOutput(many=True)
    )
    def get(self, request: Request) -> Response:
        player = player_in(request)
        paginator = self.pagination_class()
        page = paginator.paginate(
            request,
            lambda before_id, limit: exchange.latest(player, before_id=before_id, limit=limit),
        )
        return paginator.get_paginated_response(QuoteOutput(page, many=True).data)


class ExchangeView(APIView):
    @extend_schema(tags=["exchange"], operation_id="exchanges_read", responses=QuoteOutput)
    def get(self, request: Request, public_id: str) -> Response:
        """One exchange of the player."""
        return Response(QuoteOutput(exchange.receipt(player_in(request), public_id)).data)


class VaultPutView(APIView):
    scopes: ClassVar[dict[str, str]] = {"POST": "money"}
    throttle_classes = (*APIView.throttle_classes, MoneyThrottle)

    @extend_schema(
        tags=["vault"],
        operation_id="vault_put",
        request=VaultInput,
        responses=VaultOutput,
        parameters=[PARAMETER],
    )
    def post(self, request: Request) -> Response:
        """Out of the balance, into the vault."""
        key = idempotency_key(request)
        asked = VaultInput(data=request.data)
        asked.is_valid(raise_exception=True)
        amount = asked.validated_data["amount"]
        vault.put(player=player_in(request), amount=amount, key=key)
        return Response(VaultOutput({"moved": amount, "due_at": None}).data)


class VaultTakeView(OnlySignedIn, APIView):
    """Out of the vault. No API key may do it, and it takes the password."""

    throttle_classes = (*APIView.throttle_classes, MoneyThrottle)

    @extend_schema(
        tags=["vault"],
        operation_id="vault_take",
        request=VaultTakeInput,
        responses=VaultOutput,
        parameters=[PARAMETER],
    )
    def post(self, request: Request) -> Response:
        key = idempotency_key(request)
        asked = VaultTakeInput(data=request.data)
        asked.is_valid(raise_exception=True)
        player, amount = player_in(request), asked.validated_data["amount"]
        step_up.give_password(request._request, player.user, asked.validated_data["password"])
        taken = vault.take(player=player, amount=amount, key=key)
        due_at = taken.due_at if isinstance(taken, VaultRelease) else None
        return Response(VaultOutput({"moved": amount, "due_at": due_at}).data)
