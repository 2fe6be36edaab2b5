"""Forms of the risk pages."""

from datetime import datetime
from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from apps.core.admin import ReasonForm
from apps.core.clock import now
from apps.risk.models import Breach, Case, CaseItem, Complaint, Insider, RuleVersion, Standing
from apps.risk.rules.base import Rule

PLAIN = {"autocomplete": "off", "spellcheck": "false"}


class WithReason(ReasonForm):
    """The reason last, and the first field gets the focus."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["reason"].widget.attrs.pop("autofocus", None)
        self.order_fields([*(name for name in self.fields if name != "reason"), "reason"])


def _text(label: str, length: int, **options: Any) -> forms.CharField:
    return forms.CharField(
        label=label, max_length=length, widget=UnfoldAdminTextInputWidget(attrs=PLAIN), **options
    )


def _area(label: str, length: int, rows: int = 4, **options: Any) -> forms.CharField:
    return forms.CharField(
        label=label, max_length=length, widget=UnfoldAdminTextareaWidget(attrs={"rows": rows}),
        **options,
    )  # fmt: skip


def _choice(label: str, choices: Any, **options: Any) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, choices=choices, widget=UnfoldAdminSelectWidget, **options
    )


def _number(label: str, **options: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, widget=UnfoldAdminIntegerFieldWidget(), **options)


class FiguresForm(forms.Form):
    """The figures of one rule. What they may be is the rule's to say."""

    def __init__(self, data: Any, *, rule: Rule, version: RuleVersion):
        super().__init__(data)
        for figure in rule.figures:
            unit = f", {figure.unit}" if figure.unit else ""
            self.fields[figure.name] = _text(
                f"{figure.label}{unit}", 12, initial=version.values.get(figure.name, figure.default)
            )
        self.names = [figure.name for figure in rule.figures]

    @property
    def texts(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in self.names}


class RuleForm(FiguresForm):
    mode = _choice("Mode", RuleVersion.Mode.choices)
    effect = _choice("Effect when it is live", RuleVersion.Effect.choices)
    weight = _number("Points for the risk score", min_value=0, max_value=100)
    decide_hours = _number("Hours to decide in", min_value=1, max_value=720)
    seen_version = forms.IntegerField(widget=forms.HiddenInput)
    reason = _area("Reason", 500, 3, help_text="Kept in the audit trail with your name.")

    def __init__(self, data: Any, *, rule: Rule, version: RuleVersion):
        super().__init__(data, rule=rule, version=version)
        for name in ("mode", "effect", "weight", "decide_hours"):
            self.fields[name].initial = getattr(version, name)
        self.fields["seen_version"].initial = version.version
        if not rule.opens:
            effects = [one for one in RuleVersion.Effect.choices if one[0] != "case"]
            self.fields["effect"].choices = effects  # type: ignore[attr-defined]  # a choice field
        self.order_fields(["mode", "effect", *self.names, "weight", "decide_hours", "reason"])


class BackTestForm(FiguresForm):
    # A figure may be called days itself.
    days_back = _number("Days back", min_value=1, max_value=90, initial=30)


class OpenCaseForm(WithReason):
    kind = _choice("Kind", Case.Kind.choices)
    holds = forms.BooleanField(
        label="Stop withdrawals until it is decided", required=False,
        help_text="Only with a ground for it. The player reads neutral words.",
    )  # fmt: skip


class PlayerCaseForm(OpenCaseForm):
    is_high = forms.BooleanField(label="Takes two signatures", required=False)


class ItemForm(forms.Form):
    state = _choice("Outcome", CaseItem.State.choices)
    note = _area("Note", 500, 3, required=False, help_text="Needed where it is not needed.")


class NoteForm(forms.Form):
    text = _area("Note", 8000, 4)
    reference = _text(
        "Document", 160, required=False,
        help_text="Where the document is: its number in the verification archive. Empty for a note.",
    )  # fmt: skip


class DecisionForm(WithReason):
    outcome = _choice("Outcome", Case.Outcome.choices)


class ClassForm(WithReason):
    risk_class = _choice("Class", Standing.Class.choices)
    days = _number("For so many days", min_value=1, max_value=365, initial=90)


class ReportForm(forms.Form):
    authority = _text("Authority", 120)
    narrative = _area("What is suspected, and why", 20_000, 14)


class NewReportForm(ReportForm):
    player = _text("Player number", 32, help_text="The public one, pl_…")
    field_order = ("player", "authority", "narrative")


class FileReportForm(forms.Form):
    reference = _text("The authority's number", 120)


class AnswerForm(forms.Form):
    text = _area("Answer", 8000, 6, help_text="The player reads it on the site.")
    outcome = _choice(
        "Close it", [("", "No, it stays open"), *Complaint.Outcome.choices[:3]], required=False
    )


class BreachForm(forms.Form):
    kind = _choice("Kind", Breach.Kind.choices)
    title = _text("Title", 160)
    happened = _area("What happened, to whose data, and what was done", 8000, 6)
    people_count = _number("People concerned, as far as known", min_value=0, initial=0)
    discovered_at = forms.SplitDateTimeField(
        label="Discovered, UTC", widget=UnfoldAdminSplitDateTimeWidget()
    )

    def __init__(self, data: Any):
        start: datetime = now().replace(second=0, microsecond=0)
        super().__init__(data, initial={"discovered_at": start})


class TextForm(forms.Form):
    text = _area("Note", 8000, 4)


class NotifiedForm(forms.Form):
    reference = _text("The authority's number", 120)


class InsiderForm(WithReason):
    email = forms.EmailField(widget=UnfoldAdminTextInputWidget(attrs=PLAIN))
    relation = _choice("Relation", Insider.Relation.choices)
