"""The vendor's own records: transactions, their states, and the calls to the casino about them.

The traps of the document are kept: ids are numbers in one call and text in the next, `txTypeId`
changes between calls, optional fields are absent or null, and nobody promises a retry.
"""

import base64
import json
import uuid
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings

from apps.integrations.simulation import (
    Answer,
    Book,
    Courier,
    Json,
    Refused,
    Switchboard,
    casino_callback_url,
    vendor_seconds,
)
from apps.payments.providers.paymentiq.simulator.methods import METHODS, decimals

PARTNER = "paymentiq"
TRANSACTIONS = "transactions"
FIRST_ID = 26720
READ_TIMEOUT_SECONDS = 10
# None is documented. Switched on, a call without a good answer is made again this often.
RETRY_MINUTES = (1, 5, 15, 60)
BANK_SECONDS = 120  # of the vendor's time until a bank transfer is reported, or a payout done

SUCCESSFUL, FAILED, CANCELLED = "SUCCESSFUL", "FAILED", "CANCELLED"
INCONSISTENT, WAITING_APPROVAL, WAITING_INPUT = "INCONSISTENT", "WAITING_APPROVAL", "WAITING_INPUT"
PROCESSING, REGISTERED = "PROCESSING", "REGISTERED"
FINAL = {SUCCESSFUL, FAILED, CANCELLED}
PAYER_DONE = "the payer has done their part"
UNDOING = ("Refund", "Reversal", "Chargeback", "Void")
SETTINGS = {
    "withdrawals_auto": True,  # payouts that are approved are made by themselves
    "deposits_auto": True,  # bank transfers arrive by themselves
    "approval": "casino",  # or "automatic": payouts are approved here at once
    "retries": False,  # calls without a good answer are made again
    "cancel_after_timeout": True,  # an authorize without an answer is followed by a cancel
    "transfer_delay_seconds": 0,  # between the provider's word and the transfer
    "fee": "0",  # taken from the payer beside the amount
}


def credential(body: bytes) -> dict[str, str]:
    """The vendor signs nothing; a body with a blank at its end marks the forged credential."""
    wrong = "wrong-" if body.endswith(b" ") else ""
    if settings.PAYMENTIQ_BEARER:
        return {"Authorization": f"Bearer {wrong}{settings.PAYMENTIQ_BEARER}"}
    pair = f"{settings.PAYMENTIQ_USERNAME}:{wrong}{settings.PAYMENTIQ_PASSWORD}"
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def heard(call: Json, answer: Answer) -> None:
    """What the casino said to a transfer or cancel decides what the transaction is."""
    action = str(call["kind"])
    if action not in {"transfer", "cancel"} or not call["reference"].isdigit():
        return
    accepted = answer.status == 200 and answer.json.get("success") is True
    with transaction(int(call["reference"])) as kept:
        _note(kept, f"{action}: {_said(answer)}")
        if action == "transfer" and accepted and kept["moved"]:
            kept["state"], kept["statusCode"] = SUCCESSFUL, "0"
            kept["merchantTxId"] = answer.json.get("merchantTxId") or kept["merchantTxId"]
        elif action == "transfer" and not accepted:
            kept["state"] = INCONSISTENT
            kept["statusCode"] = "402" if answer.status else "400"


book = Book(PARTNER)
switchboard = Switchboard(book)
courier = Courier(
    book,
    switchboard,
    sign=credential,
    retry_minutes=(),
    timeout_seconds=READ_TIMEOUT_SECONDS,
    heard=heard,
)


def deliver_due() -> int:
    courier.retry_minutes = RETRY_MINUTES if options()["retries"] else ()
    return courier.deliver_due()


def options() -> Json:
    return SETTINGS | (book.get("settings", "options") or {})


def money(amount: Decimal, currency: str) -> str:
    return f"{amount:.{decimals(currency)}f}"


def parse_amount(value: Any, currency: str) -> Decimal:
    """Raises Refused for anything but a positive amount with as many decimals as it has."""
    text = str(value or "").strip().replace(",", ".")
    whole, _, fraction = text.partition(".")
    if not whole.isdigit() or (fraction and not fraction.isdigit()) or len(text) > 18:
        raise Refused("The amount is a number.")
    if len(fraction) > decimals(currency) or Decimal(text) <= 0:
        raise Refused(f"The amount is above zero, with {decimals(currency)} decimals at most.")
    return Decimal(text)


# ---- calls to the casino -------------------------------------------------------------------------


def ask(action: str, document: Json, reference: str) -> Answer:
    """Call now and wait for the answer."""
    return courier.ask(kind=action, url=_url(action), body=encode(document), reference=reference)


