from typing import Any

from rest_framework import serializers

from apps.core.api.fields import AmountField
from apps.core.api.serializers import StrictSerializer
from apps.payments.models import Deposit, Withdrawal


class RailOutput(serializers.Serializer[Any]):
    code = serializers.CharField()
    currency = serializers.CharField(source="currency_id")
    network = serializers.CharField()
    confirmations = serializers.IntegerField(help_text="Blocks until a deposit counts.")
    minimum_deposit = AmountField(source="deposit_min_money")
    minimum_withdrawal = AmountField(source="withdrawal_min_money")
    decimals = serializers.IntegerField(
        source="decimals_max", help_text="Digits after the point a withdrawal may have at most."
    )
    needs_tag = serializers.BooleanField()


class RailsOutput(serializers.Serializer[Any]):
    results = RailOutput(many=True)


class AddressInput(StrictSerializer):
    currency = serializers.CharField(max_length=8)
    rail = serializers.CharField(max_length=16)


class AddressOutput(serializers.Serializer[Any]):
    currency = serializers.CharField(source="rail.currency_id")
    rail = serializers.CharField(source="rail.code")
    network = serializers.CharField(source="rail.network")
    address = serializers.CharField()
    tag = serializers.CharField(help_text="Send it with the coins when it is not empty.")
    minimum = AmountField(source="rail.deposit_min_money")
    confirmations = serializers.IntegerField(source="rail.confirmations")


class DepositOutput(serializers.Serializer[Any]):
    id = serializers.CharField(source="public_id")
    state = serializers.ChoiceField(choices=Deposit.State.values)
    amount = AmountField(source="money")
    currency = serializers.CharField(source="currency_id")
    rail = serializers.CharField(source="rail.code")
    address = serializers.CharField(source="address.address")
    txid = serializers.CharField()
    confirmations = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    confirmed_at = serializers.DateTimeField(allow_null=True)


class WithdrawalInput(StrictSerializer):
    amount = AmountField()
    currency = serializers.CharField(max_length=8)
    rail = serializers.CharField(max_length=16)
    address = serializers.CharField(max_length=120)
    tag = serializers.CharField(max_length=64, required=False, allow_blank=True, default="")


class WithdrawalOutput(serializers.Serializer[Any]):
    id = serializers.CharField(source="public_id")
    state = serializers.ChoiceField(choices=Withdrawal.State.values)
    amount = AmountField(source="money")
    currency = serializers.CharField(source="currency_id")
    rail = serializers.CharField(source="rail.code")
    address = serializers.CharField()
    tag = serializers.CharField()
    txid = serializers.CharField()
    reason = serializers.CharField(
        source="reason_shown", help_text="Why it was rejected, when it was."
    )
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
