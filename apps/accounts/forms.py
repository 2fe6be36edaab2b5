"""What the player's forms ask for. The rules are in `services.check_registration`."""

from datetime import date
from typing import Any

from allauth.core import context
from django import forms
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from apps.accounts.countries import countries
from apps.accounts.errors import AccountTaken
from apps.accounts.models import Consent, User
from apps.accounts.services import check_registration
from apps.core.client_address import client_ip
from apps.core.errors import DomainError

SCOPE_WORDS = (
    ("read", "Read: balances, history, games"),
    ("play", "Play: start game sessions"),
    ("money", "Money: deposit addresses and withdrawals"),
)


def country_choices() -> list[tuple[str, str]]:
    return [("", "Choose"), *countries()]


class Tick(forms.CheckboxInput):
    """A box that is ticked only by what means yes; the JSON door sends any value it likes."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> bool:
        return data.get(name) in (True, "on", "true", "1")


def step_up_field() -> forms.CharField:
    """A password or a code, whichever `step_up.kind` says; whether it is needed the view knows."""
    return forms.CharField(
        required=False,
        max_length=256,
        label="Password",
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class BirthDateField(forms.DateField):
    widget = forms.DateInput(attrs={"type": "date", "autocomplete": "bday"}, format="%Y-%m-%d")
    input_formats = ("%Y-%m-%d",)
    default_error_messages = {"invalid": "Write the date as year-month-day."}

    def to_python(self, value: Any) -> date | None:
        if value is not None and not isinstance(value, (str, date)):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)


class PlayerSignupForm(forms.Form):
    """The player's part of registration; allauth adds e-mail and password, on every door.

    The player is made in `AccountAdapter.save_user`, in the transaction that makes the user.
    """

    field_order = (
        "email",
        "password1",
        "password",
        "display_name",
        "birth_date",
        "country",
        "terms",
        "wants_marketing",
    )

    display_name = forms.CharField(
        min_length=3,
        max_length=20,
        help_text="What other players see. Letters, digits, dots, dashes and underscores.",
        widget=forms.TextInput(attrs={"autocomplete": "nickname", "spellcheck": "false"}),
    )
    birth_date = BirthDateField()
    country = forms.ChoiceField(
        label="Country of residence",
        choices=country_choices,
        widget=forms.Select(attrs={"autocomplete": "country"}),
    )
    terms = forms.BooleanField(
        widget=Tick, error_messages={"required": "Accept the terms to continue."}
    )
    wants_marketing = forms.BooleanField(
        required=False, widget=Tick, label="Send me news and offers by mail"
    )

    # allauth's forms, which are built upon this one, set it for an address that has an account.
    account_already_exists = False

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["terms"].label = format_html(
            'I am {} or older and accept the <a class="link" href="{}">terms</a>',
            settings.AGE_MIN,
            reverse("site:terms"),
        )

    def clean(self) -> dict[str, Any]:
        found = super().clean() or self.cleaned_data
        self._check_password(found)
        needed = ("birth_date", "country", "display_name", "terms")
        if all(name in found for name in needed):
            try:
                check_registration(
                    birth_date=found["birth_date"],
                    country=found["country"],
                    display_name=found["display_name"],
                    terms_accepted=found["terms"],
                    email="" if self.account_already_exists else found.get("email", ""),
                    ip=client_ip(context.request) if context.request else None,
                )
            except AccountTaken as error:
                self._hide(error)
            except DomainError as error:
                for name, text in error.fields.items() or [(None, error.message)]:
                    self.add_error(name, ValidationError(text, code=error.code))
        return found

    def _hide(self, error: AccountTaken) -> None:
        """Whether a person has an account is told by mail only, where everybody confirms theirs."""
        if settings.ACCOUNT_EMAIL_VERIFICATION == "mandatory":
            self.account_already_exists = True
        else:
            for name, text in (error.fields or {"email": error.message}).items():
                self.add_error(name, ValidationError(text, code=error.code))

    def signup(self, request: HttpRequest, user: AbstractBaseUser) -> None:
        """Allauth asks for this method; everything is done by the adapter already."""

    def _check_password(self, found: dict[str, Any]) -> None:
        # The JSON door checks the password alone; the page compares it with the e-mail as well.
        if password := found.get("password"):
            try:
                validate_password(
                    password,
                    User(email=found.get("email", ""), username=found.get("display_name", "")),
                )
            except ValidationError as error:
                self.add_error("password", error)


class ChoicesForm(forms.Form):
    """What a player may switch on their own page."""

    hides_name = forms.BooleanField(required=False, widget=Tick)


class ApiKeyForm(forms.Form):
    """A key for the player's own programs."""

    name = forms.CharField(max_length=40, help_text="So that you recognise it later.")
    scopes = forms.MultipleChoiceField(
        choices=SCOPE_WORDS,
        widget=forms.CheckboxSelectMultiple,
        label="What it may do",
        error_messages={"required": "Choose at least one."},
    )


class PhoneForm(forms.Form):
    number = forms.CharField(
        label="Phone number",
        max_length=24,
        help_text="With the country code, like +49 151 12345678. We send it a code.",
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel"}),
    )
    password = step_up_field()


class CodeForm(forms.Form):
    """A code that was sent to somebody."""

    code = forms.CharField(
        label="Code",
        max_length=12,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}
        ),
    )


class StepUpForm(forms.Form):
    """Nothing but who somebody is, once more."""

    password = step_up_field()


class ErasureForm(StepUpForm):
    understood = forms.BooleanField(
        widget=Tick,
        label="I understand that this cannot be taken back once it is done",
        error_messages={"required": "Tick this to go on."},
    )


class ConsentForm(forms.Form):
    """Which offers somebody wants, product by product and channel by channel."""

    consent = forms.MultipleChoiceField(
        required=False,
        choices=[
            (f"{channel}:{product}", f"{product}, {channel}")
            for channel in Consent.Channel.values
            for product in Consent.Product.values
        ],
    )
