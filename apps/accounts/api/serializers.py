from typing import Any

from rest_framework import serializers

from apps.accounts.models import ApiKey, Player
from apps.accounts.services import SCOPES
from apps.core.api.serializers import StrictSerializer


class MeOutput(serializers.ModelSerializer[Player]):
    id = serializers.CharField(source="public_id", read_only=True)
    email = serializers.EmailField(source="user.email", read_only=True)

    class Meta:
        model = Player
        fields = (
            "id",
            "display_name",
            "email",
            "country",
            "status",
            "active_currency",
            "wants_marketing",
            "created_at",
        )
        read_only_fields = fields


class MeInput(StrictSerializer):
    wants_marketing = serializers.BooleanField(help_text="Consent to news and offers.")

    def to_internal_value(self, data: Any) -> Any:
        found = super().to_internal_value(data)
        if not isinstance(data["wants_marketing"], bool):
            # Consent is not guessed from "yes" or 1.
            raise serializers.ValidationError({"wants_marketing": "Send true or false."})
        return found


class ApiKeyOutput(serializers.ModelSerializer[ApiKey]):
    id = serializers.CharField(source="prefix", read_only=True)
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=SCOPES), read_only=True)

    class Meta:
        model = ApiKey
        fields = ("id", "name", "scopes", "created_at", "used_at")
        read_only_fields = fields


class NewApiKeyOutput(serializers.Serializer[Any]):
    """The one time the key itself is shown."""

    id = serializers.CharField()
    name = serializers.CharField()
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=SCOPES))
    created_at = serializers.DateTimeField()
    used_at = serializers.DateTimeField(allow_null=True)
    key = serializers.CharField()


class ApiKeyInput(StrictSerializer):
    name = serializers.CharField(max_length=40)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=SCOPES),
        allow_empty=False,
        max_length=len(SCOPES),
    )
