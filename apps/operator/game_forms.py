"""Forms of the game managers' pages."""

from datetime import UTC
from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from apps.core.admin import ReasonForm
from apps.games.collections import Wishes
from apps.games.models import Collection, Game, Stop, Studio, WinCap
from apps.games.providers.registry import PROVIDERS
from apps.games.stops import ORIGINALS

MOMENT_FORMATS = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]


class _Later(ReasonForm):
    """A reason last, without taking the keyboard at once."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["reason"].widget.attrs.pop("autofocus", None)


class SlugField(forms.CharField):
    """One game or studio, by the last part of its address."""

    def __init__(self, of: type[Game] | type[Studio], **options: Any):
        self.of = of
        super().__init__(
            max_length=100, required=False, widget=UnfoldAdminTextInputWidget, **options
        )

    def clean(self, value: Any) -> Any:
        slug = super().clean(value).strip()
        if not slug:
            return None
        found = self.of.objects.filter(slug=slug).first()
        if found is None:
            raise forms.ValidationError("There is none with this address.")
        return found


def _partners() -> list[tuple[str, str]]:
    return [("", "–"), *((name, name) for name in (*PROVIDERS, ORIGINALS))]


class StopForm(_Later):
    scope = forms.ChoiceField(
        label="Stop", choices=Stop.Scope.choices, widget=UnfoldAdminSelectWidget
    )
    provider = forms.ChoiceField(
        label="Partner", choices=_partners, required=False, widget=UnfoldAdminSelectWidget
    )
    studio = SlugField(Studio, help_text="For a studio: the last part of its address.")
    game = SlugField(Game, help_text="For a version: the game whose present version is stopped.")
    field_order = ("scope", "provider", "studio", "game", "reason")


class CapForm(_Later):
    scope = forms.ChoiceField(
        label="Of", choices=WinCap.Scope.choices, widget=UnfoldAdminSelectWidget
    )
    provider = forms.ChoiceField(
        label="Partner", choices=_partners, required=False, widget=UnfoldAdminSelectWidget
    )
    game = SlugField(Game, help_text="For a game: the last part of its address.")
    amount = forms.DecimalField(
        label="The most one bet may win",
        max_digits=20,
        decimal_places=2,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="In the base currency; empty lifts the cap.",
    )
    field_order = ("scope", "provider", "game", "amount", "reason")


class MomentField(forms.DateTimeField):
    """A moment in UTC, as people write it."""

    def __init__(self, **options: Any):
        super().__init__(
            required=False,
            input_formats=MOMENT_FORMATS,
            widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "2030-01-31 18:00"}),
            **options,
        )

    def prepare_value(self, value: Any) -> Any:
        is_moment = hasattr(value, "astimezone")
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M") if is_moment else value


class CollectionForm(_Later):
    title = forms.CharField(max_length=60, widget=UnfoldAdminTextInputWidget)
    tag = forms.CharField(
        max_length=30,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="Games with this tag follow those put there by hand.",
    )
    countries = forms.CharField(
        max_length=400,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="Two letters each: DE, FI. Empty shows it everywhere.",
    )
    position = forms.IntegerField(
        min_value=0,
        max_value=9999,
        initial=100,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="The smaller, the higher on the page.",
    )
    starts_at = MomentField(label="Shown from (UTC)")
    ends_at = MomentField(label="Shown until (UTC)")
    enabled = forms.BooleanField(
        label="Switched on", required=False, initial=True, widget=UnfoldBooleanSwitchWidget
    )
    field_order = (
        "title", "tag", "countries", "position", "starts_at", "ends_at", "enabled", "reason",
    )  # fmt: skip

    @staticmethod
    def start(row: Collection) -> dict[str, Any]:
        """What the form begins with for a collection that is there."""
        names = ("title", "tag", "position", "starts_at", "ends_at", "enabled")
        return {name: getattr(row, name) for name in names} | {
            "countries": ", ".join(row.countries)
        }

    @property
    def wishes(self) -> Wishes:
        data = self.cleaned_data
        return Wishes(
            title=data["title"],
            tag=data["tag"].strip().lower(),
            countries=data["countries"].upper().replace(",", " ").split(),
            position=data["position"],
            starts_at=data["starts_at"],
            ends_at=data["ends_at"],
            enabled=data["enabled"],
        )


class ArrangeForm(_Later):
    games = forms.CharField(
        max_length=20_000,
        required=False,
        strip=True,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 12, "spellcheck": "false"}),
        help_text="One game a line in order, by the last part of its address.",
    )
    field_order = ("games", "reason")

    @property
    def slugs(self) -> list[str]:
        listed: str = self.cleaned_data["games"]
        return listed.split()


class PreviewForm(forms.Form):
    """Where a player is, and when."""

    country = forms.RegexField(r"^[A-Za-z]{2}$", required=False, strip=True)
    at = forms.DateTimeField(required=False, input_formats=MOMENT_FORMATS)
