"""Pages about requests to be forgotten."""

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path

from apps.operator.views import privacy

Wrap = Callable[[Callable[..., Any]], Callable[..., Any]]


def patterns(wrap: Wrap) -> list[URLPattern]:
    one = "erasures/<int:request_id>"
    return [
        path("erasures/", wrap(privacy.show), name="operator_erasures"),
        path(f"{one}/erase/", wrap(privacy.erase), name="operator_erase"),
        path(f"{one}/refuse/", wrap(privacy.refuse), name="operator_erase_refuse"),
    ]
