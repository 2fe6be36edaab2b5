"""The rules of a jackpot as a form; what they mean and whether they hold is the service's to say."""

from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from apps.core.admin import ReasonForm
from apps.jackpots.rules import CODE, LEVELS_MAX, Content, Kind

LISTS = ("partners", "games", "currencies", "countries")
KINDS = [
    (Kind.AMOUNT, "at a hidden amount"),
    (Kind.TIME, "by the end of a window"),
    (Kind.CHANCE, "every bet may win"),
]
LEVEL_WORDS = {
    "name": "name",
    "share_bps": "share of the contribution, in hundredths of a per cent",
    "seed": "seed",
    "kind": "drops",
    "low": "lowest amount it drops at",
    "high": "the most it pays",
    "hours": "hours of a window",
    "mean": "staked for one win on average",
}


def _text(label: str, help_text: str = "", *, required: bool = True) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=2000,
        required=required,
        help_text=help_text,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class NewJackpotForm(forms.Form):
    """Its names, before its rules are asked for."""

    name = _text("Name", "What players read.")
    code = _text("Short name", "Small letters, digits and hyphens; it stays for ever.")
    levels = _text("Levels", "Short names of its levels, the smallest first, with commas.")

    def clean_code(self) -> str:
        return _code(self.cleaned_data["code"])

    def clean_levels(self) -> str:
        codes = [_code(one) for one in listed(self.cleaned_data["levels"])]
        if not 1 <= len(codes) <= LEVELS_MAX or len(set(codes)) != len(codes):
            raise forms.ValidationError(f"1 to {LEVELS_MAX} different names.")
        return ",".join(codes)


class RulesForm(ReasonForm):
    """One version. codes: of the levels, which stay."""

    contribution = _text("Contribution", "Of each stake: 0.005 is half a per cent.")
    reserve = _text("Reserve", "Of the contribution, for the next seeds: 0.1 is a tenth.")
    stake_min = _text("Smallest stake that counts", "In the base currency.")
    needs_opt_in = forms.BooleanField(
        label="Only players who choose to", required=False, widget=UnfoldBooleanSwitchWidget()
    )
    rank_min = forms.IntegerField(
        label="From rank", min_value=0, max_value=10, widget=UnfoldAdminTextInputWidget()
    )
    partners = _text("Partners", "With commas; empty: all.", required=False)
    games = _text("Games", "Their short names, with commas; empty: all.", required=False)
    currencies = _text("Currencies", "With commas; empty: all.", required=False)
    countries = _text("Countries", "With commas; empty: all.", required=False)

    def __init__(self, *args: Any, codes: list[str], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.codes = codes
        for code in codes:
            for name, words in LEVEL_WORDS.items():
                self.fields[f"{code}_{name}"] = _level_field(code, name, words)
        self.fields["reason"] = self.fields.pop("reason")
        self.fields["reason"].widget.attrs.pop("autofocus", None)

    def content(self) -> Content:
        data = self.cleaned_data
        return {
            "contribution": data["contribution"].strip(),
            "reserve": data["reserve"].strip(),
            "stake_min": data["stake_min"].strip(),
            "needs_opt_in": data["needs_opt_in"],
            "rank_min": data["rank_min"],
            **{name: listed(data[name]) for name in LISTS},
            "levels": [self._level(code) for code in self.codes],
        }

    def _level(self, code: str) -> Content:
        found = {name: self.cleaned_data[f"{code}_{name}"] for name in LEVEL_WORDS}
        found |= {name: (found[name] or "0").strip() for name in ("seed", "low", "high", "mean")}
        return {"code": code, **found, "hours": found["hours"] or 0}


def initial(content: Content) -> dict[str, Any]:
    """What a form starts with when there are rules already."""
    flat = {name: value for name, value in content.items() if name != "levels"}
    flat |= {name: ", ".join(flat[name]) for name in LISTS}
    for level in content["levels"]:
        flat |= {f"{level['code']}_{name}": level[name] for name in LEVEL_WORDS}
    return flat


def listed(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


def _level_field(code: str, name: str, words: str) -> forms.Field:
    label = f"{code.title()}: {words}"
    if name == "kind":
        return forms.ChoiceField(label=label, choices=KINDS, widget=UnfoldAdminSelectWidget())
    if name in {"share_bps", "hours"}:
        return forms.IntegerField(
            label=label, required=name == "share_bps", widget=UnfoldAdminTextInputWidget()
        )
    return _text(label, required=name in {"name", "seed", "high"})


def _code(text: str) -> str:
    text = text.strip()
    if not CODE.fullmatch(text):
        raise forms.ValidationError("2 to 24 small letters, digits and hyphens.")
    return text
