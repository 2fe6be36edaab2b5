"""What the safer-play pages ask for. The rules are in the services; forms only carry text."""

from decimal import Decimal
from typing import Any

from django import forms

from apps.core.errors import DomainError
from apps.core.money import Money
from apps.limits.exclusion import EXCLUSIONS, TIME_OUTS
from apps.limits.models import LimitKind, Window
from apps.rates import selectors as rates

KINDS = [
    (LimitKind.DEPOSIT, "What I pay in"),
    (LimitKind.LOSS, "What I lose"),
    (LimitKind.WAGER, "What I stake"),
    (LimitKind.SESSION, "How long I play"),
]
WINDOWS = [(Window.DAY, "24 hours"), (Window.WEEK, "7 days"), (Window.MONTH, "30 days")]
TIME_OUT_WORDS = {"24h": "24 hours", "72h": "72 hours", "7d": "7 days", "30d": "30 days"}
EXCLUSION_WORDS = {
    "6m": "6 months",
    "1y": "1 year",
    "2y": "2 years",
    "5y": "5 years",
    "permanent": "For ever",
}


class Amount(forms.CharField):
    """An amount in the base currency, written freely; nothing is suggested."""

    def __init__(self, **kwargs: Any):
        super().__init__(
            max_length=20,
            widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
            **kwargs,
        )

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            return Money.parse(text.replace(",", "."), rates.base_currency()).major
        except DomainError as error:
            raise forms.ValidationError(error.message) from error


class LimitForm(forms.Form):
    kind = forms.ChoiceField(label="Bound", choices=KINDS, widget=forms.RadioSelect)
    window = forms.ChoiceField(label="Within", choices=WINDOWS, widget=forms.RadioSelect)
    value = Amount(label="At most")

    def clean_value(self) -> Decimal:
        value: Decimal = self.cleaned_data["value"]
        if self.data.get("kind") == LimitKind.SESSION and value != value.to_integral_value():
            raise forms.ValidationError("Enter whole minutes.")
        return value


class FirstLimitForm(forms.Form):
    """The question at the start: a deposit limit, or a clear no."""

    window = forms.ChoiceField(label="Within", choices=WINDOWS, widget=forms.RadioSelect)
    value = Amount(label="Pay in at most")


class TimeOutForm(forms.Form):
    length = forms.ChoiceField(
        label="For",
        choices=[(code, TIME_OUT_WORDS[code]) for code in TIME_OUTS],
        widget=forms.RadioSelect,
    )


class ExclusionForm(forms.Form):
    length = forms.ChoiceField(
        label="For",
        choices=[(code, EXCLUSION_WORDS[code]) for code in EXCLUSIONS],
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label="Why, if you like to say",
        max_length=300,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class IntervalForm(forms.Form):
    def __init__(self, *args: Any, allowed: tuple[int, ...], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["minutes"] = forms.TypedChoiceField(
            label="Every",
            coerce=int,
            choices=[(one, f"{one} minutes") for one in allowed],
            widget=forms.RadioSelect,
        )


class ReviewForm(forms.Form):
    months = forms.TypedChoiceField(
        label="Ask me again",
        coerce=int,
        choices=[(1, "Every month"), (3, "Every 3 months"), (6, "Every 6 months")],
        widget=forms.RadioSelect,
    )


class PlanForm(forms.Form):
    minutes = forms.IntegerField(
        label="Minutes",
        min_value=1,
        max_value=1440,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    spend = Amount(label="Lose at most")


QUESTIONS = (
    "Do you play for longer, or with more money, than you meant to?",
    "Do you need larger stakes to feel the same?",
    "Have you gone back another day to win back what you lost?",
    "Have you borrowed or sold something to have money to play?",
    "Have you felt that play might be a problem for you?",
    "Has play caused you worry, or trouble with your sleep or health?",
    "Have others said that you play too much?",
    "Has play caused money problems for you or your household?",
    "Have you felt guilty about the way you play, or what happens when you do?",
)
ANSWERS = [("0", "Never"), ("1", "Sometimes"), ("2", "Often"), ("3", "Almost always")]


class SelfTestForm(forms.Form):
    """Nine questions about the last year, scored as the Problem Gambling Severity Index is.

    Nothing of it is kept.
    """

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        for number, text in enumerate(QUESTIONS, 1):
            self.fields[f"q{number}"] = forms.ChoiceField(
                label=text, choices=ANSWERS, widget=forms.RadioSelect
            )

    def points(self) -> int:
        return sum(int(self.cleaned_data[name]) for name in self.fields)
