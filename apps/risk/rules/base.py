"""What a monitoring rule is: a code, typed figures, and a function from facts to findings.

A rule only reads. Whether it runs, with which figures and to what effect is a row
(`models/rules.py`); `rulebook.py` changes those.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Literal

from django.conf import settings

from apps.risk.facts import LOOK_BACK, Facts
from apps.risk.models import RuleVersion
from apps.risk.sources import Payment

Type = Literal["amount", "count", "hours", "days", "percent"]
Values = Mapping[str, Decimal]
UNITS = {"amount": "", "count": "", "hours": "hours", "days": "days", "percent": "%"}
DIGITS_MAX = 12


@dataclass(frozen=True)
class Figure:
    """One parameter of a rule. least, most: bounds, included."""

    name: str
    label: str
    type: Type
    default: str
    least: int = 0
    most: int = 100_000_000

    @property
    def unit(self) -> str:
        return settings.BASE_CURRENCY if self.type == "amount" else UNITS[self.type]

    @property
    def bounds(self) -> tuple[int, int]:
        longest = {"days": LOOK_BACK.days, "hours": LOOK_BACK.days * 24}
        return self.least, min(self.most, longest.get(self.type, self.most))

    def read(self, text: str) -> Decimal:
        """Raises ValueError with words for whoever typed it."""
        text = text.strip()
        least, most = self.bounds
        try:
            value = Decimal(text)
        except InvalidOperation:
            raise ValueError("Enter a number.") from None
        if len(text) > DIGITS_MAX or not value.is_finite():
            raise ValueError("Enter a number.")
        if self.type in ("count", "hours", "days") and value != int(value):
            raise ValueError("Enter a whole number.")
        if not least <= value <= most:
            raise ValueError(f"Enter a number from {least} to {most}.")
        return value


@dataclass(frozen=True)
class Finding:
    """What a rule found. window: what makes it this finding and no other."""

    window: str
    words: str
    figures: list[tuple[str, str]]
    payments: tuple[Payment, ...] = ()
    entries: tuple[int, ...] = ()
    players: tuple[int, ...] = ()
    is_high: bool = False

    @property
    def entry_ids(self) -> list[int]:
        found = [one.entry_id for one in self.payments if one.entry_id is not None]
        return sorted({*found, *self.entries})


Check = Callable[[Facts, Values], Iterable[Finding]]


@dataclass(frozen=True)
class Rule:
    """default_*: what its first version says. looks_at: in words, for the list of rules."""

    code: str
    title: str
    looks_at: str
    figures: tuple[Figure, ...]
    check: Check
    default_effect: RuleVersion.Effect
    default_mode: RuleVersion.Mode = RuleVersion.Mode.LIVE
    default_weight: int = 20
    default_hours: int = 72
    opens: str = ""  # the kind of case its effect opens
    by_name: dict[str, Figure] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {one.name: one for one in self.figures})

    def defaults(self) -> dict[str, str]:
        return {one.name: one.default for one in self.figures}

    def read(self, texts: Mapping[str, str]) -> dict[str, Decimal]:
        """Every figure of a version. A figure that came later has its default."""
        return {
            name: figure.read(texts.get(name, figure.default))
            for name, figure in self.by_name.items()
        }


def money(value: Decimal) -> str:
    """`1,234.50 EUR`, in the base currency."""
    return f"{value.quantize(Decimal('0.01')):,} {settings.BASE_CURRENCY}"


def total(payments: Iterable[Payment]) -> Decimal:
    """What nobody can value counts as nothing: no alert on a guess."""
    return sum((one.value for one in payments if one.value is not None), start=Decimal(0))


def hours(value: Decimal) -> timedelta:
    return timedelta(hours=int(value))


def days(value: Decimal) -> timedelta:
    return timedelta(days=int(value))
