from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from apps.accounts.people import player_of
from apps.core.client_address import client_ip
from apps.risk import location

if TYPE_CHECKING:
    from rest_framework.views import APIView


class Located(BasePermission):
    """Refuses nobody: looks where the player of a key or token is before the call does anything.

    Whoever came with a browser's session was looked at already (apps/risk/middleware.py).
    """

    def has_permission(self, request: Request, view: "APIView") -> bool:
        player = player_of(request.user)
        by_session = request.auth is None
        if player is not None and not by_session:
            location.look_if_due_by_key(player, client_ip(request._request))
        return True
