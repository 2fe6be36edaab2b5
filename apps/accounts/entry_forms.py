"""allauth's forms for signing in, where ours ask otherwise. Apart from `forms.py`, which allauth's own
forms are built upon.
"""

from typing import Any

from allauth.account.forms import ConfirmLoginCodeForm, LoginForm
from allauth.core import context
from django import forms
from django.core.exceptions import ValidationError

from apps.accounts.models import User
from apps.core import rate_limits
from apps.core.client_address import client_ip
from apps.core.errors import RateLimited


class SignInForm(LoginForm):  # type: ignore[misc]  # allauth has no types
    """One field for address and player name; which of the two it is, its text tells."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        field = forms.CharField(
            label="Email or player name",
            max_length=254,
            widget=forms.TextInput(
                attrs={
                    "autocomplete": "username",
                    "autocapitalize": "none",
                    "spellcheck": "false",
                    "autofocus": True,
                }
            ),
        )
        self.fields["login"] = field
        self.order_fields(["login", "password"])

    def user_credentials(self) -> dict[str, Any]:
        name = self.cleaned_data["login"]
        kind = "email" if "@" in name else "username"
        return {kind: name, "password": self.cleaned_data["password"]}


class MailedCodeForm(ConfirmLoginCodeForm):  # type: ignore[misc]  # allauth has no types
    """Wrong codes are counted by account and address, over all codes and sessions."""

    def clean_code(self) -> str:
        request = context.request
        user = request._login_stage.login.user
        whose = user.pk if isinstance(user, User) else ""
        try:
            rate_limits.check("code", account=whose, ip=client_ip(request))
            code: str = super().clean_code()
        except RateLimited as error:
            raise ValidationError(error.message, code=error.code) from error
        except ValidationError as error:
            try:
                rate_limits.hit("code", account=whose, ip=client_ip(request))
            except RateLimited as limited:
                raise ValidationError(limited.message, code=limited.code) from error
            raise
        return code
