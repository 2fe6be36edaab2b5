"""What the casino calls: sessions, demo, free spins, round details and the catalogue.

Error codes are the protocol document's table (section 8); the HTTP status of the aggregator's own
refusals is not published, so they use the casino side's: 412, and 400/403/404 by name.
"""

import functools
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import yaml
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from apps.games.providers.softswiss.simulator import aggregator, art, catalogue, money
from apps.games.providers.softswiss.simulator.aggregator import book, switchboard
from apps.integrations.simulation import Json, spoilt

TEXT_MAX = 255
FREESPINS_VALID_MAX = timedelta(days=31)
# Name, where it drops at the latest and how fast it grows, in cents.
JACKPOT_LEVELS = (("Mini", 20_000, 1), ("Major", 500_000, 7), ("Grand", 25_000_000, 40))
TWIRP_CODES = {
    400: ("invalid_argument", 400),
    403: ("permission_denied", 403),
    404: ("not_found", 404),
    500: ("internal", 500),
}


class Fault(Exception):
    """A refusal of the aggregator, by its number in the protocol's table."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def v1(self) -> JsonResponse:
        status = self.code if self.code in {400, 403, 404, 500} else 412
        return JsonResponse({"code": self.code, "message": self.message}, status=status)

    def v2(self) -> JsonResponse:
        name, status = TWIRP_CODES.get(self.code, ("failed_precondition", 412))
        meta = {"api_code": str(self.code), "api_message": self.message}
        return JsonResponse({"code": name, "msg": self.message, "meta": meta}, status=status)


Endpoint = Callable[[HttpRequest, Json], HttpResponse]


def endpoint(generation: str) -> Callable[[Endpoint], Callable[..., HttpResponseBase]]:
    """Check method, signature and form of a call, and answer faults in its generation's shape."""

    def decorate(action: Endpoint) -> Callable[..., HttpResponseBase]:
        def refuse(_request: HttpRequest) -> HttpResponse:
            fault = Fault(405, "The game is not available to this casino.")
            return fault.v1() if generation == "v1" else fault.v2()

        @csrf_exempt
        @spoilt(switchboard, refuse)
        @functools.wraps(action)
        def view(request: HttpRequest) -> HttpResponseBase:
            try:
                return action(request, _checked(request))
            except Fault as fault:
                return fault.v1() if generation == "v1" else fault.v2()

        return view

    return decorate


def _checked(request: HttpRequest) -> Json:
    if request.method != "POST":
        raise Fault(404, "Not found")
    given = request.headers.get(aggregator.SIGN_HEADER, "").lower()
    if not hmac.compare_digest(given.encode(), aggregator.sign(request.body).encode()):
        raise Fault(403, "Forbidden")
    try:
        data = json.loads(request.body)
    except ValueError:
        raise Fault(400, "The body is not JSON") from None
    if not isinstance(data, dict):
        raise Fault(400, "The body is not an object")
    casino_id = _text(data, "casino_id")
    if settings.SOFTSWISS_CASINO_ID and casino_id != settings.SOFTSWISS_CASINO_ID:
        raise Fault(404, "Casino not found")
    return data


# ---- v1 ----------------------------------------------------------------------------------------


@endpoint("v1")
def sessions(request: HttpRequest, data: Json) -> HttpResponse:
    game = _game(_text(data, "game"))
    currency = _currency(data)
    user = _object(data, "user")
    player_id = _text(user, "id")
    balance_units = data.get("balance")
    if not isinstance(balance_units, int) or isinstance(balance_units, bool):
        raise Fault(400, "balance must be a whole number of subunits")
    _object(data, "urls")
    _check_country(game, _text(user, "country"))
    _fix_player(player_id, currency, str(user.get("email", "")))
    opened = aggregator.open_session(
        generation="v1",
        game=game,
        currency=currency,
        player_id=player_id,
        balance_units=balance_units,
        launch=data,
    )
    return JsonResponse(_launch_v1(request, opened))


@endpoint("v1")
def demo(request: HttpRequest, data: Json) -> HttpResponse:
    game = _game(_text(data, "game"))
    opened = aggregator.open_session(
        generation="v1", game=game, currency="", player_id="", balance_units=None, launch=data
    )
    return JsonResponse(_launch_v1(request, opened))


