"""The gateway's own records: addresses, deposits, withdrawals, balances, and what it reports.

The traps of the published samples are kept (protocol document, section 5.1): `confirmations` is a
number in one callback and text in the next, a cancelled withdrawal has no amounts, an amount may
be a bare JSON number, `fees` are empty before a deposit is confirmed.
"""

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
    casino_callback_url,
    vendor_seconds,
)
from apps.payments.providers.coinspaid.simulator import chains
from apps.payments.providers.coinspaid.simulator.chains import ASSETS, Asset

PARTNER = "coinspaid"
RETRY_MINUTES = (1, 5, 15, 30, 60, 90, 120, 180, 240, 240, 240, 240)
BLOCK_SECONDS = 60  # of the vendor's time between two looks at the chain
LOOKS_PER_DEPOSIT = 5
PLACES = Decimal("0.00000001")
OPENING_BALANCE_EUR = Decimal(2_000_000)
AMOUNT = re.compile(r"\d{1,18}(\.\d{1,8})?")
NUMBER_MARK = "#number:"
BELOW_MINIMUM = "Transaction amount less than minimum deposit"

DEPOSIT_MOVES = {"not_confirmed": {"confirmed", "cancelled"}}
WITHDRAWAL_MOVES = {
    "processing": {"pending", "confirmed", "declined", "cancelled", "failed"},
    "pending": {"processing", "declined", "cancelled"},
}
SETTINGS = {
    "deposits_auto": True,  # blocks come by themselves
    "withdrawals_auto": True,  # payouts are sent by themselves
    "report_below_minimum": True,  # two callbacks for a deposit that is too small
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


# ---- addresses ---------------------------------------------------------------------------------


def take_address(
    *, asset: Asset, foreign_id: str, end_user_reference: str, convert_to: str
) -> Json:
    """Every call makes a new address, which the document allows; the old ones stay alive."""
    number = book.number("addresses", start=91)
    address = {
        "id": number,
        "currency": asset.code,
        "convert_to": convert_to,
        "address": chains.new_address(asset),
        "tag": None,
        "foreign_id": foreign_id,
        "end_user_reference": end_user_reference,
        "taken_at": datetime.now(UTC).isoformat(),
    }
    if asset.has_tag:
        # Many customers share one account on such a chain; only the tag tells them apart.
        address |= {"address": _shared_address(asset), "tag": str(100_000 + number)}
    book.insert("addresses", str(number), address)
    return address


def _shared_address(asset: Asset) -> str:
    made = {"address": chains.new_address(asset)}
    book.insert("shared addresses", asset.code, made)
    return str((book.get("shared addresses", asset.code) or made)["address"])


def find_address(address: str, tag: str = "") -> Json:
    """Raises Refused (404) when nobody took it here."""
    match: Json = {"address": address.strip()}
    if tag:
        match["tag"] = tag.strip()
    found = book.find("addresses", match, limit=2)
    if not found:
        raise Refused("That address was not given out here.", 404)
    if len(found) > 1:
        raise Refused("Several customers share this address: give the tag too.")
    return found[0].body


# ---- deposits ----------------------------------------------------------------------------------


def send_coins(*, address: Json, amount: Decimal, currency: str = "") -> Json:
    """A customer's coins enter the chain: seen at once, confirmed later."""
    asset = ASSETS.get(currency or address["currency"])
    if asset is None or not asset.is_crypto:
        raise Refused("There is no such coin.")
    number = book.number("transactions", start=5_000_001)
    deposit: Json = {
        "id": number,
        "kind": "deposit",
        "type": "deposit_exchange" if address["convert_to"] else "deposit",
        "status": "not_confirmed",
        "address": address,
        "currency": asset.code,
        "cross_currency": asset.code != address["currency"],
        "amount": money(amount),
        "confirmations": 0,
        "needed": asset.confirmations,
        "txid": chains.new_transaction_hash(asset),
        "part": book.number("parts", start=71),
        "error": "",
        "at": datetime.now(UTC).isoformat(),
    }
    is_small = amount < asset.minimum
    if is_small:
        deposit |= {"status": "cancelled", "error": BELOW_MINIMUM}
    book.insert("transactions", str(number), deposit)
    if is_small:
        if options()["report_below_minimum"]:
            report(number)
            report(number)
        return deposit
    report(number)
    if options()["deposits_auto"]:
        _look_again(number)
    return deposit


def look_at_chain() -> int:
    """Whatever is due: another block for a deposit, the sending of a withdrawal."""
    due = book.take_due("transactions")
    for document in due:
        number = document.body["id"]
        book.schedule("transactions", document.key, None)
        if document.body["kind"] == "deposit" and document.body["status"] == "not_confirmed":
            mine_block(number)
        elif document.body["kind"] == "withdrawal" and document.body["status"] == "processing":
            send_withdrawal(number)
    return len(due)


def mine_block(number: int, *, keep_looking: bool = True) -> Json:
    """Some more confirmations; with the last one the deposit is confirmed and reported."""
    deposit: Json
    with _transaction(number, "deposit") as deposit:
        if deposit["status"] != "not_confirmed":
            raise Refused("The deposit is final.", 409)
        step = max(1, -(-deposit["needed"] // LOOKS_PER_DEPOSIT))
        deposit["confirmations"] = min(deposit["needed"], deposit["confirmations"] + step)
        is_enough = deposit["confirmations"] >= deposit["needed"]
    if is_enough:
        return move(number, "confirmed")
    if keep_looking:
        _look_again(number)
    return deposit


def _look_again(number: int) -> None:
    due_at = datetime.now(UTC) + timedelta(seconds=vendor_seconds(BLOCK_SECONDS))
    book.schedule("transactions", str(number), due_at)


# ---- withdrawals -------------------------------------------------------------------------------


def request_withdrawal(
    *,
    foreign_id: str,
    asset: Asset,
    amount: Decimal,
    convert_to: str,
    address: str,
    tag: str | None,
    end_user_reference: str,
) -> Json | None:
    """Note a payout and set it aside; None when the foreign id is taken."""
    number = book.number("transactions", start=5_000_001)
    target = ASSETS[convert_to or asset.code]
    received = amount if target is asset else convert(amount, asset, target)
    withdrawal: Json = {
        "id": number,
        "kind": "withdrawal",
        "type": "withdrawal" if target is asset else "withdrawal_exchange",
        "status": "processing",
        "foreign_id": foreign_id,
        "end_user_reference": end_user_reference,
        "currency": asset.code,
        "convert_to": convert_to,
        "amount": money(amount),
        "receiver_currency": target.code,
        "receiver_amount": money(received),
        "to_address": address,
        "tag": tag,
        "fees": _withdrawal_fees(asset, target, amount),
        "is_funded": False,
        "txid": None,
        "part": book.number("parts", start=71),
        "error": "",
        "at": datetime.now(UTC).isoformat(),
    }
    if not book.insert("foreign ids", foreign_id, {"id": number}):
        return None
    withdrawal["is_funded"] = _take_balance(asset.code, amount)
    if withdrawal["is_funded"] and _needs_owner(asset, amount):
        withdrawal["status"] = "pending"
    book.insert("transactions", str(number), withdrawal)
    if withdrawal["status"] == "pending":
        report(number)
    elif options()["withdrawals_auto"]:
        due_at = datetime.now(UTC) + timedelta(seconds=vendor_seconds(BLOCK_SECONDS * 3))
        book.schedule("transactions", str(number), due_at)
    return withdrawal


def send_withdrawal(number: int) -> Json:
    withdrawal = transaction(number)
    if withdrawal.get("is_funded"):
        return move(number, "confirmed")
    return move(number, "failed", error="Not enough balance")


def _needs_owner(asset: Asset, amount: Decimal) -> bool:
    limit = str(options()["approval_above_eur"])
    return bool(limit) and amount * asset.price_eur > Decimal(limit)


def _withdrawal_fees(asset: Asset, target: Asset, amount: Decimal) -> list[Json]:
    """Charged to the merchant beside the amount; the customer receives all of it."""
    payer = ASSETS[target.fee_coin] if target.fee_coin else target
    fees = [
        {"type": "mining", "currency": payer.code, "amount": money(payer.mining_fee)},
        {
            "type": "withdrawal",
            "currency": asset.code,
            "amount": money(amount * chains.WITHDRAWAL_FEE),
        },
    ]
    if target is not asset:
        fees[1]["type"] = "exchange"
    return fees


# ---- states ------------------------------------------------------------------------------------


def transaction(number: int | str) -> Json:
    found = book.get("transactions", str(number))
    if found is None:
        raise Refused("There is no such transaction.", 404)
    return found


def move(number: int, status: str, *, error: str = "", is_forced: bool = False) -> Json:
    """Go to another status and report it.

    is_forced: also where no real transaction would go, to see what the casino makes of it.
    Raises Refused (409) for an impossible move.
    """
    before = transaction(number)
    with _transaction(number, before["kind"]) as kept:
        moves = DEPOSIT_MOVES if kept["kind"] == "deposit" else WITHDRAWAL_MOVES
        if not is_forced and status not in moves.get(kept["status"], set()):
            raise Refused(f"It is {kept['status']} and cannot become {status}.", 409)
        if is_forced and status not in set().union(*moves.values(), moves):
            raise Refused("There is no such status.")
        old_status = kept["status"]
        kept["status"] = status
        kept["error"] = error
        if kept["kind"] == "deposit" and status == "confirmed":
            kept["confirmations"] = kept["needed"]
        if kept["kind"] == "withdrawal" and status == "confirmed":
            kept["txid"] = kept["txid"] or chains.new_transaction_hash(
                ASSETS[kept["receiver_currency"]]
            )
        changed = dict(kept)
    _book_balance(changed, old_status)
    if status == "processing" and changed["kind"] == "withdrawal" and options()["withdrawals_auto"]:
        _look_again(number)
    report(number)
    return changed


def _book_balance(changed: Json, old_status: str) -> None:
    status, funded = changed["status"], changed.get("is_funded", False)
    if changed["kind"] == "deposit" and status == "confirmed" and old_status == "not_confirmed":
        received = deposit_amounts(changed)
        _add_balance(received["currency"], Decimal(received["net"]))
    was_open = old_status in WITHDRAWAL_MOVES
    if changed["kind"] == "withdrawal" and funded and was_open:
        if status in {"declined", "cancelled", "failed"}:
            _add_balance(changed["currency"], Decimal(changed["amount"]))
        if status == "confirmed":
            for fee in changed["fees"]:
                _add_balance(fee["currency"], -Decimal(fee["amount"]))


def _transaction(number: int, kind: str) -> AbstractContextManager[Json]:
    if transaction(number)["kind"] != kind:
        raise Refused(f"That is not a {kind}.")
    return book.locked("transactions", str(number))


# ---- balances and rates ------------------------------------------------------------------------


def balances() -> dict[str, Decimal]:
    return {code: _balance(code) for code in ASSETS}


def _balance(code: str) -> Decimal:
    kept = book.get("balances", code)
    return Decimal(kept["amount"]) if kept else _opening(code)


def _opening(code: str) -> Decimal:
    return (OPENING_BALANCE_EUR / ASSETS[code].price_eur).quantize(PLACES)


def _add_balance(code: str, amount: Decimal) -> None:
    book.insert("balances", code, {"amount": money(_opening(code))})
    with book.locked("balances", code) as kept:
        kept["amount"] = str(Decimal(kept["amount"]) + amount)


def _take_balance(code: str, amount: Decimal) -> bool:
    book.insert("balances", code, {"amount": money(_opening(code))})
    with book.locked("balances", code) as kept:
        left = Decimal(kept["amount"]) - amount
        if left >= 0:
            kept["amount"] = str(left)
        return left >= 0


def convert(amount: Decimal, source: Asset, target: Asset) -> Decimal:
    return (amount * source.price_eur / target.price_eur).quantize(PLACES, rounding=ROUND_DOWN)


def deposit_amounts(deposit: Json) -> Json:
    """What arrives for the merchant: currency, gross, fee and net. No fee before confirmation."""
    source = ASSETS[deposit["currency"]]
    target = ASSETS[deposit["address"]["convert_to"] or source.code]
    gross = Decimal(deposit["amount"])
    if target is not source:
        gross = convert(gross, source, target)
    fee = Decimal(0)
    if deposit["status"] == "confirmed":
        fee = (gross * chains.DEPOSIT_FEE).quantize(PLACES, rounding=ROUND_DOWN)
    return {
        "currency": target.code,
        "gross": money(gross),
        "fee": money(fee),
        "net": money(gross - fee),
    }


# ---- callbacks ---------------------------------------------------------------------------------


def report(number: int) -> str:
    """Queue the callback about a transaction as it is now."""
    body = encode(callback_document(transaction(number)))
    url = casino_callback_url(book, PARTNER).rstrip("/") + "/"
    status = transaction(number)["status"]
    return courier.post(kind=status, url=url, body=body, reference=str(number))


def callback_document(kept: Json) -> Json:
    return _deposit_document(kept) if kept["kind"] == "deposit" else _withdrawal_document(kept)


def _deposit_document(deposit: Json) -> Json:
    address = deposit["address"]
    amounts = deposit_amounts(deposit)
    crypto_address: Json = {
        "id": address["id"],
        "currency": address["currency"],
        "address": address["address"],
        "tag": address["tag"],
        "foreign_id": address["foreign_id"],
    }
    if address["convert_to"]:
        crypto_address["convert_to"] = address["convert_to"]
    if deposit["cross_currency"]:
        crypto_address |= {"cross_currency": True, "expected_currency": address["currency"]}
    document: Json = {"id": deposit["id"]}
    if address["end_user_reference"]:
        document["end_user_reference"] = address["end_user_reference"]
    return document | {
        "type": deposit["type"],
        "crypto_address": crypto_address,
        "currency_sent": {"currency": deposit["currency"], "amount": deposit["amount"]},
        "currency_received": {
            "currency": amounts["currency"],
            "amount": amounts["gross"],
            "amount_minus_fee": amounts["net"],
        },
        "transactions": _deposit_parts(deposit, amounts),
        "fees": _deposit_fees(deposit, amounts),
        "error": deposit["error"],
        "status": deposit["status"],
    }


def _deposit_parts(deposit: Json, amounts: Json) -> list[Json]:
    confirmations = deposit["confirmations"]
    parts: list[Json] = [
        {
            "id": deposit["part"],
            "currency": deposit["currency"],
            "transaction_type": "blockchain",
            "type": "deposit",
            "address": deposit["address"]["address"],
            "tag": deposit["address"]["tag"],
            "amount": deposit["amount"],
            "txid": deposit["txid"],
            "confirmations": confirmations if deposit["id"] % 2 else str(confirmations),
        }
    ]
    if deposit["id"] % 3 == 0:
        parts[0]["riskscore"] = 0.42
    if deposit["type"] == "deposit_exchange":
        parts.append(
            {
                "id": deposit["part"] + 1,
                "currency": deposit["currency"],
                "currency_to": amounts["currency"],
                "transaction_type": "exchange",
                "type": "exchange",
                "amount": deposit["amount"],
                "amount_to": amounts["gross"],
            }
        )
    return parts


def _deposit_fees(deposit: Json, amounts: Json) -> list[Json]:
    if deposit["status"] != "confirmed":
        return []
    kind = "exchange" if deposit["type"] == "deposit_exchange" else "deposit"
    fees = [{"type": kind, "currency": amounts["currency"], "amount": amounts["fee"]}]
    if coin := ASSETS[deposit["currency"]].fee_coin:
        # Paid by the merchant in the chain's coin and not part of the net amount.
        fees.append({"type": "transfer", "currency": coin, "amount": money(chains.TRANSFER_FEE)})
    return fees


def _withdrawal_document(withdrawal: Json) -> Json:
    is_exchange = withdrawal["type"] == "withdrawal_exchange"
    document: Json = {
        "id": withdrawal["id"],
        "foreign_id": withdrawal["foreign_id"],
        "end_user_reference": withdrawal["end_user_reference"],
        "type": withdrawal["type"],
        "crypto_address": {
            "id": withdrawal["part"] + 400,
            "currency": withdrawal["receiver_currency"],
            "address": withdrawal["to_address"],
            "tag": withdrawal["tag"],
        },
    }
    if _names_amounts(withdrawal):
        document |= {
            "currency_sent": {
                "currency": withdrawal["currency"],
                "amount": _maybe_bare(withdrawal["amount"], is_exchange),
            },
            "currency_received": {
                "currency": withdrawal["receiver_currency"],
                "amount": _maybe_bare(withdrawal["receiver_amount"], is_exchange),
            },
        }
    return document | {
        "transactions": [_withdrawal_part(withdrawal)],
        "fees": withdrawal["fees"] if withdrawal["status"] == "confirmed" else [],
        "error": withdrawal["error"],
        "status": withdrawal["status"],
    }


def _names_amounts(withdrawal: Json) -> bool:
    """Never on a cancelled one; on a confirmed plain one only in the older edition of the API."""
    if withdrawal["status"] != "confirmed":
        return False
    return bool(withdrawal["type"] == "withdrawal_exchange" or withdrawal["id"] % 2 == 0)


def _withdrawal_part(withdrawal: Json) -> Json:
    return {
        "id": withdrawal["part"],
        "currency": withdrawal["receiver_currency"],
        "transaction_type": "blockchain",
        "type": "withdrawal",
        "address": withdrawal["to_address"],
        "tag": withdrawal["tag"],
        "amount": withdrawal["receiver_amount"],
        "txid": withdrawal["txid"],
        "confirmations": 0 if withdrawal["id"] % 2 else "0",
    }


def _maybe_bare(amount: str, bare: bool) -> str:
    return f"{NUMBER_MARK}{amount}" if bare else amount


def encode(document: Json) -> bytes:
    """JSON in which a marked amount is a bare number with all its zeros: 0.10882300."""
    text = json.dumps(document, separators=(",", ":"))
    return re.sub(rf'"{NUMBER_MARK}([0-9.]+)"', r"\1", text).encode()


def decimal_or_none(value: Any) -> Decimal | None:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
