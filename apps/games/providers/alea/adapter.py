"""What we ask Alea: its games, a launch, free spins. A launch of v2 asks nothing: it is an address."""

import re
import secrets
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
import structlog
from django.conf import settings

from apps.core.money import Currency
from apps.games.providers.alea import signing, wire
from apps.games.providers.base import (
    Catalogue,
    CatalogueGame,
    ClientType,
    DemoRequest,
    FreeSpins,
    Launched,
    LaunchRequest,
    ProviderRefused,
    RoundAnswer,
    RoundQuery,
    Urls,
)
from apps.integrations.errors import ProviderError
from apps.integrations.http import HttpAnswer, client

log = structlog.get_logger()

VENDOR = "ALEA"
PAGES_MAX = 200
NAME = re.compile(r"[\w. -]{1,90}")
FIELDS = """
page { number size totalPages totalElements }
results {
  id name software { id name } type status genre jackpot freeSpinsCurrencies ratio rtp volatility
  minBet maxBet maxWinMultiplier lines hitFrequency buyFeature releaseDate features seats
  assetsLink thumbnailLinks demoAvailable
}
"""
# The vendor's genres in the words of our lobby; another one is taken as it is called.
CATEGORIES = {
    "slots": "slots",
    "roulette": "roulette",
    "baccarat": "card",
    "blackjack": "card",
    "dragon_tiger": "card",
    "andar_bahar": "card",
    "hi_lo": "card",
    "sette_e_mezzo": "card",
    "poker": "poker",
    "show": "table",
    "wheel": "table",
    "craps": "craps",
    "sic_bo": "craps",
    "dice": "craps",
    "bingo": "lottery",
    "keno": "lottery",
    "scratch_cards": "scratch",
    "crash": "crash",
    "mine": "mines",
    "instant_win": "casual",
    "plinko": "casual",
    "ladders": "casual",
    "heads_tails": "casual",
    "shooting": "casual",
}
VOLATILITY = {"low": 1, "medium_low": 2, "medium": 3, "medium_high": 4, "high": 5, "very_high": 5}
GONE = {"INACTIVE", "DISABLED", "DEPRECATED", "RETIRED"}
Json = dict[str, Any]
DECODER = msgspec.json.Decoder(float_hook=Decimal)


class Alea:
    """A `GameProvider`."""

    def catalogue(self) -> Catalogue:
        """All pages or none: a page that is missing would hide its games."""
        games = {}
        for entry in _entries():
            game = _game(entry)
            if game is not None:
                games[game.identifier] = game
        return Catalogue(list(games.values()))

    def launch(self, request: LaunchRequest) -> Launched:
        if not _is_played(request.currency):
            raise ProviderRefused("currency", f"Alea does not play {request.currency.code}.")
        if settings.ALEA_GENERATION == "v1":
            return Launched(url=_launch_v1(request), outside_ref=request.session_id)
        software, game = _parts(request.game)
        query = _query(request.session_id, request.client_type, request.urls, "REAL")
        query |= _environment(software, request.currency.code)
        if settings.ALEA_TEST_PLAYERS:
            query["isTest"] = "true"
        return Launched(url=_play_url(game, query), outside_ref=request.session_id)

    def demo(self, request: DemoRequest) -> Launched:
        """The session is one that nobody keeps, so it can never move money."""
        if settings.ALEA_GENERATION == "v1":
            return Launched(url=_demo_v1(request))
        software, game = _parts(request.game)
        session_id = f"demo-{secrets.token_hex(12)}"
        query = _query(session_id, request.client_type, request.urls, "DEMO")
        return Launched(url=_play_url(game, query | _environment(software, "")))

    def issue_free_spins(self, spins: FreeSpins) -> None:
        software, game = _parts(spins.game)
        document = {
            "casinoPlayerId": spins.player.wallet_ref,
            "casinoBonusId": spins.issue_id,
            "country": spins.player.country,
            "currency": wire.wire_code(spins.currency),
            "softwareId": _number(software),
            "level": spins.bet_level,
            "amount": spins.quantity,
            "games": [{"id": _number(game)}],
            "startAt": _moment(datetime.now(UTC)),
            "expireAt": _moment(spins.valid_until),
        }
        body = msgspec.json.encode(document)
        answer = _call("POST", settings.ALEA_FREE_SPINS_PATH, body=body, signed=body)
        told = _object(answer)
        if not told.get("id"):
            raise ProviderRefused("free_spins", f"Alea refused free spins: {_errors(told)}.")

    def cancel_free_spins(self, issue_id: str, game: str) -> None:
        path = f"{settings.ALEA_FREE_SPINS_PATH}/{quote(issue_id, safe='')}"
        answer = _call("DELETE", path, signed=issue_id.encode())
        if answer.status not in {200, 204}:
            raise ProviderRefused(
                "free_spins", f"Alea answered the end of free spins with {answer.status}."
            )

    def round_details(self, query: RoundQuery) -> RoundAnswer:
        """The vendor's call for a round is in no public text (protocol notes, section 3.4)."""
        return RoundAnswer("unsupported")


# ---- launching ------------------------------------------------------------------------------------


