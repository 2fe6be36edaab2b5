"""What a tester sees of the gateway, and presses: send coins, approve payouts, resend, faults."""

from dataclasses import asdict
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse

from apps.integrations.simulation import (
    Document,
    Json,
    Refused,
    casino_callback_url,
    control,
    page,
    set_callback_url,
    set_switches,
)
from apps.payments.providers.coinspaid.simulator import gateway
from apps.payments.providers.coinspaid.simulator.chains import ASSETS
from apps.payments.providers.coinspaid.simulator.gateway import book, courier, switchboard

SHOWN = 100


# ---- pages -------------------------------------------------------------------------------------


def deposits_page(request: HttpRequest) -> HttpResponse:
    return _list_page(request, "deposit", "coinspaid/deposits.html")


def withdrawals_page(request: HttpRequest) -> HttpResponse:
    return _list_page(request, "withdrawal", "coinspaid/withdrawals.html")


def _list_page(request: HttpRequest, kind: str, template: str) -> HttpResponse:
    listed = [document.body for document in book.find("transactions", {"kind": kind}, limit=SHOWN)]
    context: Json = {
        "transactions": [_row(kept) for kept in listed],
        "balances": gateway.balances().items(),
        "options": gateway.options(),
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
        kept = gateway.transaction(number)
    except Refused:
        gone: Json = {"title": "There is no such transaction"}
        return page(request, "coinspaid/gone.html", gone | _frame(), status=404)
    moves = gateway.DEPOSIT_MOVES if kept["kind"] == "deposit" else gateway.WITHDRAWAL_MOVES
    calls = book.find("callbacks", {"reference": str(number)}, limit=SHOWN)
    context: Json = {
        "kept": _row(kept),
        "moves": sorted(moves.get(kept["status"], set())),
        "statuses": sorted(set().union(*moves.values(), moves)),
        "document": gateway.encode(gateway.callback_document(kept)).decode(),
        "calls": [_call_row(document) for document in calls],
    }
    return page(request, "coinspaid/transaction.html", context | _frame())


def calls_page(request: HttpRequest) -> HttpResponse:
    calls = [_call_row(document) for document in book.find("callbacks", limit=SHOWN)]
    return page(request, "coinspaid/calls.html", {"calls": calls} | _frame())


def _frame() -> Json:
    switches = switchboard.current()
    return {
        "vendor": "CoinsPaid",
        "vendor_path": "coinspaid",
        "switches": switches,
        "switches_on": not switches.is_quiet,
        "callback_url": casino_callback_url(book, gateway.PARTNER),
    }


def _row(kept: Json) -> Json:
    if kept["kind"] == "deposit":
        return kept | {"where": kept["address"]["address"], "who": kept["address"]["foreign_id"]}
    return kept | {"where": kept["to_address"], "who": kept["end_user_reference"]}


def _call_row(document: Document) -> Json:
    return document.body | {
        "key": document.key,
        "at": document.created_at,
        "due_at": document.due_at,
    }


# ---- controls ----------------------------------------------------------------------------------

switches = control(set_switches(switchboard))
callback_url = control(set_callback_url(book))


@control
def reset(_data: Json) -> Json:
    book.clear()
    return {"said": "The gateway forgot everything."}


@control
def options(data: Json) -> Json:
    """Set `deposits_auto`, `withdrawals_auto`, `report_below_minimum`, `approval_above_eur`."""
    chosen: Json = {}
    for name, value in data.items():
        if name not in gateway.SETTINGS:
            raise Refused(f"There is no option called {name}.")
        if name == "approval_above_eur":
            if value != "" and gateway.decimal_or_none(value) is None:
                raise Refused("The approval limit is an amount in EUR, or empty.")
            chosen[name] = str(value)
        else:
            chosen[name] = _flag(value)
    book.put("settings", "options", (book.get("settings", "options") or {}) | chosen)
    return {"said": "The options are set.", "options": gateway.options()}


@control
def send(data: Json) -> Json:
    """Send coins: `address`, `amount`, for shared addresses `tag`, `currency` for a wrong coin.

    `confirm`: true confirms at once, false stops the blocks, absent lets them come.
    """
    address = gateway.find_address(str(data.get("address", "")), str(data.get("tag") or ""))
    amount = gateway.parse_amount(data.get("amount"))
    deposit = gateway.send_coins(
        address=address, amount=amount, currency=str(data.get("currency") or "")
    )
    confirm = data.get("confirm")
    if confirm not in (None, "") and deposit["status"] == "not_confirmed":
        book.schedule("transactions", str(deposit["id"]), None)
        if _flag(confirm):
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
        number, status, error=str(data.get("error") or ""), is_forced=_flag(data.get("force"))
    )
    return {"said": f"The transaction is {status}.", "status": changed["status"]}


@control
def resend_latest(data: Json, number: int) -> Json:
    """Send the latest callback of a transaction again, as the vendor's staff can at any time."""
    calls = book.find("callbacks", {"reference": str(number)}, limit=1)
    if not calls:
        raise Refused("Nothing was sent about this transaction yet.", 404)
    return _repeat(data, calls[0].key)


@control
def repeat(data: Json, call_key: str) -> Json:
    """Send a kept call again, byte for byte: `copies` times, one by one or all at once."""
    return _repeat(data, call_key)


def _repeat(data: Json, call_key: str) -> Json:
    copies = str(data.get("copies", 1))
    if not copies.isdigit():
        raise Refused("copies is a whole number.")
    answers = courier.resend(call_key, int(copies), parallel=_flag(data.get("parallel")))
    statuses = [answer.status for answer in answers]
    return {"said": f"The casino answered {', '.join(map(str, statuses))}.", "statuses": statuses}


@control
def transaction(_data: Json, number: int) -> Json:
    return gateway.transaction(number)


@control
def transactions_of(data: Json) -> Json:
    """Transactions, newest first, that contain `match`."""
    found = book.find("transactions", _match(data), limit=10_000)
    return {"transactions": [document.body for document in found]}


@control
def calls_of(data: Json) -> Json:
    """Calls to the casino, newest first, that contain `match`."""
    found = book.find("callbacks", _match(data), limit=10_000)
    return {"calls": [document.body | {"key": document.key} for document in found]}


@control
def switch_state(_data: Json) -> Json:
    return asdict(switchboard.current())


def _match(data: Json) -> Json:
    match = data.get("match", {})
    if not isinstance(match, dict):
        raise Refused("match is an object.")
    return match


def _flag(value: Any) -> bool:
    return value if isinstance(value, bool) else str(value).lower() in {"1", "true", "on"}
