"""What the gateway says about a transaction: one JSON object for callbacks and questions.

The traps of the published samples are kept (protocol document, section 5.1): `confirmations` is a
number in one callback and text in the next, a cancelled withdrawal has no amounts, an amount may
be a bare JSON number, `fees` are empty before a deposit is confirmed.
"""

from decimal import ROUND_DOWN, Decimal

from apps.integrations.simulation import Json
from apps.payments.providers.coinspaid.simulator import chains
from apps.payments.providers.coinspaid.simulator.chains import ASSETS
from apps.payments.providers.coinspaid.simulator.records import NUMBER_MARK, PLACES, money


def callback_document(kept: Json) -> Json:
    match kept["kind"]:
        case "deposit":
            return _deposit_document(kept)
        case "withdrawal":
            return _withdrawal_document(kept)
        case "exchange":
            return _exchange_document(kept)
    return _invoice_document(kept)


def deposit_amounts(deposit: Json) -> Json:
    """What arrives for the merchant: currency, gross, fee and net. No fee before confirmation."""
    target = deposit["address"]["convert_to"] or deposit["currency"]
    gross = Decimal(deposit["amount"])
    if deposit["rate"]:
        gross = (gross * Decimal(deposit["rate"])).quantize(PLACES, rounding=ROUND_DOWN)
    fee = Decimal(0)
    if deposit["status"] == "confirmed":
        fee = (gross * chains.DEPOSIT_FEE).quantize(PLACES, rounding=ROUND_DOWN)
    return {
        "currency": target,
        "gross": money(gross),
        "fee": money(fee),
        "net": money(gross - fee),
    }


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
    parts: list[Json] = [
        {
            "id": deposit["part"],
            "currency": deposit["currency"],
            "transaction_type": "internal" if deposit["internal"] else "blockchain",
            "type": "deposit",
            "address": deposit["address"]["address"],
            "tag": deposit["address"]["tag"],
            "amount": deposit["amount"],
            "txid": deposit["txid"],
            "confirmations": _confirmations(deposit["confirmations"], deposit["id"]),
        }
    ]
    if deposit.get("riskscore"):
        parts[0]["riskscore"] = f"{NUMBER_MARK}{deposit['riskscore']}"
    elif deposit["id"] % 3 == 0:
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
        "transactions": _withdrawal_parts(withdrawal),
        "fees": withdrawal["fees"] if withdrawal["status"] == "confirmed" else [],
        "error": withdrawal["error"],
        "status": withdrawal["status"],
    }


def _names_amounts(withdrawal: Json) -> bool:
    """Never on a cancelled one; on a confirmed plain one only in the older edition of the API."""
    if withdrawal["status"] != "confirmed":
        return False
    return bool(withdrawal["type"] == "withdrawal_exchange" or withdrawal["id"] % 2 == 0)


def _withdrawal_parts(withdrawal: Json) -> list[Json]:
    parts: list[Json] = [
        {
            "id": withdrawal["part"],
            "currency": withdrawal["receiver_currency"],
            "transaction_type": "blockchain",
            "type": "withdrawal",
            "address": withdrawal["to_address"],
            "tag": withdrawal["tag"],
            "amount": withdrawal["receiver_amount"],
            "txid": withdrawal["txid"],
            "confirmations": _confirmations(0, withdrawal["id"]),
        }
    ]
    if withdrawal["type"] == "withdrawal_exchange":
        parts.insert(
            0,
            {
                "id": withdrawal["part"],
                "currency": withdrawal["currency"],
                "currency_to": withdrawal["receiver_currency"],
                "transaction_type": "exchange",
                "type": "exchange",
                "amount": withdrawal["amount"],
                "amount_to": withdrawal["receiver_amount"],
            },
        )
    return parts


def _exchange_document(exchange: Json) -> Json:
    """The published samples name no foreign id here."""
    return {
        "id": exchange["id"],
        "type": "exchange",
        "currency_sent": {"currency": exchange["currency"], "amount": exchange["amount"]},
        "currency_received": {
            "currency": exchange["receiver_currency"],
            "amount": exchange["receiver_amount"],
        },
        "transactions": [
            {
                "id": exchange["part"],
                "currency": exchange["currency"],
                "currency_to": exchange["receiver_currency"],
                "transaction_type": "exchange",
                "type": "exchange",
                "amount": exchange["amount"],
                "amount_to": exchange["receiver_amount"],
            }
        ],
        "fees": exchange["fees"] if exchange["status"] == "confirmed" else [],
        "error": exchange["error"],
        "status": exchange["status"],
    }


def _invoice_document(invoice: Json) -> Json:
    number = invoice["foreign_id"]
    document: Json = {
        "id": invoice["id"],
        # Comes back as a number when it looks like one.
        "foreign_id": int(number) if number.isdigit() and len(number) < 16 else number,
        "end_user_reference": invoice["end_user_reference"],
        "type": "invoice",
        "crypto_address": {
            "id": invoice["part"] + 400,
            "currency": invoice["sender_currency"],
            "address": invoice["address"],
            "tag": invoice["tag"],
        },
        "currency_sent": {
            "currency": invoice["sender_currency"],
            "amount": money(sum((Decimal(one["amount"]) for one in invoice["parts"]), Decimal(0))),
            "remaining_amount": money(_remaining(invoice)),
        },
        "transactions": [
            {
                "id": invoice["part"],
                "currency": invoice["sender_currency"],
                "transaction_type": "blockchain",
                "type": "deposit",
                "address": invoice["address"],
                "tag": invoice["tag"],
                "amount": one["amount"],
                "txid": one["txid"],
                "confirmations": _confirmations(one["confirmations"], invoice["id"]),
            }
            for one in invoice["parts"]
        ],
        "fees": [],
        "error": invoice["error"],
        "status": invoice["status"],
        "fixed_at": invoice["fixed_at"],
        "expires_at": invoice["release_at"],
    }
    if invoice["status"] == "confirmed":
        document["currency_received"] = {
            "currency": invoice["currency"],
            "amount": invoice["amount"],
        }
        document["fees"] = [
            {"type": "deposit", "currency": invoice["currency"], "amount": invoice["fee"]}
        ]
    return document


def _remaining(invoice: Json) -> Decimal:
    paid = sum((Decimal(one["amount"]) for one in invoice["parts"]), Decimal(0))
    return max(Decimal(0), Decimal(invoice["sender_amount"]) - paid)


def _confirmations(count: int, number: int) -> int | str:
    return count if number % 2 else str(count)


def _maybe_bare(amount: str, bare: bool) -> str:
    return f"{NUMBER_MARK}{amount}" if bare else amount
