"""What we ask the aggregator, in the generation that `SOFTSWISS_GENERATION` names."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
import structlog
import yaml
from django.conf import settings

from apps.games.providers.base import (
    Catalogue,
    CatalogueGame,
    DemoRequest,
    FreeSpins,
    Launched,
    LaunchRequest,
    PartnerJackpot,
    PlayerFacts,
    ProviderRefused,
    RoundAnswer,
    RoundQuery,
    Urls,
)
from apps.games.providers.softswiss import signing, wire
from apps.integrations.errors import ProviderError
from apps.integrations.http import HttpAnswer, client

log = structlog.get_logger()

VENDOR = "SOFTSWISS"
CATALOGUE_FILE = re.compile(r"([a-z0-9_-]{1,60})\.yaml", re.ASCII)
IDENTIFIER = re.compile(r"[\w.-]+:[\w. -]+")
MONEY = re.compile(r"[0-9]{1,18}(\.[0-9]{1,18})?", re.ASCII)
FILES_MAX = 500
# So many files in a row that cannot be read, and the rest is not asked for.
FILES_FAILED_MAX = 3
UNKNOWN_ROUND = 404
FACTS_MAX, FACT_LENGTH_MAX = 20, 200
VOLATILITY = {
    "low": 1,
    "medium-low": 2,
    "low-medium": 2,
    "medium": 3,
    "medium-high": 4,
    "high-medium": 4,
    "high": 5,
    "very-high": 5,
}
# The vendor's error numbers that say whom it does not serve (section 8).
REASONS: dict[int, ProviderRefused.Reason] = {
    101: "player",
    107: "player",
    110: "player",
    153: "country",
    154: "currency",
    155: "player",
    405: "game",
    406: "free_spins",
    700: "game",
    **dict.fromkeys((600, 601, 602, 603, 605, 606, 607, 610, 611, 620), "free_spins"),
}
Json = dict[str, Any]


class Softswiss:
    """A `GameProvider`."""

    def catalogue(self) -> Catalogue:
        if settings.SOFTSWISS_CATALOGUE_SOURCE == "list":
            return _catalogue_of_list()
        return _catalogue_of_files()

    def launch(self, request: LaunchRequest) -> Launched:
        if settings.SOFTSWISS_GENERATION == "v2":
            return _launch_v2(request)
        return _launch_v1(request)

    def demo(self, request: DemoRequest) -> Launched:
        common = _common(request.game, request.client_type, request.ip)
        body = common | {"urls": {"return_url": request.urls.back}}
        if settings.SOFTSWISS_GENERATION == "v2":
            return Launched(url=_url(_post("v2/casino_a8r.Launcher/Demo", body).get("launch_url")))
        return _launched_v1(_post("demo", body), request.client_type)

    def issue_free_spins(self, spins: FreeSpins) -> None:
        common = {
            "casino_id": settings.SOFTSWISS_CASINO_ID,
            "issue_id": spins.issue_id,
            "games": [spins.game],
            "freespins_quantity": spins.quantity,
            "valid_until": _moment(spins.valid_until),
        }
        generation = _generation()
        code = wire.wire_code(spins.currency, generation)
        if generation == "v2":
            body = common | {
                "bet_amount": wire.balance_out(spins.stake, "v2"),
                "player": _player(spins.player) | {"currency": code},
            }
            _post("v2/casino_a8r.Freespins/Issue", body)
            return
        body = common | {
            "currency": code,
            "bet_level": spins.bet_level,
            "user": _player(spins.player, days=True),
        }
        _post("freespins/issue", body)

    def round_details(self, query: RoundQuery) -> RoundAnswer:
        """Source: section 4, whose nesting is not certain; v2's name is inferred (section 6).

        A round it does not know is 404; without a clear `finished` a round counts as open.
        """
        body = {
            "casino_id": settings.SOFTSWISS_CASINO_ID,
            "round_id": query.round_ref,
            "round_type": "regular",
            "provider": query.game.partition(":")[0],
        }
        is_v2 = _generation() == "v2"
        try:
            answer = _post("v2/casino_a8r.Round/Details" if is_v2 else "rounds/details", body)
        except ProviderRefused as refused:
            if refused.number == UNKNOWN_ROUND:
                return RoundAnswer("unknown")
            raise
        told = answer["round"] if isinstance(answer.get("round"), dict) else answer
        facts = {name: str(told[name])[:FACT_LENGTH_MAX] for name in sorted(told)[:FACTS_MAX]}
        whose = told.get("user_id") or told.get("player_id")
        if whose is not None and str(whose) != query.wallet_ref:
            raise ProviderError("SOFTSWISS told of somebody else's round.", retryable=False)
        return RoundAnswer("finished" if told.get("finished") is True else "open", facts)

    def jackpots(self) -> list[PartnerJackpot]:
        """The feed, a call of the second generation that may be agreed on with either (section 6)."""
        if not settings.SOFTSWISS_JACKPOT_FEED:
            return []
        body = {"casino_id": settings.SOFTSWISS_CASINO_ID}
        return _jackpots(_post("v2/casino_a8r.Jackpot/Feed", body))

    def cancel_free_spins(self, issue_id: str, game: str) -> None:
        body = {"casino_id": settings.SOFTSWISS_CASINO_ID, "issue_id": issue_id}
        if _generation() == "v2":
            body["provider"] = game.partition(":")[0]
            _post("v2/casino_a8r.Freespins/Cancel", body)
            return
        _post("freespins/cancel", body)


# ---- launching ------------------------------------------------------------------------------------


def _launch_v1(request: LaunchRequest) -> Launched:
    body = _common(request.game, request.client_type, request.ip) | {
        "currency": wire.wire_code(request.currency, "v1"),
        "balance": wire.units_out(request.balance, "v1"),
        "urls": _urls(request.urls),
        "user": _player(request.player, days=True),
    }
    if settings.SOFTSWISS_JURISDICTION:
        body["jurisdiction"] = settings.SOFTSWISS_JURISDICTION
    return _launched_v1(_post("sessions", body), request.client_type)


def _launched_v1(answer: Json, client_type: str) -> Launched:
    """Source: section 4; `launch_options` has one address or one per kind of device."""
    options = answer.get("launch_options")
    if not isinstance(options, dict):
        raise ProviderError("SOFTSWISS launched without launch_options.", retryable=True)
    session_ref = answer.get("session_id") or ""
    return Launched(
        url=_url(options.get("game_url") or options.get(f"{client_type}_url")),
        strategy="redirect" if options.get("strategy") == "redirect" else "iframe",
        outside_ref=session_ref if isinstance(session_ref, str) else "",
    )


def _launch_v2(request: LaunchRequest) -> Launched:
    body = _common(request.game, request.client_type, request.ip) | {
        "jurisdiction": settings.SOFTSWISS_JURISDICTION,
        "player": _player(request.player) | {"currency": wire.wire_code(request.currency, "v2")},
        "urls": _urls(request.urls),
        # Comes back in every callback of the session.
        "session_payload": request.session_id,
    }
    answer = _post("v2/casino_a8r.Launcher/Real", body)
    return Launched(url=_url(answer.get("launch_url")), outside_ref=request.session_id)


def _common(game: str, client_type: str, ip: str) -> Json:
    return {
        "casino_id": settings.SOFTSWISS_CASINO_ID,
        "game": game,
        "client_type": client_type,
        "ip": ip,
        "locale": settings.SOFTSWISS_LOCALE,
    }


def _urls(urls: Urls) -> Json:
    return {"deposit_url": urls.deposit, "return_url": urls.back}


def _player(player: PlayerFacts, *, days: bool = False) -> Json:
    """No real name and no real address: the vendor fixes the e-mail for ever and needs neither.

    days: v1 writes dates as days, v2 as moments.
    """
    birth = datetime.combine(player.birth_date, datetime.min.time(), tzinfo=UTC)
    shown = _day if days else _moment
    return {
        "id": player.wallet_ref,
        "email": f"{player.wallet_ref.lower()}@players.invalid",
        "firstname": player.display_name,
        "lastname": player.display_name,
        "nickname": player.display_name,
        "country": player.country,
        "date_of_birth": shown(birth),
        "registered_at": shown(player.registered_at),
    }


def _day(at: datetime) -> str:
    return at.astimezone(UTC).date().isoformat()


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _url(value: object) -> str:
    """The address goes into our page, so it must be one."""
    if isinstance(value, str) and value.startswith(("https://", "http://")):
        return value
    raise ProviderError("SOFTSWISS launched without an address.", retryable=True)


def _jackpots(answer: Json) -> list[PartnerJackpot]:
    """Entry by entry; what does not hold is left out."""
    found = []
    for game in _items(answer, "games"):
        for level in _items(game, "levels"):
            for amount in _items(level, "data"):
                one = _jackpot(game, level, amount)
                if one is None:
                    log.warning("softswiss.jackpot_entry", game=str(game.get("game_id"))[:200])
                else:
                    found.append(one)
    return found


def _jackpot(game: Json, level: Json, told: Json) -> PartnerJackpot | None:
    number, text, code = level.get("level"), told.get("amount"), told.get("currency")
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < 2**15:
        return None
    if not isinstance(text, str) or not isinstance(code, str) or not MONEY.fullmatch(text):
        return None
    return PartnerJackpot(
        game=str(game.get("game_id")),
        level=number,
        name=str(level.get("name") or f"Level {number}"),
        amount=Decimal(text),
        currency=code,
    )


def _items(answer: Json, name: str) -> list[Json]:
    listed = answer.get(name)
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


# ---- calls ----------------------------------------------------------------------------------------


def _generation() -> wire.Generation:
    return "v2" if settings.SOFTSWISS_GENERATION == "v2" else "v1"


def _post(path: str, document: Json) -> Json:
    """A signed call. Raises ProviderRefused for a number of the vendor's table, ProviderError."""
    body = msgspec.json.encode(document)
    answer = client(VENDOR).request(
        "POST",
        path,
        body=body,
        headers=signing.headers(body),
        timeout_seconds=settings.SOFTSWISS_TIMEOUT_SECONDS,
    )
    if answer.status != 200:
        _refused(path, answer)
    if not answer.body:
        return {}
    return _object(answer)


