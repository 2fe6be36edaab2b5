"""Opening games, ending sessions, switching games on and off, taking over the catalogue."""

from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import timedelta
from typing import Literal

from django.conf import settings
from django.db import connection, models, transaction
from django.utils.text import slugify

from apps.accounts.errors import CountryBlocked, PlayerNotActive
from apps.accounts.models import Player
from apps.audit import services as audit
from apps.audit.alarms import raise_alarm
from apps.core.clock import now
from apps.core.errors import InvalidInput
from apps.core.money import Money
from apps.games import play
from apps.games.errors import (
    CurrencyNotPlayable,
    GameNotFound,
    GameRestricted,
    GameUnavailable,
    NoDemo,
    ProviderDown,
)
from apps.games.models import Game, GameSession, Studio, session_public_id
from apps.games.providers.base import (
    CatalogueGame,
    ClientType,
    DemoRequest,
    Launched,
    LaunchRequest,
    PlayerFacts,
    ProviderRefused,
    Urls,
)
from apps.games.providers.registry import configured, provider
from apps.integrations.errors import ProviderError
from apps.ledger.selectors import currencies
from apps.wallet import services as wallets

POPULAR_FOR = timedelta(days=7)
SYNC_CHUNK = 500
# Addresses beside the games' own (urls.py).
RESERVED_SLUGS = ("rounds",)
Mode = Literal["real", "demo"]


def launch(
    *,
    player: Player | None,
    game: Game,
    currency_code: str,
    client_type: ClientType,
    ip: str,
    mode: Mode,
    urls: Urls,
) -> Launched:
    """Open a game at its partner; for real money a session is kept and an earlier one ends.

    player: None only for demos. currency_code: ignored by demos.
    Raises GameNotFound, GameUnavailable, GameRestricted, CountryBlocked, NoDemo, PlayerNotActive,
    UnknownCurrency, CurrencyNotPlayable, ProviderDown.
    """
    check_open(game, player.country if player else None)
    if mode == "demo":
        if not game.has_demo:
            raise NoDemo
        request = DemoRequest(game=game.identifier, client_type=client_type, ip=ip, urls=urls)
        return _ask(game, lambda: provider(game.provider).demo(request))
    if player is None or not player.is_active:
        raise PlayerNotActive
    currency = next((one for one in currencies() if one.code == currency_code), None)
    if currency is None:
        raise CurrencyNotPlayable(fields={"currency": CurrencyNotPlayable.message})

    wallet = wallets.open_wallet(player_id=player.pk, currency_code=currency.code)
    public_id = session_public_id()
    held = Money.from_major(wallet.balance, currency)
    real = LaunchRequest(
        session_id=public_id,
        player=player_facts(player, currency.code),
        game=game.identifier,
        currency=currency,
        balance=held if held.units > 0 else Money.zero(currency),
        client_type=client_type,
        ip=ip,
        urls=urls,
    )
    launched = _ask(game, lambda: provider(game.provider).launch(real))
    # Only now is there something to keep: until the page has the address nobody can play.
    _open_session(
        player=player,
        game=game,
        wallet_id=wallet.pk,
        currency_code=currency.code,
        public_id=public_id,
        outside_ref=launched.outside_ref or public_id,
    )
    return launched


def check_open(game: Game, country: str | None) -> None:
    """Refuse a game that is gone, switched off or not offered in a country (None: not known).

    Raises GameNotFound, GameUnavailable, CountryBlocked, GameRestricted.
    """
    today = now().date()
    released = game.released_on is None or game.released_on <= today
    recalled = game.recalled_on is not None and game.recalled_on <= today
    if not game.is_listed or not released or recalled:
        raise GameNotFound
    if not game.enabled:
        raise GameUnavailable
    if country in settings.BLOCKED_COUNTRIES:
        raise CountryBlocked
    if country in game.blocked_countries:
        raise GameRestricted


def player_facts(player: Player, currency_code: str) -> PlayerFacts:
    return PlayerFacts(
        wallet_ref=play.wallet_ref(player.public_id, currency_code),
        display_name=player.display_name,
        country=player.country,
        birth_date=player.birth_date,
        registered_at=player.created_at,
    )


@transaction.atomic
def _open_session(
    *,
    player: Player,
    game: Game,
    wallet_id: int,
    currency_code: str,
    public_id: str,
    outside_ref: str,
) -> GameSession:
    Player.objects.select_for_update(no_key=True).get(pk=player.pk)
    GameSession.objects.filter(player=player, game=game, ended_at=None).update(
        ended_at=now(), end_reason=GameSession.EndReason.REPLACED
    )
    return GameSession.objects.create(
        public_id=public_id,
        player=player,
        wallet_id=wallet_id,
        game=game,
        currency=currency_code,
        outside_ref=outside_ref,
        started_at=now(),
    )


def end_session(
    *,
    session: GameSession,
    reason: str = GameSession.EndReason.LEFT,
    actor: models.Model | str | None = None,
    note: str = "",
) -> bool:
    """No more bets in this session; wins still arrive. False when it was over already.

    actor: set when somebody else than the player ends it; then it is recorded with the note.
    """
    if actor is not None and not note.strip():
        raise InvalidInput(fields={"reason": "Give a reason."})
    with transaction.atomic():
        ended = GameSession.objects.filter(pk=session.pk, ended_at=None).update(
            ended_at=now(), end_reason=reason
        )
        if ended and actor is not None:
            audit.record("game_session.ended", actor=actor, subject=session, reason=note.strip())
    return bool(ended)