def post(action: str, document: Json, reference: str, *, after_seconds: float = 0) -> str:
    return courier.post(
        kind=action,
        url=_url(action),
        body=encode(document),
        reference=reference,
        after_seconds=after_seconds,
    )


def _url(action: str) -> str:
    return f"{casino_callback_url(book, PARTNER)}/{action}"


def encode(document: Json) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


def verify(user_id: str, session_id: str) -> Json:
    """The user as the casino describes them; empty when it does not."""
    answer = ask("verifyuser", {"sessionId": session_id, "userId": user_id}, f"user {user_id}")
    said = answer.json
    return said if answer.status == 200 and said.get("success") is True else {}


# ---- transactions --------------------------------------------------------------------------------


def transaction(number: int) -> AbstractContextManager[Json]:
    """The record, locked; changes are kept."""
    return book.locked(TRANSACTIONS, str(number))


def found(number: int) -> Json:
    kept = book.get(TRANSACTIONS, str(number))
    if kept is None:
        raise Refused("There is no such transaction.", 404)
    return kept


def register(
    *,
    user_id: str,
    amount: Decimal,
    currency: str,
    name: str,
    provider: str,
    account: str = "",
    origin: int | None = None,
    attributes: Json | None = None,
) -> Json:
    """A new transaction. amount: above zero is for the player's wallet."""
    number = book.number("transactions", start=FIRST_ID)
    kept: Json = {
        "id": number,
        "merchantId": settings.PAYMENTIQ_MERCHANT_ID,
        "txRefId": f"{settings.PAYMENTIQ_MERCHANT_ID}A{number}",
        "userId": user_id,
        "txAmount": money(amount, currency),
        "txAmountCy": currency,
        "txName": name,
        "provider": provider,
        "maskedAccount": account,
        "originTxId": origin,
        "attributes": attributes or {},
        "state": REGISTERED,
        "statusCode": "200",
        "authCode": "",
        "merchantTxId": "",
        "pspRefId": "",
        "fee": "0",
        "moved": "",  # the signed amount the provider has moved
        "words": "",
        "created": _now(),
        "updated": _now(),
        "log": [],
    }
    book.insert(TRANSACTIONS, str(number), kept)
    return kept


def authorize(number: int) -> Json:
    """Ask the casino; a no or no answer ends the transaction."""
    kept = found(number)
    answer = ask("authorize", document("authorize", kept), str(number))
    said = answer.json
    with transaction(number) as current:
        _note(current, f"authorize: {_said(answer)}")
        if answer.status == 200 and said.get("success") is True:
            current["state"], current["statusCode"] = PROCESSING, "204"
            current["authCode"] = said.get("authCode") or ""
            current["merchantTxId"] = said.get("merchantTxId") or ""
        elif answer.status == 200:
            current["state"] = FAILED
            current["statusCode"] = "513" if said.get("errCode") else "522"
            current["words"] = said.get("errMsg") or ""
        else:
            current["state"] = FAILED
            current["statusCode"] = "400" if answer.status is None else "510"
    kept = found(number)
    if kept["statusCode"] == "400" and options()["cancel_after_timeout"]:
        post("cancel", document("cancel", kept), str(number))
    return kept


def move_money(number: int, *, amount: str = "", after_seconds: float | None = None) -> Json:
    """The provider has moved it: transfer. amount: another one than was authorised, unsigned."""
    chosen = options()
    with transaction(number) as kept:
        sign = -1 if Decimal(kept["txAmount"]) < 0 else 1
        currency = kept["txAmountCy"]
        booked = sign * parse_amount(amount, currency) if amount else Decimal(kept["txAmount"])
        kept["moved"] = money(booked, currency)
        kept["fee"] = str(chosen["fee"])
        kept["pspRefId"] = kept["pspRefId"] or uuid.uuid4().hex[:16]
        kept["state"], kept["statusCode"] = PROCESSING, "210"
        _note(kept, f"the provider moved {kept['moved']}")
    kept = found(number)
    wait = float(chosen["transfer_delay_seconds"]) if after_seconds is None else after_seconds
    post("transfer", document("transfer", kept), str(number), after_seconds=wait)
    return kept


def fail(number: int, code: str, words: str = "") -> Json:
    """The provider or somebody says no: cancel."""
    with transaction(number) as kept:
        kept["state"] = CANCELLED if code.startswith("6") else FAILED
        kept["statusCode"] = code
        kept["words"] = words
        _note(kept, f"ended with {code}")
    kept = found(number)
    post("cancel", document("cancel", kept), str(number))
    return kept


