"""The player behind a request, and the door for pages that are a player's own."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from apps.accounts.models import Player, User


def is_player(user: Any) -> bool:
    """Staff never are, and guests are not."""
    return isinstance(user, User) and not user.is_staff and hasattr(user, "player")


def player_of(user: Any) -> Player | None:
    """The player a user is and may act as; None for guests, staff and closed accounts."""
    # request.user may be a lazy wrapper, which `isinstance` sees through.
    if not is_player(user) or user.player.status == Player.Status.CLOSED:
        return None
    player: Player = user.player
    return player


def player_required(
    view: Callable[..., HttpResponseBase],
) -> Callable[..., HttpResponseBase]:
    """Pass the view its player as second argument; guests are sent to sign in, staff refused."""

    @wraps(view)
    def with_player(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        player = player_of(request.user)
        if player is None:
            raise PermissionDenied
        return view(request, player, *args, **kwargs)

    return with_player
