"""The page of a game, its launch, and the player's rounds."""

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.errors import CountryBlocked
from apps.accounts.models import Player
from apps.accounts.people import player_of, player_required
from apps.core.client_address import client_ip
from apps.core.errors import DomainError
from apps.core.money import Money
from apps.games import selectors, services
from apps.games.errors import (
    GameNotFound,
    GameRestricted,
    GameUnavailable,
    PlayStopped,
    ProviderDown,
    StudioSilent,
)
from apps.games.models import Game, GameSession
from apps.games.providers.base import ClientType, Launched, Urls
from apps.games.selectors import PlayedRound
from apps.ledger.models import Block
from apps.ledger.selectors import currency
from apps.wallet import restrictions
from apps.wallet import selectors as wallets
from apps.wallet.selectors import Balance

SIMILAR = 12
ROUNDS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Stage:
    """What the frame shows: a game, or a cover that says why there is none yet.

    state: guest, ready, continue (a round waits), empty (no money), restricted, closed, stopped (a
    restriction of the player's), suspended, down, silent (it is not asked at the moment), open.
    """

    state: str
    mode: services.Mode = "real"
    launched: Launched | None = None
    error: DomainError | None = None
    waiting: PlayedRound | None = None


@require_GET
@never_cache
def detail(request: HttpRequest, slug: str) -> HttpResponse:
    game = selectors.game_by_slug(slug)
    mode: services.Mode = "demo" if request.GET.get("mode") == "demo" and game.has_demo else "real"
    return _page(request, game, _waiting(request, game, mode))


@require_POST
@never_cache
def launch(request: HttpRequest, slug: str) -> HttpResponse:
    """Open the game for real money in the page; the address of the frame is good for once."""
    game = selectors.game_by_slug(slug)
    player = player_of(request.user)
    if player is None:
        return redirect(f"{reverse('account_login')}?next={game_url(game)}")
    code = request.POST.get("currency") or player.active_currency
    return _opened(request, game, player, "real", code)


@never_cache
def demo(request: HttpRequest, slug: str) -> HttpResponse:
    """Open the game for fun money; a plain link does too."""
    return _opened(request, selectors.game_by_slug(slug), player_of(request.user), "demo", "")


@require_POST
@player_required
def leave(request: HttpRequest, player: Player, slug: str) -> HttpResponse:
    """End the player's session in this game: no more bets until it is opened again."""
    game = selectors.game_by_slug(slug)
    session = selectors.open_session(player, game)
    if session is not None:
        services.end_session(session=session)
    return redirect(game_url(game))


def game_url(game: Game) -> str:
    return reverse("games:detail", args=[game.slug])


def urls_of(request: HttpRequest, game: Game) -> Urls:
    """Whole addresses, as the partner's page is on another host."""
    return Urls(
        back=request.build_absolute_uri(game_url(game)),
        deposit=request.build_absolute_uri(reverse("payments:deposit")),
    )


def client_type(request: HttpRequest) -> ClientType:
    return "mobile" if "Mobi" in request.headers.get("User-Agent", "") else "desktop"


def _opened(
    request: HttpRequest, game: Game, player: Player | None, mode: services.Mode, code: str
) -> HttpResponse:
    try:
        launched = services.launch(
            player=player,
            game=game,
            currency_code=code,
            client_type=client_type(request),
            ip=client_ip(request) or "",
            mode=mode,
            urls=urls_of(request, game),
        )
    except GameNotFound:
        raise
    except DomainError as error:
        return _page(request, game, Stage(_state_of(error), mode, error=error), error.status)
    return _page(request, game, Stage("open", mode, launched))


def _state_of(error: DomainError) -> str:
    match error:
        case StudioSilent():
            return "silent"
        case ProviderDown():
            return "down"
        case GameRestricted() | CountryBlocked():
            return "restricted"
        case GameUnavailable() | PlayStopped():
            return "closed"
    return "refused"


def _waiting(request: HttpRequest, game: Game, mode: services.Mode) -> Stage:
    """The cover before anything is launched."""
    player = player_of(request.user)
    left = selectors.open_round(player, game) if player and mode == "real" else None
    try:
        services.check_open(
            game, player.country if player else None, finishes_round=left is not None
        )
    except DomainError as error:
        return Stage(_state_of(error), mode, error=error)
    if player is None:
        return Stage("guest", mode)
    if left is not None and player.is_active:
        return Stage("continue", mode, waiting=selectors.as_played([left])[0])
    if mode == "real" and restrictions.stopping(player.pk, Block.PLAY) is not None:
        return Stage("stopped", mode)
    if not player.is_active:
        return Stage("suspended", mode)
    return Stage("ready", mode)


def _page(request: HttpRequest, game: Game, stage: Stage, status: int = 200) -> HttpResponse:
    player = player_of(request.user)
    country = player.country if player else None
    purse = wallets.balances(player.pk) if player else []
    chosen = _chosen(player, purse, request.POST.get("currency", ""))
    if stage.state == "ready" and stage.mode == "real" and (chosen is None or not chosen.cash):
        stage = Stage("empty", stage.mode)
    session = selectors.open_session(player, game) if player else None
    if session is not None and stage.state == "open":
        chosen = _chosen(player, purse, session.currency) if stage.mode == "real" else chosen
    context = {
        "game": game,
        "stage": stage,
        "chosen": chosen,
        "purse": [line for line in purse if line.cash or line is chosen],
        "session": session if stage.mode == "real" else None,
        "stage_net": _net(session) if session and stage.mode == "real" else None,
        "rounds": selectors.rounds(player, game=game, limit=ROUNDS_SHOWN) if player else [],
        "similar": selectors.similar_games(game, SIMILAR, country),
        "features": [(name, name.replace("_", " ")) for name in game.features],
        "stakes": _stakes(game),
    }
    if request.htmx and not request.htmx.boosted:  # type: ignore[attr-defined]  # by middleware
        # htmx shows refusals that come as 422; others it takes for a broken server.
        return render(
            request, "games/detail.html#stage", context, status=200 if status == 200 else 422
        )
    return render(request, "games/detail.html", context, status=status)


def _chosen(player: Player | None, purse: list[Balance], code: str) -> Balance | None:
    wanted = code or (player.active_currency if player else "")
    return next((line for line in purse if line.currency.code == wanted), None)


def _stakes(game: Game) -> tuple[Money | None, Money | None]:
    """The least and the highest stake of a table, where its partner tells."""
    of = currency(settings.BASE_CURRENCY)
    told = (game.min_stake, game.max_stake)
    low, high = (Money.from_major(one, of) if one is not None else None for one in told)
    return low, high


def _net(session: GameSession) -> Money:
    return selectors.session_net(session, currency(session.currency))
