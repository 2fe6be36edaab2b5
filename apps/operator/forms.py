"""Forms of the back office: entering it, deciding, and looking after staff."""

from typing import Any

from django import forms
from django.http import HttpRequest
from django_otp.models import Device
from unfold.forms import AuthenticationForm
from unfold.widgets import (
    BASE_INPUT_CLASSES,
    UnfoldAdminEmailInputWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from apps.accounts.models import User
from apps.accounts.statuses import CHOSEN_BY_STAFF
from apps.core.admin import ReasonForm
from apps.operator import passkeys, roles, sign_in
from apps.operator.emergency import HOURS_MAX
from apps.operator.errors import NoSecondFactor
from apps.operator.models import Passkey
from apps.operator.second_factor import accepted_device
from apps.payments.models import WithdrawalCase

REFUSED = "The e-mail address, the password or the code is wrong."
PASSKEY_ONLY = "Your role enters with a passkey. Use the one you have made."
LIMITED = "Too many failed tries. Wait a quarter of an hour."
CODE_ATTRS = {"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false"}


class OperatorLoginForm(AuthenticationForm):  # type: ignore[misc]  # untyped base
    """Password and one-time code in one go, and one answer for everything that is wrong."""

    otp_token = forms.CharField(
        label="One-time code",
        max_length=16,
        required=False,
        widget=forms.TextInput(attrs={**CODE_ATTRS, "class": " ".join(BASE_INPUT_CLASSES)}),
        help_text="From your authenticator app, or a recovery code. Not with a passkey.",
    )
    passkey = forms.JSONField(required=False, widget=forms.HiddenInput)

    def __init__(self, request: HttpRequest | None = None, *args: Any, **kwargs: Any):
        super().__init__(request, *args, **kwargs)
        self.fields["username"].label = "E-mail address"

    def clean(self) -> dict[str, Any]:
        if self.errors:
            return dict(self.cleaned_data)
        account = self.cleaned_data["username"]
        if sign_in.is_limited(account, self.request):
            raise forms.ValidationError(LIMITED, code="limited")
        try:
            cleaned = super().clean()
        except forms.ValidationError as error:
            sign_in.failed(account, self.request, why="password")
            raise forms.ValidationError(REFUSED, code="refused") from error
        self._check_code(self.get_user())
        return dict(cleaned)

    def _check_code(self, user: User) -> None:
        if user.is_superuser:
            sign_in.superuser_refused(user, self.request)
            raise forms.ValidationError(REFUSED, code="refused")
        try:
            device = self._device(user)
        except NoSecondFactor as error:
            sign_in.failed(user.email, self.request, why="no second factor")
            raise forms.ValidationError(error.message, code=error.code) from error
        if device is None:
            sign_in.failed(user.email, self.request, why="code")
            raise forms.ValidationError(REFUSED, code="refused")
        if passkeys.must_have(user) and passkeys.of(user) and not isinstance(device, Passkey):
            sign_in.failed(user.email, self.request, why="no passkey")
            raise forms.ValidationError(PASSKEY_ONLY, code="passkey_only")
        # django-otp remembers the device in the session when Django signs the user in.
        user.otp_device = device  # type: ignore[attr-defined]  # django-otp's name

    def _device(self, user: User) -> Device | None:
        answer = self.cleaned_data.get("passkey")
        if isinstance(answer, dict):
            return passkeys.accepted_key(self.request, user, answer)
        return accepted_device(user, self.cleaned_data["otp_token"])


class PasskeyForm(forms.Form):
    """A new passkey: its name, a fresh code, and what the authenticator answered."""

    name = forms.CharField(
        max_length=passkeys.NAME_LENGTH_MAX,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text="To tell it from others: where it is kept.",
    )
    answer = forms.JSONField(widget=forms.HiddenInput, required=False)


class CodeField(forms.CharField):
    def __init__(self) -> None:
        super().__init__(
            label="One-time code",
            max_length=16,
            widget=UnfoldAdminTextInputWidget(attrs=CODE_ATTRS),
            help_text="A fresh one: a code works once, so not the one you signed in with.",
        )


class NewPasskeyForm(PasskeyForm):
    code = CodeField()
    field_order = ("name", "code", "answer")


class EmergencyForm(ReasonForm):
    """For how long, and why it cannot wait."""

    hours = forms.IntegerField(
        min_value=1, max_value=HOURS_MAX, initial=1, widget=UnfoldAdminIntegerFieldWidget
    )
    code = CodeField()
    field_order = ("hours", "reason", "code")


class ApproveForm(ReasonForm):
    """Letting money leave takes a reason and a fresh one-time code."""

    code = CodeField()


class ApproveWithdrawalForm(ApproveForm):
    """`seen` is the hash of what the page showed: what is approved is what was read."""

    seen = forms.CharField(max_length=64, widget=forms.HiddenInput)


class StatusForm(ReasonForm):
    status = forms.ChoiceField(
        choices=[(one.value, one.label) for one in CHOSEN_BY_STAFF], widget=UnfoldAdminSelectWidget
    )
    field_order = ("status", "reason")

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["reason"].widget.attrs.pop("autofocus", None)


class LevelForm(ReasonForm):
    """A rank or a level, and why."""

    level = forms.IntegerField(min_value=0, widget=UnfoldAdminIntegerFieldWidget)
    field_order = ("level", "reason")

    def __init__(self, *args: Any, label: str, level_max: int, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["level"].label = label
        self.fields["level"].help_text = f"0 to {level_max}"
        self.fields["reason"].widget.attrs.pop("autofocus", None)


class SettleForm(ReasonForm):
    """What should become of a withdrawal that does not add up. A second person has to agree."""

    outcome = forms.ChoiceField(widget=UnfoldAdminSelectWidget)
    evidence = forms.CharField(
        required=False,
        max_length=2000,
        widget=UnfoldAdminTextInputWidget,
        help_text="Where it can be seen: a ticket, the gateway's own page.",
    )
    field_order = ("outcome", "reason", "evidence")

    def __init__(self, *args: Any, outcomes: list[str], **kwargs: Any):
        super().__init__(*args, **kwargs)
        choices = [(one, WithdrawalCase.Outcome(one).label.capitalize()) for one in outcomes]
        self.fields["outcome"].choices = choices  # type: ignore[attr-defined]  # a choice field
        self.fields["reason"].widget.attrs.pop("autofocus", None)


ROLE_CHOICES = [
    (name, name.replace("_", " ").capitalize() if len(name) > 3 else name.upper())
    for name in roles.PERMISSIONS
]


class RoleForm(ReasonForm):
    role = forms.ChoiceField(choices=ROLE_CHOICES, widget=UnfoldAdminSelectWidget)
    code = CodeField()
    field_order: tuple[str, ...] = ("role", "reason", "code")


class StaffForm(RoleForm):
    """A new member of staff. The password and the second factor are made for them."""

    email = forms.EmailField(
        label="E-mail address", widget=UnfoldAdminEmailInputWidget(attrs={"autocomplete": "off"})
    )
    field_order = ("email", "role", "reason", "code")
