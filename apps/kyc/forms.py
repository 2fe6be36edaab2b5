"""What the verification page asks for. The rules are in `services/cases.py`."""

from typing import Any

from django import forms
from django.http import QueryDict

from apps.accounts.forms import BirthDateField, country_choices
from apps.accounts.models import Player
from apps.kyc.files import FORMATS
from apps.kyc.persons import Details

ACCEPTED = ",".join(f".{name}" for name in FORMATS)


class DetailsForm(forms.Form):
    first_name = forms.CharField(
        max_length=120, widget=forms.TextInput(attrs={"autocomplete": "given-name"})
    )
    last_name = forms.CharField(
        max_length=120, widget=forms.TextInput(attrs={"autocomplete": "family-name"})
    )
    birth_date = BirthDateField()
    street = forms.CharField(
        label="Street and number",
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "address-line1"}),
    )
    post_code = forms.CharField(
        label="Postcode",
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "postal-code"}),
    )
    city = forms.CharField(
        max_length=120, widget=forms.TextInput(attrs={"autocomplete": "address-level2"})
    )
    country = forms.ChoiceField(
        choices=country_choices, widget=forms.Select(attrs={"autocomplete": "country"})
    )

    @property
    def details(self) -> Details:
        data = self.cleaned_data
        return Details(**{**data, "birth_date": data["birth_date"].isoformat()})

    @classmethod
    def of(cls, player: Player, data: QueryDict | None = None) -> "DetailsForm":
        start = {"birth_date": player.birth_date, "country": player.country}
        return cls(data, initial=start)


class FileForm(forms.Form):
    """One file for one step. Without script it is a plain file input."""

    file = forms.FileField(
        label="Picture or PDF",
        error_messages={
            "required": "Choose a file of at most 10 MB.",
            "empty": "This file is empty.",
        },
        widget=forms.FileInput(attrs={"accept": ACCEPTED}),
    )

    def __init__(self, data: QueryDict | None = None, files: Any = None, *, kind: str):
        super().__init__(data, files, auto_id=f"id_{kind}_%s")


class ContestForm(forms.Form):
    text = forms.CharField(
        label="Why is it wrong?",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="A person of our team reads it and decides again.",
    )
