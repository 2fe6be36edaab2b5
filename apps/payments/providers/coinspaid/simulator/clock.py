"""What happens by itself: blocks, payouts, exchanges, and invoices whose clock runs out."""

from contextlib import suppress

from apps.integrations.simulation import Json, Refused
from apps.payments.providers.coinspaid.simulator import exchanges, gateway, invoices
from apps.payments.providers.coinspaid.simulator.records import book


def look_around() -> int:
    """Whatever is due."""
    due = book.take_due("transactions")
    for document in due:
        book.schedule("transactions", document.key, None)
        # A tester may have decided a moment ago; the others that are due do not wait for that.
        with suppress(Refused):
            _let_it_go_on(document.body)
    return len(due)


def _let_it_go_on(kept: Json) -> None:
    number, kind, status = kept["id"], kept["kind"], kept["status"]
    if kind == "deposit" and status == "not_confirmed":
        gateway.mine_block(number)
    elif kind == "withdrawal" and status == "processing":
        gateway.send_withdrawal(number)
    elif kind == "exchange" and status == "processing":
        exchanges.settle_exchange(number)
    elif kind == "invoice" and status in invoices.OPEN:
        invoices.look(number)
