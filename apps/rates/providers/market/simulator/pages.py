"""What a tester sees of the rates, and presses: prices, faults of one source, a source that is off."""

from dataclasses import asdict
from decimal import Decimal, InvalidOperation

from django.http import HttpRequest, HttpResponse

from apps.integrations.simulation import Json, Refused, control, page, set_switches
from apps.rates.providers.market.simulator import records
from apps.rates.providers.market.simulator.records import (
    EVERY,
    FAULTS,
    PRICES,
    SOURCES,
    book,
    switchboard,
)


def overview(request: HttpRequest) -> HttpResponse:
    context: Json = {
        "prices": [(code, f"{records.price(code):f}") for code in PRICES],
        "sources": [
            {"name": name, "title": title, "is_off": records.off(name)}
            for name, title in SOURCES.items()
        ],
        "faults": [
            {**one, "words": FAULTS[one["kind"]], "title": SOURCES[one["source"]]}
            for one in records.faults()
        ],
        "kinds": [(kind, words) for kind, words in FAULTS.items() if kind],
        "codes": [(EVERY, "all of them"), *((code, code) for code in PRICES)],
        "ecb_day": records.ecb_day().isoformat(),
        "switches": switchboard.current(),
    }
    return page(request, "market/overview.html", context)


@control
def set_price(data: Json) -> Json:
    """{code, eur}"""
    code = str(data.get("code", "")).upper()
    value = records.set_price(code, str(data.get("eur", "")))
    return {"said": f"One {code} is {value:f} EUR now.", "eur": f"{value:f}"}


@control
def move(data: Json) -> Json:
    """{code, percent}: the whole market moves."""
    code = str(data.get("code", "")).upper()
    try:
        percent = Decimal(str(data.get("percent", "0")))
        wanted = f"{records.price(code) * (100 + percent) / 100:f}"
    except (InvalidOperation, KeyError):
        raise Refused("Say which currency, and by how many per cent.") from None
    value = records.set_price(code, wanted)
    return {"said": f"One {code} is {value:f} EUR now.", "eur": f"{value:f}"}


@control
def set_fault(data: Json) -> Json:
    """{source, code or *, kind}; an empty kind mends it."""
    source, code = str(data.get("source", "")), str(data.get("code", EVERY) or EVERY)
    kind = str(data.get("kind", ""))
    records.set_fault(source, code, kind)
    what = "every currency" if code == EVERY else code
    return {"said": f"{SOURCES[source]}, {what}: {FAULTS[kind]}."}


@control
def set_off(data: Json) -> Json:
    """{source, is_off}"""
    source = str(data.get("source", ""))
    is_off = data.get("is_off") in {True, "true", "on", "1"}
    records.set_off(source, is_off=is_off)
    return {"said": f"{SOURCES[source]} is {'off' if is_off else 'back'}."}


@control
def set_ecb_day(data: Json) -> Json:
    """{day}: the day inside the ECB's file; empty for the real one."""
    records.set_ecb_day(str(data.get("day", "")))
    return {"said": f"The ECB's file is of {records.ecb_day()}."}


@control
def reset(_data: Json) -> Json:
    book.clear()
    return {"said": "Everything is as it was at first."}


@control
def state(_data: Json) -> Json:
    return {
        "prices": {code: f"{records.price(code):f}" for code in PRICES},
        "faults": records.faults(),
        "switches": asdict(switchboard.current()),
    }


switches = control(set_switches(switchboard))
