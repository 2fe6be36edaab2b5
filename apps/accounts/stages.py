"""Steps between the password and being signed in, beyond allauth's own."""

from allauth.account.stages import LoginByCodeStage
from allauth.core.internal.httpkit import headed_redirect_response
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.stages import PasskeySignupStage
from django.contrib import messages
from django.http.response import HttpResponseBase

from apps.accounts.models import User
from apps.core import rate_limits
from apps.core.client_address import client_ip
from apps.core.errors import RateLimited


class MailedCodeStage(LoginByCodeStage):  # type: ignore[misc]  # allauth has no types
    """A code from the mailbox, where `AccountAdapter.is_login_by_code_required` wants one.

    Whoever has used up the tries gets no new code: asking again is no way around the limit.
    """

    def handle(self) -> tuple[HttpResponseBase | None, bool]:
        user = self.login.user
        if user is not None and not self.state:
            try:
                rate_limits.check("code", account=user.pk, ip=client_ip(self.request))
            except RateLimited as error:
                messages.error(self.request, error.message)
                return headed_redirect_response("account_login"), False
        answer: tuple[HttpResponseBase | None, bool] = super().handle()
        return answer


class PasskeyStage(PasskeySignupStage):  # type: ignore[misc]  # allauth has no types
    """Somebody without a password makes the passkey they sign in with from now on.

    What is missing is asked of the account and not of the session: the address may have been
    confirmed in between.
    """

    def handle(self) -> tuple[HttpResponseBase | None, bool]:
        user = self.login.user
        if not isinstance(user, User) or user.has_usable_password():
            return None, True
        if Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.WEBAUTHN).exists():
            return None, True
        return headed_redirect_response("mfa_signup_webauthn"), True