def _launch_v1(request: HttpRequest, opened: Json) -> Json:
    """Both shapes of launch options were seen; a tester chooses which one is given."""
    url = game_url(request, opened)
    options = {"game_url": url, "strategy": "iframe"}
    if aggregator.options()["launch_shape"] == "two_urls":
        options = {
            "desktop_url": url,
            "mobile_url": url,
            "return_url": str((opened["launch"].get("urls") or {}).get("return_url", "")),
            "origin": url.partition("/softswiss/")[0],
            "strategy": "detect",
            "client_type": str(opened["launch"].get("client_type", "desktop")),
        }
    return {"launch_options": options, "session_id": opened["session_id"]}


@endpoint("v1")
def freespins_issue(_request: HttpRequest, data: Json) -> HttpResponse:
    bet_level = data.get("bet_level", 1)
    if not isinstance(bet_level, int) or bet_level < 1:
        raise Fault(400, "bet_level must be 1 or more")
    user = _object(data, "user")
    _issue(
        "v1",
        data,
        currency=_currency(data),
        player_id=_text(user, "id"),
        bet_level=bet_level,
        bet_amount="",
    )
    return HttpResponse(content_type="application/json")


@endpoint("v1")
def freespins_cancel(_request: HttpRequest, data: Json) -> HttpResponse:
    _cancel(data)
    return HttpResponse(content_type="application/json")


@endpoint("v1")
def rounds_details(_request: HttpRequest, data: Json) -> HttpResponse:
    return JsonResponse(_round(data))


def catalogue_index(request: HttpRequest) -> HttpResponse:
    """The list of catalogue files, one address a line."""
    base = request.build_absolute_uri(request.path).rpartition("/")[0]
    lines = [f"{base}/l/{provider}.yaml" for provider in sorted(catalogue.by_provider())]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


def catalogue_file(_request: HttpRequest, provider: str) -> HttpResponse:
    listed = catalogue.by_provider().get(provider)
    if listed is None:
        return HttpResponse("Not found\n", status=404, content_type="text/plain")
    return HttpResponse(_yaml(provider), content_type="application/yaml; charset=utf-8")


@functools.cache
def _yaml(provider: str) -> str:
    entries = [_entry_v1(game) for game in catalogue.by_provider()[provider]]
    return yaml.safe_dump(entries, sort_keys=False, allow_unicode=True)


def _entry_v1(game: catalogue.Game) -> Json:
    return {
        "title": game.title,
        "identifier": game.identifier,
        "identifier2": game.name,
        "provider": game.provider,
        "producer": game.producer,
        "category": game.category,
        "feature_group": game.feature_group,
        "devices": list(game.devices),
        "has_freespins": game.has_freespins,
        "has_live": game.has_live,
        "has_jackpot": game.has_jackpot,
        # A string keeps 96.10 what it is on the way through YAML.
        "payout": f"{game.payout_bps // 100}.{game.payout_bps % 100:02d}",
        "volatility_rating": game.volatility,
        "lines": game.lines,
        "ways": game.ways,
        "multiplier": game.multiplier_max,
        "accumulating": False,
        "bonus_buy": game.bonus_buy,
        "hd": True,
        "description": game.description,
        "released_at": game.released_at.date().isoformat(),
        "recalled_at": game.recalled_at.date().isoformat() if game.recalled_at else None,
        "restrictions": {"default": {"blacklist": list(game.blacklist)}},
    }


def picture(_request: HttpRequest, provider: str, name: str) -> HttpResponse:
    """The picture that `Game/List` points to."""
    game = catalogue.game(f"{provider}:{name}")
    if game is None:
        return HttpResponse("Not found\n", status=404, content_type="text/plain")
    response = HttpResponse(art.picture(game), content_type="image/svg+xml")
    response["Cache-Control"] = "max-age=86400"
    return response


# ---- v2 ----------------------------------------------------------------------------------------


