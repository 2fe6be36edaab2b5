"""What the lobby and the lists show. Only what exists: no invented winners, no invented numbers."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.core.cache import cache
from django.db.models import Count, F, Q, QuerySet

from apps.accounts.models import Player
from apps.core.clock import now
from apps.games import selectors as games
from apps.games.models import Game, Studio
from apps.site.categories import JACKPOTS, KNOWN, NEW, Category, category

SHELF_SIZE = 12
PAGE_SIZE = 48
NEW_DAYS = 60
STUDIOS_SHOWN = 16
COUNTS_SECONDS = 60
COUNTS_KEY = "site:counts"
RESULTS_MAX = 24
STUDIOS_FOUND_MAX = 6
FEATURED_CATEGORIES = ("slots", "live", "roulette", "card", "crash")

TRENDING = Category("trending", "Trending", "fire")
ALL = Category("all", "Games", "grid")
POPULAR = ("-popularity", "id")
SORTS = {
    "popular": ("Popular", POPULAR),
    "new": ("Newest", ("-released_on", "id")),
    "rtp": ("RTP, high to low", ("-rtp", "id")),
    "title": ("A to Z", ("title", "id")),
}


@dataclass(frozen=True, slots=True)
class Counts:
    """How many games there are, in all and per list."""

    games: int
    studios: int
    by_category: dict[str, int]

    @property
    def categories(self) -> list[Category]:
        """Non-empty categories in house order, unknown ones last."""
        order = [item.slug for item in KNOWN]
        present = [
            slug for slug, count in self.by_category.items() if count and slug not in SPECIAL
        ]
        return [
            category(slug)
            for slug in sorted(
                present, key=lambda slug: (order.index(slug) if slug in order else 99, slug)
            )
        ]


@dataclass(frozen=True, slots=True)
class Shelf:
    id: str
    category: Category
    games: list[Game]
    href_slug: str = ""
    count: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """Search results, grouped as they are shown."""

    games: list[Game] = field(default_factory=list)
    studios: list[Studio] = field(default_factory=list)
    suggestions: list[Game] = field(default_factory=list)


SPECIAL = frozenset({"new", "jackpots"})


def counts(country: str | None = None) -> Counts:
    """Count games per list; a minute old at most, because every page shows it."""
    key = f"{COUNTS_KEY}:{country or '-'}"
    held = cache.get(key)
    if isinstance(held, Counts):
        return held
    visible = games.visible_games(country).order_by()
    rows = visible.values_list("category").annotate(number=Count("pk"))
    by_category = {str(slug): int(number) for slug, number in rows}
    totals = visible.aggregate(
        live=Count("pk", filter=Q(is_live=True)),
        jackpots=Count("pk", filter=Q(has_jackpot=True)),
        new=Count("pk", filter=Q(released_on__gte=new_since())),
        studios=Count("studio", distinct=True),
    )
    total = sum(by_category.values())
    by_category |= {name: totals[name] for name in ("live", "jackpots", "new")}
    found = Counts(games=total, studios=totals["studios"], by_category=by_category)
    cache.set(key, found, COUNTS_SECONDS)
    return found


def new_since() -> date:
    return (now() - timedelta(days=NEW_DAYS)).date()


def listing(slug: str = "", studio: str = "", country: str | None = None) -> QuerySet[Game]:
    """Games of one list, the most played first."""
    found = games.visible_games(country)
    if studio:
        found = found.filter(studio__slug=studio)
    if slug == "live":
        return found.filter(is_live=True)
    if slug == "jackpots":
        return found.filter(has_jackpot=True)
    if slug == "new":
        return found.filter(released_on__gte=new_since())
    return found.filter(category=slug) if slug else found


def featured_game(country: str | None) -> Game | None:
    """The game of the hero: the most played slot, or whatever is played most."""
    return listing("slots", country=country).first() or listing(country=country).first()


def shelves(player: Player | None) -> list[Shelf]:
    """The rows of the lobby: one query each, however many games there are.

    A game is shown once; what a player played before may come again.
    """
    country = player.country if player else None
    total = counts(country)
    rows: list[Shelf] = []
    if player:
        played = marked(games.recent_games(player, SHELF_SIZE))
        rows.append(Shelf("continue", Category("continue", "Continue", "recent"), played))
    wanted = [(TRENDING, "", POPULAR, total.games)]
    wanted.append((NEW, "new", ("-released_on", "id"), total.by_category.get("new", 0)))
    wanted += [
        (category(slug), slug, POPULAR, total.by_category.get(slug, 0))
        for slug in FEATURED_CATEGORIES
    ]
    wanted.append((JACKPOTS, "jackpots", POPULAR, total.by_category.get("jackpots", 0)))
    seen: set[int] = set()
    for kind, slug, order, count in wanted:
        if not count:
            continue
        found = listing(slug, country=country).exclude(pk__in=seen).order_by(*order)
        shown = marked(found[:SHELF_SIZE])
        seen.update(game.pk for game in shown)
        if kind is TRENDING and not any(game.popularity for game in shown):
            kind = ALL  # nothing has been played, so nothing is trending
        rows.append(Shelf(id=kind.slug, category=kind, games=shown, href_slug=slug, count=count))
    return [shelf for shelf in rows if shelf.games]


def marked(found: Iterable[Game]) -> list[Game]:
    """Tell each game whether it is new; posters say so."""
    since = new_since()
    listed = list(found)
    for game in listed:
        game.is_new = bool(game.released_on and game.released_on >= since)  # type: ignore[attr-defined,operator]  # shown only
    return listed


def studios(limit: int | None = None) -> list[Studio]:
    """Studios with something to play, those with the most games first."""
    found = games.studios().order_by(F("games_count").desc(), "name")
    return list(found[:limit] if limit else found)


def search(text: str, country: str | None = None) -> Found:
    """Find games and studios; with nothing found, offer three popular games."""
    wanted = " ".join(text.split())
    if not wanted:
        return Found(suggestions=marked(listing(country=country)[:6]))
    hits = marked(games.search(wanted, country)[:RESULTS_MAX])
    names = list(games.studios().filter(name__icontains=wanted)[:STUDIOS_FOUND_MAX])
    if hits or names:
        return Found(games=hits, studios=names)
    return Found(suggestions=marked(listing(country=country)[:3]))
