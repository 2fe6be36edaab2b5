"""What the casino calls: the catalogue in GraphQL, launches, free spins."""

import functools
import hmac
import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    JsonResponse,
)
from django.views.decorators.csrf import csrf_exempt

from apps.games.providers.alea.simulator import catalogue, vendor
from apps.games.providers.alea.simulator.vendor import book, switchboard
from apps.integrations.simulation import Json, Refused, page, spoilt

PAGE_SIZE_MAX = 1000
MARKETS = {"CAO", "SC", "MT", "ON"}
LEVELS_MAX = 10
# `{ gamesReady(jurisdictionCode: $market, size: $size, page: $page) { … } }`
QUERY = re.compile(r"\b(gamesReady|gamesAvailable)\s*\(([^)]*)\)\s*\{(.*)\}", re.DOTALL)
ARGUMENT = re.compile(r"(\w+)\s*:\s*(\$\w+|\"[^\"]*\"|\d+)")
Endpoint = Callable[..., HttpResponseBase]


class Fault(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    def answer(self) -> JsonResponse:
        errors = [{"code": self.code, "message": self.message}]
        return JsonResponse({"errors": errors}, status=self.status)


def endpoint(action: Endpoint) -> Endpoint:
    """Check who calls, suffer the switches, answer faults in the vendor's form."""

    def refuse(_request: HttpRequest) -> HttpResponse:
        return Fault(403, "FORBIDDEN", "The operator is not served.").answer()

    @csrf_exempt
    @spoilt(switchboard, refuse)
    @functools.wraps(action)
    def view(request: HttpRequest, /, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            _check_caller(request)
            return action(request, *args, **kwargs)
        except Fault as fault:
            return fault.answer()

    return view


def _check_caller(request: HttpRequest) -> None:
    given = request.headers.get("Authorization", "")
    wanted = f"Bearer {settings.ALEA_API_TOKEN}"
    if not settings.ALEA_API_TOKEN or not hmac.compare_digest(given.encode(), wanted.encode()):
        raise Fault(401, "UNAUTHORIZED", "The token is not known.")
    casino_id = request.headers.get("Alea-CasinoId") or request.GET.get("casinoId", "")
    if casino_id != settings.ALEA_OPERATOR_ID:
        raise Fault(403, "FORBIDDEN", "The token belongs to another casino.")


# ---- the catalogue ------------------------------------------------------------------------------


@endpoint
def graphql(request: HttpRequest) -> HttpResponse:
    """One query is understood. GraphQL says no with 200."""
    if request.method != "POST":
        raise Fault(405, "METHOD_NOT_ALLOWED", "Use POST.")
    try:
        data = json.loads(request.body)
        found = QUERY.search(data["query"])
        variables = data.get("variables") or {}
    except (ValueError, KeyError, TypeError):
        raise Fault(400, "BAD_REQUEST", "The body is no query.") from None
    if found is None:
        return _graphql_error("Validation error: no such field.")
    name, listed, wanted = found.groups()
    arguments = {key: _value(value, variables) for key, value in ARGUMENT.findall(listed)}
    market = arguments.get("jurisdictionCode") or arguments.get("marketCode")
    size, number = arguments.get("size", 50), arguments.get("page", 0)
    if market not in MARKETS:
        return _graphql_error("The jurisdiction is not known.")
    if not (isinstance(size, int) and 1 <= size <= PAGE_SIZE_MAX):
        return _graphql_error("size is between 1 and 1000.")
    if not (isinstance(number, int) and number >= 0):
        return _graphql_error("page counts from 0.")
    games = list(catalogue.games().values())
    names = set(re.findall(r"\w+", wanted))
    shown = games[number * size : (number + 1) * size]
    result = {
        "page": {
            "number": number,
            "size": size,
            "totalPages": -(-len(games) // size),
            "totalElements": len(games),
        },
        "results": [
            {key: value for key, value in _entry(request, game).items() if key in names}
            for game in shown
        ],
    }
    return JsonResponse({"data": {name: result}})


def _value(text: str, variables: Mapping[str, Any]) -> Any:
    if text.startswith("$"):
        return variables.get(text[1:])
    return text.strip('"') if text.startswith('"') else int(text)


def _graphql_error(message: str) -> JsonResponse:
    errors = [{"message": message, "code": "BAD_USER_INPUT"}]
    return JsonResponse({"errors": errors, "data": None})


def _entry(request: HttpRequest, game: catalogue.Game) -> Json:
    base = _base(request)
    return {
        "id": int(game.id),
        "name": game.name,
        "software": {"id": game.software_id, "name": game.software},
        "type": "LIVE" if game.is_live else "TABLE",
        "status": "ACTIVE",
        "genre": game.genre,
        "jackpot": False,
        "freeSpinsCurrencies": ["EUR", "USD", "BTC"] if game.has_free_rounds else [],
        "ratio": "16:9",
        "rtp": float(game.rtp),
        "volatility": "HIGH" if game.genre == "SHOW" else "LOW",
        "minBet": float(game.least),
        "maxBet": float(game.most),
        "maxExposure": float(game.most * 100),
        "maxWinMultiplier": game.times_max,
        "lines": None,
        "hitFrequency": None,
        "buyFeature": False,
        "releaseDate": game.released_at.isoformat(),
        "features": ["SEATS"] if game.seats else [],
        "seats": game.seats,
        "assetsLink": f"{base}/games/",
        "thumbnailLinks": {},
        "demoAvailable": not game.is_live,
    }


# ---- launches -----------------------------------------------------------------------------------


def _no_launch(request: HttpRequest) -> HttpResponse:
    return page(
        request, "alea/gone.html", {"title": "This casino is not served"}, framed=True, status=403
    )


@spoilt(switchboard, _no_launch)
def launch(request: HttpRequest, game_id: str) -> HttpResponseBase:
    """The address a player's browser opens. Alea then asks the casino who that is."""
    game = catalogue.game(game_id)
    asked = {name: value for name, value in request.GET.items() if len(value) <= 2000}
    try:
        if game is None:
            raise Refused("There is no such game", 404)
        mode, session_id = asked.get("gameMode"), asked.get("casinoSessionId", "")
        if mode not in {"REAL", "DEMO"} or not session_id or len(session_id) > 255:
            raise Refused("This address is not complete")
        if asked.get("device") not in {"MOBILE", "DESKTOP"}:
            raise Refused("This address names no device")
        if mode == "DEMO" and game.is_live:
            raise Refused("A live table is not played for fun")
        play = vendor.open_play(game, asked)
    except Refused as refused:
        context: Json = {"title": refused.message.rstrip(".")}
        return page(request, "alea/gone.html", context, framed=True, status=refused.status)
    return HttpResponseRedirect(f"/alea/table/{play['play_id']}/")


@endpoint
def launch_v1(request: HttpRequest, mode: str) -> HttpResponse:
    """The first generation's launch: a digested call that answers with the address."""
    names = ("casinoPlayerId", "casinoSessionId", "country", "currency")
    signed = names if mode == "real" else names[2:]
    _check_digest(request, "".join(request.GET.get(name, "") for name in signed).encode())
    query = {
        "casinoSessionId": request.GET.get("casinoSessionId", "") or "demo-v1",
        "locale": request.GET.get("locale", "en"),
        "device": request.GET.get("device", "DESKTOP"),
        "gameMode": mode.upper(),
        "lobbyUrl": request.GET.get("lobbyUrl", ""),
        "depositUrl": request.GET.get("depositUrl", ""),
    }
    game_id = request.GET.get("gameId", "")
    if catalogue.game(game_id) is None:
        raise Fault(404, "GAME_NOT_FOUND", "There is no such game.")
    return JsonResponse({"url": f"{_base(request)}/api/v1/games/{game_id}?{urlencode(query)}"})


def _base(request: HttpRequest) -> str:
    told = settings.SIMULATORS_PUBLIC_URL.rstrip("/")
    return f"{told or request.build_absolute_uri('/').rstrip('/')}/alea"


# ---- free spins ---------------------------------------------------------------------------------


@endpoint
def free_spins(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        raise Fault(405, "METHOD_NOT_ALLOWED", "Use POST.")
    _check_digest(request, request.body)
    try:
        data = json.loads(request.body)
        bonus = _bonus(data)
    except (ValueError, KeyError, TypeError, IndexError) as wrong:
        return _not_given(f"The bonus is not understood: {wrong}")
    if not book.insert("bonuses", bonus["casino_bonus_id"], bonus):
        known = book.get("bonuses", bonus["casino_bonus_id"]) or {}
        moving = {"status", "played", "win_units"}
        if any(known.get(key) != value for key, value in bonus.items() if key not in moving):
            return _not_given("The bonus exists with other content.")
    return JsonResponse(
        {
            "id": f"b{bonus['casino_bonus_id']}",
            "traceId": vendor.new_id(),
            "status": "CREATED",
            "errors": [],
        }
    )


def _bonus(data: Json) -> Json:
    start_at, expire_at = (datetime.fromisoformat(data[name]) for name in ("startAt", "expireAt"))
    games = [catalogue.games()[str(one["id"])] for one in data["games"]]
    amount, level = data["amount"], data["level"]
    if not games or any(not one.has_free_rounds for one in games):
        raise ValueError("a game has no free rounds")
    if any(one.software_id != data["softwareId"] for one in games):
        raise ValueError("a game is another studio's")
    if (
        type(amount) is not int
        or type(level) is not int
        or amount < 1
        or not 1 <= level <= LEVELS_MAX
    ):
        raise ValueError("amount and level are whole numbers from 1 on")
    if start_at.tzinfo is None or expire_at <= start_at:
        raise ValueError("it ends before it begins")
    return {
        "casino_bonus_id": str(data["casinoBonusId"]),
        "player_id": str(data["casinoPlayerId"]),
        "country": str(data["country"]),
        "currency": str(data["currency"]),
        "games": [one.id for one in games],
        "amount": amount,
        "level": level,
        "start_at": start_at.isoformat(),
        "expire_at": expire_at.isoformat(),
        "status": "ACTIVE",
        "played": 0,
        "win_units": 0,
    }


def _not_given(message: str) -> JsonResponse:
    errors = [{"code": "BONUS_NOT_CREATED", "message": message}]
    return JsonResponse({"id": "", "traceId": vendor.new_id(), "status": "ERROR", "errors": errors})


@endpoint
def free_spins_end(request: HttpRequest, bonus_id: str) -> HttpResponse:
    if request.method != "DELETE":
        raise Fault(405, "METHOD_NOT_ALLOWED", "Use DELETE.")
    _check_digest(request, bonus_id.encode())
    try:
        with book.locked("bonuses", bonus_id) as bonus:
            if bonus["status"] == "COMPLETED":
                raise Fault(400, "BONUS_COMPLETED", "The bonus was played.")
            bonus["status"] = "CANCELLED"
    except KeyError:
        raise Fault(404, "BONUS_NOT_FOUND", "There is no such bonus.") from None
    return JsonResponse({"id": f"b{bonus_id}", "status": "CANCELLED", "errors": []})


def _check_digest(request: HttpRequest, signed: bytes) -> None:
    """With its prefix or bare: one casino sends it without."""
    given = request.headers.get(vendor.HEADER, "").removeprefix("SHA-512=").lower()
    wanted = vendor.digest(signed).removeprefix("SHA-512=")
    if not hmac.compare_digest(given.encode(), wanted.encode()):
        raise Fault(401, "INVALID_SIGNATURE", "The digest is wrong.")
