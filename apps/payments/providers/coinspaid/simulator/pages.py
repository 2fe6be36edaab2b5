"""What a tester sees of the gateway, and presses: send coins, approve payouts, resend, faults."""

from decimal import Decimal
from typing import Any

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
from apps.payments.providers.coinspaid.simulator import accounts, gateway, invoices
from apps.payments.providers.coinspaid.simulator.chains import ASSETS
from apps.payments.providers.coinspaid.simulator.documents import callback_document
from apps.payments.providers.coinspaid.simulator.records import (
    PARTNER,
    SETTINGS,
    book,
    courier,
    decimal_or_none,
    encode,
    money,
    parse_amount,
    switchboard,
    transaction,
)
from apps.payments.providers.coinspaid.simulator.records import options as current_options

SHOWN = 100


# ---- pages -------------------------------------------------------------------------------------


def deposits_page(request: HttpRequest) -> HttpResponse:
    return _list_page(request, "deposit", "coinspaid/deposits.html")


def withdrawals_page(request: HttpRequest) -> HttpResponse:
    return _list_page(request, "withdrawal", "coinspaid/withdrawals.html")


def exchanges_page(request: HttpRequest) -> HttpResponse:
    return _list_page(request, "exchange", "coinspaid/exchanges.html")


def invoices_page(request: HttpRequest) -> HttpResponse:
    return _list_page(request, "invoice", "coinspaid/invoices.html")


def accounts_page(request: HttpRequest) -> HttpResponse:
    """The merchant's balances, with every change that made them."""
    code = request.GET.get("currency", "")
    listed = [
        {"code": name, "balance": balance, "opening": accounts.opening(name)}
        for name, balance in accounts.balances().items()
    ]
    context: Json = {
        "accounts": listed,
        "lines": accounts.lines(code if code in ASSETS else "", SHOWN),
        "chosen": code,
        "prices": [(asset.code, accounts.price(asset)) for asset in ASSETS.values()],
    }
    return page(request, "coinspaid/accounts.html", context | _frame())


def invoice_page(request: HttpRequest, number: int) -> HttpResponse:
    """What the customer sees under the invoice's address, with a wallet to pay from."""
    try:
        kept = transaction(number)
    except Refused:
        kept = {}
    if kept.get("kind") != "invoice":
        gone: Json = {"title": "There is no such invoice"}
        return page(request, "coinspaid/gone.html", gone | _frame(), status=404)
    context: Json = {
        "kept": kept,
        "is_open": kept["status"] in invoices.OPEN,
        "document": encode(callback_document(kept)).decode(),
    }
    return page(request, "coinspaid/invoice.html", context | _frame())


def _list_page(request: HttpRequest, kind: str, template: str) -> HttpResponse:
    listed = [document.body for document in book.find("transactions", {"kind": kind}, limit=SHOWN)]
    context: Json = {
        "transactions": [_row(kept) for kept in listed],
        "balances": accounts.balances().items(),
        "options": current_options(),
    }
    return page(request, template, context | _frame())


def addresses_page(request: HttpRequest) -> HttpResponse:
    addresses = [document.body for document in book.find("addresses", limit=SHOWN)]
    return page(request, "coinspaid/addresses.html", {"addresses": addresses} | _frame())


def send_page(request: HttpRequest) -> HttpResponse:
    """`?address=…`: the casino's deposit page links here so that a demo needs no real coins."""
    wanted = request.GET.get("address", "").strip()
    tag = request.GET.get("tag", "").strip()
    addresses = [document.body for document in book.find("addresses", limit=SHOWN)]
    chosen: Json | None = None
    if wanted:
        try:
            chosen = gateway.find_address(wanted, tag)
        except Refused:
            chosen = None
    asset = ASSETS[chosen["currency"]] if chosen else None
    context: Json = {
        "addresses": addresses,
        "chosen": chosen,
        "wanted": wanted,
        "asset": asset,
        "suggested": f"{max(asset.minimum * 10, _worth_100(asset)):f}" if asset else "",
        "coins": [coin for coin in ASSETS.values() if coin.is_crypto],
    }
    return page(request, "coinspaid/send.html", context | _frame())


def _worth_100(asset: Any) -> Decimal:
    """About 100 EUR of it, in few digits."""
    amount = Decimal(100) / asset.price_eur
    return Decimal(f"{amount:.1g}")


