"""What happens by itself: blocks, payouts, exchanges, and invoices whose clock runs out."""

from apps.payments.providers.coinspaid.simulator import exchanges, gateway, invoices
from apps.payments.providers.coinspaid.simulator.records import book


def look_around() -> int:
    """Whatever is due."""
    due = book.take_due("transactions")
    for document in due:
        number, kind, status = (document.body[name] for name in ("id", "kind", "status"))
        book.schedule("transactions", document.key, None)
        if kind == "deposit" and status == "not_confirmed":
            gateway.mine_block(number)
        elif kind == "withdrawal" and status == "processing":
            gateway.send_withdrawal(number)
        elif kind == "exchange" and status == "processing":
            exchanges.settle_exchange(number)
        elif kind == "invoice" and status in invoices.OPEN:
            invoices.look(number)
    return len(due)
