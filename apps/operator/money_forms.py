"""Forms of the treasury pages. Amounts are read by `Money.parse`, like everywhere."""

from typing import Any, cast

from django import forms
from unfold.widgets import (
    UnfoldAdminDateWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from apps.accounts.models import User
from apps.core.admin import ReasonForm
from apps.core.money import Currency, Money
from apps.ledger import selectors as ledger
from apps.operator.forms import ApproveForm
from apps.payments.providers.registry import GATEWAYS
from apps.treasury.models import Adjustment, HouseWallet, Threshold

AMOUNT_ATTRS = {"inputmode": "decimal", "autocomplete": "off", "spellcheck": "false"}


class EvidenceField(forms.CharField):
    def __init__(self, help_text: str):
        super().__init__(
            label="Evidence",
            max_length=4000,
            widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
            help_text=help_text,
        )


class AmountField(forms.CharField):
    """Plain digits with a point, read by `Money.parse`."""

    def __init__(self, **options: Any):
        super().__init__(
            max_length=60, widget=UnfoldAdminTextInputWidget(attrs=AMOUNT_ATTRS), **options
        )


class MoneyForm(ReasonForm):
    """A reason last, and an amount that is read in one currency."""

    amount = AmountField()

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["reason"].widget.attrs.pop("autofocus", None)

    def money(self, of: Currency) -> Money:
        """Raises InvalidAmount."""
        return Money.parse(self.cleaned_data["amount"].strip(), of)


def _currencies() -> list[tuple[str, str]]:
    return [(one.code, f"{one.code} {one.name}") for one in ledger.currencies()]


class AdjustmentForm(MoneyForm):
    currency = forms.ChoiceField(choices=_currencies, widget=UnfoldAdminSelectWidget)
    amount = AmountField(help_text="Above zero the player gets it; with a minus it is taken.")
    reason_code = forms.ChoiceField(
        label="Kind", choices=Adjustment.Reason.choices, widget=UnfoldAdminSelectWidget
    )
    words = forms.CharField(
        label="What the player reads",
        max_length=160,
        widget=UnfoldAdminTextInputWidget(),
        help_text="In their notice. Keep what is internal out of it.",
    )
    evidence = EvidenceField("What proves it: a ticket, a callback, a round, a log line.")
    field_order = ("currency", "amount", "reason_code", "words", "evidence", "reason")

    def money(self, of: Currency) -> Money:
        """With a sign here only. Raises InvalidAmount."""
        text = self.cleaned_data["amount"].strip().replace("\N{MINUS SIGN}", "-")
        if text.startswith("-"):
            return -Money.parse(text[1:], of)
        return Money.parse(text, of)


class ReadingForm(MoneyForm):
    evidence = EvidenceField("Where the balance was read, when and by which device or explorer.")
    field_order = ("amount", "evidence", "reason")


class TransferForm(MoneyForm):
    target = forms.ModelChoiceField(
        queryset=HouseWallet.objects.none(), label="To", widget=UnfoldAdminSelectWidget
    )
    field_order = ("target", "amount", "reason")

    def __init__(self, *args: Any, source: HouseWallet, **kwargs: Any):
        super().__init__(*args, **kwargs)
        field = cast("forms.ModelChoiceField[HouseWallet]", self.fields["target"])
        field.queryset = HouseWallet.objects.filter(
            currency_id=source.currency_id, enabled=True
        ).exclude(pk=source.pk)


class WalletForm(ReasonForm):
    name = forms.CharField(max_length=60, widget=UnfoldAdminTextInputWidget())
    currency = forms.ChoiceField(choices=_currencies, widget=UnfoldAdminSelectWidget)
    temperature = forms.ChoiceField(
        choices=HouseWallet.Temperature.choices, widget=UnfoldAdminSelectWidget
    )
    address = forms.CharField(
        max_length=255, required=False, widget=UnfoldAdminTextInputWidget(),
        help_text="Where sweeps go.",
    )  # fmt: skip
    evidence = EvidenceField("Who holds the keys, and where that is written down.")
    field_order = ("name", "currency", "temperature", "address", "evidence", "reason")

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["reason"].widget.attrs.pop("autofocus", None)


class ThresholdForm(ReasonForm):
    hot_target_bps = forms.IntegerField(
        label="Hot share to aim for, in hundredths of a per cent", min_value=0, max_value=10_000,
        widget=UnfoldAdminIntegerFieldWidget(),
    )  # fmt: skip
    hot_alarm_bps = forms.IntegerField(
        label="Hot share that alarms", min_value=0, max_value=10_000,
        widget=UnfoldAdminIntegerFieldWidget(),
    )  # fmt: skip
    coverage_min_bps = forms.IntegerField(
        label="Least coverage", min_value=10_000, max_value=100_000,
        widget=UnfoldAdminIntegerFieldWidget(),
    )  # fmt: skip
    alone_max = AmountField(label="Up to here one person decides on a held deposit")
    silent_after = forms.IntegerField(
        label="Expected payments after which silence alarms", min_value=1, max_value=1_000,
        widget=UnfoldAdminIntegerFieldWidget(),
    )  # fmt: skip
    field_order = (
        "hot_target_bps", "hot_alarm_bps", "coverage_min_bps", "alone_max", "silent_after", "reason",
    )  # fmt: skip

    def __init__(self, data: Any, *, row: Threshold):
        names = ("hot_target_bps", "hot_alarm_bps", "coverage_min_bps", "silent_after")
        start = {name: getattr(row, name) for name in names}
        super().__init__(data, initial={"alone_max": row.alone_max_money.text, **start})
        self.fields["reason"].widget.attrs.pop("autofocus", None)

    def alone_max_money(self, of: Currency) -> Money:
        """Raises InvalidAmount."""
        return Money.parse(self.cleaned_data["alone_max"].strip(), of, field="alone_max")


class ApproveProposalForm(ApproveForm):
    """`seen` is the hash of what the page showed: what is approved is what was read."""

    seen = forms.CharField(max_length=64, widget=forms.HiddenInput)


class CompleteForm(forms.Form):
    """What was done outside, and how it can be seen."""

    txid = forms.CharField(
        label="Transaction", max_length=128, widget=UnfoldAdminTextInputWidget(attrs=AMOUNT_ATTRS)
    )
    fee = forms.CharField(
        label="Network fee", max_length=60, required=False,
        widget=UnfoldAdminTextInputWidget(attrs=AMOUNT_ATTRS),
        help_text="In the same currency, on top of the amount. Empty for none.",
    )  # fmt: skip
    evidence = EvidenceField("Who signed, on which device, and where it can be looked up.")


class AssignForm(forms.Form):
    owner = forms.ModelChoiceField(
        queryset=User.objects.none(), label="Owner", widget=UnfoldAdminSelectWidget
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        field = cast("forms.ModelChoiceField[User]", self.fields["owner"])
        field.queryset = User.objects.filter(
            is_staff=True, is_active=True,
            groups__permissions__content_type__app_label="treasury",
            groups__permissions__codename="assign_break",
        ).distinct()  # fmt: skip


class RunForm(forms.Form):
    provider = forms.ChoiceField(
        label="Gateway",
        choices=lambda: [(name, name) for name in GATEWAYS],
        widget=UnfoldAdminSelectWidget,
    )
    day = forms.DateField(label="Day, UTC", widget=UnfoldAdminDateWidget())


class RefundForm(ReasonForm):
    """A coin cannot be called back: somebody sends it, and says in which transaction."""

    proof = forms.CharField(
        label="Transaction that sent it back", max_length=128, required=False,
        widget=UnfoldAdminTextInputWidget(attrs=AMOUNT_ATTRS),
        help_text="Coins only. Fiat goes back through its gateway.",
    )  # fmt: skip
    field_order = ("proof", "reason")

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["reason"].widget.attrs.pop("autofocus", None)
