"""Who is behind a session. One query for the user and the player side of it."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.http import HttpRequest

from apps.accounts.models import User


class PeopleBackend(AuthenticationBackend):  # type: ignore[misc]  # allauth has no types
    """Signs in by e-mail address or player name and password, at the player's door and the operator's.

    Which of the two a person may use is decided by the doors: `adapter.AccountAdapter` lets
    players in only, the back office staff only.
    """

    def _authenticate(self, request: HttpRequest | None, **credentials: Any) -> User | None:
        # One name, one password hash: allauth tries several names, and the time would tell.
        name = str(credentials.get("email") or credentials.get("username") or "")
        found: User | None = self._check_password(
            User.objects.by_name(name), str(credentials.get("password") or "")
        )
        return found

    def get_user(self, user_id: int) -> User | None:
        user = User.objects.select_related("player").filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None
