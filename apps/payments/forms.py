"""What the wallet pages ask for. The rules are in the services; forms only carry text."""

import secrets
from typing import Any

from django import forms

from apps.core.errors import DomainError
from apps.payments import travel_rule
from apps.payments.identity import NAME_MAX
from apps.payments.models import Rail, SavedAddress, WalletOwner

STALE = "This form was used already. Open the page again to ask for another withdrawal."


def new_key() -> str:
    return secrets.token_urlsafe(18)


class Password(forms.CharField):
    """Asked for once more where something cannot be taken back."""

    def __init__(self, **kwargs: Any):
        super().__init__(
            label="Your password",
            max_length=200,
            strip=False,
            widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
            **kwargs,
        )


class OwnerForm(forms.Form):
    """Whose wallet an address is: asked where the amount makes us."""

    owner_wallet = forms.ChoiceField(
        label="Whose wallet is it?",
        required=False,
        choices=[
            (WalletOwner.Wallet.OWN, "My own wallet, I hold the keys"),
            (WalletOwner.Wallet.HOSTED, "An account at an exchange or service"),
        ],
        widget=forms.RadioSelect,
    )
    owner_name = forms.CharField(
        label="Name of its owner",
        max_length=travel_rule.NAME_MAX,
        required=False,
        help_text="First and last name, as the wallet or the account has it.",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    owner_provider = forms.CharField(
        label="Exchange or service",
        max_length=travel_rule.PROVIDER_MAX,
        required=False,
        help_text="Only for an account there.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    @property
    def names_owner(self) -> bool:
        """Whether it was asked for, or anything was said: then the fields stay in sight."""
        names = ("owner_wallet", "owner_name", "owner_provider")
        return any(self.data.get(name) or name in self.errors for name in names)

    def owner(self) -> travel_rule.Owner | None:
        """Raises InvalidInput."""
        data = self.cleaned_data
        return travel_rule.read(
            wallet=data.get("owner_wallet", ""),
            name=data.get("owner_name", ""),
            provider=data.get("owner_provider", ""),
        )


class WithdrawalForm(OwnerForm):
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
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    tag = forms.CharField(label="Tag", max_length=64, required=False)
    to = forms.CharField(max_length=32, required=False)
    password = Password(required=False)
    key = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, rail: Rail, book: list[SavedAddress], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["address"].label = f"{rail.network} address"
        self.fields["address"].required = False
        self.book = {one.public_id: one for one in book}
        self.fields["to"] = forms.ChoiceField(
            label="To",
            required=False,
            choices=[*((one.public_id, _entry(one)) for one in book), ("", "Another address")],
            error_messages={"invalid_choice": "This address is not in your book any more."},
        )
        self.needs_tag = rail.needs_tag
        if not rail.needs_tag:
            del self.fields["tag"]

    def clean(self) -> dict[str, Any]:
        """A key is nobody's to type: whatever is wrong with it, the page must be opened again."""
        cleaned = super().clean() or self.cleaned_data
        if self.errors.pop("key", None) or not cleaned.get("key"):
            self.add_error(None, STALE)
        if known := self.book.get(cleaned.get("to", "")):
            cleaned["address"], cleaned["tag"] = known.address, known.tag
        elif "to" in cleaned and not cleaned.get("address") and "address" not in self.errors:
            self.add_error("address", "Enter the address of your own wallet.")
        elif self.needs_tag and not cleaned.get("tag") and "tag" not in self.errors:
            self.add_error("tag", "This network needs a tag.")
        return cleaned

    @property
    def tag_text(self) -> str:
        return str(self.cleaned_data.get("tag", ""))


class AddressForm(OwnerForm):
    """One more address for the book."""

    rail = forms.ChoiceField(label="Coin and network")
    address = forms.CharField(
        label="Address",
        max_length=120,
        error_messages={"required": "Enter the address of your own wallet."},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    tag = forms.CharField(
        label="Tag", max_length=64, required=False, help_text="Only where the network has one."
    )
    label = forms.CharField(
        label="Name",
        max_length=40,
        required=False,
        help_text="So that you recognise it later.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    password = Password(required=False)

    def __init__(self, *args: Any, rails: list[Rail], **kwargs: Any):
        super().__init__(*args, **kwargs)
        rail = self.fields["rail"]
        rail.choices = [(one.code, str(one)) for one in rails]  # type: ignore[attr-defined]  # a choice field


class SavedOnlyForm(forms.Form):
    password = Password(required=False)


def _entry(address: SavedAddress) -> str:
    """A line of the book in a list: its name and both ends of the address."""
    text = address.address
    short = text if len(text) <= 16 else f"{text[:8]}…{text[-6:]}"
    return f"{address.label} · {short}" if address.label else short


def show_error(form: forms.Form, error: DomainError) -> None:
    """Put a refusal next to the fields it names, or above the form."""
    if not error.fields:
        form.add_error(None, error.message)
    for name, text in error.fields.items():
        is_seen = name in form.fields and not form.fields[name].widget.is_hidden
        form.add_error(name if is_seen else None, text)


class InvoiceForm(forms.Form):
    """One wish to pay in exactly so much. The key makes a second click the same wish."""

    amount = forms.CharField(
        label="Amount",
        max_length=40,
        error_messages={"required": "Enter the amount."},
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    key = forms.CharField(max_length=64, widget=forms.HiddenInput)


class NameForm(forms.Form):
    """The name a player sends and receives in."""

    first_name = forms.CharField(
        label="First name",
        max_length=NAME_MAX,
        error_messages={"required": "Write your first name."},
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
    )
    last_name = forms.CharField(
        label="Last name",
        max_length=NAME_MAX,
        error_messages={"required": "Write your last name."},
        widget=forms.TextInput(attrs={"autocomplete": "family-name"}),
    )


class CashierForm(forms.Form):
    """The step before the gateway's cashier."""

    password = Password(error_messages={"required": "Enter your password."})

    def __init__(self, *args: Any, asks_password: bool, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if not asks_password:
            del self.fields["password"]
