"""What the exchange and vault pages ask for. The rules are in the services."""

import secrets

from django import forms
from django.urls import reverse_lazy

from apps.core.errors import DomainError
from apps.ledger.selectors import currencies
from apps.wallet.vault import DELAYS

DELAY_WORDS = {0: "At once", 24: "After a day", 72: "After three days", 168: "After a week"}


def new_key() -> str:
    return secrets.token_urlsafe(18)


def currency_choices() -> list[tuple[str, str]]:
    return [(one.code, f"{one.code} · {one.name}") for one in currencies()]


def amount_field() -> forms.CharField:
    return forms.CharField(
        label="Amount",
        max_length=40,
        error_messages={"required": "Enter the amount."},
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )


def _select() -> forms.Select:
    """Another currency brings another balance, rate and minimum: the form is asked for anew."""
    return forms.Select(
        attrs={
            "hx-get": reverse_lazy("wallet:exchange"),
            "hx-trigger": "change",
            "hx-include": "closest form",
            "hx-target": "#exchange-form",
            "hx-swap": "outerHTML",
        }
    )


class ExchangeForm(forms.Form):
    """What to sell for what."""

    amount = amount_field()
    source = forms.ChoiceField(label="From", choices=currency_choices, widget=_select())
    target = forms.ChoiceField(label="To", choices=currency_choices, widget=_select())

    # The words of the rules for these fields.
    FIELDS = {"from": "source", "to": "target"}


class VaultForm(forms.Form):
    """An amount, in or out. The key makes a second click the same wish."""

    amount = amount_field()
    currency = forms.ChoiceField(label="Currency", choices=currency_choices)
    key = forms.CharField(max_length=40, widget=forms.HiddenInput)
    password = forms.CharField(
        label="Your password",
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class DelayForm(forms.Form):
    hours = forms.TypedChoiceField(
        label="Money leaves the vault",
        coerce=int,
        choices=[(hours, DELAY_WORDS[hours]) for hours in DELAYS],
    )


def show_error(form: forms.Form, error: DomainError) -> None:
    """Put a refusal next to the fields it names, or above the form."""
    named: dict[str, str] = getattr(form, "FIELDS", {})
    if not error.fields:
        form.add_error(None, error.message)
    for name, text in error.fields.items():
        field = named.get(name, name)
        is_seen = field in form.fields and not form.fields[field].widget.is_hidden
        form.add_error(field if is_seen else None, text)
