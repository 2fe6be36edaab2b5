"""What the casino asks: Coinbase's and CoinGecko's JSON, the ECB's XML."""

import json
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from apps.integrations.simulation import Json, spoilt
from apps.rates.providers.market.simulator.records import (
    PRICES,
    SLUGS,
    STALE,
    STATES,
    ecb_day,
    fault,
    off,
    price,
    spoilt_price,
    switchboard,
)

DIGITS = Context(prec=15, rounding=ROUND_HALF_EVEN)
# Faults that replace a value by something that is no number.
WORDS: dict[str, Any] = {"nan": "NaN", "text": "n/a", "null": None}


def refuse(_request: HttpRequest) -> HttpResponse:
    return JsonResponse({"errors": [{"id": "unauthorized", "message": "no"}]}, status=403)


vendor = spoilt(switchboard, refuse)


@vendor
def coinbase_rates(request: HttpRequest) -> HttpResponse:
    """`/v2/exchange-rates?currency=BTC`: text, units per one of the currency."""
    if off("coinbase"):
        return HttpResponse("upstream connect error", status=503)
    base = request.GET.get("currency", "USD").upper()
    if base not in {*PRICES, "EUR"}:
        error = {"id": "invalid_request", "message": f"Invalid currency ({base})"}
        return JsonResponse({"errors": [error]}, status=400)
    rates: Json = {}
    for code in (*PRICES, "EUR"):
        # A fault belongs to the currency whose price is wrong, on whichever side it stands.
        named = base if base != "EUR" else code
        kind = fault("coinbase", named)
        if kind == "missing":
            continue
        if kind in WORDS:
            rates[code] = WORDS[kind]
            continue
        quotient = DIGITS.divide(price(base), price(code))
        if base == "EUR" and kind in {"jump", "decimal", "gap"}:
            quotient = DIGITS.divide(quotient * quotient, spoilt_price("coinbase", code, quotient))
        else:
            quotient = spoilt_price("coinbase", named, quotient)
        rates[code] = _text(quotient)
    return JsonResponse({"data": {"currency": base, "rates": rates}})


@vendor
def coingecko_prices(request: HttpRequest) -> HttpResponse:
    """`/api/v3/simple/price`: JSON numbers by slug, with the time of the last change."""
    if off("coingecko"):
        return HttpResponse("bad gateway", status=502)
    moment = datetime.now(tz=UTC)
    listed: Json = {}
    for slug in request.GET.get("ids", "").split(","):
        code = SLUGS.get(slug)
        kind = fault("coingecko", code) if code else "missing"
        if not code or kind == "missing":
            continue
        line: Json = {}
        for word in request.GET.get("vs_currencies", "").split(","):
            money = word.upper()
            if money not in {*PRICES, "EUR"}:
                continue
            of_money = fault("coingecko", money) if money in STATES else ""
            if of_money == "missing":
                continue
            line[word] = _number(kind or of_money, code, money)
        if request.GET.get("include_last_updated_at") == "true":
            updated = moment - STALE if kind == "stale" else moment
            line["last_updated_at"] = int(updated.timestamp())
        listed[slug] = line
    # Not `json.dumps` of floats: the numbers are written as they are.
    return HttpResponse(_with_numbers(listed), content_type="application/json")


def _number(kind: str, code: str, money: str) -> Any:
    if kind in WORDS:
        return _Raw("NaN") if kind == "nan" else WORDS[kind]
    quotient = spoilt_price("coingecko", code, DIGITS.divide(price(code), price(money)))
    if money in STATES:
        quotient = DIGITS.divide(quotient, spoilt_price("coingecko", money, Decimal(1)) or 1)
        if fault("coingecko", money) == "zero":
            quotient = Decimal(0)
    return _Raw(_text(quotient))


class _Raw(str):
    """Text that goes into the JSON as it is."""

    __slots__ = ()


def _with_numbers(listed: Json) -> str:
    lines = []
    for slug, line in listed.items():
        cells = ",".join(
            f"{json.dumps(name)}:{value if isinstance(value, _Raw) else json.dumps(value)}"
            for name, value in line.items()
        )
        lines.append(f"{json.dumps(slug)}:{{{cells}}}")
    return "{" + ",".join(lines) + "}"


@vendor
def ecb_daily(_request: HttpRequest) -> HttpResponse:
    """`/stats/eurofxref/eurofxref-daily.xml`: units of a currency per euro, once a working day."""
    if off("ecb"):
        return HttpResponse("Service Unavailable", status=503)
    cubes = []
    for code in STATES:
        kind = fault("ecb", code)
        if kind == "missing":
            continue
        word = {"nan": "NaN", "text": "n/a", "null": ""}.get(kind)
        rate = word if word is not None else _text(_per_euro(code, kind))
        cubes.append(f"<Cube currency='{code}' rate='{rate}'/>")
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01"'
        ' xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">\n'
        "<gesmes:subject>Reference rates</gesmes:subject>\n"
        "<gesmes:Sender><gesmes:name>European Central Bank</gesmes:name></gesmes:Sender>\n"
        f"<Cube><Cube time='{ecb_day().isoformat()}'>{''.join(cubes)}</Cube></Cube>\n"
        "</gesmes:Envelope>\n"
    )
    return HttpResponse(body, content_type="application/xml")


def _per_euro(code: str, kind: str) -> Decimal:
    rate = DIGITS.divide(Decimal(1), price(code))
    if kind in {"zero", "negative"}:
        return spoilt_price("ecb", code, rate)
    factor = spoilt_price("ecb", code, Decimal(1))
    return Context(prec=5).divide(rate, factor)


def _text(value: Decimal) -> str:
    return f"{value.normalize():f}"
