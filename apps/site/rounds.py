"""A player's rounds of all games, ours among them, and one round for whoever has its address.

Rows of `Round` may be rebuilt from the journal, so an address names a round as the journal does:
partner, wallet and the partner's reference, signed so that nobody can make one up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from django.core import signing
from django.db.models import F, QuerySet
from django.urls import reverse

from apps.accounts.models import Player
from apps.accounts.people import HIDDEN, public_name
from apps.core.errors import NotFound
from apps.core.money import Money
from apps.games.models import Game, GameSession, Round
from apps.ledger.selectors import currency, partner_id
from apps.originals.models import Bet, Original
from apps.originals.pages import PAGES
from apps.originals.stakes import PARTNER

PAGE_SIZE = 25
ADDRESS_LENGTH_MAX = 600
SALT = "site.round"
OUTCOMES = {
    "won": "Won",
    "lost": "Lost",
    "even": "Stake back",
    "open": "Open",
    "undone": "Taken back",
}


class RoundNotFound(NotFound):
    message = "There is no such round."


@dataclass(frozen=True, slots=True)
class Shown:
    """A round of any game. slug: what its art is drawn from; icon: of ours instead. outcome: a key of `OUTCOMES`."""

    id: int
    ref: str
    title: str
    maker: str
    slug: str
    icon: str
    game_href: str
    href: str
    stake: Money
    win: Money
    outcome: str
    started_at: datetime
    finished_at: datetime | None
    name: str
    is_original: bool
    round: Round
    bet: Bet | None

    @property
    def net(self) -> Money:
        return self.win - self.stake

    @property
    def outcome_text(self) -> str:
        return OUTCOMES[self.outcome]

    @property
    def is_win(self) -> bool:
        return self.win > self.stake

    @property
    def times(self) -> str:
        """What came back for one unit of the stake, cut to two digits: `19.04`."""
        if not self.stake:
            return ""
        hundredths = self.win.units * 100 // self.stake.units
        return f"{hundredths // 100:,}.{hundredths % 100:02d}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rounds of a player. game: one of partners' or one of ours."""

    game: Game | None = None
    original: Original | None = None
    outcome: str = ""
    since: date | None = None
    until: date | None = None

    @property
    def is_narrow(self) -> bool:
        return any((self.game, self.original, self.outcome, self.since, self.until))


def rounds(
    player: Player, wanted: Wanted, *, before_id: int | None = None, limit: int = PAGE_SIZE
) -> list[Shown]:
    """A player's rounds, newest first; page on with `before_id`."""
    found = Round.objects.filter(player=player)
    if wanted.game is not None:
        found = found.filter(game=wanted.game)
    if wanted.original is not None:
        bets = Bet.objects.filter(player=player, game=wanted.original)
        found = found.filter(partner=partner_id(PARTNER), round_ref__in=bets.values("public_id"))
    if wanted.since:
        found = found.filter(started_at__gte=_midnight(wanted.since))
    if wanted.until and wanted.until < date.max:
        found = found.filter(started_at__lt=_midnight(wanted.until + timedelta(days=1)))
    if wanted.outcome:
        found = _with_outcome(found, wanted.outcome)
    if before_id is not None:
        found = found.filter(pk__lt=before_id)
    return shown(list(found.select_related("game__studio", "player").order_by("-id")[:limit]))


def played(player: Player) -> list[tuple[str, str]]:
    """Slugs and titles of what a player has played, partners' games and ours, for the filter."""
    ids = GameSession.objects.filter(player=player).order_by().values("game").distinct()
    found = list(Game.objects.filter(pk__in=ids, is_listed=True).values_list("slug", "title"))
    codes = Bet.objects.filter(player=player).order_by().values("game").distinct()
    found += Original.objects.filter(pk__in=codes).values_list("code", "title")
    return sorted(found, key=lambda one: one[1].casefold())


def round_at(address: str) -> Shown:
    """Raises RoundNotFound."""
    if len(address) > ADDRESS_LENGTH_MAX:
        raise RoundNotFound
    try:
        partner, wallet, ref = signing.loads(address, salt=SALT)
    except (signing.BadSignature, ValueError, TypeError):
        raise RoundNotFound from None
    found = Round.objects.filter(partner=partner, wallet=wallet, round_ref=ref)
    if (one := found.select_related("game__studio", "player").first()) is None:
        raise RoundNotFound
    return shown([one])[0]


def address_of(one: Round) -> str:
    told = [one.partner_id, one.wallet_id, one.round_ref]
    return reverse("site:round", args=[signing.dumps(told, salt=SALT)])


def shown(rows: Sequence[Round]) -> list[Shown]:
    """Rounds as pages show them; those of our games in one more query."""
    ours = partner_id(PARTNER)
    refs = [one.round_ref for one in rows if one.partner_id == ours]
    bets = Bet.objects.filter(public_id__in=refs).select_related("game") if refs else []
    by_ref = {bet.public_id: bet for bet in bets}
    return [_shown(one, by_ref.get(one.round_ref)) for one in rows]


def _shown(one: Round, bet: Bet | None) -> Shown:
    of = currency(one.currency)
    title, maker, slug, icon, game_href = "A game that is gone", "", "gone", "", ""
    if bet is not None:
        title, maker, slug = bet.game.title, "Originals", bet.game_id
        icon = PAGES[slug].icon if slug in PAGES else "facets"
        game_href = reverse("originals:game", args=[slug])
    elif one.game is not None:
        title, maker, slug = one.game.title, one.game.studio.name, one.game.slug
        game_href = reverse("games:detail", args=[slug]) if one.game.is_listed else ""
    is_hidden = bet is not None and bet.is_hidden
    return Shown(
        id=one.pk,
        ref=one.round_ref,
        title=title,
        maker=maker,
        slug=slug,
        icon=icon,
        game_href=game_href,
        href=reverse("originals:bet", args=[bet.public_id]) if bet else address_of(one),
        stake=Money.from_major(one.stake, of),
        win=Money.from_major(one.win, of),
        outcome=_outcome(one),
        started_at=one.started_at,
        finished_at=one.finished_at,
        name=HIDDEN if is_hidden else public_name(one.player),
        is_original=bet is not None,
        round=one,
        bet=bet,
    )


def _outcome(one: Round) -> str:
    if one.state == Round.State.OPEN:
        return "open"
    if one.rollbacks and not one.stake and not one.win:
        return "undone"
    if one.win > one.stake:
        return "won"
    return "even" if one.win == one.stake else "lost"


def _with_outcome(found: QuerySet[Round], outcome: str) -> QuerySet[Round]:
    if outcome == "open":
        return found.filter(state=Round.State.OPEN)
    found = found.filter(state=Round.State.CLOSED)
    nothing_left = {"rollbacks__gt": 0, "stake": Decimal(0), "win": Decimal(0)}
    match outcome:
        case "won":
            return found.filter(win__gt=F("stake"))
        case "lost":
            return found.filter(win__lt=F("stake"))
        case "undone":
            return found.filter(**nothing_left)
    return found.filter(win=F("stake")).exclude(**nothing_left)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
