"""Samples for /styleguide/: made up on the spot, never from the database."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms

from apps.core.money import Currency, Money

BTC = Currency("BTC", 8, "crypto", "₿", "bitcoin", 8)
USDT = Currency("USDT", 6, "crypto", "₮", "tether", 2)
EUR = Currency("EUR", 2, "fiat", "€", "euro", 2)
INKS = (
    "bg", "surface-1", "surface-2", "surface-3", "surface-press", "text", "text-2", "text-3",
    "action", "prestige", "win", "danger", "warn", "info", "focus", "line-control",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SampleStudio:
    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class SampleGame:
    slug: str
    title: str
    studio: SampleStudio
    rtp: Decimal | None = Decimal("96.50")
    volatility: int | None = 3
    has_jackpot: bool = False
    is_live: bool = False
    is_new: bool = False


class SampleForm(forms.Form):
    """Every kind of field, half of them wrong."""

    email = forms.EmailField(help_text="We write only when something needs you.")
    password = forms.CharField(widget=forms.PasswordInput, min_length=10)
    nickname = forms.CharField(required=False)
    country = forms.ChoiceField(choices=[("", "Choose"), ("DE", "Germany"), ("PT", "Portugal")])
    born_on = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}))
    message = forms.CharField(widget=forms.Textarea, required=False)
    speed = forms.ChoiceField(
        widget=forms.RadioSelect, choices=[("slow", "Slow"), ("normal", "Normal"), ("fast", "Fast")]
    )
    terms = forms.BooleanField(label="I am of age and I accept the terms")


def context(direction: str) -> dict[str, Any]:
    """Everything the guide shows; direction "rtl" mirrors the page."""
    studio = SampleStudio("northlight", "Northlight")
    games = [
        SampleGame("seven-moons", "Seven Moons", studio),
        SampleGame("tide-of-koi", "Tide of Koi", studio, volatility=5, is_new=True),
        SampleGame("opal-garden", "Opal Garden", studio, volatility=1, has_jackpot=True),
        SampleGame(
            "green-room-roulette", "Green Room Roulette", studio, volatility=None, is_live=True
        ),
        SampleGame(
            "long",
            "The Remarkably Long Adventures of Unbreakablewordington",
            SampleStudio("long", "A Studio With a Name That Does Not End"),
            rtp=None,
        ),
    ]
    wrong = SampleForm(
        {
            "email": "lunarix at example",
            "password": "short",
            "country": "",
            "born_on": "1.1.",
            "speed": "warp",
        }
    )
    wrong.add_error(None, "The email and password do not match. Check both.")
    return {
        "page_direction": "rtl" if direction == "rtl" else "ltr",
        "inks": INKS,
        "games": games,
        "form": SampleForm(auto_id="id_plain_%s"),
        "wrong": wrong,
        "btc": Money.parse("0.042188", BTC),
        "btc_large": Money.parse("1234.5", BTC),
        "usdt": Money.parse("12345.678901", USDT),
        "eur": Money.parse("1250.05", EUR),
        "lost": -Money.parse("18.20", EUR),
        "won": Money.parse("41.20", EUR),
        "huge": Money.parse("1234567.89", EUR),
        "nothing": Money.zero(BTC),
        "options": [("BTC", "Bitcoin"), ("USDT", "Tether"), ("EUR", "Euro")],
        "tab_items": [("panel-a", "My bets"), ("panel-b", "How it works")],
        "address": "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
        "studios": [
            SampleStudio("northlight", "Northlight"),
            SampleStudio("kitebird", "Kitebird"),
            SampleStudio("halfmoon", "Halfmoon"),
            SampleStudio("oddfellow-labs", "Oddfellow Labs"),
            SampleStudio("brass-kettle", "Brass Kettle"),
            SampleStudio("long", "A Studio With a Name That Does Not End"),
        ],
    }
