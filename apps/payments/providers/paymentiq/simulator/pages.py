"""What a tester sees of the vendor, and presses: its transactions, its staff's buttons, faults."""

from django.http import HttpRequest, HttpResponse

from apps.integrations.simulation import (
    Json,
    Refused,
    call_row,
    casino_callback_url,
    control,
    find_calls,
    flag,
    json_object,
    page,
    repeat_call,
    set_callback_url,
    set_switches,
    show_switches,
)
from apps.payments.providers.paymentiq.simulator import gateway
from apps.payments.providers.paymentiq.simulator.gateway import (
    TRANSACTIONS,
    book,
    courier,
    switchboard,
)

SHOWN = 100
ACTIONS = {"verifyuser", "authorize", "transfer", "cancel", "lookupuser", "notification"}


# ---- pages -------------------------------------------------------------------------------------


def transactions_page(request: HttpRequest) -> HttpResponse:
    listed = [document.body for document in book.find(TRANSACTIONS, limit=SHOWN)]
    context: Json = {
        "transactions": listed,
        "options": gateway.options(),
        "totals": gateway.totals(),
    }
    return page(request, "paymentiq/transactions.html", context | _frame())


def transaction_page(request: HttpRequest, number: int) -> HttpResponse:
    try:
        kept = gateway.found(number)
    except Refused:
        gone: Json = {"title": "There is no such transaction"}
        return page(request, "paymentiq/gone.html", gone | _frame(), status=404)
    calls = book.find("callbacks", {"reference": str(number)}, limit=SHOWN)
    context: Json = {
        "kept": kept,
        "is_final": kept["state"] in gateway.FINAL,
        "waits_for_payer": kept["state"] == gateway.WAITING_INPUT,
        "waits_for_approval": kept["state"] == gateway.WAITING_APPROVAL,
        "is_underway": kept["state"] == gateway.PROCESSING and not kept["moved"],
        "undoing": gateway.UNDOING,
        "calls": [call_row(document) for document in calls],
    }
    return page(request, "paymentiq/transaction.html", context | _frame())


def calls_page(request: HttpRequest) -> HttpResponse:
    calls = [call_row(document) for document in book.find("callbacks", limit=SHOWN)]
    return page(request, "paymentiq/calls.html", {"calls": calls} | _frame())


def _frame() -> Json:
    switches = switchboard.current()
    return {
        "vendor": "PaymentIQ",
        "vendor_path": "paymentiq",
        "switches": switches,
        "switches_on": not switches.is_quiet,
        "callback_url": casino_callback_url(book, gateway.PARTNER),
    }


# ---- controls ----------------------------------------------------------------------------------

switches = control(set_switches(switchboard))
callback_url = control(set_callback_url(book))


@control
def reset(_data: Json) -> Json:
    book.clear()
    return {"said": "The vendor forgot everything."}


@control
def options(data: Json) -> Json:
    """Set what `gateway.SETTINGS` names."""
    chosen: Json = {}
    for name, value in data.items():
        if name not in gateway.SETTINGS:
            raise Refused(f"There is no option called {name}.")
        known = gateway.SETTINGS[name]
        if isinstance(known, bool):
            chosen[name] = flag(value)
        elif isinstance(known, int):
            if not str(value).isdigit():
                raise Refused(f"{name} is a whole number.")
            chosen[name] = int(value)
        else:
            chosen[name] = str(value)
    if chosen.get("approval", "casino") not in {"casino", "automatic"}:
        raise Refused("Approval is by the casino or automatic.")
    if "fee" in chosen and chosen["fee"] != "0":
        gateway.parse_amount(chosen["fee"], "EUR")
    book.put("settings", "options", (book.get("settings", "options") or {}) | chosen)
    return {"said": "The options are set.", "options": gateway.options()}


@control
def start(data: Json) -> Json:
    """A payment as the cashier makes it: direction, method, userId, sessionId, amount, currency.

    `outcome`: what the payer does at the provider (success, failure, cancel, pending); absent:
    nothing yet.
    """
    kept = gateway.start(
        direction=str(data.get("direction", "deposit")),
        method_code=str(data.get("method", "creditcard")),
        user_id=str(data.get("userId", "")),
        session_id=str(data.get("sessionId", "")),
        amount=str(data.get("amount", "")),
        currency=str(data.get("currency") or ""),
    )
    outcome = str(data.get("outcome") or "")
    if outcome and kept["state"] not in gateway.FINAL:
        kept = gateway.payer_says(kept["id"], outcome)
    return {"said": f"Transaction {kept['id']} is {kept['state']}.", "transaction": kept}


