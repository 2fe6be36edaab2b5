"""Serializers that take what they name and nothing else."""

from collections.abc import Mapping
from typing import Any

from django.http import QueryDict
from rest_framework import serializers

UNKNOWN = "There is no such field."


class StrictSerializer(serializers.Serializer[Any]):
    """Base of every input: a field it does not name is refused, not ignored."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            known = {name for name, field in self.fields.items() if not field.read_only}
            # A name is somebody else's text: long ones are not echoed.
            unknown = sorted({str(name)[:40] for name in data if name not in known})
            if unknown:
                raise serializers.ValidationError(dict.fromkeys(unknown[:10], UNKNOWN))
        return super().to_internal_value(data)


class QuerySerializer(StrictSerializer):
    """Reads a query string as strictly as a body; paging parameters belong to the paginator."""

    @classmethod
    def read(cls, query: QueryDict, *, but: tuple[str, ...] = ("cursor", "limit")) -> Any:
        data = {name: query[name] for name in query if name not in but}
        serializer = cls(data=data)
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data
