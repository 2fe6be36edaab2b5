from typing import Any

from rest_framework import serializers

from apps.core.api.fields import AmountField
from apps.core.api.serializers import QuerySerializer, StrictSerializer
from apps.ledger.models import Kind

KINDS = [kind.name.lower() for kind in Kind]


class CurrencyOutput(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=["crypto", "fiat"])
    symbol = serializers.CharField()
    scale = serializers.IntegerField(help_text="Decimals of the smallest unit.")
    display_decimals = serializers.IntegerField()


class CurrenciesOutput(serializers.Serializer[Any]):
    results = CurrencyOutput(many=True)


class WalletOutput(serializers.Serializer[Any]):
    currency = serializers.CharField(source="currency.code")
    balance = AmountField(source="cash")
    reserved = AmountField(help_text="Set aside for withdrawals that are under way.")
    version = serializers.IntegerField(help_text="Grows with every movement of the balance.")
    active = serializers.SerializerMethodField(help_text="The currency games start with.")

    def get_active(self, balance: Any) -> bool:
        return bool(balance.currency.code == self.context["active_currency"])


class WalletsOutput(serializers.Serializer[Any]):
    results = WalletOutput(many=True)


class ActiveInput(StrictSerializer):
    currency = serializers.CharField(max_length=8)


class TransactionOutput(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    at = serializers.DateTimeField()
    kind = serializers.SerializerMethodField()
    description = serializers.CharField(source="words")
    amount = AmountField(help_text="Negative when the balance went down.")
    currency = serializers.CharField(source="amount.currency.code")
    balance_after = AmountField()
    round = serializers.CharField(
        source="round_ref", allow_null=True, help_text="The game round, as the studio names it."
    )
    reverses = serializers.IntegerField(
        source="reverses_id", allow_null=True, help_text="The transaction this one takes back."
    )

    def get_kind(self, movement: Any) -> str:
        return Kind(movement.kind).name.lower()


class TransactionsQuery(QuerySerializer):
    currency = serializers.CharField(max_length=8, required=False, help_text="Only this currency.")
    kind = serializers.ChoiceField(choices=KINDS, required=False, help_text="Only this kind.")
