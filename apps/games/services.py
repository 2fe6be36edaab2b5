"""Opening games, ending sessions, switching games on and off."""

from collections.abc import Callable
from typing import Literal

from django.db import models, transaction

from apps.accounts.errors import CountryBlocked, PlayerNotActive
from apps.accounts.models import Player
from apps.audit import services as audit
from apps.audit.alarms import raise_alarm
from apps.core.clock import now
from apps.core.errors import InvalidInput
from apps.core.money import Money
from apps.games import play, selectors, stops
from apps.games.catalogue import refresh_popularity, sync_catalogue, sync_provider
from apps.games.errors import (
    CurrencyNotPlayable,
    GameNotFound,
    GameRestricted,
    GameUnavailable,
    NoDemo,
    PlayerStopped,
    PlayStopped,
    ProviderDown,
    StudioSilent,
)
from apps.games.models import Game, GameSession, session_public_id
from apps.games.providers.base import (
    ClientType,
    DemoRequest,
    Launched,
    LaunchRequest,
    PlayerFacts,
    ProviderRefused,
    Urls,
)
from apps.games.providers.registry import provider
from apps.integrations.errors import NotAsked, ProviderError
from apps.ledger.models import Block
from apps.ledger.selectors import currencies
from apps.limits import profiles
from apps.wallet import restrictions
from apps.wallet import services as wallets

# The catalogue's doors are beside these: callers need one module.
__all__ = ["refresh_popularity", "sync_catalogue", "sync_provider"]

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

    A round that was interrupted is gone back to: its game opens in its currency, also where play
    is stopped, as only its bets are.
    player: None only for demos. currency_code: ignored by demos.
    Raises GameNotFound, GameUnavailable, PlayStopped, GameRestricted, CountryBlocked, NoDemo,
    PlayerNotActive, PlayerStopped, CurrencyNotPlayable, ProviderDown (StudioSilent: it was not asked).
    """
    waiting = selectors.open_round(player, game) if player and mode == "real" else None
    check_open(game, player.country if player else None, finishes_round=waiting is not None)
    if mode == "demo":
        if not game.has_demo:
            raise NoDemo
        request = DemoRequest(game=game.identifier, client_type=client_type, ip=ip, urls=urls)
        return _ask(game, lambda: provider(game.provider).demo(request))
    if player is None or not player.is_active:
        raise PlayerNotActive
    if waiting is None:
        check_player(player)
    if waiting is not None:
        currency_code = waiting.currency
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


def check_open(game: Game, country: str | None, *, finishes_round: bool = False) -> None:
    """Refuse a game that is gone, switched off or not offered in a country (None: not known).

    finishes_round: somebody has a round open in it, so only its bets are refused, by the gate.
    Raises GameNotFound, GameUnavailable, PlayStopped, CountryBlocked, GameRestricted.
    """
    today = now().date()
    released = game.released_on is None or game.released_on <= today
    recalled = game.recalled_on is not None and game.recalled_on <= today
    if not game.is_listed or not released or recalled:
        raise GameNotFound
    if finishes_round:
        return
    if not game.enabled:
        raise GameUnavailable
    if stops.standing_for(game) is not None:
        raise PlayStopped
    if country is not None and not profiles.is_open_to(country):
        raise CountryBlocked
    if country in game.blocked_countries:
        raise GameRestricted


def check_player(player: Player) -> None:
    """Refuse a player whose play something stops. Raises PlayerStopped.

    For doors: a bet is refused by the wallet itself.
    """
    stopped = restrictions.stopping(player.pk, Block.PLAY)
    if stopped is not None:
        raise PlayerStopped(stopped.words)


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
    if not Player.objects.select_for_update(no_key=True).get(pk=player.pk).is_active:
        raise PlayerNotActive  # since the partner was asked
    before = GameSession.objects.filter(player=player, ended_at=None)
    if not profiles.profile_of(player).one_game_at_a_time:
        before = before.filter(game=game)
    before.update(ended_at=now(), end_reason=GameSession.EndReason.REPLACED)
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
    except NotAsked as error:
        raise StudioSilent from error
    except ProviderError as error:
        raise ProviderDown from error