def transaction_page(request: HttpRequest, number: int) -> HttpResponse:
    try:
        kept = transaction(number)
    except Refused:
        gone: Json = {"title": "There is no such transaction"}
        return page(request, "coinspaid/gone.html", gone | _frame(), status=404)
    moves = gateway.MOVES[kept["kind"]]
    calls = book.find("callbacks", {"reference": str(number)}, limit=SHOWN)
    context: Json = {
        "kept": _row(kept),
        "moves": sorted(moves.get(kept["status"], set())),
        "statuses": sorted(set().union(*moves.values(), moves)),
        "document": encode(callback_document(kept)).decode(),
        "calls": [call_row(document) for document in calls],
    }
    return page(request, "coinspaid/transaction.html", context | _frame())


def calls_page(request: HttpRequest) -> HttpResponse:
    calls = [call_row(document) for document in book.find("callbacks", limit=SHOWN)]
    return page(request, "coinspaid/calls.html", {"calls": calls} | _frame())


def _frame() -> Json:
    switches = switchboard.current()
    return {
        "vendor": "CoinsPaid",
        "vendor_path": "coinspaid",
        "switches": switches,
        "switches_on": not switches.is_quiet,
        "callback_url": casino_callback_url(book, PARTNER),
    }


def _row(kept: Json) -> Json:
    match kept["kind"]:
        case "deposit":
            address = kept["address"]
            return kept | {"where": address["address"], "who": address["foreign_id"]}
        case "exchange":
            got = f"{kept['receiver_amount']} {kept['receiver_currency']}"
            return kept | {"where": f"for {got}", "who": kept["foreign_id"]}
        case "invoice":
            return kept | {"where": kept["address"], "who": kept["end_user_reference"]}
    return kept | {"where": kept["to_address"], "who": kept["end_user_reference"]}


# ---- controls ----------------------------------------------------------------------------------

switches = control(set_switches(switchboard))
callback_url = control(set_callback_url(book))
resend = repeat_call(courier)


@control
def reset(_data: Json) -> Json:
    book.clear()
    return {"said": "The gateway forgot everything."}


@control
def options(data: Json) -> Json:
    """Set what `records.SETTINGS` lists."""
    chosen: Json = {}
    for name, value in data.items():
        if name not in SETTINGS:
            raise Refused(f"There is no option called {name}.")
        if name == "approval_above_eur":
            if value != "" and decimal_or_none(value) is None:
                raise Refused("The approval limit is an amount in EUR, or empty.")
            chosen[name] = str(value)
        else:
            chosen[name] = flag(value)
    book.put("settings", "options", (book.get("settings", "options") or {}) | chosen)
    return {"said": "The options are set.", "options": current_options()}


@control
def send(data: Json) -> Json:
    """Send coins: `address`, `amount`, for shared addresses `tag`, `currency` for a wrong coin.

    `confirm`: true confirms at once, false stops the blocks, absent lets them come.
    """
    amount = parse_amount(data.get("amount"))
    wanted = str(data.get("address", "")).strip()
    if paid := book.find("transactions", {"kind": "invoice", "address": wanted}, limit=1):
        invoice = invoices.pay(paid[0].body["id"], amount)
        return {"said": f"Paid to invoice {invoice['id']}.", "id": invoice["id"], "txid": None,
                "status": invoice["status"]}  # fmt: skip
    address = gateway.find_address(wanted, str(data.get("tag") or ""))
    deposit = gateway.send_coins(
        address=address,
        amount=amount,
        currency=str(data.get("currency") or ""),
        internal=flag(data.get("internal", False)),
    )
    if data.get("riskscore"):
        with book.locked("transactions", str(deposit["id"])) as kept:
            kept["riskscore"] = str(parse_amount(data["riskscore"]))
    confirm = data.get("confirm")
    if confirm not in (None, "") and deposit["status"] == "not_confirmed":
        book.schedule("transactions", str(deposit["id"]), None)
        if flag(confirm):
            deposit = gateway.move(deposit["id"], "confirmed")
    said = f"{deposit['amount']} {deposit['currency']} sent: transaction {deposit['id']}."
    return {
        "said": said,
        "id": deposit["id"],
        "txid": deposit["txid"],
        "status": deposit["status"],
    }


@control
def mine(_data: Json, number: int) -> Json:
    """One more block, without waiting for it."""
    deposit = gateway.mine_block(number, keep_looking=False)
    return {
        "said": f"{deposit['confirmations']} of {deposit['needed']} confirmations.",
        "status": deposit["status"],
    }


@control
def move(data: Json, number: int) -> Json:
    """Go to `status` with an `error` text; `force` allows what no chain would do."""
    status = str(data.get("status", ""))
    book.schedule("transactions", str(number), None)
    changed = gateway.move(
        number, status, error=str(data.get("error") or ""), is_forced=flag(data.get("force"))
    )
    return {"said": f"The transaction is {status}.", "status": changed["status"]}


