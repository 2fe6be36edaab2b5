"""Who may call. A key may do what its scopes say; a signed-in player may do everything.

A view says which scope a key needs:

    scopes = {"GET": "read", "POST": "money"}

Reading needs `read` when nothing is said. A method that is not named is closed to keys, so a view
that forgets to say so is closed, not open.
"""

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.sessions.backends.base import SessionBase
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from apps.accounts.models import ApiKey, Player
from apps.accounts.people import player_of

if TYPE_CHECKING:  # the framework's views import the permissions named in the settings
    from rest_framework.views import APIView


class IsPlayer(BasePermission):
    """A player whose account is not closed; and for an API key, the scope of the view."""

    message = "This is for players."
    code = "players_only"

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if player_of(request.user) is None:
            return False
        return HasScope().has_permission(request, view) or self._no_scope()

    def _no_scope(self) -> bool:
        self.message, self.code = HasScope.message, HasScope.code
        return False


class HasScope(BasePermission):
    """Signed-in players pass; keys need the scope the view names for the method."""

    message = "This API key may not do that."
    code = "scope_missing"

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if not isinstance(request.auth, ApiKey):
            return True
        needed = scope_of(view, str(request.method))
        return needed is not None and needed in request.auth.scopes


class OnlySignedIn:
    """For views that no key may use: making and revoking keys."""

    scopes: ClassVar[dict[str, str]] = {}


def scope_of(view: Any, method: str) -> str | None:
    """The scope a key needs to call this method of the view; None when no key may."""
    named: dict[str, str] | None = getattr(view, "scopes", None)
    if named is None:
        return "read" if method in SAFE_METHODS else None
    lookup = "GET" if method in SAFE_METHODS else method
    return named.get(lookup)


def player_in(request: Request) -> Player:
    """The player of a request that IsPlayer has let in."""
    player = player_of(request.user)
    if player is None:
        raise TypeError("This view is open to others than players; IsPlayer must guard it.")
    return player


def session_of(request: Request) -> SessionBase | None:
    """The session behind a call: the token's, the browser's, or none with an API key."""
    if isinstance(request.auth, ApiKey):
        return None
    if isinstance(request.auth, SessionBase):
        return request.auth
    session: SessionBase | None = getattr(request, "session", None)
    return session
