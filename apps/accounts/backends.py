"""Who is behind a session. One query for the user and the player side of it."""

from allauth.account.auth_backends import AuthenticationBackend

from apps.accounts.models import User


class PeopleBackend(AuthenticationBackend):  # type: ignore[misc]  # allauth has no types
    """Signs in by e-mail address and password, at the player's door and at the operator's.

    Which of the two a person may use is decided by the doors: `adapter.AccountAdapter` lets
    players in only, the back office staff only.
    """

    def get_user(self, user_id: int) -> User | None:
        user = User.objects.select_related("player").filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None
