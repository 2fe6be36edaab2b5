"""The gateway's own records of addresses, deposits and withdrawals, and the moves they can make.

A deposit waits in the mempool until the chain has buried it deep enough; a payout is sent after a
while; both may be told by a tester to do what real ones do rarely, or never.
"""

from datetime import UTC, datetime
from decimal import Decimal

from apps.integrations.simulation import Json, Refused, casino_callback_url
from apps.payments.providers.coinspaid.simulator import accounts, chains
from apps.payments.providers.coinspaid.simulator.chains import ASSETS, Asset
from apps.payments.providers.coinspaid.simulator.documents import callback_document, deposit_amounts
from apps.payments.providers.coinspaid.simulator.records import (
    PARTNER,
    book,
    courier,
    encode,
    locked,
    look_again,
    money,
    new_number,
    new_part,
    options,
    stamp,
    transaction,
)

LOOKS_PER_DEPOSIT = 5
BELOW_MINIMUM = "Transaction amount less than minimum deposit"
REORGANISED = "The transaction is not on the chain any more"
REFUSED_STATUSES = {"declined", "cancelled", "failed"}

DEPOSIT_MOVES = {"not_confirmed": {"confirmed", "cancelled"}}
WITHDRAWAL_MOVES = {
    "processing": {"pending", "confirmed", "declined", "cancelled", "failed"},
    "pending": {"processing", "declined", "cancelled"},
}
EXCHANGE_MOVES = {"processing": {"confirmed", "cancelled", "failed"}}
INVOICE_MOVES = {
    "created": {"processing", "confirmed", "failed"},
    "processing": {"confirmed", "failed"},
}
MOVES = {
    "deposit": DEPOSIT_MOVES,
    "withdrawal": WITHDRAWAL_MOVES,
    "exchange": EXCHANGE_MOVES,
    "invoice": INVOICE_MOVES,
}


# ---- addresses ---------------------------------------------------------------------------------


