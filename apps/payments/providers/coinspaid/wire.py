"""CoinsPaid's JSON and our words for it.

Their samples mix texts and numbers (`confirmations` is 3 and "9", amounts are "0.02" and 381), so
every field is read by what it means. Amounts never pass through a float; what looks odd (a sign,
an exponent, NaN) is refused. Unknown fields are ignored.
Source: protocol document of API v2, sections 4, 5 and 8 (read November 2026).
"""

import json
import re
from decimal import Decimal
from typing import Any

from django.conf import settings

from apps.payments.providers.base import (
    DepositReport,
    DepositStatus,
    PayoutOrder,
    PayoutReport,
    PayoutStatus,
)

PROVIDER = "coinspaid"
Json = dict[str, Any]

DEPOSIT_TYPES = {"deposit", "deposit_exchange"}
PAYOUT_TYPES = {"withdrawal", "withdrawal_exchange", "withdrawal_instant"}
# Products of theirs that we do not use: known, and nothing to act on.
OTHER_TYPES = {"exchange", "invoice", "payment_request"}

DEPOSIT_STATUS = {
    "not_confirmed": DepositStatus.SEEN,
    "confirmed": DepositStatus.CONFIRMED,
    "cancelled": DepositStatus.CANCELLED,
}
PAYOUT_STATUS = {
    "processing": PayoutStatus.PROCESSING,
    "pending": PayoutStatus.HELD,
    "confirmed": PayoutStatus.PAID,
    "declined": PayoutStatus.REFUSED,
    "cancelled": PayoutStatus.REFUSED,
    "failed": PayoutStatus.REFUSED,
}
PLAIN_NUMBER = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,18})?", re.ASCII)
TEXT_MAX = 255


class WireError(ValueError):
    """The bytes do not say what the document promises."""


def encode(document: Json) -> bytes:
    """Serialise once: these bytes are signed and these bytes are sent."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=True).encode()


def decode(body: bytes) -> Json:
    """Raises WireError for anything but a JSON object with plain numbers."""
    try:
        document = json.loads(body, parse_float=_plain_number, parse_constant=_refused)
    except (ValueError, RecursionError) as error:
        raise WireError(f"not readable as JSON: {error}") from error
    if not isinstance(document, dict):
        raise WireError("not a JSON object")
    return document


def payout_body(order: PayoutOrder) -> Json:
    document: Json = {
        "foreign_id": order.reference,
        "amount": f"{order.amount.major:f}",
        "currency": order.provider_code,
        "address": order.address,
        "end_user_reference": order.player_ref,
    }
    if order.tag:
        document["tag"] = order.tag
    return document


def deposit_report(document: Json) -> DepositReport:
    """Read a callback about a deposit."""
    address = _object(document, "crypto_address")
    received = _object(document, "currency_received")
    gross = _amount(received, "amount")
    net = _amount(received, "amount_minus_fee") if "amount_minus_fee" in received else gross
    if net > gross:
        raise WireError("amount_minus_fee is more than amount")
    raw_status = _text(document, "status")
    first = _first_blockchain(document)
    return DepositReport(
        provider=PROVIDER,
        outside_ref=_text(document, "id"),
        status=DEPOSIT_STATUS.get(raw_status, DepositStatus.UNRECOGNISED),
        address=_text(address, "address"),
        tag=_optional_text(address, "tag"),
        provider_code=_text(received, "currency"),
        gross=gross,
        net=net,
        credit=net if settings.COINSPAID_CREDIT == "net" else gross,
        confirmations=_count(first.get("confirmations")),
        txid=_optional_text(first, "txid"),
        riskscore=_optional_text(first, "riskscore"),
        error=_optional_text(document, "error")[:TEXT_MAX],
        raw_status=raw_status,
    )


def payout_report(document: Json) -> PayoutReport:
    """Read a callback about a withdrawal, or the same object as an answer."""
    raw_status = _text(document, "status")
    sent = document.get("currency_sent")
    amount: Decimal | None = None
    code = ""
    if isinstance(sent, dict) and sent.get("amount") is not None:
        amount, code = _amount(sent, "amount"), _text(sent, "currency")
    address = document.get("crypto_address")
    first = _first_blockchain(document)
    return PayoutReport(
        provider=PROVIDER,
        outside_ref=_text(document, "id"),
        reference=_optional_text(document, "foreign_id"),
        status=PAYOUT_STATUS.get(raw_status, PayoutStatus.UNRECOGNISED),
        amount=amount,
        amount_code=code,
        address=_optional_text(address, "address") or None if isinstance(address, dict) else None,
        txid=_optional_text(first, "txid"),
        error=_optional_text(document, "error")[:TEXT_MAX],
        raw_status=raw_status,
    )


def field_errors(body: bytes) -> dict[str, str]:
    """The texts of a 400 by field; empty when the body is of the other shape or none at all."""
    try:
        errors = decode(body).get("errors")
    except WireError:
        return {}
    if not isinstance(errors, dict):
        return {}
    return {str(name): str(text) for name, text in errors.items()}


def data_of(body: bytes) -> Json:
    """The payload inside `data`. Raises WireError."""
    return _object(decode(body), "data")


def text_of(document: Json, name: str) -> str:
    """A field as text, whichever JSON type it came in. Raises WireError when it is missing."""
    return _text(document, name)


def optional_text_of(document: Json, name: str) -> str:
    return _optional_text(document, name)


def _first_blockchain(document: Json) -> Json:
    """The part that is on a chain, or the first one, or nothing."""
    parts = document.get("transactions")
    rows = [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
    for part in rows:
        if part.get("transaction_type") == "blockchain":
            return part
    return rows[0] if rows else {}


def _object(document: Json, name: str) -> Json:
    value = document.get(name)
    if not isinstance(value, dict):
        raise WireError(f"{name} is missing")
    return value


def _text(document: Json, name: str) -> str:
    value = _optional_text(document, name)
    if not value:
        raise WireError(f"{name} is missing")
    if len(value) > TEXT_MAX:
        raise WireError(f"{name} is too long")
    return value


def _optional_text(document: Json, name: str) -> str:
    """Ids come as numbers or as text; null and absent are empty."""
    value = document.get(name)
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, str | int | Decimal):
        return str(value).replace("\x00", "")
    raise WireError(f"{name} is neither text nor a number")


def _amount(document: Json, name: str) -> Decimal:
    value = document.get(name)
    text = str(value) if isinstance(value, str | int | Decimal) else ""
    if isinstance(value, bool) or not PLAIN_NUMBER.fullmatch(text):
        raise WireError(f"{name} is not a plain amount")
    return Decimal(text)


def _count(value: object) -> int:
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _plain_number(text: str) -> Decimal:
    if not PLAIN_NUMBER.fullmatch(text):
        raise ValueError(f"{text} is not a plain number")
    return Decimal(text)


def _refused(text: str) -> Decimal:
    raise ValueError(f"{text} is not a number")