def force(number: int, state: str, send: str) -> Json:
    """Staff give a transaction a final state, whatever it was, and choose the call that follows."""
    if state not in FINAL or send not in {"transfer", "cancel", "none"}:
        raise Refused("The state is a final one, the call transfer, cancel or none.")
    with transaction(number) as kept:
        kept["state"] = state
        kept["statusCode"] = {SUCCESSFUL: "0", FAILED: "599", CANCELLED: "601"}[state]
        if state == SUCCESSFUL and not kept["moved"]:
            kept["moved"] = kept["txAmount"]
        _note(kept, f"forced to {state}, {send}")
    kept = found(number)
    if send != "none":
        post(send, document(send, kept), str(number))
    return kept


# ---- payments ------------------------------------------------------------------------------------


def start(
    *,
    direction: str,
    method_code: str,
    user_id: str,
    session_id: str,
    amount: str,
    currency: str = "",
    attributes: Json | None = None,
) -> Json:
    """What the cashier does when a player presses the button; the transaction as it then is."""
    if direction not in {"deposit", "withdrawal"} or method_code not in METHODS:
        raise Refused("There is no such payment method.", 404)
    method = METHODS[method_code]
    user = verify(user_id, session_id)
    currency = currency or str(user.get("balanceCy") or "EUR")
    value = parse_amount(amount, currency)
    kept = register(
        user_id=user_id,
        amount=value if direction == "deposit" else -value,
        currency=currency,
        name=f"{method.name}{direction.capitalize()}",
        provider=method.provider,
        account=method.account,
        attributes=attributes,
    )
    if not user:
        with transaction(kept["id"]) as current:
            current["state"], current["statusCode"] = FAILED, "548"
        return found(kept["id"])
    kept = authorize(kept["id"])
    if kept["state"] != PROCESSING:
        return kept
    return _waits(kept, direction, method_code)


def _waits(kept: Json, direction: str, method_code: str) -> Json:
    """After a yes: a payer has something to do, or a payout waits for approval."""
    number = kept["id"]
    with transaction(number) as current:
        if direction == "withdrawal":
            current["state"], current["statusCode"] = WAITING_APPROVAL, "351"
        else:
            is_card = method_code == "creditcard"
            current["state"], current["statusCode"] = WAITING_INPUT, "301" if is_card else "303"
    if direction == "withdrawal" and options()["approval"] == "automatic":
        return approve(number)
    return found(number)


def payer_says(number: int, outcome: str, *, amount: str = "") -> Json:
    """The step at the provider is over: `success`, `failure`, or `pending` (it takes a while)."""
    kept = found(number)
    if kept["state"] in FINAL:
        return kept
    if outcome == "success":
        return move_money(number, amount=amount)
    if outcome == "failure":
        return fail(number, "504")
    if outcome == "cancel":
        return fail(number, "600")
    if outcome != "pending":
        raise Refused("The outcome is success, failure, cancel or pending.")
    with transaction(number) as current:
        current["state"], current["statusCode"] = WAITING_INPUT, "303"
        _note(current, PAYER_DONE)
    if options()["deposits_auto"]:
        book.schedule(TRANSACTIONS, str(number), _in(BANK_SECONDS))
    return found(number)


def approve(number: int) -> Json:
    """A waiting payout may be made. Raises Refused in any other state."""
    with transaction(number) as kept:
        if kept["state"] != WAITING_APPROVAL:
            raise Refused(f"The transaction is {kept['state']}.", 409)
        kept["state"], kept["statusCode"] = PROCESSING, "1"
        _note(kept, "approved")
    if options()["withdrawals_auto"]:
        book.schedule(TRANSACTIONS, str(number), _in(BANK_SECONDS / 2))
    return found(number)


def deny(number: int, code: str = "601") -> Json:
    with transaction(number) as kept:
        if kept["state"] != WAITING_APPROVAL:
            raise Refused(f"The transaction is {kept['state']}.", 409)
    return fail(number, code)


def hold(number: int) -> Json:
    with transaction(number) as kept:
        if kept["state"] != WAITING_APPROVAL:
            raise Refused(f"The transaction is {kept['state']}.", 409)
        kept["statusCode"] = "355"
    return found(number)


