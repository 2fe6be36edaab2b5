"""CoinsPaid's JSON and our words for it.

Their samples mix texts and numbers (`confirmations` is 3 and "9", amounts are "0.02" and 381), so
every field is read by what it means. Amounts never pass through a float; what looks odd (a sign,
an exponent, NaN) is refused. Unknown fields are ignored.
Source: protocol document of API v2, sections 4, 5 and 8 (read November 2026).
"""

import csv
import io
import json
import re
from decimal import Decimal
from typing import Any

from django.conf import settings

from apps.payments.providers.base import (
    DepositReport,
    DepositStatus,
    ExchangeOrder,
    ExchangeReport,
    ExchangeStatus,
    ExchangeTerms,
    GatewayCurrency,
    GatewayPair,
    InvoiceOrder,
    InvoiceReport,
    InvoiceStatus,
    OpenedInvoice,
    PayoutOrder,
    PayoutReport,
    PayoutStatus,
    Person,
    Report,
    StatementRow,
)

PROVIDER = "coinspaid"
Json = dict[str, Any]

DEPOSIT_TYPES = {"deposit", "deposit_exchange"}
PAYOUT_TYPES = {"withdrawal", "withdrawal_exchange", "withdrawal_instant"}
EXCHANGE_TYPES = {"exchange"}
INVOICE_TYPES = {"invoice"}
# Products of theirs that we do not use: known, and nothing to act on.
OTHER_TYPES = {"payment_request"}

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
EXCHANGE_STATUS = {
    "processing": ExchangeStatus.PROCESSING,
    "confirmed": ExchangeStatus.DONE,
    "cancelled": ExchangeStatus.REFUSED,
    "declined": ExchangeStatus.REFUSED,
    "failed": ExchangeStatus.REFUSED,
}
INVOICE_STATUS = {
    "created": InvoiceStatus.OPEN,
    "pending": InvoiceStatus.OPEN,
    "processing": InvoiceStatus.PAYING,
    "confirmed": InvoiceStatus.PAID,
    "cancelled": InvoiceStatus.FAILED,
    "failed": InvoiceStatus.FAILED,
}
# What stands in the export for a payment that moved money, by the type of the transaction.
STATEMENT_KIND = {
    "deposit": "deposit",
    "deposit_exchange": "deposit",
    "invoice": "deposit",
    "withdrawal": "withdrawal",
    "withdrawal_exchange": "withdrawal",
    "withdrawal_instant": "withdrawal",
    "exchange": "exchange",
}
STATEMENT_COLUMNS = {
    "id", "foreign_id", "type", "status", "currency", "amount", "fee", "fee_currency",
    "network_fee", "network_fee_currency", "receiver_currency", "receiver_amount",
}  # fmt: skip
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
    if order.coin_code:
        document["convert_to"] = order.coin_code
    if order.tag:
        document["tag"] = order.tag
    if settings.COINSPAID_USER_DATA:
        document |= {
            "sender_type": "legal",
            "sender_data": _company(),
            "receiver_type": "natural",
            "receiver_data": _person(order.receiver),
        }
    return document


def address_body(
    *, provider_code: str, player_ref: str, coin_code: str, sender: Person | None
) -> Json:
    """A deposit address: of the coin that is sent, exchanged into ours when that differs."""
    document: Json = {
        "currency": coin_code or provider_code,
        "foreign_id": player_ref,
        "end_user_reference": player_ref,
    }
    if coin_code:
        document["convert_to"] = provider_code
    return document | _sender(sender)


def exchange_body(order: ExchangeOrder) -> Json:
    document: Json = {
        "foreign_id": order.reference,
        "sender_currency": order.sold_code,
        "receiver_currency": order.bought_code,
    }
    if order.sold is not None:
        document["sender_amount"] = f"{order.sold:f}"
    if order.bought is not None:
        document["receiver_amount"] = f"{order.bought:f}"
    if order.price:
        document["price"] = order.price
    return document


def invoice_body(order: InvoiceOrder) -> Json:
    """Paid in the coin it is written in, so that no rate stands between the two."""
    return {
        "timer": True,
        "title": order.title[:50],
        "currency": order.provider_code,
        "sender_currency": order.provider_code,
        "amount": f"{order.amount.major:f}",
        "foreign_id": order.reference,
        "url_success": order.url_success,
        "url_failed": order.url_failed,
        "email_user": order.email,
        "type": "good_until_expired" if order.takes_parts else "fill_or_kill",
        "end_user_reference": order.player_ref,
    } | _sender(order.sender)