def _refused(path: str, answer: HttpAnswer) -> None:
    told = _object(answer) if answer.body[:1] == b"{" else {}
    meta = told.get("meta")
    number = meta.get("api_code") if isinstance(meta, dict) else told.get("code")
    text = str(number)
    code = int(text) if text.isascii() and text.isdigit() else 0
    message = f"SOFTSWISS answered {path} with {answer.status} (code {code})."
    log.warning("softswiss.refused", path=path, status=answer.status, code=code)
    if answer.status >= 500 or code >= 700 or code in {500, 502, 503, 504}:
        raise ProviderError(message, retryable=True, outcome_unknown=answer.status >= 500)
    raise ProviderRefused(REASONS.get(code, "request"), message, number=code)


def _object(answer: HttpAnswer) -> Json:
    try:
        document = msgspec.json.decode(answer.body)
    except msgspec.DecodeError:
        document = None
    if not isinstance(document, dict):
        raise ProviderError(
            "SOFTSWISS did not answer with an object.", retryable=True, outcome_unknown=True
        )
    return document


def _get(path: str) -> bytes:
    vendor = "SOFTSWISS_CATALOGUE" if settings.SOFTSWISS_CATALOGUE_BASE_URL else VENDOR
    answer = client(vendor).request("GET", path, timeout_seconds=settings.SOFTSWISS_TIMEOUT_SECONDS)
    if answer.status != 200:
        raise ProviderError(f"SOFTSWISS answered {path} with {answer.status}.", retryable=True)
    return answer.body


