"""Every address of the casino, from its URL table."""

from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver


def patterns(
    resolver: Any = None, space: str = "", path: str = ""
) -> Iterator[tuple[str, str, URLPattern]]:
    """Name with its namespace, path, and what answers there."""
    for found in (resolver or get_resolver()).url_patterns:
        here = path + str(found.pattern)
        if isinstance(found, URLResolver):
            inner = ":".join(part for part in (space, found.namespace or "") if part)
            yield from patterns(found, inner, here)
        else:
            yield f"{space}:{found.name}" if space else str(found.name), here, found


def names() -> set[str]:
    return {name for name, _path, _pattern in patterns()}
