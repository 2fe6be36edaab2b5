"""Invoices: an exact amount, an address of their own, a clock (protocol document, section 5.6)."""

import time
from datetime import UTC, datetime, timedelta
from decimal import ROUND_DOWN, Decimal

from apps.integrations.simulation import Json, Refused, vendor_seconds
from apps.payments.providers.coinspaid.simulator import accounts, chains
from apps.payments.providers.coinspaid.simulator.chains import ASSETS, Asset
from apps.payments.providers.coinspaid.simulator.gateway import move, report
from apps.payments.providers.coinspaid.simulator.records import (
    BLOCK_SECONDS,
    PLACES,
    book,
    locked,
    money,
    new_number,
    new_part,
    options,
    stamp,
    transaction,
)

# Real minutes: a player reads the clock.
TIMER_SECONDS = 15 * 60
PAID_SECONDS = 24 * 60 * 60
EXPIRED = "The timer has expired and the invoice was not paid"
UNDERPAID = "The invoice was paid with less than requested"
LATE = "The invoice was in processing for over 24 hours"
OPEN = {"created", "processing"}


def create(
    *,
    foreign_id: str,
    asset: Asset,
    amount: Decimal,
    sender: Asset,
    has_timer: bool,
    kind: str,
    facts: Json,
) -> Json | None:
    """Note an invoice; None when the foreign id is taken."""
    number = new_number()
    if not book.insert("invoice ids", foreign_id, {"id": number}):
        return None
    fixed_at = int(time.time())
    sender_amount = amount if sender is asset else accounts.convert(amount, asset, sender)
    fee = (amount * chains.INVOICE_FEE).quantize(PLACES, rounding=ROUND_DOWN)
    invoice: Json = {
        "id": number,
        "kind": "invoice",
        "type": "invoice",
        "status": "created",
        "foreign_id": foreign_id,
        "currency": asset.code,
        "amount": money(amount),
        "fee": money(fee),
        "net": money(amount - fee),
        "sender_currency": sender.code,
        "sender_amount": money(sender_amount),
        "fill": kind,
        "address": chains.new_address(sender),
        "tag": None,
        "parts": [],
        "fixed_at": fixed_at if has_timer else None,
        "release_at": fixed_at + TIMER_SECONDS if has_timer else None,
        "txid": None,
        "part": new_part(),
        "error": "",
        "at": stamp(),
    } | facts
    if sender.has_tag:
        invoice["tag"] = str(900_000 + number)
    due_at = datetime.fromtimestamp(fixed_at + TIMER_SECONDS, UTC) if has_timer else None
    book.insert("transactions", str(number), invoice, due_at=due_at)
    return invoice


def pay(number: int, amount: Decimal) -> Json:
    """A part arrives in the mempool; the first one gives the customer a day."""
    with locked(number, "invoice") as invoice:
        if invoice["status"] not in OPEN:
            raise Refused("The invoice is final: what comes now goes back to its sender.", 409)
        asset = ASSETS[invoice["sender_currency"]]
        invoice["parts"].append(
            {
                "amount": money(amount),
                "txid": chains.new_transaction_hash(asset),
                "confirmations": 0,
            }
        )
        if invoice["status"] == "created" and invoice["release_at"] is not None:
            invoice["release_at"] = int(time.time()) + PAID_SECONDS
        invoice["status"] = "processing"
        invoice["error"] = ""
        changed = dict(invoice)
    report(number)
    if options()["deposits_auto"]:
        wait = timedelta(seconds=vendor_seconds(BLOCK_SECONDS))
        book.schedule("transactions", str(number), datetime.now(UTC) + wait)
    return changed


def look(number: int) -> Json:
    """What is due: the clock has run out, or the parts are confirmed."""
    invoice = transaction(number)
    if invoice["status"] == "created":
        return expire(number)
    return confirm(number)


def confirm(number: int) -> Json:
    """The parts are deep enough in their chain; the sum decides."""
    with locked(number, "invoice") as invoice:
        if invoice["status"] != "processing":
            raise Refused("Nothing has arrived, or it is final.", 409)
        for part in invoice["parts"]:
            part["confirmations"] = ASSETS[invoice["sender_currency"]].confirmations
        paid = sum((Decimal(part["amount"]) for part in invoice["parts"]), Decimal(0))
        is_paid = paid >= Decimal(invoice["sender_amount"])
        waits = not is_paid and invoice["fill"] == "good_until_expired"
        surplus = max(Decimal(0), paid - Decimal(invoice["sender_amount"]))
        invoice["surplus"] = money(surplus)
        changed = dict(invoice)
    if is_paid:
        return move(number, "confirmed")
    if waits:
        report(number)
        return changed
    return move(number, "failed", error=UNDERPAID)


def expire(number: int) -> Json:
    """The clock runs out: what is not paid in full fails."""
    invoice = transaction(number)
    if invoice["status"] not in OPEN:
        raise Refused("The invoice is final.", 409)
    book.schedule("transactions", str(number), None)
    if invoice["status"] == "created":
        return move(number, "failed", error=EXPIRED)
    paid = sum((Decimal(part["amount"]) for part in invoice["parts"]), Decimal(0))
    is_short = paid < Decimal(invoice["sender_amount"])
    return move(number, "failed", error=UNDERPAID if is_short else LATE)
