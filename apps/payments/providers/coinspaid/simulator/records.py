"""The gateway's book, its switches and its courier, and the words every part of it shares."""

import hashlib
import hmac
import json
import re
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from decimal import ROUND_DOWN, Decimal, InvalidOperation
from typing import Any

from django.conf import settings

from apps.integrations.simulation import (
    Book,
    Courier,
    Json,
    Refused,
    Switchboard,
    vendor_seconds,
)

PARTNER = "coinspaid"
RETRY_MINUTES = (1, 5, 15, 30, 60, 90, 120, 180, 240, 240, 240, 240)
BLOCK_SECONDS = 60  # of the vendor's time between two looks at the chain
PLACES = Decimal("0.00000001")
AMOUNT = re.compile(r"\d{1,18}(\.\d{1,8})?")
NUMBER_MARK = "#number:"
SETTINGS = {
    "deposits_auto": True,  # blocks come by themselves
    "withdrawals_auto": True,  # payouts are sent by themselves
    "exchanges_auto": True,  # exchanges are settled by themselves
    "report_below_minimum": True,  # two callbacks for a deposit that is too small
    "report_confirmations": settings.DEMO,  # a callback for every block, not only for the last
    "eu_entity": False,  # the merchant must say who sends and who receives
    "approval_above_eur": "",  # payouts worth more wait for the owner
}


def sign(body: bytes) -> str:
    """Lower-case hex HMAC-SHA512 of the exact bytes (protocol document, section 2)."""
    return hmac.new(settings.COINSPAID_SECRET.encode(), body, hashlib.sha512).hexdigest()


book = Book(PARTNER)
switchboard = Switchboard(book)
courier = Courier(
    book,
    switchboard,
    sign=lambda body: {
        "X-Processing-Key": settings.COINSPAID_KEY,
        "X-Processing-Signature": sign(body),
    },
    retry_minutes=RETRY_MINUTES,
)


def options() -> Json:
    return SETTINGS | (book.get("settings", "options") or {})


def money(amount: Decimal) -> str:
    return f"{amount.quantize(PLACES, rounding=ROUND_DOWN):f}"


def parse_amount(value: Any) -> Decimal:
    """Raises Refused for anything but a positive number of at most eight decimals."""
    text = str(value or "").strip().replace(",", ".")
    if not AMOUNT.fullmatch(text) or Decimal(text) <= 0:
        raise Refused("The amount is a positive number with at most 8 decimals.")
    return Decimal(text)


def decimal_or_none(value: Any) -> Decimal | None:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def stamp() -> str:
    return datetime.now(UTC).isoformat()


def new_number() -> int:
    return book.number("transactions", start=5_000_001)


def new_part() -> int:
    return book.number("parts", start=71)


def transaction(number: int | str) -> Json:
    found = book.get("transactions", str(number))
    if found is None:
        raise Refused("There is no such transaction.", 404)
    return found


def locked(number: int, kind: str) -> AbstractContextManager[Json]:
    if transaction(number)["kind"] != kind:
        raise Refused(f"That is not a {kind}.")
    return book.locked("transactions", str(number))


def look_again(number: int, blocks: int = 1) -> None:
    wait = timedelta(seconds=vendor_seconds(BLOCK_SECONDS * blocks))
    book.schedule("transactions", str(number), datetime.now(UTC) + wait)


def encode(document: Json) -> bytes:
    """JSON in which a marked amount is a bare number with all its zeros: 0.10882300."""
    text = json.dumps(document, separators=(",", ":"))
    return re.sub(rf'"{NUMBER_MARK}([0-9.]+)"', r"\1", text).encode()