# ---- catalogue ------------------------------------------------------------------------------------


def _catalogue_of_files() -> Catalogue:
    """One YAML file a provider, named by an index (section 4).

    The index holds whole addresses; only their file names are taken, the host is ours to choose.
    """
    lines = _get("allprovidersurls.txt").decode("utf-8", "replace").split()
    names = [CATALOGUE_FILE.fullmatch(line.rpartition("/")[2]) for line in lines[:FILES_MAX]]
    games: list[CatalogueGame] = []
    unread: set[str] = set()
    failed_in_a_row = 0
    for provider in sorted({name[1] for name in names if name}):
        if failed_in_a_row == FILES_FAILED_MAX:
            unread.add(provider)
            continue
        try:
            games += _read_file(provider)
            failed_in_a_row = 0
        except ProviderError as error:
            log.warning("softswiss.catalogue_unread", provider=provider, error=str(error))
            unread.add(provider)
            failed_in_a_row += 1
    if unread and not games:
        raise ProviderError("SOFTSWISS let no file of its catalogue be read.", retryable=True)
    return Catalogue(games, frozenset(unread))


def _read_file(provider: str) -> Iterable[CatalogueGame]:
    try:
        entries = yaml.load(_get(f"l/{provider}.yaml"), Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise ProviderError(f"The catalogue of {provider} is no YAML.", retryable=True) from error
    if not isinstance(entries, list):
        raise ProviderError(f"The catalogue of {provider} is no list.", retryable=True)
    found = (_game_of_file(entry) for entry in entries if isinstance(entry, dict))
    return [game for game in found if game is not None]


def _game_of_file(entry: Mapping[str, Any]) -> CatalogueGame | None:
    identifier, title = str(entry.get("identifier")), entry.get("title")
    if not _is_identifier(identifier) or not isinstance(title, str) or not title.strip():
        log.warning("softswiss.catalogue_entry", identifier=identifier[:200])
        return None
    features = [
        *(["ways"] if entry.get("ways") else []),
        *(name for name in ("bonus_buy", "accumulating") if entry.get(name)),
    ]
    recalled = entry.get("recalled_at")
    return CatalogueGame(
        identifier=identifier,
        title=title.strip(),
        studio=str(entry.get("producer") or entry.get("provider") or ""),
        category=str(entry.get("category") or "slots"),
        description=str(entry.get("description") or ""),
        rtp=_percent(entry.get("payout")),
        volatility=_volatility(entry.get("volatility_rating")),
        lines=_count(entry.get("lines")),
        features=features,
        has_free_spins=bool(entry.get("has_freespins")),
        has_jackpot=bool(entry.get("has_jackpot")),
        is_live=bool(entry.get("has_live")),
        # Nobody plays for fun at a table with people.
        has_demo=not entry.get("has_live"),
        devices=_texts(entry.get("devices")),
        blocked_countries=_blocked(entry.get("restrictions")),
        released_on=_date(entry.get("released_at")),
        recalled_on=_date(recalled) or (date.min if entry.get("recalled") is True else None),
    )


def _catalogue_of_list() -> Catalogue:
    """v2's `Game/List` (section 6): what is not in it is left as it is known."""
    body = {"casino_id": settings.SOFTSWISS_CASINO_ID}
    providers = _post("v2/casino_a8r.Game/List", body).get("providers")
    if not isinstance(providers, list):
        raise ProviderError("SOFTSWISS sent no list of providers.", retryable=True)
    games: list[CatalogueGame] = []
    for provider in providers:
        listed = provider.get("games") if isinstance(provider, dict) else None
        for entry in listed if isinstance(listed, list) else []:
            game = _game_of_list(entry) if isinstance(entry, dict) else None
            if game is not None:
                games.append(game)
    return Catalogue(games)


def _game_of_list(entry: Mapping[str, Any]) -> CatalogueGame | None:
    identifier = f"{entry.get('provider')}:{entry.get('id')}"
    title = entry.get("title")
    if not _is_identifier(identifier) or not isinstance(title, str) or not title.strip():
        return None
    return CatalogueGame(
        identifier=identifier,
        title=title.strip(),
        studio=str(entry.get("producer") or entry.get("provider")),
        category=str(entry.get("category") or "slots"),
        is_live=bool(entry.get("live")),
        has_demo=not entry.get("live"),
        released_on=_date(entry.get("released_at")),
        recalled_on=_date(entry.get("recalled_at")),
    )


def _is_identifier(value: str) -> bool:
    return len(value) <= 200 and bool(IDENTIFIER.fullmatch(value))


def _percent(value: object) -> Decimal | None:
    """RTP in per cent; what is not one (0, 1.2, "n/a") is not known."""
    try:
        percent = Decimal(str(value)).quantize(Decimal("0.01"))
        is_likely = Decimal(50) <= percent <= 100
    except InvalidOperation:
        return None
    return percent if is_likely else None


def _volatility(value: object) -> int | None:
    return VOLATILITY.get(str(value).strip().lower().replace(" ", "-").replace("_", "-"))


def _count(value: object) -> int | None:
    return value if type(value) is int and 0 < value < 1_000_000 else None


def _texts(value: object) -> list[str]:
    return [str(one)[:16] for one in value] if isinstance(value, list) else []


def _blocked(restrictions: object) -> list[str]:
    """Countries of `restrictions.default.blacklist`."""
    default = restrictions.get("default") if isinstance(restrictions, dict) else None
    blocked = default.get("blacklist") if isinstance(default, dict) else None
    # YAML reads Norway's NO as false where it is not quoted.
    codes = ["NO" if one is False else str(one).upper() for one in blocked or []]
    return sorted({code for code in codes if re.fullmatch(r"[A-Z]{2}", code)})


def _date(value: object) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return datetime.fromisoformat(str(value)).date()
    except ValueError:
        return None
