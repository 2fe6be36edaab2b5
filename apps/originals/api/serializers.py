from decimal import Decimal
from typing import Any

from rest_framework import serializers

from apps.core.api.fields import AmountField
from apps.core.api.serializers import QuerySerializer, StrictSerializer
from apps.originals import crash_feed
from apps.originals.models import AutoRun, Bet


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
    hidden = serializers.BooleanField(
        required=False, default=False, help_text="Others do not see whose bet it is."
    )


class RunInput(BetInput):
    """Bets one after the other. Stops are amounts; raises are basis points of the last stake."""

    game = serializers.CharField(max_length=16)
    bets = serializers.IntegerField(required=False, allow_null=True, default=None)
    raise_on_win = serializers.IntegerField(required=False, allow_null=True, default=None)
    raise_on_loss = serializers.IntegerField(required=False, allow_null=True, default=None)
    stop_profit = AmountField(required=False, allow_null=True, default=None)
    stop_loss = AmountField(required=False, allow_null=True, default=None)
    stop_single_win = AmountField(required=False, allow_null=True, default=None)


class NextInput(StrictSerializer):
    number = serializers.IntegerField(
        min_value=0, max_value=1_000_000, help_text="How many bets of the run were placed before."
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
    commitment = serializers.CharField()
    client_seed = serializers.CharField(help_text="In crash the salt of the chain.")
    hidden = serializers.BooleanField(source="is_hidden")
    run = serializers.SerializerMethodField()
    tag = serializers.SerializerMethodField(help_text="What the bet is called in the stream.")
    point = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)

    def get_run(self, bet: Bet) -> str | None:
        return bet.run.public_id if bet.run else None

    def get_tag(self, bet: Bet) -> str:
        return crash_feed.tag(bet.public_id)

    def get_point(self, bet: Bet) -> int | None:
        """Where the round of crash ended, in hundredths; null before, and in other games."""
        return bet.round.point if bet.round else None


class RunOutput(serializers.Serializer[Any]):
    id = serializers.CharField(source="public_id")
    game = serializers.CharField(source="game_id")
    state = serializers.ChoiceField(choices=AutoRun.State.values)
    reason = serializers.ChoiceField(choices=AutoRun.Reason.values, help_text="Why it has ended.")
    said = serializers.CharField(source="get_reason_display", help_text="The same in words.")
    currency = serializers.CharField()
    choice = serializers.DictField()
    placed = serializers.IntegerField()
    bets = serializers.IntegerField(source="bets_max", allow_null=True)
    next_stake = AmountField(source="next_money")
    raise_on_win = serializers.IntegerField(allow_null=True)
    raise_on_loss = serializers.IntegerField(allow_null=True)
    first_stake = serializers.SerializerMethodField()
    staked = serializers.SerializerMethodField()
    paid = serializers.SerializerMethodField()
    stop_profit = serializers.SerializerMethodField()
    stop_loss = serializers.SerializerMethodField()
    stop_single_win = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)

    def get_first_stake(self, run: AutoRun) -> str:
        return run.money(run.first_stake).text

    def get_staked(self, run: AutoRun) -> str:
        return run.money(run.staked).text

    def get_paid(self, run: AutoRun) -> str:
        return run.money(run.paid).text

    def get_stop_profit(self, run: AutoRun) -> str | None:
        return _text(run, run.stop_profit)

    def get_stop_loss(self, run: AutoRun) -> str | None:
        return _text(run, run.stop_loss)

    def get_stop_single_win(self, run: AutoRun) -> str | None:
        return _text(run, run.stop_single_win)


def _text(run: AutoRun, amount: Decimal | None) -> str | None:
    return None if amount is None else run.money(amount).text


class NextOutput(serializers.Serializer[Any]):
    """bet: null when the run ended instead."""

    run = RunOutput()
    bet = BetOutput(allow_null=True)


class CrashOutput(serializers.Serializer[Any]):
    """The frame that the stream `crash` begins with; instants in milliseconds of our clock."""

    kind = serializers.CharField()
    now = serializers.IntegerField()
    round = serializers.DictField(allow_null=True)
    bets = serializers.ListField(child=serializers.DictField())
    history = serializers.ListField(child=serializers.DictField())


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
