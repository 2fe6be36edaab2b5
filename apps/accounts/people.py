"""The player behind a request, and the door for pages that are a player's own."""

from collections.abc import Callable
from datetime import date
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from apps.accounts.models import Player, User
from apps.core.clock import now

HOUSE_EMAIL = "house@house.invalid"
HIDDEN = "Hidden"


def house() -> Player:
    """The house as a party to the journal, made when it first needs a wallet.

    It can neither sign in nor play; a movement between two accounts of the house passes through
    its wallet, which is back at zero afterwards.
    """
    user, _ = User.objects.get_or_create(
        email=HOUSE_EMAIL, defaults={"is_active": False, "password": "!"}
    )
    player, _ = Player.objects.get_or_create(
        user=user,
        defaults={
            "display_name": "The house",  # players' names have no spaces
            "birth_date": date(1970, 1, 1),
            "country": "XX",
            "status": Player.Status.CLOSED,
            "terms_version": "",
            "terms_accepted_at": now(),
        },
    )
    return player


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


def public_name(player: Player) -> str:
    """What strangers may read of whose bet it is: `al***`, or nothing. Closed accounts are nobody's."""
    if player.hides_name or player.status == Player.Status.CLOSED:
        return HIDDEN
    return f"{player.display_name[:2]}***"


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
