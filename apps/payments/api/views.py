from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.api.permissions import player_in
from apps.core.api.fields import money_of
from apps.core.api.idempotency import PARAMETER, idempotency_key
from apps.core.api.pagination import CursorPagination
from apps.core.api.throttling import MoneyThrottle
from apps.core.errors import InvalidInput
from apps.ledger.selectors import currency
from apps.payments import selectors
from apps.payments.api.serializers import (
    AddressInput,
    AddressOutput,
    DepositOutput,
    RailOutput,
    RailsOutput,
    WithdrawalInput,
    WithdrawalOutput,
)
from apps.payments.models import Deposit, Rail, Withdrawal
from apps.payments.services import deposits, withdrawals


class RailsView(APIView):
    """The networks on offer for each currency, with their minimums."""

    @extend_schema(tags=["payments"], responses=RailsOutput)
    def get(self, request: Request) -> Response:
        return Response({"results": RailOutput(selectors.rails(), many=True).data})


class DepositsView(ListAPIView[Deposit]):
    """The player's deposits, newest first."""

    scopes: ClassVar[dict[str, str]] = {"GET": "read", "POST": "money"}
    serializer_class = DepositOutput
    pagination_class = CursorPagination
    queryset = Deposit.objects.none()

    def get_queryset(self):  # type: ignore[no-untyped-def]  # the framework's hook
        return selectors.deposits(player_in(self.request))

    @extend_schema(tags=["payments"], operation_id="deposits_list")
    def get(self, request: Request) -> Response:
        return self.list(request)

    @extend_schema(
        tags=["payments"],
        operation_id="deposits_address",
        request=AddressInput,
        responses=AddressOutput,
        description=(
            "The address to send coins to. It is yours for good: asking again gives the same one, "
            "so no key is needed."
        ),
    )
    def post(self, request: Request) -> Response:
        asked = AddressInput(data=request.data)
        asked.is_valid(raise_exception=True)
        rail = _rail(asked.validated_data["rail"], asked.validated_data["currency"])
        address = deposits.take_address(player=player_in(request), rail=rail)
        return Response(AddressOutput(address).data)


class DepositView(APIView):
    @extend_schema(tags=["payments"], operation_id="deposits_read", responses=DepositOutput)
    def get(self, request: Request, public_id: str) -> Response:
        """One deposit of the player."""
        return Response(DepositOutput(selectors.deposit(player_in(request), public_id)).data)


class WithdrawalsView(ListAPIView[Withdrawal]):
    """The player's withdrawals, newest first."""

    scopes: ClassVar[dict[str, str]] = {"GET": "read", "POST": "money"}
    serializer_class = WithdrawalOutput
    pagination_class = CursorPagination
    queryset = Withdrawal.objects.none()

    def get_queryset(self):  # type: ignore[no-untyped-def]  # the framework's hook
        return selectors.withdrawals(player_in(self.request))

    def get_throttles(self):  # type: ignore[no-untyped-def]  # the framework's hook
        usual = super().get_throttles()
        return [*usual, MoneyThrottle()] if self.request.method == "POST" else usual

    @extend_schema(tags=["payments"], operation_id="withdrawals_list")
    def get(self, request: Request) -> Response:
        return self.list(request)

    @extend_schema(
        tags=["payments"],
        operation_id="withdrawals_create",
        request=WithdrawalInput,
        responses={201: WithdrawalOutput},
        parameters=[PARAMETER],
        description="Ask for a payout. The amount leaves the balance now and cannot be called back.",
    )
    def post(self, request: Request) -> Response:
        key = idempotency_key(request)
        asked = WithdrawalInput(data=request.data)
        asked.is_valid(raise_exception=True)
        data = asked.validated_data
        withdrawal = withdrawals.request_withdrawal(
            player=player_in(request),
            amount=money_of(data["amount"], data["currency"], currency),
            rail=_rail(data["rail"], data["currency"]),
            address=data["address"],
            tag=data["tag"],
            key=key,
        )
        return Response(WithdrawalOutput(withdrawal).data, status=status.HTTP_201_CREATED)


class WithdrawalView(APIView):
    @extend_schema(tags=["payments"], operation_id="withdrawals_read", responses=WithdrawalOutput)
    def get(self, request: Request, public_id: str) -> Response:
        """One withdrawal of the player."""
        return Response(WithdrawalOutput(selectors.withdrawal(player_in(request), public_id)).data)


def _rail(code: str, currency_code: str) -> Rail:
    """Raises InvalidInput."""
    rail = selectors.rail(code)
    if rail.currency_id != currency(currency_code).code:
        raise InvalidInput(fields={"rail": f"{rail.network} does not carry {currency_code[:8]}."})
    return rail
