"""Forms of the player-protection desk. The rules are in apps/limits."""

from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from apps.accounts.countries import countries
from apps.core.admin import ReasonForm
from apps.limits import profiles
from apps.limits.forms import KINDS, WINDOWS
from apps.limits.models import HarmCase, Interaction


class ValueForm(ReasonForm):
    """Another value of a profile, as a person writes it."""

    value = forms.CharField(required=False, max_length=2000, widget=UnfoldAdminTextInputWidget)

    def __init__(self, *args: Any, field_name: str, **kwargs: Any):
        super().__init__(*args, **kwargs)
        choices = profiles.choices(field_name)
        if profiles.kind(field_name) == "yes":
            choices = ("yes", "no")
        if choices:
            self.fields["value"] = forms.ChoiceField(
                choices=[(one, one) for one in choices], widget=UnfoldAdminSelectWidget
            )
        self.fields["value"].label = profiles.label(field_name)
        self.fields["value"].help_text = str(profiles.FIELDS[field_name].metadata["help"])
        self.order_fields(["value", "reason"])


class CountryForm(ReasonForm):
    country = forms.ChoiceField(
        label="Residents of", choices=lambda: countries(), widget=UnfoldAdminSelectWidget
    )
    profile = forms.ChoiceField(
        label="Play under",
        choices=[(name, name) for name in profiles.NAMES],
        widget=UnfoldAdminSelectWidget,
    )
    field_order = ["country", "profile", "reason"]


class InteractionForm(forms.Form):
    channel = forms.ChoiceField(
        label="How", choices=Interaction.Channel.choices, widget=UnfoldAdminSelectWidget
    )
    text = forms.CharField(
        label="What was said",
        max_length=2000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
        help_text="Kept with the case. The player may ask for it.",
    )


class CloseCaseForm(forms.Form):
    outcome = forms.ChoiceField(
        label="What came of it", choices=HarmCase.Outcome.choices, widget=UnfoldAdminSelectWidget
    )
    conclusion = forms.CharField(
        max_length=500, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3})
    )


class OperatorLimitForm(ReasonForm):
    kind = forms.ChoiceField(choices=KINDS, widget=UnfoldAdminSelectWidget)
    window = forms.ChoiceField(choices=WINDOWS, widget=UnfoldAdminSelectWidget)
    value = forms.DecimalField(
        label="At most",
        min_value=0,
        max_digits=14,
        decimal_places=2,
        required=False,
        localize=True,
        widget=UnfoldAdminTextInputWidget,
        help_text="In the base currency; of time in minutes. Empty: our limit is taken away.",
    )
    field_order = ["kind", "window", "value", "reason"]