@endpoint("v2")
def launcher_real(request: HttpRequest, data: Json) -> HttpResponse:
    game = _game(_text(data, "game"))
    player = _object(data, "player")
    currency = _currency(player)
    player_id = _text(player, "id")
    _object(data, "urls")
    _check_country(game, _text(player, "country"))
    _fix_player(player_id, currency, str(player.get("email", "")))
    opened = aggregator.open_session(
        generation="v2",
        game=game,
        currency=currency,
        player_id=player_id,
        balance_units=None,
        launch=data,
    )
    return JsonResponse({"launch_url": game_url(request, opened)})


@endpoint("v2")
def launcher_demo(request: HttpRequest, data: Json) -> HttpResponse:
    game = _game(_text(data, "game"))
    opened = aggregator.open_session(
        generation="v2", game=game, currency="", player_id="", balance_units=None, launch=data
    )
    return JsonResponse({"launch_url": game_url(request, opened)})


@endpoint("v2")
def game_list(request: HttpRequest, _data: Json) -> HttpResponse:
    base = request.build_absolute_uri("/").rstrip("/") + "/softswiss/i/s3/"
    providers = [
        {
            "name": provider,
            "image_assets": {"base_url": base},
            "games": [_entry_v2(game) for game in listed],
        }
        for provider, listed in sorted(catalogue.by_provider().items())
    ]
    return JsonResponse({"providers": providers})


def _entry_v2(game: catalogue.Game) -> Json:
    return {
        "id": game.name,
        "title": game.title,
        "provider": game.provider,
        "producer": game.producer,
        "category": game.category,
        "live": game.has_live,
        "images": {"square": f"{game.provider}/{game.name}.svg"},
        "released_at": _moment(game.released_at),
        "recalled_at": _moment(game.recalled_at) if game.recalled_at else None,
    }


@endpoint("v2")
def freespins_issue_v2(_request: HttpRequest, data: Json) -> HttpResponse:
    player = _object(data, "player")
    amount = _text(data, "bet_amount")
    if not money.V2_AMOUNT.fullmatch(amount):
        raise Fault(400, "bet_amount is not a money string")
    _issue(
        "v2",
        data,
        currency=_currency(player),
        player_id=_text(player, "id"),
        bet_level=0,
        bet_amount=amount,
    )
    return JsonResponse({})


@endpoint("v2")
def freespins_cancel_v2(_request: HttpRequest, data: Json) -> HttpResponse:
    _text(data, "provider")
    _cancel(data)
    return JsonResponse({})


@endpoint("v2")
def round_details_v2(_request: HttpRequest, data: Json) -> HttpResponse:
    return JsonResponse(_round(data))


@endpoint("v2")
def jackpot_feed(_request: HttpRequest, _data: Json) -> HttpResponse:
    """Every playable game with a jackpot, its levels in each currency the studio runs it in."""
    seconds = int(datetime.now(UTC).timestamp())
    games = [
        {"game_id": game.identifier, "levels": _levels(game, seconds)}
        for game in catalogue.games().values()
        if game.has_jackpot and game.is_playable
    ]
    return JsonResponse({"games": games})


def _levels(game: catalogue.Game, seconds: int) -> list[Json]:
    """A pot grows by some cents a second and starts again at a tenth of where it drops."""
    levels = []
    for number, (name, top_cents, cents_a_second) in enumerate(JACKPOT_LEVELS, start=1):
        shift = catalogue.digest(game.identifier, name) % top_cents
        cents = top_cents // 10 + (shift + seconds * cents_a_second) % (top_cents * 9 // 10)
        data = [{"amount": money.text(cents, code), "currency": code} for code in ("EUR", "USD")]
        levels.append({"level": number, "name": name, "data": data})
    return levels


@endpoint("v2")
def no_such_method(_request: HttpRequest, _data: Json) -> HttpResponse:
    return Fault(404, "No such method").v2()


# ---- shared ------------------------------------------------------------------------------------


def game_url(request: HttpRequest, opened: Json) -> str:
    base = settings.SIMULATORS_PUBLIC_URL.rstrip("/") or request.build_absolute_uri("/").rstrip("/")
    return f"{base}/softswiss/game/{opened['session_id']}/"


