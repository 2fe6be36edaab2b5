"""What the casino calls, with the two shapes of error the document shows (section 3).

Texts that no edition prints are ours: an invalid address, and the 404 of `/transactions/info`.
"""

import functools
import hmac
import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from apps.integrations.simulation import Json, spoilt
from apps.payments.providers.coinspaid.simulator import (
    accounts,
    chains,
    exchanges,
    gateway,
    invoices,
    statement,
)
from apps.payments.providers.coinspaid.simulator.chains import ASSETS
from apps.payments.providers.coinspaid.simulator.documents import callback_document
from apps.payments.providers.coinspaid.simulator.records import (
    PLACES,
    book,
    decimal_or_none,
    encode,
    money,
    options,
    sign,
    switchboard,
)

ID_MAX = 255
TAKEN = "The foreign id has already been taken."
Endpoint = Callable[[Json], HttpResponse]


class Fault(Exception):
    """An answer other than the one hoped for."""

    def __init__(self, status: int, body: Json) -> None:
        super().__init__(str(body))
        self.status = status
        self.body = body


def unauthorised(text: str, code: str) -> Fault:
    return Fault(403, {"error": text, "code": code})


def endpoint(method: str = "POST") -> Callable[[Endpoint], Callable[..., HttpResponseBase]]:
    """Check key, signature and content of a call before the action sees it."""

    def decorate(action: Endpoint) -> Callable[..., HttpResponseBase]:
        def refuse(_request: HttpRequest) -> HttpResponse:
            return JsonResponse({"errors": {"currency": "The currency is disabled."}}, status=400)

        @csrf_exempt
        @spoilt(switchboard, refuse, too_many)
        @functools.wraps(action)
        def view(request: HttpRequest) -> HttpResponseBase:
            try:
                return action(_checked(request, method))
            except Fault as fault:
                return JsonResponse(fault.body, status=fault.status)

        return view

    return decorate


def _checked(request: HttpRequest, method: str) -> Json:
    key = request.headers.get("X-Processing-Key")
    signature = request.headers.get("X-Processing-Signature")
    if request.method != method or key is None:
        # A wrong address or method gets the same words as a missing key.
        raise unauthorised("No key header", "required_header_key")
    if not hmac.compare_digest(key.encode(), settings.COINSPAID_KEY.encode()):
        raise unauthorised("Bad key header", "bad_header_key")
    if signature is None:
        raise unauthorised("No signature header", "required_header_signature")
    if not hmac.compare_digest(signature.encode(), sign(request.body).encode()):
        raise unauthorised("Bad signature header", "bad_header_signature")
    try:
        data = json.loads(request.body, parse_float=Decimal)
    except ValueError:
        data = None
    if request.content_type != "application/json" or not isinstance(data, dict):
        raise Fault(400, {"error": "Bad content format", "code": "bad_content_format"})
    return data


def too_many(_request: HttpRequest) -> HttpResponse:
    """The document's own sample: it says JSON and is none."""
    body = b'{"errors":{"error code: 1015"}}'
    return HttpResponse(body, status=429, content_type="application/json")


