"""Paying in an exact amount, and the name a gateway may have to be told."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.api.permissions import player_in
from apps.core.api.fields import AmountField, money_of
from apps.core.api.idempotency import PARAMETER, idempotency_key
from apps.core.api.pagination import CursorPagination
from apps.core.api.serializers import StrictSerializer
from apps.core.api.throttling import MoneyThrottle
from apps.core.errors import InvalidInput
from apps.ledger.selectors import currency
from apps.payments import identity, selectors
from apps.payments.models import Invoice
from apps.payments.services import invoices


class InvoiceInput(StrictSerializer):
    amount = AmountField()
    currency = serializers.CharField(max_length=8)
    rail = serializers.CharField(max_length=16)
    takes_parts = serializers.BooleanField(
        required=False, default=True, help_text="Whether it may be paid in several payments."
    )


class InvoiceOutput(serializers.Serializer[Any]):
    id = serializers.CharField(source="public_id")
    state = serializers.ChoiceField(choices=Invoice.State.values)
    amount = AmountField(source="money")
    currency = serializers.CharField(source="currency_id")
    rail = serializers.CharField(source="rail.code")
    network = serializers.CharField(source="rail.network")
    address = serializers.CharField()
    tag = serializers.CharField(help_text="Send it with the coins when it is not empty.")
    sent = AmountField(source="sent_money", help_text="What has arrived, parts added up.")
    remaining = AmountField(source="remaining_money", help_text="What is still to be paid.")
    deposit = serializers.CharField(
        source="deposit.public_id", default="", help_text="What came of it, once a payment is seen."
    )
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)


class PayerNameInput(StrictSerializer):
    first_name = serializers.CharField(max_length=identity.NAME_MAX)
    last_name = serializers.CharField(max_length=identity.NAME_MAX)


class PayerNameOutput(serializers.Serializer[Any]):
    first_name = serializers.CharField()
    last_name = serializers.CharField()


class InvoicesView(ListAPIView[Invoice]):
    """The player's invoices, newest first."""

    scopes: ClassVar[dict[str, str]] = {"GET": "read", "POST": "money"}
    serializer_class = InvoiceOutput
    pagination_class = CursorPagination
    queryset = Invoice.objects.none()

    def get_queryset(self):  # type: ignore[no-untyped-def]  # the framework's hook
        return invoices.of(player_in(self.request))

    def get_throttles(self):  # type: ignore[no-untyped-def]  # the framework's hook
        usual = super().get_throttles()
        return [*usual, MoneyThrottle()] if self.request.method == "POST" else usual

    @extend_schema(tags=["payments"], operation_id="invoices_list")
    def get(self, request: Request) -> Response:
        return self.list(request)

    @extend_schema(
        tags=["payments"],
        operation_id="invoices_create",
        request=InvoiceInput,
        responses={201: InvoiceOutput},
        parameters=[PARAMETER],
        description=(
            "An address for exactly one amount, for a limited time. What is paid short or on top is "
            "sent back by the payment gateway."
        ),
    )
    def post(self, request: Request) -> Response:
        key = idempotency_key(request)
        asked = InvoiceInput(data=request.data)
        asked.is_valid(raise_exception=True)
        data = asked.validated_data
        rail = selectors.rail(data["rail"])
        if rail.currency_id != currency(data["currency"]).code:
            raise InvalidInput(fields={"rail": "This network does not carry the currency."})
        invoice = invoices.open_invoice(
            player=player_in(request),
            rail=rail,
            amount=money_of(data["amount"], data["currency"], currency),
            key=key,
            takes_parts=data["takes_parts"],
        )
        return Response(InvoiceOutput(invoice).data, status=status.HTTP_201_CREATED)


class InvoiceView(APIView):
    @extend_schema(tags=["payments"], operation_id="invoices_read", responses=InvoiceOutput)
    def get(self, request: Request, public_id: str) -> Response:
        """One invoice of the player."""
        return Response(InvoiceOutput(invoices.find(player_in(request), public_id)).data)


class PayerNameView(APIView):
    scopes: ClassVar[dict[str, str]] = {"PUT": "money"}

    @extend_schema(
        tags=["payments"],
        operation_id="payer_name_set",
        request=PayerNameInput,
        responses=PayerNameOutput,
        description="The name you send and receive under, where a payment gateway must be told.",
    )
    def put(self, request: Request) -> Response:
        asked = PayerNameInput(data=request.data)
        asked.is_valid(raise_exception=True)
        kept = identity.set_name(player=player_in(request), **asked.validated_data)
        return Response(PayerNameOutput(kept).data)
