from typing import Any

from rest_framework import serializers

from apps.core.api.fields import AmountField, MoneyField
from apps.core.api.serializers import QuerySerializer, StrictSerializer
from apps.ledger.models import Kind
from apps.ledger.selectors import currency

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
    vault = AmountField(help_text="In the vault, where it cannot be staked.")
    held = AmountField(help_text="Of deposits that wait for a decision.")
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


class RateOutput(serializers.Serializer[Any]):
    currency = serializers.CharField(source="code")
    value = serializers.SerializerMethodField(help_text="One unit in the base currency, as text.")
    feed = serializers.CharField(source="source", help_text="Whose rate it is.")
    as_of = serializers.DateTimeField(allow_null=True)
    stale = serializers.BooleanField(
        source="is_stale", help_text="Not confirmed lately: good to look at, nothing is exchanged."
    )

    def get_value(self, price: Any) -> str:
        return f"{price.value.normalize():f}"


class RatesOutput(serializers.Serializer[Any]):
    base = serializers.CharField()
    results = RateOutput(many=True)


class QuoteInput(StrictSerializer):
    sell = MoneyField(find_currency=currency)
    buy = serializers.CharField(max_length=8, help_text="The currency to get.")


class QuoteOutput(serializers.Serializer[Any]):
    id = serializers.CharField(source="public_id")
    sold = MoneyField()
    received = MoneyField(help_text="What you get, after our share.")
    bought = MoneyField(help_text="What the amount is worth at the middle rate.")
    spread = MoneyField(help_text="Our share of it.")
    spread_bps = serializers.IntegerField()
    rate = serializers.SerializerMethodField(help_text="Bought for one sold, before the spread.")
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    accepted_at = serializers.DateTimeField(allow_null=True)

    def get_rate(self, quote: Any) -> str:
        return f"{quote.rate.normalize():f}"


class VaultInput(StrictSerializer):
    amount = MoneyField(find_currency=currency)


class VaultTakeInput(VaultInput):
    password = serializers.CharField(
        max_length=128, help_text="Your password once more, or a code of your second factor."
    )


class VaultOutput(serializers.Serializer[Any]):
    moved = MoneyField()
    due_at = serializers.DateTimeField(
        allow_null=True, help_text="When it arrives, where you chose a wait; else it has."
    )
