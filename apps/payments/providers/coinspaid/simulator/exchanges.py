"""Quotes and exchanges between the merchant's own balances (protocol document, sections 4 and 5.5)."""

import time
from decimal import ROUND_DOWN, Decimal

from apps.integrations.simulation import Json, vendor_seconds
from apps.payments.providers.coinspaid.simulator import accounts, chains
from apps.payments.providers.coinspaid.simulator.chains import Asset
from apps.payments.providers.coinspaid.simulator.gateway import effects, move
from apps.payments.providers.coinspaid.simulator.records import (
    PLACES,
    book,
    look_again,
    money,
    new_number,
    new_part,
    options,
    stamp,
)

FIX_SECONDS = 60  # real ones: a person reads the quote
CALLS_MAX = 30
WINDOW_SECONDS = 60  # of the vendor's time


def is_limited(client: str) -> bool:
    """Count one question of a client; more than thirty a minute are followed by a pause."""
    book.insert("question counts", client, {"since": 0.0, "calls": 0, "until": 0.0})
    now = time.time()
    with book.locked("question counts", client) as kept:
        if now < kept["until"]:
            return True
        if now - kept["since"] > vendor_seconds(WINDOW_SECONDS):
            kept |= {"since": now, "calls": 0}
        kept["calls"] += 1
        if kept["calls"] > CALLS_MAX:
            kept["until"] = now + vendor_seconds(WINDOW_SECONDS)
            return True
    return False


def quote(source: Asset, target: Asset, sold: Decimal | None, bought: Decimal | None) -> Json:
    """What an exchange would give, for a minute."""
    price = accounts.price(source) / accounts.price(target)
    share = 1 - chains.EXCHANGE_FEE
    if sold is None:
        sold = ((bought or Decimal(0)) / price / share).quantize(
            PLACES, rounding=ROUND_DOWN
        ) + PLACES
    gross = (sold * price).quantize(PLACES, rounding=ROUND_DOWN)
    fee = (gross * chains.EXCHANGE_FEE).quantize(PLACES, rounding=ROUND_DOWN)
    fixed_at = int(time.time())
    made: Json = {
        "sender_currency": source.code,
        "sender_amount": money(sold),
        "receiver_currency": target.code,
        "receiver_amount": money(gross - fee if bought is None else bought),
        "fee_currency": target.code,
        "fee_amount": money(fee),
        "price": f"{price.quantize(PLACES):f}",
        "ts_fixed": fixed_at,
        "ts_release": fixed_at + FIX_SECONDS,
        "fix_period": FIX_SECONDS,
    }
    book.insert("quotes", f"q{book.number('quotes'):08d}", made)
    return made


def fixed_quote(wanted: Json) -> Json | None:
    """The unexpired quote that says exactly this."""
    now = int(time.time())
    for document in book.find("quotes", wanted, limit=20):
        if document.body["ts_release"] >= now:
            return document.body
    return None


def request_exchange(foreign_id: str, terms: Json) -> Json | None:
    """Take what is sold and note the exchange; None when the foreign id is taken."""
    number = new_number()
    if not book.insert("exchange ids", foreign_id, {"id": number}):
        return None
    exchange: Json = {
        "id": number,
        "kind": "exchange",
        "type": "exchange",
        "status": "processing",
        "foreign_id": foreign_id,
        "currency": terms["sender_currency"],
        "amount": terms["sender_amount"],
        "receiver_currency": terms["receiver_currency"],
        "receiver_amount": terms["receiver_amount"],
        "fees": [
            {
                "type": "exchange",
                "currency": terms["fee_currency"],
                "amount": terms["fee_amount"],
            }
        ],
        "price": terms["price"],
        "part": new_part(),
        "txid": None,
        "error": "",
        "at": stamp(),
    }
    accounts.settle(exchange, effects(exchange))
    book.insert("transactions", str(number), exchange)
    if options()["exchanges_auto"]:
        look_again(number)
    return exchange


def settle_exchange(number: int) -> Json:
    return move(number, "confirmed")
