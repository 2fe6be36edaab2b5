"""What the casino calls, with the two shapes of error the document shows (section 3).

Texts that no edition prints are ours: an invalid address, and the 404 of `/transactions/info`.
"""

import functools
import hmac
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from apps.integrations.simulation import Json, spoilt
from apps.payments.providers.coinspaid.simulator import chains, gateway
from apps.payments.providers.coinspaid.simulator.chains import ASSETS
from apps.payments.providers.coinspaid.simulator.gateway import book, money, switchboard

ID_MAX = 255
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
        @spoilt(switchboard, refuse)
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
    if not hmac.compare_digest(signature.encode(), gateway.sign(request.body).encode()):
        raise unauthorised("Bad signature header", "bad_header_signature")
    try:
        data = json.loads(request.body, parse_float=Decimal)
    except ValueError:
        data = None
    if request.content_type != "application/json" or not isinstance(data, dict):
        raise Fault(400, {"error": "Bad content format", "code": "bad_content_format"})
    return data


def ping(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("OK", content_type="text/plain")


def wrong_url(_request: HttpRequest, rest: str = "") -> HttpResponse:
    return JsonResponse({"error": "No key header", "code": "required_header_key"}, status=403)


@endpoint()
def currencies_list(_data: Json) -> HttpResponse:
    listed = [
        {
            "id": asset.number,
            "type": "crypto" if asset.is_crypto else "fiat",
            "currency": asset.code,
            "minimum_amount": money(asset.minimum),
            "deposit_fee_percent": f"{chains.DEPOSIT_FEE:.6f}",
            "withdrawal_fee_percent": f"{chains.WITHDRAWAL_FEE:.6f}",
            "precision": 8,
        }
        for asset in ASSETS.values()
    ]
    return JsonResponse({"data": listed})


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
        "min_amount": money(source.minimum),
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
        "rate_to": money(gateway.convert(Decimal(1), source, target)),
    }


@endpoint()
def accounts_list(_data: Json) -> HttpResponse:
    listed = [
        {
            "currency": code,
            "type": "crypto" if ASSETS[code].is_crypto else "fiat",
            "balance": money(balance),
        }
        for code, balance in gateway.balances().items()
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
    if errors or asset is None:
        raise Fault(400, {"errors": errors})
    taken = gateway.take_address(
        asset=asset, foreign_id=foreign_id, end_user_reference=reference, convert_to=convert_to
    )
    shown = {name: value for name, value in taken.items() if name != "taken_at"}
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
    )
    if withdrawal is None:
        raise Fault(400, {"errors": {"foreign_id": "The foreign id has already been taken."}})
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
    amount = gateway.decimal_or_none(data[name])
    label = name.replace("_", " ")
    if amount is None or isinstance(data[name], bool):
        errors[name] = f"The {label} must be a number."
        return None
    if asset is None or target is None:
        return None
    if name == "amount_to":
        amount = gateway.convert(amount, target, asset) if target is not asset else amount
    if amount < asset.minimum:
        errors[name] = f"The {label} must be at least {asset.minimum:f}."
    return amount.quantize(gateway.PLACES)


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
    body = gateway.encode(gateway.callback_document(kept))
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
