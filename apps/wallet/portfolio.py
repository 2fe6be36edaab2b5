"""What a player has, in all currencies and in the one they like to think in."""

from dataclasses import dataclass
from fractions import Fraction

from django.db import transaction

from apps.accounts.models import Player
from apps.core.errors import InvalidInput
from apps.core.money import Money
from apps.ledger.selectors import currency
from apps.rates import selectors as rates
from apps.rates.selectors import Price
from apps.wallet import selectors
from apps.wallet.models import WalletSettings
from apps.wallet.selectors import Balance

# In the order of the switch; empty shows amounts as they are.
DISPLAY = ("EUR", "USD", "GBP", "JPY")


@dataclass(frozen=True, slots=True)
class Worth:
    """About what something is worth. is_stale: by a rate that has not been confirmed lately."""

    money: Money
    is_stale: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One currency. cash, all: what is free and what there is, in the display currency."""

    balance: Balance
    cash: Worth | None
    vault: Worth | None


@dataclass(frozen=True, slots=True)
class Portfolio:
    """total: of everything that has a rate; missing: the currencies that have none."""

    lines: list[Line]
    display: str
    total: Worth | None
    missing: tuple[str, ...]


def portfolio(player: Player) -> Portfolio:
    """Every currency on offer, in display order."""
    balances = selectors.balances(player.pk)
    code = settings_of(player).display_currency
    if not code:
        return Portfolio([Line(one, None, None) for one in balances], "", None, ())
    found = rates.prices([code, *(one.currency.code for one in balances)])
    missing = tuple(
        one.currency.code
        for one in balances
        if one.total and _worth(one.total, code, found) is None
    )
    return Portfolio(
        [
            Line(one, _worth(one.cash, code, found), _worth(one.vault, code, found))
            for one in balances
        ],
        code,
        _total([one.total for one in balances if one.total], code, found),
        missing,
    )


def worth(player: Player, money: Money) -> Worth | None:
    """An amount in the player's display currency; None when they want none or there is no rate."""
    code = settings_of(player).display_currency
    if not code or code == money.currency.code:
        return None
    return _worth(money, code, rates.prices([code, money.currency.code]))


def settings_of(player: Player) -> WalletSettings:
    return WalletSettings.objects.filter(player=player).first() or WalletSettings(player=player)


@transaction.atomic
def choose_display(player: Player, code: str) -> None:
    """Show amounts in this currency too; empty for none. Raises InvalidInput."""
    if code and code not in DISPLAY:
        raise InvalidInput(fields={"display": f"Choose one of {', '.join(DISPLAY)}."})
    WalletSettings.objects.update_or_create(player=player, defaults={"display_currency": code})


@transaction.atomic
def hide_empty(player: Player, *, hides: bool) -> None:
    WalletSettings.objects.update_or_create(player=player, defaults={"hides_empty": hides})


def _worth(money: Money, code: str, found: dict[str, Price]) -> Worth | None:
    ours, theirs = found.get(money.currency.code), found.get(code)
    if ours is None or theirs is None:
        return None
    converted = rates.converted(money, ours, theirs)
    return Worth(converted.money, converted.is_stale)


def _total(amounts: list[Money], code: str, found: dict[str, Price]) -> Worth | None:
    """Summed exactly and cut once, so that the total is not short by a cent a line."""
    target, theirs = currency(code), found.get(code)
    known = [(one, found[one.currency.code]) for one in amounts if one.currency.code in found]
    if theirs is None or (len(known) < len(amounts) and not known):
        return None
    exact = sum(
        (
            Fraction(one.units) * Fraction(at.value) / 10**one.currency.scale
            for one, at in known
        ),
        Fraction(0),
    ) / Fraction(theirs.value) * 10**target.scale  # fmt: skip
    is_stale = theirs.is_stale or any(at.is_stale for _, at in known)
    return Worth(Money(int(exact), target), is_stale)
