"""The merchant's accounts: an opening balance and one line for every change, never a change alone.

A transaction says what it should have done to the accounts in its present state (`effects`); what
is missing is booked as new lines. So a status that is forced, or repeated, keeps the book straight.
"""

from decimal import ROUND_DOWN, Decimal

from django.conf import settings

from apps.integrations.simulation import Json
from apps.payments.providers.coinspaid.simulator import chains
from apps.payments.providers.coinspaid.simulator.chains import ASSETS, Asset
from apps.payments.providers.coinspaid.simulator.records import PLACES, book, money, stamp

OPENING_BALANCE_EUR = Decimal(2_000_000)


def balances() -> dict[str, Decimal]:
    return {code: balance(code) for code in ASSETS}


def balance(code: str) -> Decimal:
    kept = book.get("balances", code)
    return Decimal(kept["amount"]) if kept else opening(code)


def opening(code: str) -> Decimal:
    worth = Decimal(getattr(settings, "SIMULATED_OPENING_EUR", OPENING_BALANCE_EUR))
    return (worth / ASSETS[code].price_eur).quantize(PLACES)


def lines(code: str = "", limit: int = 200) -> list[Json]:
    """Changes of the accounts, newest first."""
    match = {"currency": code} if code else {}
    return [document.body for document in book.find("lines", match, limit=limit)]


def settle(kept: Json, effects: dict[str, Decimal]) -> None:
    """Book what is missing between the effects a transaction had and those it should have."""
    booked = {code: Decimal(amount) for code, amount in kept.get("booked", {}).items()}
    for code in sorted(booked.keys() | effects.keys()):
        change = effects.get(code, Decimal(0)) - booked.get(code, Decimal(0))
        if change:
            _change(code, change, kept)
    kept["booked"] = {code: money_signed(amount) for code, amount in effects.items()}


def has(code: str, amount: Decimal) -> bool:
    return balance(code) >= amount


def _change(code: str, amount: Decimal, kept: Json) -> None:
    book.insert("balances", code, {"amount": money(opening(code))})
    with book.locked("balances", code) as account:
        after = Decimal(account["amount"]) + amount
        account["amount"] = str(after)
    number = book.number("lines")
    book.insert(
        "lines",
        f"{number:09d}",
        {
            "currency": code,
            "amount": money_signed(amount),
            "after": money_signed(after),
            "transaction": kept["id"],
            "kind": kept["kind"],
            "at": stamp(),
        },
    )


def money_signed(amount: Decimal) -> str:
    return f"{amount.quantize(PLACES):f}"


# ---- prices ------------------------------------------------------------------------------------


def price(asset: Asset) -> Decimal:
    """EUR for one: what a tester set, or the list price."""
    kept = book.get("prices", asset.code)
    return Decimal(kept["eur"]) if kept else asset.price_eur


def convert(amount: Decimal, source: Asset, target: Asset) -> Decimal:
    return (amount * price(source) / price(target)).quantize(PLACES, rounding=ROUND_DOWN)


def exchange_minimum(asset: Asset) -> Decimal:
    """About 10 EUR of it, and never less than the coin's own minimum."""
    return max(asset.minimum, (chains.EXCHANGE_MINIMUM_EUR / price(asset)).quantize(PLACES))
