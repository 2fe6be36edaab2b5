"""The export of a day: one line for every final transaction, as a table for spreadsheets.

No edition documents one; this is what the adapter's README describes.
"""

import csv
import io
from collections.abc import Iterator
from datetime import date

from apps.integrations.simulation import Json
from apps.payments.providers.coinspaid.simulator.documents import (
    callback_document,
    deposit_amounts,
)
from apps.payments.providers.coinspaid.simulator.records import book

COLUMNS = (
    "id",
    "foreign_id",
    "type",
    "status",
    "currency",
    "amount",
    "fee",
    "fee_currency",
    "network_fee",
    "network_fee_currency",
    "receiver_currency",
    "receiver_amount",
    "address",
    "txid",
    "finished_at",
)
ROWS_MAX = 1_000_000


def of(day: date) -> Iterator[str]:
    """The lines of the file."""
    yield _line(COLUMNS)
    found = book.find("transactions", {"finished_on": day.isoformat()}, limit=ROWS_MAX)
    for document in reversed(found):
        row = _row(document.body)
        yield _line(tuple(str(row.get(name) or "") for name in COLUMNS))


def _row(kept: Json) -> Json:
    is_confirmed = kept["status"] == "confirmed"
    row: Json = {
        "id": kept["id"],
        "type": kept["type"],
        "status": kept["status"],
        "currency": kept["currency"],
        "amount": kept["amount"],
        "finished_at": kept.get("finished_at", kept["at"]),
        "txid": kept["txid"],
    }
    match kept["kind"]:
        case "deposit":
            amounts = deposit_amounts(kept)
            row |= {
                "receiver_currency": amounts["currency"],
                "receiver_amount": amounts["gross"],
                "address": kept["address"]["address"],
            }
            if is_confirmed:
                row |= {"fee": amounts["fee"], "fee_currency": amounts["currency"]}
        case "invoice":
            row |= {
                "foreign_id": kept["foreign_id"],
                "receiver_currency": kept["currency"],
                "receiver_amount": kept["amount"],
                "address": kept["address"],
            }
            if is_confirmed:
                row |= {"fee": kept["fee"], "fee_currency": kept["currency"]}
        case "withdrawal" | "exchange":
            row |= {
                "foreign_id": kept["foreign_id"],
                "receiver_currency": kept["receiver_currency"],
                "receiver_amount": kept["receiver_amount"],
                "address": kept.get("to_address", ""),
            }
            if is_confirmed:
                own = kept["fees"][-1]
                row |= {"fee": own["amount"], "fee_currency": own["currency"]}
    network = _network_fee(kept) if is_confirmed else None
    if network:
        row |= {"network_fee": network["amount"], "network_fee_currency": network["currency"]}
    return row


def _network_fee(kept: Json) -> Json | None:
    """The fee of the chain, in its own coin."""
    for fee in callback_document(kept)["fees"]:
        if fee["type"] in {"mining", "transfer"}:
            return dict(fee)
    return None


def _line(values: tuple[str, ...]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(values)
    return out.getvalue()
