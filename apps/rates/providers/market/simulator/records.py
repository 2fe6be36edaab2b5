"""The prices of the day and what is wrong with which source, kept over restarts."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from apps.integrations.simulation import Book, Refused, Switchboard

PARTNER = "rates"
book = Book(PARTNER)
switchboard = Switchboard(book)

# EUR for one. The same as the crypto cashier's list, so that all sources agree until told otherwise.
PRICES = {
    "BTC": Decimal(60_000),
    "ETH": Decimal(2_500),
    "LTC": Decimal(80),
    "DOGE": Decimal("0.2"),
    "USDT": Decimal("0.9"),
    "USDC": Decimal("0.9"),
    "USD": Decimal("0.9"),
    "GBP": Decimal("1.15"),
    "JPY": Decimal("0.006"),
}
STATES = ("USD", "GBP", "JPY")
SLUGS = {
    "bitcoin": "BTC",
    "ethereum": "ETH",
    "litecoin": "LTC",
    "dogecoin": "DOGE",
    "tether": "USDT",
    "usd-coin": "USDC",
}
SOURCES = {"coinbase": "Coinbase", "coingecko": "CoinGecko", "ecb": "ECB"}
FAULTS = {
    "": "as it should be",
    "stale": "ten minutes old",
    "zero": "zero",
    "negative": "negative",
    "nan": "NaN",
    "text": "a word",
    "null": "null",
    "missing": "left out",
    "jump": "ten times as much",
    "decimal": "the point shifted by two",
    "gap": "5 % more than the others",
}
STALE = timedelta(minutes=10)
EVERY = "*"


def price(code: str) -> Decimal:
    if code == "EUR":
        return Decimal(1)
    kept = book.get("prices", code)
    return Decimal(kept["eur"]) if kept else PRICES[code]


def set_price(code: str, text: str) -> Decimal:
    if code not in PRICES:
        raise Refused("No source knows this currency.")
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise Refused("A price is a number like 61250.5.") from None
    if not value.is_finite() or value <= 0:
        raise Refused("A price is above zero; use a fault for anything else.")
    book.put("prices", code, {"eur": f"{value:f}"})
    return value


def fault(source: str, code: str) -> str:
    """What is wrong with this currency at this source; a fault of all its currencies counts too."""
    for name in (code, EVERY):
        if (kept := book.get("faults", f"{source}:{name}")) and kept["kind"]:
            return str(kept["kind"])
    return ""


def set_fault(source: str, code: str, kind: str) -> None:
    if source not in SOURCES:
        raise Refused(f"The sources are {', '.join(SOURCES)}.")
    if code != EVERY and code not in PRICES:
        raise Refused("No source knows this currency.")
    if kind not in FAULTS:
        raise Refused(f"A fault is one of {', '.join(word for word in FAULTS if word)}.")
    book.put("faults", f"{source}:{code}", {"source": source, "code": code, "kind": kind})


def faults() -> list[dict[str, str]]:
    return [one.body for one in book.find("faults") if one.body["kind"]]


def off(source: str) -> bool:
    return bool((book.get("off", source) or {}).get("is_off"))


def set_off(source: str, *, is_off: bool) -> None:
    if source not in SOURCES:
        raise Refused(f"The sources are {', '.join(SOURCES)}.")
    book.put("off", source, {"is_off": is_off})


def ecb_day() -> date:
    """The day of the newest file: what a tester set, or the last one that was not a weekend."""
    kept = book.get("settings", "ecb_day")
    if kept and kept["day"]:
        return date.fromisoformat(kept["day"])
    day = datetime.now(tz=UTC).date()
    while day.weekday() >= 5:
        day -= timedelta(days=1)
    return day


def set_ecb_day(text: str) -> None:
    try:
        day = date.fromisoformat(text).isoformat() if text else ""
    except ValueError:
        raise Refused("A day looks like 2026-11-25.") from None
    book.put("settings", "ecb_day", {"day": day})


def spoilt_price(source: str, code: str, wanted: Decimal) -> Decimal:
    """The number under a fault that still leaves one."""
    factor = {
        "jump": Decimal(10),
        "decimal": Decimal("0.01"),
        "gap": Decimal("1.05"),
        "zero": Decimal(0),
        "negative": Decimal(-1),
    }.get(fault(source, code), Decimal(1))
    return wanted * factor
