"""Looks where a player is before anything is done in their name."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.utils.functional import SimpleLazyObject

from apps.accounts.people import player_of
from apps.risk import location


class LocationMiddleware:
    """When a view asks who it is, a due look comes first. Pictures and guests cost nothing."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.user = SimpleLazyObject(partial(_located, request, request.user))  # type: ignore[assignment]  # as Django does
        return self.get_response(request)


def _located(request: HttpRequest, user: Any) -> Any:
    if (player := player_of(user)) is not None:
        location.look_if_due(player, request)
    return user
