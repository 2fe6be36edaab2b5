"""How allauth signs people in and up here: players only, and nobody learns who has an account."""

import hashlib
import logging
import smtplib
from contextlib import suppress
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress, Login
from allauth.core.exceptions import ReauthenticationRequired
from allauth.core.internal.httpkit import is_headless_request
from allauth.headless.adapter import DefaultHeadlessAdapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.hashers import make_password
from django.core.exceptions import PermissionDenied
from django.core.mail import EmailMessage
from django.db import IntegrityError, transaction
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.module_loading import import_string

from apps.accounts import devices, lockout, second_factor, sessions, step_up
from apps.accounts.errors import EmailTaken, NameTaken
from apps.accounts.events import EmailConfirmed
from apps.accounts.models import Player, User
from apps.accounts.people import is_player
from apps.accounts.services import make_player, note_credentials_changed
from apps.audit import services as audit
from apps.core import rate_limits
from apps.core.client_address import client_ip
from apps.core.errors import DomainError, RateLimited
from apps.core.mail import KIND_HEADER, PLAYER_HEADER
from apps.events.bus import publish

logger = logging.getLogger(__name__)

ERROR_OF_CONSTRAINT: dict[str, type[DomainError]] = {
    "accounts_user_email": EmailTaken,
    "accounts_player_display_name": NameTaken,
    "accounts_user_username": NameTaken,
}
# What leads from a password to being signed in, in this order.
STAGES = {
    "allauth.account.stages.LoginByCodeStage": "apps.accounts.stages.MailedCodeStage",
}
SIGN_UP_STAGE = "apps.accounts.stages.PasskeyStage"


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Used by the pages under /accounts/ and by the JSON door under /_allauth/ alike."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "second_factor_required": "Use your second factor instead of the password.",
    }

    def save_user(
        self, request: HttpRequest, user: User, form: BaseForm, commit: bool = True
    ) -> User:
        """Make user and player together, or neither. Raises EmailTaken, NameTaken."""
        found = form.cleaned_data
        try:
            with transaction.atomic():
                super().save_user(request, user, form, commit=True)
                make_player(
                    user=user,
                    display_name=found["display_name"],
                    birth_date=found["birth_date"],
                    country=found["country"],
                    wants_marketing=found["wants_marketing"],
                    ip=client_ip(request),
                )
        except IntegrityError as error:
            # The form has looked; two requests at once are left.
            raise _refusal(error) from error
        return user

    def populate_username(self, request: HttpRequest, user: User) -> None:
        """Players sign in by the name the form asks for; the form has checked it."""

    def get_login_stages(self) -> list[str]:
        found = [STAGES.get(path, path) for path in super().get_login_stages()]
        return [*found, SIGN_UP_STAGE]

    def is_login_by_code_required(self, login: Login) -> bool:
        """After failures a password alone is not enough on a device we do not know (lockout.py)."""
        user = login.user
        if not isinstance(user, User) or not is_player(user) or login.signup:
            return False
        shown = sessions.shown(self.request, user)
        if shown != ["password"] or second_factor.is_enrolled(user):
            # A code was given already, or a second factor is asked for anyway.
            return False
        return lockout.is_locked(user) and not devices.is_known(self.request, user.player)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Tries are limited by name and by address, but for a device that is the owner's."""
        name = str(credentials.get("email") or credentials.get("username") or "")
        user = User.objects.by_name(name)
        if user is not None and is_player(user) and devices.is_known(request, user.player):
            self._login_failed_rl_usage = None
            try:
                rate_limits.check("known_device", account=devices.mark(request))
            except RateLimited:
                raise self.validation_error("too_many_login_attempts") from None
            return
        super().pre_authenticate(request, **credentials)

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """The player with these credentials. Staff get the answer of a wrong password."""
        user = super().authenticate(request, **credentials)
        if user is None or not is_player(user):
            if user is not None:
                self.authentication_failed(request, **credentials)
            return None
        return user  # type: ignore[no-any-return]  # ours, by AUTH_USER_MODEL

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        email = str(credentials.get("email") or credentials.get("username") or "").lower()
        with transaction.atomic():
            lockout.note_failure(email, request)
            if mark := devices.mark(request):
                with suppress(RateLimited):
                    rate_limits.hit("known_device", account=mark)
            audit.record(
                "player.sign_in_failed",
                actor="guest",
                after={"email_sha256": hashlib.sha256(email.encode()).hexdigest()},
                request=request,
            )

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse | None:
        answer: HttpResponse | None
        if is_player(user) and user.player.status == Player.Status.CLOSED:
            answer = self.respond_user_inactive(request, user)
        else:
            answer = super().pre_login(request, user, **kwargs)
        return answer

    def login(self, request: HttpRequest, user: User) -> None:
        """Every way in ends here, so it is asked once more whether this is a player."""
        if not is_player(user):
            raise PermissionDenied
        sign_in = sessions.begin(request, user.player)
        super().login(request, user)
        sessions.carry(request.session, sign_in)
        for path in settings.SIGN_IN_CHECKS:
            import_string(path)(user.player, request)
        before = sessions.previous(user.player, before=sign_in)
        if before is not None and not is_headless_request(request):
            messages.info(request, f"You were here before: {sessions.in_words(before)}.")

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        with transaction.atomic():
            confirmed = bool(super().confirm_email(request, email_address))
            if confirmed and is_player(email_address.user):
                publish(EmailConfirmed(player_id=email_address.user_id, email=email_address.email))
        return confirmed

    def get_client_ip(self, request: HttpRequest) -> str:
        """As everywhere else; whoever has no address is counted with all who have none."""
        return client_ip(request) or "unknown"

    def reauthenticate(self, user: User, password: str) -> bool:
        """The password again. Where there is a second factor, only that shows who somebody is."""
        if second_factor.is_enrolled(user):
            raise self.validation_error("second_factor_required")
        return bool(super().reauthenticate(user, password))

    def set_password(self, user: User, password: str) -> None:
        """Change it. Raises ReauthenticationRequired when the second factor was not shown lately."""
        is_own = self.request.user.is_authenticated and self.request.user.pk == user.pk
        enrolled = second_factor.is_enrolled(user)
        if is_own and enrolled and not step_up.is_recent(self.request.session, user):
            raise ReauthenticationRequired
        with transaction.atomic():
            super().set_password(user, password)
            note_credentials_changed(user)
            audit.record("player.password_changed", actor=user, subject=user, request=self.request)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("accounts:security")

    def send_password_reset_mail(
        self, user: AbstractBaseUser, email: str, context: dict[str, Any]
    ) -> None:
        """Staff reset their password with an administrator, not by mail."""
        if is_player(user):
            super().send_password_reset_mail(user, email, context)

    def send_account_already_exists_mail(self, email: str) -> None:
        # A new account costs one password hash; so does an address that has one.
        make_password("as long as a password")
        super().send_account_already_exists_mail(email)

    def render_mail(
        self,
        template_prefix: str,
        email: str | list[str],
        context: dict[str, Any],
        headers: dict[str, str] | None = None,
    ) -> EmailMessage:
        """Tell the queue which mail this is and whose: how long it is worth sending depends on it."""
        about = {KIND_HEADER: template_prefix.rpartition("/")[2]}
        user = context.get("user")
        if user is not None and is_player(user):
            about[PLAYER_HEADER] = str(user.pk)
        message: EmailMessage = super().render_mail(
            template_prefix, email, context, {**(headers or {}), **about}
        )
        return message

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """A mail server that is down does not undo what the person has just done."""
        try:
            super().send_mail(template_prefix, email, context)
        except (OSError, smtplib.SMTPException):
            logger.exception("Mail %s could not be sent", template_prefix)


class HeadlessAdapter(DefaultHeadlessAdapter):  # type: ignore[misc]  # allauth has no types
    """What the JSON door tells about a person: never the database's own number."""

    def serialize_user(self, user: User) -> dict[str, Any]:
        if not is_player(user):
            return {"email": user.email}
        return {
            "id": user.player.public_id,
            "display": user.player.display_name,
            "email": user.email,
        }


def _refusal(error: IntegrityError) -> Exception:
    diagnostic = getattr(error.__cause__, "diag", None)
    refusal = ERROR_OF_CONSTRAINT.get(getattr(diagnostic, "constraint_name", None) or "")
    return refusal() if refusal is not None else error
