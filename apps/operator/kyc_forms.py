"""Forms of the verification desk."""

from typing import Any

from django import forms
from unfold.widgets import BASE_INPUT_CLASSES, UnfoldAdminSelectWidget

from apps.core.admin import ReasonForm
from apps.kyc.levels import LEVELS, STEPS, StepKind
from apps.kyc.models import Case, Hit, Review
from apps.kyc.services import reviews

VERDICTS = [
    (Review.Verdict.APPROVE.value, "Approve"),
    (Review.Verdict.RETRY.value, "Ask for something again"),
    (Review.Verdict.REJECT.value, "Refuse for good"),
]
HIT_WORDS = [
    (Hit.State.FALSE.value, "Somebody else: let the account go"),
    (Hit.State.TRUE.value, "This person: the account stays held"),
    ("accepted", "This person, politically exposed: the risk is taken"),
]


class ReviewForm(ReasonForm):
    """What a reviewer says. The player reads the labels, never the reason."""

    verdict = forms.ChoiceField(choices=VERDICTS, widget=UnfoldAdminSelectWidget)
    valid_until = forms.DateField(
        required=False,
        label="Document ends on",
        widget=forms.DateInput(attrs={"type": "date", "class": " ".join(BASE_INPUT_CLASSES)}),
        help_text="As it stands on the identity document. Needed to approve.",
    )
    labels = forms.MultipleChoiceField(
        required=False,
        label="What is wrong",
        widget=forms.CheckboxSelectMultiple,
        help_text="The player reads these words; what is marked as ours they do not.",
    )
    again = forms.MultipleChoiceField(
        required=False,
        label="Which steps again",
        widget=forms.CheckboxSelectMultiple,
        help_text="None is all of them.",
    )
    field_order = ("verdict", "valid_until", "labels", "again", "reason")

    def __init__(self, *args: Any, case: Case, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["reason"].widget.attrs.pop("autofocus", None)
        self.fields["labels"].choices = [  # type: ignore[attr-defined]  # a choice field
            *reviews.LABELS.items(),
            *((code, f"{words} (ours)") for code, words in reviews.SECRET_LABELS.items()),
        ]
        self.fields["again"].choices = [  # type: ignore[attr-defined]  # a choice field
            (kind.value, STEPS[kind].title) for kind in case.terms.needs
        ]
        if StepKind.DOCUMENT not in case.terms.needs:
            del self.fields["valid_until"]


class HitForm(ReasonForm):
    verdict = forms.ChoiceField(choices=HIT_WORDS, widget=UnfoldAdminSelectWidget)
    field_order = ("verdict", "reason")


class MatchForm(ReasonForm):
    verdict = forms.ChoiceField(
        choices=[
            ("different", "Two people: both play on"),
            ("same", "One person: the older account stays"),
        ],
        widget=UnfoldAdminSelectWidget,
    )
    field_order = ("verdict", "reason")


class AskForm(ReasonForm):
    level = forms.TypedChoiceField(
        coerce=int,
        choices=[(one.number, f"Level {one.number}: {one.title}") for one in LEVELS],
        widget=UnfoldAdminSelectWidget,
    )
    field_order = ("level", "reason")
