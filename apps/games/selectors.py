"""Reads of the catalogue and of rounds that more than one door needs."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Lower

from apps.accounts.models import Player
from apps.core.clock import now
from apps.core.money import Currency, Money
from apps.games.errors import GameNotFound
from apps.games.models import Game, GameSession, Round, Studio
from apps.ledger.selectors import currency
from apps.wallet.statements.naming import GameName, Reference

SEARCH_MAX = 60
WORDS_MAX = 6
PAGE_SIZE = 25


@dataclass(frozen=True, slots=True)
class PlayedRound:
    """A round as its player reads it. net: what it won or lost."""

    id: int
    round_ref: str
    game: Game | None
    stake: Money
    win: Money
    net: Money
    is_open: bool
    is_rolled_back: bool
    started_at: datetime
    finished_at: datetime | None


def visible_games(country: str | None = None) -> QuerySet[Game]:
    """Games that can be shown and opened, the most played first.

    country: hide what is restricted there; None shows all.
    """
    today = now().date()
    found = (
        Game.objects.select_related("studio")
        .filter(enabled=True, is_listed=True)
        .filter(Q(released_on=None) | Q(released_on__lte=today))
        .filter(Q(recalled_on=None) | Q(recalled_on__gt=today))
        .order_by("-popularity", "id")
    )
    return found.exclude(blocked_countries__contains=[country]) if country else found


def game_by_slug(slug: str) -> Game:
    """A game with a page of its own, switched off ones too. Raises GameNotFound."""
    today = now().date()
    found = (
        Game.objects.select_related("studio")
        .filter(slug=slug, is_listed=True)
        .filter(Q(released_on=None) | Q(released_on__lte=today))
        .filter(Q(recalled_on=None) | Q(recalled_on__gt=today))
        .first()
    )
    if found is None:
        raise GameNotFound
    return found


def search(text: str, country: str | None = None) -> QuerySet[Game]:
    """Games whose title or studio holds every word; whole titles and first words come first."""
    wanted = " ".join(text.replace("\x00", "").split())[:SEARCH_MAX]
    words = wanted.split(" ")[:WORDS_MAX]
    found = visible_games(country)
    if not wanted:
        return found.none()
    for word in words:
        found = found.filter(Q(title__icontains=word) | Q(studio__name__icontains=word))
    rank = Case(
        When(title__iexact=wanted, then=Value(0)),
        When(title__istartswith=wanted, then=Value(1)),
        When(title__icontains=f" {wanted}", then=Value(2)),
        When(title__icontains=wanted, then=Value(3)),
        When(title__istartswith=words[0], then=Value(4)),
        default=Value(5),
        output_field=IntegerField(),
    )
    return found.annotate(rank=rank).order_by("rank", "-popularity", Lower("title"), "id")


def recent_games(player: Player, limit: int) -> list[Game]:
    """What a player opened last for real money and can open still, latest first."""
    opened = GameSession.objects.filter(player=player).order_by("-id")
    # A player who goes back and forth between few games has many sessions; this many are enough.
    game_ids = list(dict.fromkeys(opened.values_list("game_id", flat=True)[: limit * 20]))[:limit]
    found = visible_games(player.country).in_bulk(game_ids)
    return [found[game_id] for game_id in game_ids if game_id in found]


def similar_games(game: Game, limit: int, country: str | None = None) -> list[Game]:
    """The same kind of game, the same studio's first."""
    same_studio = Case(When(studio=game.studio_id, then=Value(0)), default=Value(1))
    found = visible_games(country).filter(category=game.category).exclude(pk=game.pk)
    return list(found.annotate(near=same_studio).order_by("near", "-popularity", "id")[:limit])


def categories() -> list[tuple[str, int]]:
    """Categories with something to play, and how much."""
    rows = visible_games().order_by().values_list("category").annotate(number=Count("pk"))
    return sorted((str(name), int(number)) for name, number in rows)


def studios() -> QuerySet[Studio]:
    """Studios with something to play, by name; `games_count` says how much."""
    return (
        Studio.objects.filter(pk__in=visible_games().order_by().values("studio"))
        .annotate(games_count=Count("games", filter=Q(games__in=visible_games().order_by())))
        .order_by("name")
    )


def open_session(player: Player, game: Game) -> GameSession | None:
    return GameSession.objects.filter(player=player, game=game, ended_at=None).first()


def session_net(session: GameSession, of: Currency) -> Money:
    """What a session has won or lost so far, as far as the rounds have followed."""
    totals = Round.objects.filter(session=session).aggregate(net=Sum(F("win") - F("stake")))
    return Money.from_major(totals["net"] or Decimal(0), of)


def net_since(player: Player, since: datetime, of: Currency) -> Money:
    """What rounds begun since then have won or lost in one currency."""
    totals = Round.objects.filter(player=player, currency=of.code, started_at__gte=since).aggregate(
        net=Sum(F("win") - F("stake"))
    )
    return Money.from_major(totals["net"] or Decimal(0), of)


def rounds(
    player: Player,
    *,
    game: Game | None = None,
    before_id: int | None = None,
    limit: int = PAGE_SIZE,
) -> list[PlayedRound]:
    """A player's rounds, newest first; page on with `before_id`."""
    found = Round.objects.filter(player=player).select_related("game__studio").order_by("-id")
    if game is not None:
        found = found.filter(game=game)
    if before_id is not None:
        found = found.filter(pk__lt=before_id)
    return as_played(found[:limit])


def as_played(found: Sequence[Round] | QuerySet[Round]) -> list[PlayedRound]:
    return [_played(one) for one in found]


def games_of_sessions(references: Collection[Reference]) -> Mapping[Reference, GameName]:
    """The games of entries that carry a session, for statements."""
    asked = {one.source_id for one in references if one.source_id is not None}
    found = GameSession.objects.filter(pk__in=asked).values_list("pk", "game__slug", "game__title")
    names = {pk: GameName(slug, title) for pk, slug, title in found}
    return {one: names[one.source_id] for one in references if one.source_id in names}


def _played(one: Round) -> PlayedRound:
    of = currency(one.currency)
    stake, win = Money.from_major(one.stake, of), Money.from_major(one.win, of)
    return PlayedRound(
        id=one.pk,
        round_ref=one.round_ref,
        game=one.game,
        stake=stake,
        win=win,
        net=win - stake,
        is_open=one.state == Round.State.OPEN,
        is_rolled_back=bool(one.rollbacks) and not stake and not win,
        started_at=one.started_at,
        finished_at=one.finished_at,
    )
