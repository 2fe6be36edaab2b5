from typing import Any

from rest_framework import serializers

from apps.core.api.fields import AmountField
from apps.core.api.serializers import QuerySerializer, StrictSerializer
from apps.payments import travel_rule
from apps.payments.models import Deposit, WalletOwner, Withdrawal


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
    address = serializers.CharField(
        source="address.address", default="", help_text="Empty for fiat."
    )
    method = serializers.CharField(help_text="How fiat was paid; empty for coins.")
    txid = serializers.CharField()
    confirmations = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    confirmed_at = serializers.DateTimeField(allow_null=True)


class OwnerInput(StrictSerializer):
    """Whose wallet an address is. Optional until the answer is `owner_needed`."""

    owner_wallet = serializers.ChoiceField(
        choices=WalletOwner.Wallet.values,
        required=False,
        default="",
        help_text="Needed for larger amounts: a wallet of one's own, or hosted at a provider.",
    )
    owner_name = serializers.CharField(
        max_length=travel_rule.NAME_MAX, required=False, allow_blank=True, default=""
    )
    owner_provider = serializers.CharField(
        max_length=travel_rule.PROVIDER_MAX,
        required=False,
        allow_blank=True,
        default="",
        help_text="The exchange or service that keeps a hosted wallet.",
    )

    def owner(self) -> travel_rule.Owner | None:
        """Raises InvalidInput."""
        data = self.validated_data
        return travel_rule.read(
            wallet=data["owner_wallet"],
            name=data["owner_name"],
            provider=data["owner_provider"],
        )


class SavedAddressInput(OwnerInput):
    currency = serializers.CharField(max_length=8)
    rail = serializers.CharField(max_length=16)
    address = serializers.CharField(max_length=120)
    tag = serializers.CharField(max_length=64, required=False, allow_blank=True, default="")
    label = serializers.CharField(max_length=40, required=False, allow_blank=True, default="")  # type: ignore[assignment]  # a name of the framework too


class SavedAddressOutput(serializers.Serializer[Any]):
    id = serializers.CharField(source="public_id")
    currency = serializers.CharField(source="rail.currency_id")
    rail = serializers.CharField(source="rail.code")
    network = serializers.CharField(source="rail.network")
    address = serializers.CharField()
    tag = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a name of the framework too
    owner_told = serializers.BooleanField(
        source="is_owner_told", help_text="Whether you have said whose wallet it is."
    )
    created_at = serializers.DateTimeField()
    usable_at = serializers.DateTimeField(help_text="Nothing is paid there before.")


class SavedAddressesOutput(serializers.Serializer[Any]):
    results = SavedAddressOutput(many=True)


class ReadinessQuery(QuerySerializer):
    currency = serializers.CharField(max_length=8, required=False)
    rail = serializers.CharField(max_length=16, required=False)
    amount = AmountField(required=False)


class CheckOutput(serializers.Serializer[Any]):
    code = serializers.CharField()
    state = serializers.ChoiceField(choices=["ok", "stop", "info"])
    title = serializers.CharField()
    words = serializers.CharField()
    todo = serializers.CharField(help_text="What the player can do about it.")
    until = serializers.DateTimeField(allow_null=True)
    blocked = AmountField(
        allow_null=True, help_text="The part of the balance it keeps back, when not all."
    )


class ReadinessOutput(serializers.Serializer[Any]):
    ready = serializers.BooleanField(source="is_ready")
    rail = serializers.CharField(source="rail.code", allow_null=True, default=None)
    currency = serializers.CharField(source="rail.currency_id", allow_null=True, default=None)
    cash = AmountField(allow_null=True)
    available = AmountField(allow_null=True)
    fee = AmountField(allow_null=True, help_text="Of the amount asked about, or of all of it.")
    receives = AmountField(allow_null=True)
    decided_within_hours = serializers.IntegerField(source="due_hours")
    checks = CheckOutput(many=True)


class WithdrawalInput(OwnerInput):
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
    fee = AmountField(source="fee_money")
    receives = AmountField(source="net_money")
    address = serializers.CharField()
    tag = serializers.CharField()
    account = serializers.CharField(help_text="Where fiat goes, masked.")
    txid = serializers.CharField()
    held_until = serializers.DateTimeField(
        allow_null=True, help_text="The address is new: nothing is paid before."
    )
    decide_by = serializers.DateTimeField(
        allow_null=True, help_text="When it is decided at the latest."
    )
    reason = serializers.CharField(
        source="reason_shown", help_text="Why it was rejected, when it was."
    )
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