@control
def register(data: Json) -> Json:
    """A transaction nobody was asked about yet: userId, amount (signed), currency, name, origin."""
    written = str(data.get("amount", ""))
    currency = str(data.get("currency") or "EUR")
    value = gateway.parse_amount(written.removeprefix("-"), currency)
    origin = data.get("origin")
    kept = gateway.register(
        user_id=str(data.get("userId", "")),
        amount=-value if written.startswith("-") else value,
        currency=currency,
        name=str(data.get("name") or "CreditcardDeposit"),
        provider=str(data.get("provider") or "BamboraGa"),
        account=str(data.get("account") or ""),
        origin=int(origin) if origin else None,
    )
    return {"said": f"Transaction {kept['id']} is registered.", "transaction": kept}


@control
def call(data: Json, number: int) -> Json:
    """One call about a transaction by hand: `action`, `changes` to its document (null removes)."""
    action = str(data.get("action", ""))
    if action not in ACTIONS:
        raise Refused(f"The action is one of {', '.join(sorted(ACTIONS))}.")
    changes = data.get("changes") or {}
    document = gateway.document(action, gateway.found(number))
    for name, value in changes.items():
        if value is None:
            document.pop(name, None)
        else:
            document[name] = value
    answer = gateway.ask(action, document, str(number))
    if action == "authorize" and answer.json.get("success") is True:
        with gateway.transaction(number) as kept:
            kept["authCode"] = answer.json.get("authCode") or ""
            kept["merchantTxId"] = answer.json.get("merchantTxId") or ""
    if action == "transfer" and answer.status == 200:
        with gateway.transaction(number) as kept:
            kept["moved"] = kept["moved"] or str(document.get("txAmount", ""))
    return {
        "said": f"The casino answered {answer.status}.",
        "status": answer.status,
        "answer": answer.json,
    }


@control
def send(data: Json) -> Json:
    """Any call: `action` and its whole `document`, or `raw` text that need not be JSON."""
    action = str(data.get("action", ""))
    raw = data.get("raw")
    if raw is None:
        answer = gateway.ask(action, data.get("document") or {}, f"by hand {action}")
    else:
        answer = courier.ask(
            kind=action,
            url=f"{casino_callback_url(book, gateway.PARTNER)}/{action}",
            body=str(raw).encode(),
            reference=f"by hand {action}",
        )
    return {
        "said": f"The casino answered {answer.status}.",
        "status": answer.status,
        "answer": answer.json,
    }


@control
def payer(data: Json, number: int) -> Json:
    """The payer's part is over: `outcome`, and an `amount` that differs from the agreed one."""
    kept = gateway.payer_says(
        number, str(data.get("outcome", "success")), amount=str(data.get("amount") or "")
    )
    return {"said": f"The transaction is {kept['state']}.", "transaction": kept}


@control
def move_money(data: Json, number: int) -> Json:
    """The provider has moved it: `amount` (another one), `after_seconds` until the transfer."""
    after = data.get("after_seconds")
    kept = gateway.move_money(
        number,
        amount=str(data.get("amount") or ""),
        after_seconds=float(after) if after not in (None, "") else None,
    )
    return {"said": f"{kept['moved']} moved.", "transaction": kept}


@control
def staff(data: Json, number: int) -> Json:
    """The vendor's staff: `order` is approve, deny, hold, force; force takes `state` and `send`."""
    order = str(data.get("order", ""))
    if order == "force":
        kept = gateway.force(number, str(data.get("state", "")), str(data.get("send", "none")))
    elif order in {"approve", "deny", "hold"}:
        kept = {"approve": gateway.approve, "deny": gateway.deny, "hold": gateway.hold}[order](
            number
        )
    else:
        raise Refused("The order is approve, deny, hold or force.")
    return {"said": f"The transaction is {kept['state']}.", "transaction": kept}


@control
def undo(data: Json, number: int) -> Json:
    """A `kind` of undoing, its `amount`, its `outcome`; `announce` false: without authorize."""
    kept = gateway.undo(
        number,
        str(data.get("kind", "Refund")),
        amount=str(data.get("amount") or ""),
        outcome=str(data.get("outcome") or "success"),
        announce=flag(data.get("announce", True)),
    )
    return {"said": f"{kept['txName']} {kept['id']} of {number}.", "transaction": kept}


@control
def pay_again(data: Json, number: int) -> Json:
    kept = gateway.pay_again(number, announce=flag(data.get("announce", True)))
    return {"said": f"Paid again as {kept['id']}.", "transaction": kept}


@control
def transaction(_data: Json, number: int) -> Json:
    return gateway.found(number)


@control
def transactions_of(data: Json) -> Json:
    """Transactions, newest first, that contain `match`."""
    found = book.find(TRANSACTIONS, json_object(data.get("match")), limit=100_000)
    return {"transactions": [document.body for document in found]}


@control
def totals(_data: Json) -> Json:
    return {"totals": gateway.totals()}


repeat = control(repeat_call(courier))
calls_of = control(find_calls(book))
switch_state = control(show_switches(switchboard))