def ping(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("OK", content_type="text/plain")


def wrong_url(_request: HttpRequest, rest: str = "") -> HttpResponse:
    return JsonResponse({"error": "No key header", "code": "required_header_key"}, status=403)


@endpoint()
def currencies_list(data: Json) -> HttpResponse:
    listed: list[Json] = [_currency(asset) for asset in ASSETS.values()]
    if data.get("visible") is not None:
        listed = [one for one in listed if one["visible"] == bool(data["visible"])]
    for one in listed:
        del one["visible"]
    return JsonResponse({"data": listed})


def _currency(asset: chains.Asset) -> Json:
    """A line of the list, with what a tester changed about it."""
    return {
        "id": asset.number,
        "type": "crypto" if asset.is_crypto else "fiat",
        "currency": asset.code,
        "minimum_amount": money(asset.minimum),
        "deposit_fee_percent": f"{chains.DEPOSIT_FEE:.6f}",
        "withdrawal_fee_percent": f"{chains.WITHDRAWAL_FEE:.6f}",
        "precision": 8,
        "visible": True,
    } | (book.get("currencies", asset.code) or {})


@endpoint()
def currencies_pairs(data: Json) -> HttpResponse:
    wanted_from, wanted_to = data.get("currency_from"), data.get("currency_to")
    pairs = [
        _pair(source, target)
        for source in ASSETS.values()
        for target in ASSETS.values()
        if source is not target
        and wanted_from in {None, source.code}
        and wanted_to in {None, target.code}
    ]
    return JsonResponse({"data": pairs})


def _pair(source: chains.Asset, target: chains.Asset) -> Json:
    currency_from: Json = {
        "currency": source.code,
        "type": "crypto" if source.is_crypto else "fiat",
        "min_amount": money(accounts.exchange_minimum(source)),
    }
    if source.is_crypto:
        currency_from["min_amount_deposit_with_exchange"] = money(source.minimum)
    return {
        "currency_from": currency_from,
        "currency_to": {
            "currency": target.code,
            "type": "crypto" if target.is_crypto else "fiat",
        },
        "rate_from": "1",
        "rate_to": money(accounts.convert(Decimal(1), source, target)),
    }


@endpoint()
def accounts_list(_data: Json) -> HttpResponse:
    listed = [
        {
            "currency": code,
            "type": "crypto" if ASSETS[code].is_crypto else "fiat",
            "balance": money(balance),
        }
        for code, balance in accounts.balances().items()
    ]
    return JsonResponse({"data": listed})


@endpoint()
def addresses_take(data: Json) -> HttpResponse:
    errors: dict[str, str] = {}
    asset = _crypto(data, errors)
    foreign_id = _identifier(data, "foreign_id", errors)
    reference = _identifier(data, "end_user_reference", errors)
    convert_to = str(data.get("convert_to") or "")
    if convert_to and convert_to not in ASSETS:
        errors["convert_to"] = "The selected convert to is invalid."
    _require_people(data, ("sender",), errors)
    if errors or asset is None:
        raise Fault(400, {"errors": errors})
    taken = gateway.take_address(
        asset=asset,
        foreign_id=foreign_id,
        end_user_reference=reference,
        convert_to=convert_to,
        sender=_people(data),
    )
    shown = {name: value for name, value in taken.items() if name not in {"taken_at", "sender"}}
    if not convert_to:
        del shown["convert_to"]
    return JsonResponse({"data": shown}, status=201)


@endpoint()
def withdrawal_crypto(data: Json) -> HttpResponse:
    errors: dict[str, str] = {}
    asset = _known(data, errors)
    foreign_id = _identifier(data, "foreign_id", errors)
    reference = _identifier(data, "end_user_reference", errors)
    convert_to = str(data.get("convert_to") or "")
    target = ASSETS.get(convert_to) if convert_to else asset
    if convert_to and (target is None or not target.is_crypto):
        errors["convert_to"] = "The selected convert to is invalid."
    elif target is not None and not target.is_crypto:
        errors["currency"] = "The selected currency is invalid."
    amount = _withdrawal_amount(data, asset, target, errors)
    address = str(data.get("address") or "")
    if not address:
        errors["address"] = "The address field is required."
    elif target is not None and target.is_crypto and not chains.is_address(target, address):
        errors["address"] = "The address is invalid."
    tag = data.get("tag")
    if target is not None and target.has_tag and not tag:
        errors["tag"] = "The tag field is required."
    _require_people(data, ("sender", "receiver"), errors)
    if errors or asset is None or amount is None:
        raise Fault(400, {"errors": errors})
    withdrawal = gateway.request_withdrawal(
        foreign_id=foreign_id,
        asset=asset,
        amount=amount,
        convert_to=convert_to,
        address=address,
        tag=str(tag) if tag else None,
        end_user_reference=reference,
        people=_people(data),
    )
    if withdrawal is None:
        raise Fault(400, {"errors": {"foreign_id": TAKEN}})
    return JsonResponse({"data": _accepted(withdrawal)}, status=201)


def _accepted(withdrawal: Json) -> Json:
    """The acknowledgement: always `processing`, whatever becomes of it a moment later."""
    return {
        "id": withdrawal["id"],
        "foreign_id": withdrawal["foreign_id"],
        "end_user_reference": withdrawal["end_user_reference"],
        "type": withdrawal["type"],
        "status": "processing",
        "amount": withdrawal["amount"],
        "sender_amount": withdrawal["amount"],
        "sender_currency": withdrawal["currency"],
        "receiver_amount": withdrawal["receiver_amount"],
        "receiver_currency": withdrawal["receiver_currency"],
    }


def _withdrawal_amount(
    data: Json,
    asset: chains.Asset | None,
    target: chains.Asset | None,
    errors: dict[str, str],
) -> Decimal | None:
    """The amount to debit; `amount_to` names what shall arrive instead."""
    names = [name for name in ("amount", "amount_to") if data.get(name) not in (None, "")]
    if len(names) != 1:
        errors["amount"] = "The amount field is required."
        return None
    name = names[0]
    amount = decimal_or_none(data[name])
    label = name.replace("_", " ")
    if amount is None or isinstance(data[name], bool):
        errors[name] = f"The {label} must be a number."
        return None
    if asset is None or target is None:
        return None
    if name == "amount_to":
        amount = accounts.convert(amount, target, asset) if target is not asset else amount
    if amount < asset.minimum:
        errors[name] = f"The {label} must be at least {asset.minimum:f}."
    return amount.quantize(PLACES)


# ---- exchange ----------------------------------------------------------------------------------


@csrf_exempt
def exchange_calculate(request: HttpRequest) -> HttpResponseBase:
    if exchanges.is_limited(request.META.get("REMOTE_ADDR", "")):
        return too_many(request)
    return _calculate(request)


@endpoint()
def _calculate(data: Json) -> HttpResponse:
    source, target, sold, bought = _terms(data)
    return JsonResponse({"data": exchanges.quote(source, target, sold, bought)})


@endpoint()
def exchange_fixed(data: Json) -> HttpResponse:
    """The price and the amount of a quote that has not run out."""
    errors: dict[str, str] = {}
    foreign_id = _identifier(data, "foreign_id", errors)
    if errors:
        raise Fault(400, {"errors": errors})
    if book.get("exchange ids", foreign_id):
        raise Fault(400, {"errors": {"foreign_id": TAKEN}})
    source, target, sold, bought = _terms(data)
    wanted = {
        "sender_currency": source.code,
        "receiver_currency": target.code,
        "price": str(data.get("price") or ""),
    }
    if sold is not None:
        wanted["sender_amount"] = money(sold)
    if bought is not None:
        wanted["receiver_amount"] = money(bought)
    terms = exchanges.fixed_quote(wanted)
    if terms is None:
        raise Fault(400, {"errors": {"price": "The price is not valid any more."}})
    return _exchanged(foreign_id, terms)


@endpoint()
def exchange_now(data: Json) -> HttpResponse:
    errors: dict[str, str] = {}
    foreign_id = _identifier(data, "foreign_id", errors)
    if errors:
        raise Fault(400, {"errors": errors})
    return _exchanged(foreign_id, exchanges.quote(*_terms(data)))


def _exchanged(foreign_id: str, terms: Json) -> HttpResponse:
    if book.get("exchange ids", foreign_id):
        raise Fault(400, {"errors": {"foreign_id": TAKEN}})
    if not accounts.has(terms["sender_currency"], Decimal(terms["sender_amount"])):
        raise Fault(400, {"errors": {"sender_amount": "Not enough balance."}})
    made = exchanges.request_exchange(foreign_id, terms)
    if made is None:
        raise Fault(400, {"errors": {"foreign_id": TAKEN}})
    answer = {
        "id": made["id"],
        "foreign_id": foreign_id,
        "type": "exchange",
        "sender_amount": made["amount"],
        "sender_currency": made["currency"],
        "receiver_amount": made["receiver_amount"],
        "receiver_currency": made["receiver_currency"],
        "fee_amount": made["fees"][0]["amount"],
        "fee_currency": made["fees"][0]["currency"],
        "price": made["price"],
        "status": "processing",
    }
    return JsonResponse({"data": answer}, status=201)


def _terms(data: Json) -> tuple[chains.Asset, chains.Asset, Decimal | None, Decimal | None]:
    """Both currencies and exactly one amount. Raises Fault with the texts of the document."""
    errors: dict[str, str] = {}
    pair: list[chains.Asset] = []
    for name in ("sender_currency", "receiver_currency"):
        asset = ASSETS.get(str(data.get(name) or ""))
        if asset is None:
            errors[name] = f"The selected {name.replace('_', ' ')} is invalid."
        else:
            pair.append(asset)
    amounts: dict[str, Decimal] = {}
    for name in ("sender_amount", "receiver_amount"):
        if data.get(name) in (None, ""):
            continue
        amount = decimal_or_none(data[name])
        if amount is None or amount <= 0:
            errors[name] = f"The {name.replace('_', ' ')} must be a number."
        else:
            amounts[name] = amount.quantize(PLACES)
    if len(amounts) != 1 and not errors:
        errors["sender_amount"] = "The sender amount field is required."
    if errors:
        raise Fault(400, {"errors": errors})
    source, target = pair
    if source is target:
        raise Fault(
            400, {"errors": {"currency_from": "Exchange is unavailable for given currencies"}}
        )
    sold, bought = amounts.get("sender_amount"), amounts.get("receiver_amount")
    worth = sold if sold is not None else accounts.convert(bought or Decimal(0), target, source)
    least = accounts.exchange_minimum(source)
    if worth < least:
        name = "sender_amount" if sold is not None else "receiver_amount"
        text = f"The amount is too small. The minimum amount is {least:f} {source.code}."
        raise Fault(400, {"errors": {name: text}})
    return source, target, sold, bought


# ---- invoices ----------------------------------------------------------------------------------


@csrf_exempt
def invoices_create(request: HttpRequest) -> HttpResponseBase:
    origin = f"{request.scheme}://{request.get_host()}"
    return _create_invoice(request, origin)


def _create_invoice(request: HttpRequest, origin: str) -> HttpResponseBase:
    @endpoint()
    def create(data: Json) -> HttpResponse:
        return _invoice(data, origin)

    return create(request)


def _invoice(data: Json, origin: str) -> HttpResponse:
    errors: dict[str, str] = {}
    asset = _known(data, errors)
    foreign_id = _identifier(data, "foreign_id", errors)
    sender = ASSETS.get(str(data.get("sender_currency") or data.get("currency") or ""))
    if sender is None or not sender.is_crypto:
        errors["sender_currency"] = "The selected sender currency is invalid."
    if not isinstance(data.get("timer"), bool):
        errors["timer"] = "The timer field is required."
    if not 1 <= len(str(data.get("title") or "")) <= 50:
        errors["title"] = "The title field is required."
    for name in ("url_success", "url_failed", "email_user"):
        if not data.get(name):
            errors[name] = f"The {name.replace('_', ' ')} field is required."
    kind = str(data.get("type") or "fill_or_kill")
    if kind not in {"fill_or_kill", "good_until_expired"}:
        errors["type"] = "The selected type is invalid."
    amount = decimal_or_none(data.get("amount"))
    if amount is None or isinstance(data.get("amount"), bool):
        errors["amount"] = "The amount must be a number."
    elif asset is not None and amount < asset.minimum:
        errors["amount"] = f"The amount must be at least {asset.minimum:f}."
    if errors or asset is None or sender is None or amount is None:
        raise Fault(400, {"errors": errors})
    made = invoices.create(
        foreign_id=foreign_id,
        asset=asset,
        amount=amount.quantize(PLACES),
        sender=sender,
        has_timer=bool(data["timer"]),
        kind=kind,
        facts={
            "title": str(data["title"]),
            "end_user_reference": str(data.get("end_user_reference") or ""),
            "url_success": str(data["url_success"]),
            "url_failed": str(data["url_failed"]),
            "people": _people(data),
        },
    )
    if made is None:
        raise Fault(400, {"errors": {"foreign_id": TAKEN}})
    number = made["foreign_id"]
    answer = {
        "id": made["id"],
        "url": f"{origin}/coinspaid/invoices/{made['id']}/",
        # Comes back as a number when it looks like one.
        "foreign_id": int(number) if number.isdigit() and len(number) < 16 else number,
        "end_user_reference": made["end_user_reference"],
        "address": made["address"],
        "tag": made["tag"],
        "title": made["title"],
        "status": "created",
        "currency": made["currency"],
        "amount": made["amount"],
        "sender_currency": made["sender_currency"],
        "sender_amount": made["sender_amount"],
        "fixed_at": made["fixed_at"],
        "release_at": made["release_at"],
        "seconds_left": invoices.TIMER_SECONDS if made["release_at"] else None,
    }
    return JsonResponse({"data": answer}, status=201)


# ---- books -------------------------------------------------------------------------------------


@endpoint("GET")
def statement_csv(data: Json) -> HttpResponse:
    try:
        day = date.fromisoformat(str(data.get("day") or ""))
    except ValueError:
        raise Fault(400, {"errors": {"day": "The day is not a valid date."}}) from None
    return HttpResponse("".join(statement.of(day)), content_type="text/csv")


def _people(data: Json) -> Json:
    """Sender and receiver, where the merchant must name them (protocol document, section 7)."""
    names = ("sender_type", "sender_data", "receiver_type", "receiver_data")
    return {name: data[name] for name in names if name in data}


def _require_people(data: Json, sides: tuple[str, ...], errors: dict[str, str]) -> None:
    """What the EU entity asks for; an option turns it on."""
    if not options()["eu_entity"]:
        return
    for side in sides:
        if data.get(f"{side}_type") not in {"natural", "legal", "self"}:
            errors[f"{side}_type"] = f"The {side} type field is required."
        elif data[f"{side}_type"] != "self" and not isinstance(data.get(f"{side}_data"), dict):
            errors[f"{side}_data"] = f"The {side} data field is required."


@endpoint("GET")
def transactions_info(data: Json) -> HttpResponse:
    names = [name for name in ("id", "foreign_id", "txid") if data.get(name) not in (None, "")]
    if not names:
        raise Fault(400, {"error": "Bad request", "code": "bad_request"})
    if len(names) > 1:
        raise Fault(404, {"error": "Not found", "code": "not_found"})
    name, value = names[0], data[names[0]]
    number: Any = value
    if name == "foreign_id":  # finds withdrawals only
        number = (book.get("foreign ids", str(value)) or {}).get("id")
    if name == "txid":
        found = book.find("transactions", {"txid": str(value)}, limit=1)
        number = found[0].body["id"] if found else None
    kept = book.get("transactions", str(number))
    if kept is None:
        raise Fault(404, {"error": "Not found", "code": "not_found"})
    body = encode(callback_document(kept))
    return HttpResponse(body, content_type="application/json")


def _crypto(data: Json, errors: dict[str, str]) -> chains.Asset | None:
    asset = _known(data, errors)
    if asset is not None and not asset.is_crypto:
        errors["currency"] = "The selected currency is invalid."
        return None
    return asset


def _known(data: Json, errors: dict[str, str]) -> chains.Asset | None:
    code = data.get("currency")
    if not code:
        errors["currency"] = "The currency field is required."
        return None
    asset = ASSETS.get(str(code))
    if asset is None:
        errors["currency"] = "The selected currency is invalid."
    return asset


def _identifier(data: Json, name: str, errors: dict[str, str]) -> str:
    value = data.get(name)
    label = name.replace("_", " ")
    if value in (None, ""):
        errors[name] = f"The {label} field is required."
        return ""
    text = str(value)
    if len(text) > ID_MAX:
        errors[name] = f"The {label} may not be greater than {ID_MAX} characters."
    return text
