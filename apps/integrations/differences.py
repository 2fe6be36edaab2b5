"""What changed between two messages about the same thing, field by field."""

import difflib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from apps.core.formatting import pretty
from apps.integrations.models import InboxMessage

FIELDS_MAX = 500
ABSENT = "–"


@dataclass(frozen=True)
class Difference:
    """One field: `transactions.0.confirmations`. Before or after is `ABSENT` where it has none."""

    path: str
    before: str
    after: str


def earlier(message: InboxMessage) -> InboxMessage | None:
    """The message before this one about the same payment of the same partner."""
    if not message.outside_ref:
        return None
    return (
        InboxMessage.objects.filter(
            partner=message.partner, outside_ref=message.outside_ref, pk__lt=message.pk
        )
        .order_by("-pk")
        .first()
    )


def between(before: InboxMessage, after: InboxMessage) -> list[Difference]:
    """By field where both are JSON objects, by line where they are not; empty when the same."""
    first, second = _fields(bytes(before.body)), _fields(bytes(after.body))
    if first is None or second is None:
        return _lines(bytes(before.body), bytes(after.body))
    paths = list(dict.fromkeys([*first, *second]))
    return [
        Difference(path, first.get(path, ABSENT), second.get(path, ABSENT))
        for path in paths
        if first.get(path) != second.get(path)
    ][:FIELDS_MAX]


def _fields(body: bytes) -> dict[str, str] | None:
    """Every value of a JSON object by its path, written so that "1" and 1 differ."""
    try:
        document = json.loads(body, parse_float=Decimal)
        return dict(_walk(document, "")) if isinstance(document, dict) else None
    except (ValueError, RecursionError):
        return None


def _walk(value: Any, path: str) -> Iterator[tuple[str, str]]:
    children: list[tuple[str, Any]] = []
    if isinstance(value, dict):
        children = [(str(name), one) for name, one in value.items()]
    elif isinstance(value, list):
        children = [(str(place), one) for place, one in enumerate(value)]
    if not children:
        yield path, json.dumps(value, ensure_ascii=False, default=str)
    for name, one in children:
        yield from _walk(one, f"{path}.{name}" if path else name)


def _lines(before: bytes, after: bytes) -> list[Difference]:
    found = []
    for line in difflib.ndiff(pretty(before).splitlines(), pretty(after).splitlines()):
        if line.startswith("- "):
            found.append(Difference("", line[2:], ABSENT))
        elif line.startswith("+ "):
            found.append(Difference("", ABSENT, line[2:]))
    return found[:FIELDS_MAX]