def _issue(
    generation: str,
    data: Json,
    *,
    currency: str,
    player_id: str,
    bet_level: int,
    bet_amount: str,
) -> None:
    issue_id = _text(data, "issue_id")
    quantity = data.get("freespins_quantity")
    if not isinstance(quantity, int) or isinstance(quantity, bool) or quantity < 1:
        raise Fault(400, "freespins_quantity must be 1 or more")
    games = data.get("games")
    if not isinstance(games, list) or not games:
        raise Fault(602, "No game given")
    chosen = [_game(str(identifier)) for identifier in games]
    if len({game.provider for game in chosen}) > 1:
        raise Fault(607, "Games of several providers")
    if any(not game.has_freespins for game in chosen):
        raise Fault(601, "The game has no freespins")
    valid_until = _valid_until(data)
    issue: Json = {
        "issue_id": issue_id,
        "generation": generation,
        "player_id": player_id,
        "currency": currency,
        "games": [game.identifier for game in chosen],
        "quantity": quantity,
        "bet_level": bet_level,
        "bet_amount": bet_amount,
        "valid_until": valid_until.isoformat(),
        "status": "active",
        "played": 0,
        "total_units": 0,
    }
    if book.insert("freespins", issue_id, issue, due_at=valid_until):
        return
    known = book.get("freespins", issue_id) or {}
    settled = {"status", "played", "total_units"}
    if any(known.get(name) != value for name, value in issue.items() if name not in settled):
        raise Fault(610, "The issue exists with other content")


def _valid_until(data: Json) -> datetime:
    try:
        valid_until = datetime.fromisoformat(_text(data, "valid_until"))
    except ValueError:
        raise Fault(603, "valid_until is not a date") from None
    now = datetime.now(UTC)
    if valid_until.tzinfo is None or not now < valid_until <= now + FREESPINS_VALID_MAX:
        raise Fault(603, "valid_until must lie within the next month")
    return valid_until.astimezone(UTC)


def _cancel(data: Json) -> None:
    issue_id = _text(data, "issue_id")
    try:
        with book.locked("freespins", issue_id) as issue:
            if issue["status"] not in {"active", "canceled"}:
                raise Fault(620, "The issue cannot be cancelled any more")
            issue["status"] = "canceled"
    except KeyError:
        raise Fault(610, "Invalid issue") from None


def _round(data: Json) -> Json:
    found = book.find("actions", {"round_id": _text(data, "round_id")}, limit=1)
    if not found:
        raise Fault(404, "Round not found")
    opened = aggregator.session(found[0].body["session_id"])
    provider, _, name = opened["game"].partition(":")
    return {
        "provider_identifier": f"{provider}:{name}",
        "casino_identifier": data["casino_id"],
        "user_id": opened["player_id"],
        "finished": book.get("finished", _text(data, "round_id")) is not None,
    }


def _game(identifier: str) -> catalogue.Game:
    game = catalogue.game(identifier)
    if game is None or not game.is_playable:
        raise Fault(405, "The game is not available to this casino")
    return game


def _check_country(game: catalogue.Game, country: str) -> None:
    if len(country) != 2:
        raise Fault(400, "country must be an ISO code of two letters")
    if country.upper() in game.blacklist:
        raise Fault(153, "The game is not available in the player's country")


def _fix_player(player_id: str, currency: str, email: str) -> None:
    """Currency and e-mail are fixed per player id from the first launch on (code 155)."""
    first = {"currency": currency, "email": email}
    if not book.insert("players", player_id, first) and book.get("players", player_id) != first:
        raise Fault(155, "The player's currency and e-mail are fixed")


def _currency(data: Mapping[str, Any]) -> str:
    currency = _text(data, "currency")
    if not money.CURRENCY.fullmatch(currency):
        raise Fault(154, "Currency not allowed")
    return currency


def _text(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not value:
        raise Fault(400, f"{name} is missing")
    if len(value) > TEXT_MAX:
        raise Fault(400, f"{name} is too long")
    return value


def _object(data: Json, name: str) -> Json:
    value = data.get(name)
    if not isinstance(value, dict):
        raise Fault(400, f"{name} is missing")
    return value


def _moment(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
