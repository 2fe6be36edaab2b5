from typing import Any

from rest_framework import serializers

from apps.core.api.fields import AmountField
from apps.core.api.serializers import QuerySerializer, StrictSerializer


class StudioOutput(serializers.Serializer[Any]):
    slug = serializers.CharField()
    name = serializers.CharField()


class GameOutput(serializers.Serializer[Any]):
    slug = serializers.CharField()
    title = serializers.CharField()
    studio = StudioOutput()
    category = serializers.CharField()
    rtp = serializers.DecimalField(
        max_digits=5, decimal_places=2, allow_null=True, help_text="Return to player, per cent."
    )
    volatility = serializers.IntegerField(allow_null=True, help_text="1 (calm) to 5 (wild).")
    is_live = serializers.BooleanField()
    has_demo = serializers.BooleanField()
    has_free_spins = serializers.BooleanField()
    has_jackpot = serializers.BooleanField()
    released_on = serializers.DateField(allow_null=True)


class GameDetailOutput(GameOutput):
    description = serializers.CharField()
    lines = serializers.IntegerField(allow_null=True)
    features = serializers.ListField(child=serializers.CharField())
    devices = serializers.ListField(child=serializers.CharField())
    blocked_countries = serializers.ListField(child=serializers.CharField())
    enabled = serializers.BooleanField(help_text="False while the game is closed.")


class GamesQuery(QuerySerializer):
    search = serializers.CharField(max_length=60, required=False)
    category = serializers.CharField(max_length=40, required=False)
    studio = serializers.CharField(max_length=60, required=False, help_text="The studio's slug.")


class LaunchInput(StrictSerializer):
    mode = serializers.ChoiceField(choices=["real", "demo"], default="real")
    currency = serializers.CharField(
        max_length=8, required=False, help_text="The active currency when left out."
    )
    client_type = serializers.ChoiceField(choices=["desktop", "mobile"], default="desktop")


class LaunchOutput(serializers.Serializer[Any]):
    url = serializers.URLField(help_text="The game's page; good for one visit.")
    strategy = serializers.ChoiceField(choices=["iframe", "redirect"])


class RoundsQuery(QuerySerializer):
    game = serializers.CharField(max_length=100, required=False, help_text="The game's slug.")


class RoundOutput(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    round = serializers.CharField(source="round_ref", help_text="As the studio names it.")
    game = serializers.CharField(source="game.slug", allow_null=True, default=None)
    currency = serializers.CharField(source="stake.currency.code")
    stake = AmountField(help_text="Net of what was rolled back.")
    win = AmountField(help_text="Net of what was rolled back.")
    net = AmountField()
    state = serializers.SerializerMethodField()
    started_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)

    def get_state(self, played: Any) -> str:
        return "open" if played.is_open else "closed"