def _sender(person: Person | None) -> Json:
    """Who pays in, where the entity behind the account must know (section 7)."""
    if not settings.COINSPAID_USER_DATA:
        return {}
    return {"sender_type": "natural", "sender_data": _person(person)}


def _person(person: Person | None) -> Json:
    if person is None:
        raise WireError("this account needs the name of the player, and none is known")
    document = {
        "first_name": person.first_name,
        "last_name": person.last_name,
        "date_of_birth": person.birth_date.isoformat(),
    }
    return document | {"email": person.email} if person.email else document


def _company() -> Json:
    return {
        "legal_name": settings.COINSPAID_COMPANY_NAME,
        "country_of_registration": settings.COINSPAID_COMPANY_COUNTRY,
    }


def report_of(document: Json) -> Report | None:
    """What a callback, or an answer about a transaction, says; None for products not used.

    Raises WireError for a type that is in no document.
    """
    kind = _text(document, "type")
    if kind in DEPOSIT_TYPES:
        return deposit_report(document)
    if kind in PAYOUT_TYPES:
        return payout_report(document)
    if kind in EXCHANGE_TYPES:
        return exchange_report(document)
    if kind in INVOICE_TYPES:
        return invoice_report(document)
    if kind in OTHER_TYPES:
        return None
    raise WireError(f"type {kind[:40]!r} is not in the document")


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


def exchange_report(document: Json) -> ExchangeReport:
    """Read a callback about an exchange: it names their id, rarely ours."""
    raw_status = _text(document, "status")
    sold, bought = _object(document, "currency_sent"), _object(document, "currency_received")
    fee_code, fee = _first_fee(document)
    return ExchangeReport(
        provider=PROVIDER,
        outside_ref=_text(document, "id"),
        reference=_optional_text(document, "foreign_id"),
        status=EXCHANGE_STATUS.get(raw_status, ExchangeStatus.UNRECOGNISED),
        sold_code=_text(sold, "currency"),
        sold=_amount(sold, "amount"),
        bought_code=_text(bought, "currency"),
        bought=_amount(bought, "amount"),
        fee_code=fee_code,
        fee=fee,
        error=_optional_text(document, "error")[:TEXT_MAX],
        raw_status=raw_status,
    )


def exchange_answer(data: Json) -> ExchangeReport:
    """Read the acknowledgement of an order: the same facts under other names."""
    raw_status = _optional_text(data, "status") or "processing"
    has_fee = data.get("fee_amount") is not None
    return ExchangeReport(
        provider=PROVIDER,
        outside_ref=_text(data, "id"),
        reference=_optional_text(data, "foreign_id"),
        status=EXCHANGE_STATUS.get(raw_status, ExchangeStatus.UNRECOGNISED),
        sold_code=_text(data, "sender_currency"),
        sold=_amount(data, "sender_amount"),
        bought_code=_text(data, "receiver_currency"),
        bought=_amount(data, "receiver_amount"),
        fee_code=_optional_text(data, "fee_currency"),
        fee=_amount(data, "fee_amount") if has_fee else Decimal(0),
        raw_status=raw_status,
    )


def exchange_terms(data: Json) -> ExchangeTerms:
    has_fee = data.get("fee_amount") is not None
    return ExchangeTerms(
        sold_code=_text(data, "sender_currency"),
        sold=_amount(data, "sender_amount"),
        bought_code=_text(data, "receiver_currency"),
        bought=_amount(data, "receiver_amount"),
        fee_code=_optional_text(data, "fee_currency"),
        fee=_amount(data, "fee_amount") if has_fee else Decimal(0),
        price=_text(data, "price"),
        expires_at=int(_text(data, "ts_release")),
    )


def opened_invoice(data: Json) -> OpenedInvoice:
    return OpenedInvoice(
        outside_ref=_text(data, "id"),
        address=_text(data, "address"),
        tag=_optional_text(data, "tag"),
        amount=_amount(data, "sender_amount"),
        url=_text(data, "url"),
        expires_at=_moment(data, "release_at"),
    )


