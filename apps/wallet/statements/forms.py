from collections.abc import Iterator
from datetime import date
from typing import Any

from django import forms

from apps.core.clock import now
from apps.ledger.selectors import currencies
from apps.wallet.statements import periods
from apps.wallet.statements.periods import Period

OWN_DAYS, ALL = "days", "all"
MONTHS_OFFERED = 12
Choice = tuple[str, str]


class StatementForm(forms.Form):
    """Which days and which money."""

    period = forms.ChoiceField(label="Period", error_messages={"required": "Choose a period."})
    currency = forms.ChoiceField(
        label="Currency", error_messages={"required": "Choose a currency, or all of them."}
    )
    first = forms.CharField(
        label="First day",
        max_length=10,
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    last = forms.CharField(
        label="Last day",
        max_length=10,
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
    )

    def __init__(self, *args: Any, since: date, **kwargs: Any):
        super().__init__(*args, **kwargs)
        codes = [(one.code, f"{one.code} \N{MIDDLE DOT} {one.name}") for one in currencies()]
        self._offer("period", [*_periods(since), (OWN_DAYS, "Days of your own choice")])
        self._offer("currency", [(ALL, "All currencies"), *codes])

    def chosen(self) -> Period:
        """Raises InvalidPeriod."""
        asked = self.cleaned_data
        if asked["period"] == OWN_DAYS:
            return periods.between(asked["first"], asked["last"])
        return periods.named(asked["period"])

    @property
    def currency_code(self) -> str:
        """Empty for all."""
        chosen = str(self.cleaned_data["currency"])
        return "" if chosen == ALL else chosen

    def _offer(self, name: str, choices: list[Choice]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]  # a choice field


class FileForm(forms.Form):
    file = forms.FileField(
        label="The CSV or PDF as you got it",
        error_messages={"required": "Choose a file.", "empty": "This file is empty."},
    )


class DigestForm(forms.Form):
    number = forms.CharField(
        label="Number",
        max_length=40,
        error_messages={"required": "Enter the number of the statement."},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    digest = forms.CharField(
        label="Digest",
        max_length=200,
        error_messages={"required": "Paste the digest, 64 letters and digits."},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


def _periods(since: date) -> Iterator[Choice]:
    """Months back to a year ago, years back to the first one of the player."""
    today = now().date()
    year, month = today.year, today.month
    for _ in range(MONTHS_OFFERED + 1):
        if (year, month) < (since.year, since.month):
            break
        yield f"{year}-{month:02}", f"{periods.MONTHS[month - 1]} {year}"
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)
    for one in range(today.year, since.year - 1, -1):
        yield str(one), f"The year {one}"