def _query(session_id: str, client_type: ClientType, urls: Urls, mode: str) -> dict[str, str]:
    return {
        "casinoSessionId": session_id,
        "locale": settings.ALEA_LOCALE,
        "device": client_type.upper(),
        "gameMode": mode,
        "lobbyUrl": urls.back,
        "depositUrl": urls.deposit,
    }


def _environment(software: str, code: str) -> dict[str, str]:
    """Some studios need an environment of their own for a group of currencies."""
    named = settings.ALEA_ENVIRONMENTS.get((software, code)) or settings.ALEA_ENVIRONMENT_ID
    return {"environmentId": named} if named else {}


def _play_url(game: str, query: Mapping[str, str]) -> str:
    host = (settings.ALEA_PLAY_URL or settings.ALEA_BASE_URL).rstrip("/")
    if not host:
        raise ProviderError("ALEA is not configured.", retryable=False)
    return f"{host}/api/v1/games/{quote(game, safe='')}?{urlencode(query)}"


def _launch_v1(request: LaunchRequest) -> str:
    code = wire.wire_code(request.currency)
    query = _query_v1(request.game, request.client_type, request.urls) | {
        "casinoPlayerId": request.player.wallet_ref,
        "casinoSessionId": request.session_id,
        "country": request.player.country,
        "currency": code,
    }
    signed = signing.launch_text(
        player_ref=request.player.wallet_ref,
        session_id=request.session_id,
        country=request.player.country,
        currency=code,
    )
    return _launched_v1("launch/real", query, signed)


def _demo_v1(request: DemoRequest) -> str:
    query = _query_v1(request.game, request.client_type, request.urls)
    # A demo has no player: nothing but empty values to sign.
    return _launched_v1("launch/demo", query | {"country": "", "currency": ""}, b"")


def _query_v1(game: str, client_type: ClientType, urls: Urls) -> dict[str, str]:
    return {
        "casinoId": settings.ALEA_OPERATOR_ID,
        "gameId": _parts(game)[1],
        "lobbyUrl": urls.back,
        "depositUrl": urls.deposit,
        "device": client_type.upper(),
        "locale": settings.ALEA_LOCALE,
    }


def _launched_v1(path: str, query: Mapping[str, str], signed: bytes) -> str:
    headers = _headers() | {signing.HEADER: signing.digest(signed, settings.ALEA_SECRET)}
    answer = client(VENDOR).request(
        "GET",
        f"{path}?{urlencode(query)}",
        headers=headers,
        timeout_seconds=settings.ALEA_TIMEOUT_SECONDS,
    )
    if answer.status != 200:
        _refused(path, answer)
    url = _object(answer).get("url")
    if isinstance(url, str) and url.startswith(("https://", "http://")):
        return url
    raise ProviderError("Alea launched without an address.", retryable=True)


def _is_played(currency: Currency) -> bool:
    played = settings.ALEA_CURRENCIES_PLAYED
    return not played or currency.code in played


def _parts(identifier: str) -> tuple[str, str]:
    software, _, game = identifier.partition(":")
    return software, game


