"""Amounts in JSON: text in major units with the asset's exact scale, never a number."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from rest_framework import serializers

from apps.core.errors import DomainError
from apps.core.money import Currency, Money

AMOUNT_SCHEMA = {
    "type": "string",
    "pattern": r"^-?[0-9]+(\.[0-9]+)?$",
    "example": "0.04218800",
    "description": "Major units as text, with the currency's exact number of decimals.",
}


class AmountField(serializers.Field[Money, Any, str, Money]):
    """The amount of a Money as text; the currency stands beside it in the same object.

    Reading gives the text as it came: `money_of` makes it Money once the currency is known.
    """

    default_error_messages = {"type": 'Send the amount as text, like "0.01".'}

    def to_representation(self, value: Money) -> str:
        return value.text

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail("type")
        return data


class MoneyField(serializers.Field[Money, Any, dict[str, str], Money]):
    """`{"amount": "0.04218800", "currency": "BTC"}`.

    find_currency: what knows the currencies; only fields that are written to need it.
    """

    default_error_messages = {
        "shape": "Send an object with amount and currency.",
        "type": 'Send the amount as text, like "0.01".',
    }

    def __init__(self, *, find_currency: Callable[[str], Currency] | None = None, **kwargs: Any):
        self.find_currency = find_currency
        if find_currency is None:
            kwargs.setdefault("read_only", True)
        super().__init__(**kwargs)

    def to_representation(self, value: Money) -> dict[str, str]:
        return {"amount": value.text, "currency": value.currency.code}

    def to_internal_value(self, data: Any) -> Money:
        if self.find_currency is None:
            raise TypeError("A MoneyField that is written to needs find_currency.")
        if not isinstance(data, dict) or set(data) != {"amount", "currency"}:
            self.fail("shape")
        return money_of(data["amount"], data["currency"], self.find_currency)


def money_of(amount: Any, currency: Any, find_currency: Callable[[str], Currency]) -> Money:
    """Money of two values of a request. Raises ValidationError that names the wrong one."""
    if not isinstance(amount, str):
        raise serializers.ValidationError({"amount": 'Send the amount as text, like "0.01".'})
    if not isinstance(currency, str):
        raise serializers.ValidationError({"currency": "Send the currency's code as text."})
    try:
        return Money.parse(amount, find_currency(currency))
    except DomainError as error:
        raise serializers.ValidationError(error.fields or {"amount": error.message}) from error


class AmountFieldSchema(OpenApiSerializerFieldExtension):  # type: ignore[misc]  # has no types
    target_class = "apps.core.api.fields.AmountField"

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        return dict(AMOUNT_SCHEMA)


class MoneyFieldSchema(OpenApiSerializerFieldExtension):  # type: ignore[misc]  # has no types
    target_class = "apps.core.api.fields.MoneyField"

    def get_name(self) -> str:
        return "Money"

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": {
                "amount": dict(AMOUNT_SCHEMA),
                "currency": {"type": "string", "example": "BTC"},
            },
            "required": ["amount", "currency"],
        }
