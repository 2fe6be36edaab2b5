from typing import Any

from rest_framework import serializers

from apps.core.api.fields import AmountField
from apps.core.api.serializers import QuerySerializer, StrictSerializer
from apps.wallet.statements import services
from apps.wallet.statements.models import Statement
from apps.wallet.statements.sealing import Verdict


class StatementInput(StrictSerializer):
    period = serializers.CharField(
        max_length=7, required=False, help_text="`2026` or `2026-10`; or give both days."
    )
    first_day = serializers.CharField(max_length=10, required=False, help_text="`2026-10-05`")
    last_day = serializers.CharField(max_length=10, required=False, help_text="Inside, too.")
    currency = serializers.CharField(
        max_length=8, required=False, allow_blank=True, default="", help_text="Empty: all."
    )


class StatementOutput(serializers.Serializer[Statement]):
    number = serializers.CharField()
    first_day = serializers.DateField(source="first_on")
    last_day = serializers.DateField(source="last_on")
    currency = serializers.CharField(help_text="Empty: all.")
    movements = serializers.IntegerField()
    complete = serializers.BooleanField(
        source="is_complete", help_text="The period was over when it was made."
    )
    issued_at = serializers.DateTimeField()
    digest = serializers.CharField(help_text="SHA-256 of the CSV without its last line.")
    key = serializers.IntegerField(source="key_id")
    signature = serializers.CharField(
        help_text="Ed25519 over `statement`, number, digest; a line each."
    )


class PurseOutput(serializers.Serializer[Any]):
    currency = serializers.CharField(source="currency.code")
    purse = serializers.SerializerMethodField()
    opening = AmountField()
    came_in = AmountField(source="came")
    went_out = AmountField(source="went")
    closing = AmountField()

    def get_purse(self, one: Any) -> str:
        return str(one.purse.name.lower())


class KindOutput(serializers.Serializer[Any]):
    currency = serializers.CharField(source="currency.code")
    kind = serializers.SerializerMethodField()
    count = serializers.IntegerField()
    came_in = AmountField(source="came")
    went_out = AmountField(source="went")
    net = AmountField()

    def get_kind(self, one: Any) -> str:
        return str(one.kind.name.lower())


class FeeOutput(serializers.Serializer[Any]):
    currency = serializers.CharField(source="currency.code")
    kind = serializers.SerializerMethodField()
    paid = AmountField()

    def get_kind(self, one: Any) -> str:
        return str(one.kind.name.lower())


class ConversionOutput(serializers.Serializer[Any]):
    sold_currency = serializers.CharField(source="sold.currency.code")
    sold = AmountField()
    bought_currency = serializers.CharField(source="bought.currency.code")
    bought = AmountField(help_text="At the middle rate.")
    spread = AmountField(help_text="What of it stayed in the house.")
    count = serializers.IntegerField()


class GameOutput(serializers.Serializer[Any]):
    currency = serializers.CharField(source="currency.code")
    game = serializers.CharField(source="title")
    bets = serializers.IntegerField()
    wagered = AmountField()
    wins = serializers.IntegerField()
    won = AmountField()
    net = AmountField()


class StatementDetailOutput(StatementOutput):
    balances = serializers.SerializerMethodField()
    totals = serializers.SerializerMethodField()
    fees = serializers.SerializerMethodField()
    conversions = serializers.SerializerMethodField()
    games = serializers.SerializerMethodField()

    def get_balances(self, found: Statement) -> list[dict[str, Any]]:
        shown = [one for one in services.read(found).purses if not one.is_empty]
        return _all(PurseOutput(shown, many=True))

    def get_totals(self, found: Statement) -> list[dict[str, Any]]:
        return _all(KindOutput(services.read(found).kinds, many=True))

    def get_fees(self, found: Statement) -> list[dict[str, Any]]:
        return _all(FeeOutput(services.read(found).fees, many=True))

    def get_conversions(self, found: Statement) -> list[dict[str, Any]]:
        return _all(ConversionOutput(services.read(found).conversions, many=True))

    def get_games(self, found: Statement) -> list[dict[str, Any]]:
        return _all(GameOutput(services.read(found).games, many=True))


class PagesOutput(serializers.Serializer[Any]):
    state = serializers.CharField(help_text="`waiting`, or `failed`: we have been told.")
    pages_made = serializers.IntegerField()
    pages = serializers.IntegerField(help_text="0 until the first are drawn.")


class VerifyQuery(QuerySerializer):
    number = serializers.CharField(max_length=40, required=False, default="")
    digest = serializers.CharField(max_length=200, required=False, default="")


class VerifyOutput(serializers.Serializer[Any]):
    verdict = serializers.ChoiceField(choices=[one.value for one in Verdict])
    message = serializers.CharField()


def _all(serializer: Any) -> list[dict[str, Any]]:
    return list(serializer.data)