@transaction.atomic
def set_game_enabled(
    *, game_id: int, enabled: bool, actor: models.Model | str, reason: str
) -> Game:
    """Open or close a game. Once this has committed, no bet in it is accepted.

    Raises GameNotFound, InvalidInput.
    """
    game = Game.objects.select_for_update(no_key=True).filter(pk=game_id).first()
    if game is None:
        raise GameNotFound
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Give a reason."})
    if game.enabled == enabled:
        return game
    game.enabled = enabled
    game.save(update_fields=["enabled"])
    audit.record(
        "game.enabled" if enabled else "game.disabled",
        actor=actor,
        subject=game,
        before={"enabled": not enabled},
        after={"enabled": enabled},
        reason=reason.strip(),
    )
    return game


# ---- catalogue ----------------------------------------------------------------------------------


def sync_catalogue() -> dict[str, int]:
    """Take over every partner's catalogue; how many games each lists. Safe to repeat.

    A partner that fails keeps what it has and raises an alarm; the others go on.
    """
    counts: dict[str, int] = {}
    for name in configured():
        try:
            counts[name] = sync_provider(name)
        except ProviderError as error:
            raise_alarm("games.catalogue", subject=name, message=str(error))
    refresh_popularity()
    return counts


def sync_provider(name: str) -> int:
    """Add and update the games of one partner and hide those it no longer lists; none is deleted.

    Raises ProviderError.
    """
    catalogue = provider(name).catalogue()
    listed = {game.identifier: game for game in catalogue.games}
    if not listed:
        raise ProviderError(f"The catalogue of {name} is empty.", retryable=True)
    if catalogue.unread:
        raise_alarm(
            "games.catalogue",
            subject=name,
            message=f"Not read: {', '.join(sorted(catalogue.unread))}.",
        )
    known = {game.identifier: game for game in Game.objects.filter(provider=name)}
    studios = _studios({game.studio for game in listed.values()})
    slugs = {*RESERVED_SLUGS, *Game.objects.values_list("slug", flat=True)}
    at = now()
    for chunk in _chunks(sorted(listed), SYNC_CHUNK):
        with transaction.atomic():
            rows = []
            for identifier in chunk:
                row = known.get(identifier) or Game(
                    provider=name,
                    identifier=identifier,
                    slug=_free_slug(listed[identifier], slugs),
                )
                _take_over(row, listed[identifier], studios)
                row.is_listed, row.synced_at = True, at
                rows.append(row)
            Game.objects.bulk_create(
                rows,
                update_conflicts=True,
                unique_fields=["provider", "identifier"],
                update_fields=TAKEN_OVER,
            )
    vanished = [
        game.pk
        for identifier, game in known.items()
        if identifier not in listed and identifier.partition(":")[0] not in catalogue.unread
    ]
    Game.objects.filter(pk__in=vanished, is_listed=True).update(is_listed=False, synced_at=at)
    return len(listed)


def refresh_popularity() -> None:
    """Count the rounds of the last week anew."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE games_game g SET popularity = counted.rounds
              FROM (SELECT x.id, count(r.id) AS rounds FROM games_game x
                      LEFT JOIN games_round r ON r.game_id = x.id AND r.started_at > %s
                     GROUP BY x.id) counted
             WHERE counted.id = g.id AND g.popularity <> counted.rounds
            """,
            [now() - POPULAR_FOR],
        )


OPTIONAL = (
    *("description", "rtp", "volatility", "lines", "features", "has_demo", "has_free_spins"),
    *("has_jackpot", "is_live", "devices", "blocked_countries", "released_on"),
)
TAKEN_OVER = [*OPTIONAL, "title", "category", "studio", "recalled_on", "is_listed", "synced_at"]


def _take_over(row: Game, told: CatalogueGame, studios: dict[str, Studio]) -> None:
    row.title = told.title[:120]
    row.category = told.category[:40]
    row.studio = studios[_studio_name(told.studio)]
    # A recall can be taken back, so here "not said" means "not recalled".
    row.recalled_on = told.recalled_on
    facts = asdict(told)
    for name in OPTIONAL:
        if facts[name] is not None:
            setattr(row, name, facts[name])


def _studios(names: Iterable[str]) -> dict[str, Studio]:
    found = {studio.name: studio for studio in Studio.objects.all()}
    slugs = {studio.slug for studio in found.values()}
    for name in sorted({_studio_name(name) for name in names} - found.keys()):
        slug = _free(slugify(name)[:56] or "studio", slugs)
        found[name] = Studio.objects.create(name=name, slug=slug)
    return found


def _studio_name(name: str) -> str:
    return " ".join(name.split())[:80] or "Unknown studio"


def _free_slug(told: CatalogueGame, taken: set[str]) -> str:
    """The title's slug, with its studio's when another game has it. Once given it stays."""
    slug = slugify(told.title)[:60] or slugify(told.identifier.replace(":", "-"))[:60] or "game"
    if slug in taken:
        slug = f"{slug}-{slugify(told.studio)[:30]}".rstrip("-")
    return _free(slug, taken)


def _free(slug: str, taken: set[str]) -> str:
    free, number = slug, 2
    while free in taken:
        free, number = f"{slug}-{number}", number + 1
    taken.add(free)
    return free


def _chunks(items: list[str], size: int) -> Iterable[list[str]]:
    return (items[start : start + size] for start in range(0, len(items), size))


def _ask(game: Game, call: Callable[[], Launched]) -> Launched:
    try:
        return call()
    except ProviderRefused as refused:
        match refused.reason:
            case "country":
                raise GameRestricted from refused
            case "currency":
                raise CurrencyNotPlayable from refused
            case "player":
                raise PlayerNotActive from refused
            case "game":
                raise GameUnavailable from refused
        raise_alarm("games.launch_refused", subject=game.identifier[:160], message=str(refused))
        raise ProviderDown from refused
    except ProviderError as error:
        raise ProviderDown from error