def _number(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdigit() else text


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# ---- calls ----------------------------------------------------------------------------------------


def _headers() -> dict[str, str]:
    headers = {
        "Content-Type": "application/json",
        "Authorization": f"Bearer {settings.ALEA_API_TOKEN}",
        "Alea-CasinoId": settings.ALEA_OPERATOR_ID,
    }
    if settings.ALEA_ENVIRONMENT_ID:
        headers["Alea-EnvironmentId"] = settings.ALEA_ENVIRONMENT_ID
    return headers


def _call(method: str, path: str, *, signed: bytes, body: bytes = b"") -> HttpAnswer:
    """A call about free spins. Raises ProviderError when it is not known what became of it."""
    bare = signing.digest(signed, settings.ALEA_SECRET).removeprefix(signing.PREFIX)
    headers = _headers() | {signing.HEADER: settings.ALEA_FREE_SPINS_DIGEST_PREFIX + bare}
    answer = client(VENDOR).request(
        method, path, body=body, headers=headers, timeout_seconds=settings.ALEA_TIMEOUT_SECONDS
    )
    if answer.status >= 500 or answer.status == 429:
        _refused(path, answer)
    return answer


def _refused(path: str, answer: HttpAnswer) -> None:
    log.warning("alea.refused", path=path, status=answer.status)
    message = f"Alea answered {path} with {answer.status}."
    if answer.status >= 500 or answer.status in {401, 429}:
        raise ProviderError(message, retryable=True, outcome_unknown=answer.status >= 500)
    raise ProviderRefused("request", message)


def _object(answer: HttpAnswer) -> Json:
    try:
        document = DECODER.decode(answer.body)
    except msgspec.DecodeError:
        document = None
    if not isinstance(document, dict):
        raise ProviderError(
            "Alea did not answer with an object.", retryable=True, outcome_unknown=True
        )
    return document


def _errors(told: Json) -> str:
    errors = told.get("errors")
    listed = [one for one in errors if isinstance(one, dict)] if isinstance(errors, list) else []
    return ", ".join(str(one.get("code"))[:60] for one in listed) or "no reason given"


# ---- catalogue ------------------------------------------------------------------------------------


def _entries() -> Iterator[Json]:
    """Every entry of every page; the vendor counts pages from zero."""
    for number in range(PAGES_MAX):
        if number:
            time.sleep(settings.ALEA_PAGE_PAUSE_MS / 1000)
        listed = _page(number)
        results = listed.get("results")
        if not isinstance(results, list):
            raise ProviderError("Alea's catalogue has no results.", retryable=True)
        yield from (one for one in results if isinstance(one, dict))
        page = listed.get("page")
        pages = page.get("totalPages") if isinstance(page, dict) else None
        if not isinstance(pages, int):
            raise ProviderError("Alea's catalogue does not count its pages.", retryable=True)
        if number + 1 >= pages:
            return
    raise ProviderError("Alea's catalogue does not end.", retryable=False)


def _page(number: int) -> Json:
    name, argument = settings.ALEA_GAMES_QUERY, settings.ALEA_MARKET_ARGUMENT
    query = (
        f"query Games($market: String!, $size: Int!, $page: Int!) {{"
        f" {name}({argument}: $market, size: $size, page: $page) {{ {FIELDS} }} }}"
    )
    variables = {"market": settings.ALEA_MARKET, "size": settings.ALEA_PAGE_SIZE, "page": number}
    answer = client(VENDOR).request(
        "POST",
        "api/graphql",
        body=msgspec.json.encode({"query": query, "variables": variables}),
        headers=_headers(),
        timeout_seconds=settings.ALEA_TIMEOUT_SECONDS,
    )
    if answer.status != 200:
        raise ProviderError(f"Alea answered its catalogue with {answer.status}.", retryable=True)
    told = _object(answer)
    data = told.get("data")
    listed = data.get(name) if isinstance(data, dict) else None
    if not isinstance(listed, dict):
        # GraphQL says no with 200.
        raise ProviderError(f"Alea sent no catalogue: {_errors(told)}.", retryable=True)
    return listed


def _game(entry: Mapping[str, Any]) -> CatalogueGame | None:
    software = entry.get("software")
    software = software if isinstance(software, dict) else {}
    ids = [str(software.get("id") or ""), str(entry.get("id") or "")]
    title = entry.get("name")
    if (
        not all(NAME.fullmatch(one) for one in ids)
        or not isinstance(title, str)
        or not title.strip()
    ):
        log.warning("alea.catalogue_entry", identifier=":".join(ids)[:200])
        return None
    genre = _word(entry.get("genre"))
    is_live = _word(entry.get("type")) == "live"
    return CatalogueGame(
        identifier=":".join(ids),
        title=title.strip(),
        studio=str(software.get("name") or ids[0]),
        category=CATEGORIES.get(genre, genre or "table"),
        rtp=_percent(entry.get("rtp")),
        volatility=_volatility(entry.get("volatility")),
        lines=_count(entry.get("lines")),
        features=_features(entry, genre),
        has_demo=_flag(entry.get("demoAvailable")),
        has_free_spins=bool(entry.get("freeSpinsCurrencies")),
        has_jackpot=bool(entry.get("jackpot")),
        is_live=is_live,
        devices=["desktop", "mobile"],
        seats=_count(entry.get("seats")),
        min_stake=_stake(entry.get("minBet")),
        max_stake=_stake(entry.get("maxBet")),
        max_win=_stake(entry.get("maxWinMultiplier")),
        released_on=_date(entry.get("releaseDate")),
        recalled_on=date.min if str(entry.get("status")).upper() in GONE else None,
    )


def _features(entry: Mapping[str, Any], genre: str) -> list[str]:
    """The genre stands among them, as several share one place in the lobby."""
    listed = entry.get("features")
    named = [_word(one)[:40] for one in listed] if isinstance(listed, list) else []
    extra = [genre] if genre and genre not in CATEGORIES.values() else []
    return [one for one in dict.fromkeys([*extra, *named]) if one]


def _word(value: object) -> str:
    return re.sub(r"[^a-z0-9]+", "_", str(value or "").strip().lower()).strip("_")


def _percent(value: object) -> Decimal | None:
    """RTP in per cent; a share such as 0.973 is one too."""
    try:
        percent = Decimal(str(value))
    except InvalidOperation:
        return None
    if not percent.is_finite():
        return None
    percent = (percent * 100 if percent <= 1 else percent).quantize(Decimal("0.01"))
    return percent if Decimal(50) <= percent <= 100 else None


def _volatility(value: object) -> int | None:
    if type(value) is int:
        return value if 1 <= value <= 5 else None
    return VOLATILITY.get(_word(value))


def _count(value: object) -> int | None:
    return value if type(value) is int and 0 < value < 10_000 else None


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _stake(value: object) -> Decimal | None:
    try:
        stake = Decimal(str(value))
    except InvalidOperation:
        return None
    return stake if stake.is_finite() and 0 < stake < 10**12 else None


def _date(value: object) -> date | None:
    try:
        return datetime.fromisoformat(str(value)).date()
    except ValueError:
        return None
