"""A game as a poster shows it: small enough to be kept for everybody. What is a player's own and
what is money (favourites, jackpots) is asked for by each request, once, in `CardState`."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from django.http import HttpRequest

from apps.accounts.models import Player
from apps.accounts.people import player_of
from apps.games import browse, favourites
from apps.games.models import Game
from apps.jackpots import selectors as jackpots
from apps.jackpots.selectors import GamePot


@dataclass(frozen=True, slots=True)
class CardStudio:
    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class Card:
    """note: what to say of it in a corner, before everything else."""

    id: int
    slug: str
    title: str
    studio: CardStudio
    rtp: Decimal | None
    volatility: int | None
    has_jackpot: bool
    is_live: bool
    is_new: bool
    has_demo: bool
    popularity: int
    note: str = ""


def cards(games: Iterable[Game], *, notes: dict[int, str] | None = None) -> list[Card]:
    since = browse.new_since()
    made = [card(game, since) for game in games]
    return [replace(one, note=notes[one.id]) if notes and one.id in notes else one for one in made]


def card(game: Game, since: date) -> Card:
    return Card(
        id=game.pk,
        slug=game.slug,
        title=game.title,
        studio=CardStudio(game.studio.slug, game.studio.name),
        rtp=game.rtp,
        volatility=game.volatility,
        has_jackpot=game.has_jackpot,
        is_live=game.is_live,
        is_new=bool(game.released_on and game.released_on >= since),
        has_demo=game.has_demo,
        popularity=game.popularity,
    )


class CardState:
    """What the posters of one page need besides themselves, read when the first one asks."""

    def __init__(self, player: Player | None) -> None:
        self.player = player
        self._favourites: set[int] | None = None
        self._pots: dict[int, GamePot] = {}
        self._asked: set[int] = set()

    def is_favourite(self, game_id: int) -> bool:
        if self.player is None:
            return False
        if self._favourites is None:
            self._favourites = favourites.favourite_ids(self.player)
        return game_id in self._favourites

    def expect(self, cards: Iterable[Card | Game]) -> None:
        """Read the jackpots of all these games at once."""
        ids = {one.pk if isinstance(one, Game) else one.id for one in cards if one.has_jackpot}
        if missing := ids - self._asked:
            code = self.player.active_currency if self.player else ""
            self._pots |= jackpots.values_for(missing, code=code)
            self._asked |= missing

    def pot(self, game: Card | Game) -> GamePot | None:
        if not game.has_jackpot:
            return None
        self.expect([game])
        return self._pots.get(game.pk if isinstance(game, Game) else game.id)


def card_state(request: HttpRequest) -> CardState:
    """The one of this request: what its view and its templates ask is read once."""
    if not hasattr(request, "card_state"):
        request.card_state = CardState(player_of(getattr(request, "user", None)))  # type: ignore[attr-defined]  # ours
    state: CardState = request.card_state  # type: ignore[attr-defined]  # set above
    return state
