from typing import Any

from rest_framework import serializers

from apps.core.api.fields import AmountField
from apps.core.api.serializers import QuerySerializer, StrictSerializer
from apps.originals.models import Bet


class OriginalOutput(serializers.Serializer[Any]):
    code = serializers.CharField()
    title = serializers.CharField()
    enabled = serializers.BooleanField(help_text="A closed game takes no new bets.")


class BetInput(StrictSerializer):
    amount = AmountField()
    currency = serializers.CharField(max_length=8)
    choice = serializers.DictField(
        help_text="What the game asks for, for example {target: 5050, over: true} for dice."
    )


class ActionInput(StrictSerializer):
    action = serializers.CharField(max_length=16)
    step = serializers.IntegerField(
        min_value=0, max_value=1000, help_text="How many actions were taken before this one."
    )


class SeedsInput(StrictSerializer):
    client_seed = serializers.CharField(max_length=64, required=False, allow_blank=True, default="")


class BetsQuery(QuerySerializer):
    game = serializers.CharField(max_length=16, required=False)


class BetOutput(serializers.Serializer[Any]):
    """multiplier: ten-thousandths of the first stake; while a round is open, what leaving pays."""

    id = serializers.CharField(source="public_id")
    game = serializers.CharField(source="game_id")
    state = serializers.ChoiceField(choices=Bet.State.values)
    currency = serializers.CharField()
    base_stake = AmountField(source="base_money")
    stake = AmountField(source="stake_money")
    payout = AmountField(source="payout_money")
    win_max = AmountField(source="win_max_money")
    multiplier = serializers.IntegerField()
    choice = serializers.DictField()
    actions = serializers.ListField(child=serializers.CharField())
    detail = serializers.DictField()
    nonce = serializers.IntegerField()
    commitment = serializers.CharField(source="seeds.commitment")
    client_seed = serializers.CharField(source="seeds.client_seed")
    created_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)


class SeedPairOutput(serializers.Serializer[Any]):
    id = serializers.CharField(source="public_id")
    commitment = serializers.CharField(help_text="SHA-256 of the server seed's text.")
    server_seed = serializers.CharField(help_text="Empty until the pair is rotated.")
    client_seed = serializers.CharField()
    bets = serializers.IntegerField(source="next_nonce")
    activated_at = serializers.DateTimeField(allow_null=True)
    revealed_at = serializers.DateTimeField(allow_null=True)


class SeedsOutput(serializers.Serializer[Any]):
    """active: in use. next: the commitment of the pair that follows it."""

    active = SeedPairOutput()
    next = SeedPairOutput()
    revealed = SeedPairOutput(allow_null=True, required=False)
