"""What a player writes when something went wrong."""

from django import forms

from apps.risk.models import Complaint
from apps.risk.services import complaints


class ComplaintForm(forms.Form):
    kind = forms.ChoiceField(label="What is it about", choices=Complaint.Kind.choices)
    subject = forms.CharField(max_length=complaints.SUBJECT_MAX, label="In one line")
    about = forms.CharField(
        max_length=complaints.ABOUT_MAX, required=False, label="Number",
        help_text="Of the payment or the bet, if there is one.",
    )  # fmt: skip
    text = forms.CharField(
        max_length=complaints.TEXT_MAX,
        label="What happened",
        widget=forms.Textarea(attrs={"rows": 7}),
        help_text="And what you would like us to do.",
    )


class LetterForm(forms.Form):
    text = forms.CharField(
        max_length=complaints.TEXT_MAX, label="Write to us",
        widget=forms.Textarea(attrs={"rows": 5}),
    )  # fmt: skip
