"""What the wallet pages ask for. The rules are in the services; forms only carry text."""

import secrets
from typing import Any

from django import forms

from apps.core.errors import DomainError
from apps.payments.models import Rail

STALE = "This form was used already. Open the page again to ask for another withdrawal."


def new_key() -> str:
    return secrets.token_urlsafe(18)


class WithdrawalForm(forms.Form):
    """One wish to be paid out. The key makes a second click the same wish."""

    amount = forms.CharField(
        label="Amount",
        max_length=40,
        error_messages={"required": "Enter the amount."},
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    address = forms.CharField(
        label="Address",
        max_length=120,
        error_messages={"required": "Enter the address of your own wallet."},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    tag = forms.CharField(label="Tag", max_length=64, required=False)
    key = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, rail: Rail, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["address"].label = f"{rail.network} address"
        if rail.needs_tag:
            self.fields["tag"].required = True
            self.fields["tag"].error_messages["required"] = "This network needs a tag."
        else:
            del self.fields["tag"]

    def clean(self) -> dict[str, Any]:
        """A key is nobody's to type: whatever is wrong with it, the page must be opened again."""
        cleaned = super().clean() or self.cleaned_data
        if self.errors.pop("key", None) or not cleaned.get("key"):
            self.add_error(None, STALE)
        return cleaned

    @property
    def tag_text(self) -> str:
        return str(self.cleaned_data.get("tag", ""))


def show_error(form: forms.Form, error: DomainError) -> None:
    """Put a refusal next to the fields it names, or above the form."""
    if not error.fields:
        form.add_error(None, error.message)
    for name, text in error.fields.items():
        is_seen = name in form.fields and not form.fields[name].widget.is_hidden
        form.add_error(name if is_seen else None, text)