@control
def reorganise(data: Json, number: int) -> Json:
    """The chain takes blocks back: `outcome` is `unburied` or `gone`."""
    changed = gateway.reorganise(number, str(data.get("outcome", "")))
    return {"said": "The chain was re-organised.", "status": changed["status"]}


@control
def contradict(data: Json, number: int) -> Json:
    """Report something else than the book says: `status`, `amount`, `address`."""
    changes = {name: data[name] for name in ("status", "amount", "address") if data.get(name)}
    if not changes:
        raise Refused("Say what is reported wrongly: status, amount or address.")
    if "amount" in changes:
        changes["amount"] = money(parse_amount(changes["amount"]))
    gateway.contradict(number, changes)
    return {"said": "The wrong report is on its way."}


@control
def pay_invoice(data: Json, number: int) -> Json:
    """Pay a part or all of an invoice: `amount`; `confirm` makes it final at once."""
    invoice = invoices.pay(number, parse_amount(data.get("amount")))
    if flag(data.get("confirm", False)):
        book.schedule("transactions", str(number), None)
        invoice = invoices.confirm(number)
    return {"said": f"The invoice is {invoice['status']}.", "status": invoice["status"]}


@control
def confirm_invoice(_data: Json, number: int) -> Json:
    book.schedule("transactions", str(number), None)
    invoice = invoices.confirm(number)
    return {"said": f"The invoice is {invoice['status']}.", "status": invoice["status"]}


@control
def expire_invoice(_data: Json, number: int) -> Json:
    """Let the invoice's clock run out."""
    invoice = invoices.expire(number)
    return {"said": f"The invoice is {invoice['status']}.", "status": invoice["status"]}


@control
def set_price(data: Json) -> Json:
    """Give a coin another price: `currency`, `eur`."""
    code = str(data.get("currency", ""))
    if code not in ASSETS:
        raise Refused("There is no such currency.")
    price = parse_amount(data.get("eur"))
    book.put("prices", code, {"eur": str(price)})
    return {"said": f"One {code} is {price} EUR now."}


@control
def set_currency(data: Json) -> Json:
    """Change a line of the currency list: `currency`, and `minimum_amount`, `precision`,
    `visible`, `deposit_fee_percent`, `withdrawal_fee_percent`."""
    code = str(data.get("currency", ""))
    if code not in ASSETS:
        raise Refused("There is no such currency.")
    names = {
        "minimum_amount", "precision", "visible", "deposit_fee_percent", "withdrawal_fee_percent",
    }  # fmt: skip
    changes = {name: value for name, value in data.items() if name in names}
    if "visible" in changes:
        changes["visible"] = flag(changes["visible"])
    book.put("currencies", code, (book.get("currencies", code) or {}) | changes)
    return {"said": f"The list says something else about {code} now."}


@control
def size(_data: Json) -> Json:
    """How many transactions there are; their numbers begin with 5000001."""
    newest = book.find("transactions", limit=1)
    return {"transactions": newest[0].body["id"] - 5_000_000 if newest else 0}


@control
def books(_data: Json) -> Json:
    """Openings, lines and balances per currency, to compare with the casino's."""
    sums: dict[str, Decimal] = {}
    for line in accounts.lines(limit=1_000_000):
        code = line["currency"]
        sums[code] = sums.get(code, Decimal(0)) + Decimal(line["amount"])
    return {
        "accounts": [
            {
                "currency": code,
                "opening": money(accounts.opening(code)),
                "changes": accounts.money_signed(sums.get(code, Decimal(0))),
                "balance": accounts.money_signed(balance),
            }
            for code, balance in accounts.balances().items()
        ]
    }


@control
def resend_latest(data: Json, number: int) -> Json:
    """Send the latest callback of a transaction again, as the vendor's staff can at any time."""
    calls = book.find("callbacks", {"reference": str(number)}, limit=1)
    if not calls:
        raise Refused("Nothing was sent about this transaction yet.", 404)
    return resend(data, calls[0].key)


@control
def transaction_state(_data: Json, number: int) -> Json:
    return transaction(number)


@control
def transactions_of(data: Json) -> Json:
    """Transactions, newest first, that contain `match`; `limit` of them."""
    found = book.find(
        "transactions", json_object(data.get("match")), limit=int(data.get("limit", 100_000))
    )
    return {"transactions": [document.body for document in found]}


repeat = control(resend)
calls_of = control(find_calls(book))
switch_state = control(show_switches(switchboard))
