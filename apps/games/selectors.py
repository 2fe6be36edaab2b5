"""Reads of the catalogue and of rounds that more than one door needs."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Case, F, Q, QuerySet, Sum, Value, When

from apps.accounts.models import Player
from apps.core.clock import now
from apps.core.money import Currency, Money
from apps.games import stops
from apps.games.errors import GameNotFound
from apps.games.models import Game, GameSession, Round
from apps.ledger.selectors import currency
from apps.wallet.statements.naming import GameName, Reference

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
    found = stops.without_stopped(
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


def session_by_ref(partner: str, outside_ref: str) -> GameSession | None:
    """The latest session that a partner knows by this reference, open or not."""
    return (
        GameSession.objects.filter(outside_ref=outside_ref, game__provider=partner)
        .select_related("player", "game")
        .order_by("-id")
        .first()
    )


def open_session(player: Player, game: Game) -> GameSession | None:
    return GameSession.objects.filter(player=player, game=game, ended_at=None).first()


def open_round(player: Player, game: Game) -> Round | None:
    """The round a player left in this game, the newest; its stake is held until it ends."""
    found = Round.objects.filter(player=player, game=game, state=Round.State.OPEN, stake__gt=0)
    return found.order_by("-id").first()


def open_rounds(player: Player, limit: int = PAGE_SIZE) -> list[PlayedRound]:
    """Rounds that wait for their player, the oldest first, of games that have a page."""
    found = Round.objects.filter(
        player=player, state=Round.State.OPEN, stake__gt=0, game__is_listed=True
    )
    return as_played(found.select_related("game__studio").order_by("id")[:limit])


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


def players_at_play(within: timedelta = timedelta(minutes=15)) -> list[int]:
    """Who began a round at a partner's lately (asked by location checks, `PLAYERS_AT_PLAY`)."""
    lately = Round.objects.filter(started_at__gte=now() - within, session__isnull=False)
    return list(lately.order_by("player_id").values_list("player_id", flat=True).distinct())