def take_address(
    *, asset: Asset, foreign_id: str, end_user_reference: str, convert_to: str, sender: Json
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
        "sender": sender,
        "taken_at": stamp(),
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


def send_coins(
    *, address: Json, amount: Decimal, currency: str = "", internal: bool = False
) -> Json:
    """A customer's coins enter the chain: seen at once, confirmed later.

    internal: from another merchant of the gateway; such a transfer is on no chain.
    """
    asset = ASSETS.get(currency or address["currency"])
    if asset is None or not asset.is_crypto:
        raise Refused("There is no such coin.")
    number = new_number()
    deposit: Json = {
        "id": number,
        "kind": "deposit",
        "type": "deposit_exchange" if address["convert_to"] else "deposit",
        "status": "not_confirmed",
        "address": address,
        "currency": asset.code,
        "cross_currency": asset.code != address["currency"],
        "internal": internal,
        "amount": money(amount),
        "rate": "",
        "confirmations": 0,
        "needed": asset.confirmations,
        "txid": f"internal-{number}" if internal else chains.new_transaction_hash(asset),
        "part": new_part(),
        "error": "",
        "at": stamp(),
    }
    target = ASSETS[address["convert_to"] or asset.code]
    if target is not asset:
        # The rate of the moment it is seen stays, so that every report says the same.
        deposit["rate"] = f"{accounts.price(asset) / accounts.price(target):f}"
    is_small = amount < asset.minimum
    if is_small:
        deposit |= {"status": "cancelled", "error": BELOW_MINIMUM, "finished_on": _today()}
    book.insert("transactions", str(number), deposit)
    if is_small:
        if options()["report_below_minimum"]:
            report(number)
            report(number)
        return deposit
    report(number)
    if options()["deposits_auto"]:
        look_again(number)
    return deposit


def mine_block(number: int, *, keep_looking: bool = True) -> Json:
    """Some more confirmations; with the last one the deposit is confirmed and reported."""
    deposit: Json
    with locked(number, "deposit") as deposit:
        if deposit["status"] != "not_confirmed":
            raise Refused("The deposit is final.", 409)
        step = max(1, -(-deposit["needed"] // LOOKS_PER_DEPOSIT))
        deposit["confirmations"] = min(deposit["needed"], deposit["confirmations"] + step)
        is_enough = deposit["confirmations"] >= deposit["needed"]
    if is_enough:
        return move(number, "confirmed")
    if options()["report_confirmations"]:
        report(number)
    if keep_looking:
        look_again(number)
    return deposit


def reorganise(number: int, outcome: str) -> Json:
    """The chain takes blocks back: the coins are `unburied` again, or `gone` for good.

    Of a confirmed deposit the gateway carries the risk; `gone` then tells what it never should.
    """
    deposit: Json
    with locked(number, "deposit") as deposit:
        if outcome == "unburied" and deposit["status"] != "not_confirmed":
            raise Refused("It is final: it can only be gone.", 409)
        if outcome not in {"unburied", "gone"}:
            raise Refused("A re-organisation leaves coins unburied or gone.")
        deposit["confirmations"] = 0
    if outcome == "gone":
        book.schedule("transactions", str(number), None)
        return move(number, "cancelled", error=REORGANISED, is_forced=True)
    report(number)
    if options()["deposits_auto"]:
        look_again(number)
    return deposit


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
    people: Json,
) -> Json | None:
    """Note a payout and set it aside; None when the foreign id is taken."""
    number = new_number()
    target = ASSETS[convert_to or asset.code]
    received = amount if target is asset else accounts.convert(amount, asset, target)
    if not book.insert("foreign ids", foreign_id, {"id": number}):
        return None
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
        "people": people,
        "fees": _withdrawal_fees(asset, target, amount),
        "is_funded": accounts.has(asset.code, amount),
        "txid": None,
        "part": new_part(),
        "error": "",
        "at": stamp(),
    }
    accounts.settle(withdrawal, effects(withdrawal))
    if withdrawal["is_funded"] and _needs_owner(asset, amount):
        withdrawal["status"] = "pending"
    book.insert("transactions", str(number), withdrawal)
    if withdrawal["status"] == "pending":
        report(number)
    elif options()["withdrawals_auto"]:
        look_again(number, blocks=3)
    return withdrawal


def send_withdrawal(number: int) -> Json:
    withdrawal = transaction(number)
    if withdrawal.get("is_funded"):
        return move(number, "confirmed")
    return move(number, "failed", error="Not enough balance")


def _needs_owner(asset: Asset, amount: Decimal) -> bool:
    limit = str(options()["approval_above_eur"])
    return bool(limit) and amount * accounts.price(asset) > Decimal(limit)


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


def move(number: int, status: str, *, error: str = "", is_forced: bool = False) -> Json:
    """Go to another status and report it.

    is_forced: also where no real transaction would go, to see what the casino makes of it.
    Raises Refused (409) for an impossible move.
    """
    before = transaction(number)
    moves = MOVES[before["kind"]]
    with locked(number, before["kind"]) as kept:
        if not is_forced and status not in moves.get(kept["status"], set()):
            raise Refused(f"It is {kept['status']} and cannot become {status}.", 409)
        if is_forced and status not in set().union(*moves.values(), moves):
            raise Refused("There is no such status.")
        kept["status"] = status
        kept["error"] = error
        if status not in moves:
            kept.setdefault("finished_on", _today())
            kept.setdefault("finished_at", stamp())
        if kept["kind"] == "deposit" and status == "confirmed":
            kept["confirmations"] = kept["needed"]
        if kept["kind"] == "withdrawal" and status == "confirmed":
            kept["txid"] = kept["txid"] or chains.new_transaction_hash(
                ASSETS[kept["receiver_currency"]]
            )
        accounts.settle(kept, effects(kept))
        changed = dict(kept)
    if status == "processing" and changed["kind"] == "withdrawal" and options()["withdrawals_auto"]:
        look_again(number)
    report(number)
    return changed


def effects(kept: Json) -> dict[str, Decimal]:
    """What a transaction in its present state has done to the merchant's accounts."""
    found: dict[str, Decimal] = {}

    def add(code: str, amount: str, sign: int = 1) -> None:
        found[code] = found.get(code, Decimal(0)) + sign * Decimal(amount)

    is_confirmed = kept["status"] == "confirmed"
    match kept["kind"]:
        case "deposit" if is_confirmed:
            received = deposit_amounts(kept)
            add(received["currency"], received["net"])
            if coin := ASSETS[kept["currency"]].fee_coin:
                add(coin, money(chains.TRANSFER_FEE), -1)
        case "invoice" if is_confirmed:
            add(kept["currency"], kept["net"])
        case "withdrawal" if is_confirmed or kept["is_funded"]:
            if kept["status"] not in REFUSED_STATUSES:
                add(kept["currency"], kept["amount"], -1)
            for fee in kept["fees"] if is_confirmed else []:
                add(fee["currency"], fee["amount"], -1)
        case "exchange" if kept["status"] not in REFUSED_STATUSES:
            add(kept["currency"], kept["amount"], -1)
            if is_confirmed:
                add(kept["receiver_currency"], kept["receiver_amount"])
    return found


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


# ---- callbacks ---------------------------------------------------------------------------------


def report(number: int) -> str:
    """Queue the callback about a transaction as it is now."""
    kept = transaction(number)
    return _post(kept, kept["status"], callback_document(kept))


def contradict(number: int, changes: Json, after_seconds: float = 0) -> str:
    """Queue a callback that says something else than the book does: `status`, `amount`, `address`.

    The gateway's own record stays as it is: this is a mistake of theirs, rightly signed.
    """
    kept = transaction(number)
    status = str(changes.get("status") or kept["status"])
    document = callback_document(kept | {"status": status})
    if amount := changes.get("amount"):
        for name in ("currency_sent", "currency_received"):
            if name in document:
                document[name] |= {"amount": str(amount)}
                if "amount_minus_fee" in document[name]:
                    document[name]["amount_minus_fee"] = str(amount)
    if address := changes.get("address"):
        document.setdefault("crypto_address", {})["address"] = str(address)
    return _post(kept, status, document, after_seconds)


def _post(kept: Json, status: str, document: Json, after_seconds: float = 0) -> str:
    url = casino_callback_url(book, PARTNER).rstrip("/") + "/"
    return courier.post(
        kind=status,
        url=url,
        body=encode(document),
        reference=str(kept["id"]),
        after_seconds=after_seconds,
    )
