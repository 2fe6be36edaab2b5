"""What every vendor simulator needs: a book of its own, faults to switch on, a courier.

A simulator plays the vendor over HTTP, with the vendor's paths, signatures and errors. It keeps its
own records, so that the casino's totals can be compared with somebody else's. Nothing here knows
the casino's tables, and the casino imports nothing from here.

    book = Book("softswiss")                 the vendor's records, in their own database
    switches = Switchboard(book)             faults a tester turns on by page or by HTTP
    courier = Courier(book, switches, ...)   signed callbacks, kept with the casino's answers
    clockwork.add(courier.deliver_due)       what happens without anybody asking

One module a subject; the kit is imported from here as a whole.
"""

from apps.integrations.simulation.book import Book, Document, Json, Refused
from apps.integrations.simulation.clockwork import Clockwork, clockwork
from apps.integrations.simulation.courier import (
    UNSENT,
    Answer,
    Courier,
    casino_callback_url,
    vendor_seconds,
)
from apps.integrations.simulation.faults import Dropped, Switchboard, Switches, spoilt, too_many
from apps.integrations.simulation.pages import (
    answered,
    call_row,
    control,
    find_calls,
    flag,
    json_object,
    page,
    repeat_call,
    set_callback_url,
    set_switches,
    show_switches,
    whole,
)

__all__ = [
    "UNSENT",
    "Answer",
    "Book",
    "Clockwork",
    "Courier",
    "Document",
    "Dropped",
    "Json",
    "Refused",
    "Switchboard",
    "Switches",
    "answered",
    "call_row",
    "casino_callback_url",
    "clockwork",
    "control",
    "find_calls",
    "flag",
    "json_object",
    "page",
    "repeat_call",
    "set_callback_url",
    "set_switches",
    "show_switches",
    "spoilt",
    "too_many",
    "vendor_seconds",
    "whole",
]
