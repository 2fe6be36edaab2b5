from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts import step_up
from apps.accounts.api.permissions import OnlySignedIn, player_in, session_of
from apps.accounts.models import ApiKey
from apps.core.api.fields import money_of
from apps.core.api.idempotency import PARAMETER, idempotency_key
from apps.core.api.pagination import CursorPagination
from apps.core.api.throttling import MoneyThrottle
from apps.core.errors import InvalidInput
from apps.ledger.selectors import currency
from apps.payments import addressbook, readiness, selectors
from apps.payments.api.serializers import (
    AddressInput,
    AddressOutput,
    DepositOutput,
    RailOutput,
    RailsOutput,
    ReadinessOutput,
    ReadinessQuery,
    SavedAddressesOutput,
    SavedAddressInput,
    SavedAddressOutput,
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
        description=(
            "Ask for a payout. The amount leaves the balance now and cannot be called back.\n\n"
            "Larger amounts are refused with `owner_needed` until it is known whose wallet they go "
            "to: say it here once, or where the address is saved.\n\n"
            "A key pays to saved addresses that are past their wait, and to no others. A signed-in "
            "player has to have given their password within the last minutes: "
            "POST /_allauth/app/v1/auth/reauthenticate does that. With a second factor on the "
            "account it is that which counts: POST /_allauth/app/v1/auth/2fa/reauthenticate."
        ),
    )
    def post(self, request: Request) -> Response:
        key = idempotency_key(request)
        asked = WithdrawalInput(data=request.data)
        asked.is_valid(raise_exception=True)
        data = asked.validated_data
        amount = money_of(data["amount"], data["currency"], currency)
        rail = _rail(data["rail"], data["currency"])
        is_key = isinstance(request.auth, ApiKey)
        if not is_key:
            step_up.require(session_of(request), player_in(request).user)
        withdrawal = withdrawals.request_withdrawal(
            player=player_in(request),
            amount=amount,
            rail=rail,
            address=data["address"],
            tag=data["tag"],
            key=key,
            saved_only=is_key,
            owner=asked.owner(),
        )
        return Response(WithdrawalOutput(withdrawal).data, status=status.HTTP_201_CREATED)


class WithdrawalView(APIView):
    @extend_schema(tags=["payments"], operation_id="withdrawals_read", responses=WithdrawalOutput)
    def get(self, request: Request, public_id: str) -> Response:
        """One withdrawal of the player."""
        return Response(WithdrawalOutput(selectors.withdrawal(player_in(request), public_id)).data)


class ReadinessView(APIView):
    """Can I withdraw now? What is available, and for what is not: why, what to do, until when."""

    @extend_schema(tags=["payments"], parameters=[ReadinessQuery], responses=ReadinessOutput)
    def get(self, request: Request) -> Response:
        asked = ReadinessQuery.read(request.query_params)
        code = asked.get("currency")
        rail = _rail(asked["rail"], code) if "rail" in asked and code else None
        if rail is None and ("rail" in asked or "amount" in asked):
            raise InvalidInput(fields={"currency": "Name the currency and the rail."})
        amount = money_of(asked["amount"], code, currency) if "amount" in asked else None
        return Response(ReadinessOutput(readiness.of(player_in(request), rail, amount)).data)


class SavedAddressesView(OnlySignedIn, APIView):
    """The player's address book. Keys neither read nor change it."""

    @extend_schema(
        tags=["payments"], operation_id="payout_addresses_list", responses=SavedAddressesOutput
    )
    def get(self, request: Request) -> Response:
        book = addressbook.saved(player_in(request))
        return Response({"results": SavedAddressOutput(book, many=True).data})

    @extend_schema(
        tags=["payments"],
        operation_id="payout_addresses_create",
        request=SavedAddressInput,
        responses={201: SavedAddressOutput},
        description=(
            "Save an address. It can be used from `usable_at` on; the player gets a mail. The "
            "password has to have been given within the last minutes."
        ),
    )
    def post(self, request: Request) -> Response:
        player = player_in(request)
        asked = SavedAddressInput(data=request.data)
        asked.is_valid(raise_exception=True)
        data = asked.validated_data
        step_up.require(session_of(request), player.user)
        made = addressbook.save(
            player=player,
            rail=_rail(data["rail"], data["currency"]),
            address=data["address"],
            tag=data["tag"],
            label=data["label"],
            owner=asked.owner(),
        )
        return Response(SavedAddressOutput(made).data, status=status.HTTP_201_CREATED)


class SavedAddressView(OnlySignedIn, APIView):
    @extend_schema(tags=["payments"], operation_id="payout_addresses_remove", responses={204: None})
    def delete(self, request: Request, public_id: str) -> Response:
        """Take an address out of the book."""
        addressbook.remove(player_in(request), public_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _rail(code: str, currency_code: str) -> Rail:
    """Raises InvalidInput."""
    rail = selectors.rail(code)
    if rail.currency_id != currency(currency_code).code:
        raise InvalidInput(fields={"rail": f"{rail.network} does not carry {currency_code[:8]}."})
    return rail