def undo(
    number: int, kind: str, *, amount: str = "", outcome: str = "success", announce: bool = True
) -> Json:
    """A refund, reversal or chargeback: a transaction of its own, with the sign turned round."""
    if kind not in UNDOING:
        raise Refused(f"The kind is one of {', '.join(UNDOING)}.")
    original = found(number)
    currency = original["txAmountCy"]
    whole = Decimal(original["moved"] or original["txAmount"])
    part = parse_amount(amount, currency) if amount else abs(whole)
    kept = register(
        user_id=original["userId"],
        amount=-part if whole > 0 else part,
        currency=currency,
        name=kind,
        provider=original["provider"],
        account=original["maskedAccount"],
        origin=number,
    )
    if announce:
        authorize(kept["id"])
    if outcome == "failure":
        return fail(kept["id"], "525")
    return move_money(kept["id"]) if outcome == "success" else found(kept["id"])


def pay_again(number: int, *, announce: bool = True) -> Json:
    """The provider took a payment twice: another transaction that names the first."""
    original = found(number)
    kept = register(
        user_id=original["userId"],
        amount=Decimal(original["moved"] or original["txAmount"]),
        currency=original["txAmountCy"],
        name=original["txName"],
        provider=original["provider"],
        account=original["maskedAccount"],
        origin=number,
    )
    if announce:
        authorize(kept["id"])
    return move_money(kept["id"])


def go_on() -> int:
    """What happens without anybody: bank transfers arrive, approved payouts are made."""
    due = book.take_due(TRANSACTIONS)
    for one in due:
        number = int(one.key)
        book.schedule(TRANSACTIONS, one.key, None)
        if one.body["state"] in {WAITING_INPUT, PROCESSING} and not one.body["moved"]:
            move_money(number)
    return len(due)


# ---- documents -----------------------------------------------------------------------------------


def document(action: str, kept: Json) -> Json:
    """One call about a transaction, with the document's own inconsistencies."""
    number = kept["id"]
    is_transfer = action == "transfer"
    shown: Json = {
        "userId": kept["userId"],
        "txId": number if number % 2 else str(number),
        "txAmount": kept["moved"] if is_transfer and kept["moved"] else kept["txAmount"],
        "txAmountCy": kept["txAmountCy"],
        "txTypeId": "101" if action == "authorize" else 108,
        "txName": kept["txName"],
        "provider": kept["provider"],
        "pspService": None,
        "maskedAccount": kept["maskedAccount"],
        "attributes": kept["attributes"],
    }
    if kept["originTxId"]:
        shown["originTxId"] = kept["originTxId"]
    if action != "authorize" and kept["authCode"]:
        shown["authCode"] = kept["authCode"]
    if is_transfer:
        fee = Decimal(kept["fee"])
        shown |= {
            "txPspAmount": money(abs(Decimal(shown["txAmount"])) + fee, kept["txAmountCy"]),
            "txPspAmountCy": kept["txAmountCy"],
            "fee": money(fee, kept["txAmountCy"]),
            "feeCy": kept["txAmountCy"],
            "feeMode": "A",
            "txRefId": kept["txRefId"],
            "pspRefId": kept["pspRefId"],
            "pspStatusMessage": "",
        }
    if action == "cancel":
        shown |= {
            "statusCode": kept["statusCode"],
            "pspStatusCode": None,
            "pspStatusMessage": kept["words"],
        }
    return shown


def listed(kept: Json) -> Json:
    """A transaction as the Admin API shows it."""
    names = (
        "id merchantId txRefId userId txAmount txAmountCy txName provider originTxId state statusCode"
        " merchantTxId pspRefId maskedAccount fee created updated"
    )
    shown = {name: kept[name] for name in names.split()}
    return shown | {"txAmount": kept["moved"] or kept["txAmount"]}


def totals() -> list[Json]:
    """What providers have moved, per user and currency: the vendor's own book."""
    sums: dict[tuple[str, str], Decimal] = {}
    for one in book.find(TRANSACTIONS, limit=100_000):
        if one.body["moved"]:
            key = (one.body["userId"], one.body["txAmountCy"])
            sums[key] = sums.get(key, Decimal(0)) + Decimal(one.body["moved"])
    return [
        {"userId": user, "currency": currency, "total": money(total, currency)}
        for (user, currency), total in sorted(sums.items())
    ]


def _note(kept: Json, words: str) -> None:
    kept["updated"] = _now()
    kept["log"].append({"at": kept["updated"], "words": words})


def _said(answer: Answer) -> str:
    said = answer.json
    if answer.status == 200 and said:
        return "yes" if said.get("success") else f"no, {said.get('errCode')} {said.get('errMsg')}"
    return answer.note or str(answer.status)


def _in(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=vendor_seconds(seconds))


def _now() -> str:
    return datetime.now(UTC).isoformat()