def invoice_report(document: Json) -> InvoiceReport:
    """Read a callback about an invoice; parts add up in `currency_sent`."""
    raw_status = _text(document, "status")
    sent = document.get("currency_sent")
    received = document.get("currency_received")
    amount = remaining = Decimal(0)
    if isinstance(sent, dict) and sent.get("amount") is not None:
        amount = _amount(sent, "amount")
        if sent.get("remaining_amount") is not None:
            remaining = _amount(sent, "remaining_amount")
    first = _first_blockchain(document)
    has_received = isinstance(received, dict) and received.get("amount") is not None
    return InvoiceReport(
        provider=PROVIDER,
        outside_ref=_text(document, "id"),
        reference=_optional_text(document, "foreign_id"),
        status=INVOICE_STATUS.get(raw_status, InvoiceStatus.UNRECOGNISED),
        sent=amount,
        remaining=remaining,
        received=_amount(received, "amount")
        if has_received and isinstance(received, dict)
        else None,
        received_code=_optional_text(received, "currency") if isinstance(received, dict) else "",
        confirmations=_count(first.get("confirmations")),
        txid=_optional_text(first, "txid"),
        riskscore=_optional_text(first, "riskscore"),
        expires_at=_moment(document, "expires_at"),
        error=_optional_text(document, "error")[:TEXT_MAX],
        raw_status=raw_status,
    )


def currencies_of(body: bytes) -> list[GatewayCurrency]:
    """Their list. A line nobody can read spoils all of it: half a list is worse than none."""
    return [
        GatewayCurrency(
            provider_code=_text(line, "currency"),
            kind=_text(line, "type"),
            minimum=_amount(line, "minimum_amount"),
            precision=_count(line.get("precision")),
            deposit_fee=_optional_text(line, "deposit_fee_percent"),
            withdrawal_fee=_optional_text(line, "withdrawal_fee_percent"),
            is_visible=True,
        )
        for line in _rows(body)
    ]


def pairs_of(body: bytes) -> list[GatewayPair]:
    found = []
    for line in _rows(body):
        source, target = _object(line, "currency_from"), _object(line, "currency_to")
        deposit_name = "min_amount_deposit_with_exchange"
        has_deposit = source.get(deposit_name) is not None
        found.append(
            GatewayPair(
                from_code=_text(source, "currency"),
                to_code=_text(target, "currency"),
                minimum=_amount(source, "min_amount"),
                deposit_minimum=_amount(source, deposit_name) if has_deposit else None,
                rate=_amount(line, "rate_to"),
            )
        )
    return found


def balances_of(body: bytes) -> list[tuple[str, Decimal]]:
    """Their codes with what is held; the balance is text here and the number 0 there."""
    return [(_text(line, "currency"), _amount(line, "balance")) for line in _rows(body)]


def statement_of(body: bytes) -> list[StatementRow]:
    """The export of a day: what ended, with the codes of the gateway. Raises WireError."""
    try:
        table = csv.DictReader(io.StringIO(body.decode("utf-8-sig")), strict=True)
        lines = list(table)
    except (UnicodeDecodeError, csv.Error) as error:
        raise WireError(f"not readable as a table: {error}") from error
    if missing := STATEMENT_COLUMNS - set(table.fieldnames or ()):
        raise WireError(f"the table has no {', '.join(sorted(missing))}")
    return [_statement_row(line) for line in lines]


def _statement_row(line: Json) -> StatementRow:
    kind = STATEMENT_KIND.get(_text(line, "type"))
    if kind is None:
        raise WireError(f"the export has the type {line['type'][:40]!r}")
    is_deposit = kind == "deposit"
    code, amount = (
        ("receiver_currency", "receiver_amount") if is_deposit else ("currency", "amount")
    )
    is_exchange = kind == "exchange"
    return StatementRow(
        outside_ref=_text(line, "id"),
        kind=kind,
        code=_text(line, code),
        amount=_amount(line, amount),
        status=_text(line, "status"),
        reference=_optional_text(line, "foreign_id"),
        fee=_amount(line, "fee") if line.get("fee") else Decimal(0),
        fee_code=_optional_text(line, "fee_currency"),
        network_fee=_amount(line, "network_fee") if line.get("network_fee") else Decimal(0),
        network_fee_code=_optional_text(line, "network_fee_currency"),
        bought=_amount(line, "receiver_amount") if is_exchange else Decimal(0),
        bought_code=_text(line, "receiver_currency") if is_exchange else "",
    )


def _rows(body: bytes) -> list[Json]:
    rows = decode(body).get("data")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise WireError("data is not a list")
    return rows


def _first_fee(document: Json) -> tuple[str, Decimal]:
    fees = document.get("fees")
    for fee in fees if isinstance(fees, list) else []:
        if isinstance(fee, dict) and fee.get("amount") is not None:
            return _text(fee, "currency"), _amount(fee, "amount")
    return "", Decimal(0)


def _moment(document: Json, name: str) -> int | None:
    """Unix seconds; null and absent are None."""
    text = _optional_text(document, name)
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        raise WireError(f"{name} is not a moment")
    return int(text)


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
