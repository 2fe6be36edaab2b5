from typing import Any

from rest_framework import serializers

from apps.core.api.fields import MoneyField
from apps.core.api.serializers import StrictSerializer
from apps.ledger.selectors import currency
from apps.limits.exclusion import EXCLUSIONS, TIME_OUTS
from apps.limits.models import LimitKind, RealityCheck, Window
from apps.limits.pages import base


class RequestOutput(serializers.Serializer[Any]):
    id = serializers.CharField(source="public_id")
    value = serializers.DecimalField(
        max_digits=38,
        decimal_places=2,
        allow_null=True,
        help_text="In the base currency, of session limits in minutes; null: no limit at all.",
    )
    asked_at = serializers.DateTimeField()
    ready_at = serializers.DateTimeField(help_text="It can be confirmed from then on.")
    lapses_at = serializers.DateTimeField(help_text="And not from then on.")


class LimitOutput(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=LimitKind.values)
    window = serializers.ChoiceField(choices=Window.values)
    limit = MoneyField(allow_null=True, help_text="Null for session time.")
    used = MoneyField(allow_null=True, help_text="Null also where something has no rate.")
    room = MoneyField(allow_null=True)
    minutes = serializers.IntegerField(allow_null=True, help_text="Of session time.")
    used_minutes = serializers.IntegerField(allow_null=True)
    releases_at = serializers.DateTimeField(
        allow_null=True, help_text="When the oldest part of what is used leaves the window."
    )
    owner = serializers.CharField(help_text="player, operator or licence")
    request = RequestOutput(allow_null=True, help_text="A looser limit that waits.")


class LimitsOutput(serializers.Serializer[Any]):
    results = LimitOutput(many=True)


class LimitInput(StrictSerializer):
    kind = serializers.ChoiceField(choices=LimitKind.values)
    window = serializers.ChoiceField(choices=Window.values)
    limit = MoneyField(
        find_currency=currency, required=False, help_text="In the base currency; not for session."
    )
    minutes = serializers.IntegerField(required=False, min_value=0, help_text="For session only.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        named = "minutes" if attrs["kind"] == LimitKind.SESSION else "limit"
        if named not in attrs:
            raise serializers.ValidationError({named: "Say how much."})
        other = "limit" if named == "minutes" else "minutes"
        if other in attrs:
            raise serializers.ValidationError({other: "This is not for that kind."})
        return attrs


class LimitNamed(StrictSerializer):
    kind = serializers.ChoiceField(choices=LimitKind.values)
    window = serializers.ChoiceField(choices=Window.values)


class AnswerToRequest(StrictSerializer):
    act = serializers.ChoiceField(choices=["confirm", "cancel"])


class BreakOutput(serializers.Serializer[Any]):
    id = serializers.CharField(source="public_id")
    kind = serializers.CharField(help_text="panic, time_out or self_exclusion")
    since = serializers.DateTimeField()
    until = serializers.DateTimeField(allow_null=True, help_text="Null: for ever.")
    return_ready_at = serializers.DateTimeField(
        allow_null=True, help_text="From then on a return that was asked for can be confirmed."
    )


class BreaksOutput(serializers.Serializer[Any]):
    results = BreakOutput(many=True)


class BreakInput(StrictSerializer):
    kind = serializers.ChoiceField(choices=["panic", "time_out", "self_exclusion"])
    length = serializers.ChoiceField(
        choices=[*TIME_OUTS, *EXCLUSIONS], required=False, help_text="Not for panic: a day."
    )


class RealityCheckOutput(serializers.Serializer[Any]):
    id = serializers.CharField(source="check.public_id")
    number = serializers.IntegerField(source="check.number")
    elapsed_seconds = serializers.IntegerField(source="check.elapsed_seconds")
    staked = serializers.SerializerMethodField(help_text="In the base currency.")
    won = serializers.SerializerMethodField()
    net = serializers.SerializerMethodField()
    answered = serializers.SerializerMethodField(help_text="Then a pause runs until free_at.")
    free_at = serializers.DateTimeField(source="check.free_at", allow_null=True)

    def get_staked(self, told: Any) -> dict[str, str]:
        return MoneyField().to_representation(base(told.staked))

    def get_won(self, told: Any) -> dict[str, str]:
        return MoneyField().to_representation(base(told.won))

    def get_net(self, told: Any) -> dict[str, str]:
        return MoneyField().to_representation(base(told.net))

    def get_answered(self, told: Any) -> bool:
        return told.check.answered_at is not None


class WaitingOutput(serializers.Serializer[Any]):
    interval_minutes = serializers.IntegerField()
    check = RealityCheckOutput(allow_null=True, help_text="What must be answered, if anything.")


class AnswerInput(StrictSerializer):
    answer = serializers.ChoiceField(choices=RealityCheck.Answer.values)


class IntervalInput(StrictSerializer):
    minutes = serializers.IntegerField()
