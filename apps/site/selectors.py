"""What the lobby and the lists show. Only what exists: no invented winners, no invented numbers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from django.db.models import Count, Q
from django.urls import reverse

from apps.accounts.models import Player
from apps.core.clock import now
from apps.games import browse, collections, favourites, kept
from apps.games import search as finding
from apps.games import selectors as games
from apps.games.models import GameSession
from apps.originals import selectors as originals
from apps.originals.models import Original
from apps.site.cards import Card, cards
from apps.site.categories import JACKPOTS, KNOWN, NEW, Category, category

SHELF_SIZE = 12
STUDIOS_SHOWN = 16
RESULTS_MAX = 24
SUGGESTIONS = 6
STUDIOS_FOUND_MAX = 6
KINDS_FOUND_MAX = 4
FEATURED_CATEGORIES = ("slots", "live", "roulette", "card", "crash")
TRENDING = Category("trending", "Trending", "fire")
ALL = Category("all", "Games", "grid")
CONTINUE = Category("continue", "Continue", "play")
FAVOURITES = Category("favourites", "Favourites", "heart")
RECENT = Category("recent", "Recently played", "recent")
# A game that was left open is offered for that long.
CONTINUE_FOR = timedelta(days=3)
LIST_MAX = 200


@dataclass(frozen=True, slots=True)
class StudioCount:
    slug: str
    name: str
    games_count: int


@dataclass(frozen=True, slots=True)
class Counts:
    """How many games there are, in all and per list."""

    games: int
    by_category: dict[str, int]
    studios_list: tuple[StudioCount, ...] = ()

    @property
    def studios(self) -> int:
        return len(self.studios_list)

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
    """A row of the lobby. href: the list it is the beginning of, if there is one."""

    id: str
    category: Category
    games: Sequence[Card]
    href: str = ""
    count: int = 0


@dataclass(frozen=True, slots=True)
class Lobby:
    """What everybody from one country sees."""

    featured: Card | None
    shelves: tuple[Shelf, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """Search results, grouped as they are shown."""

    games: list[Card] = field(default_factory=list)
    originals: list[Original] = field(default_factory=list)
    kinds: list[Category] = field(default_factory=list)
    studios: list[StudioCount] = field(default_factory=list)
    suggestions: list[Card] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.games) + len(self.originals) + len(self.kinds) + len(self.studios)


SPECIAL = frozenset({"new", "jackpots"})


def counts(country: str | None = None) -> Counts:
    """Count games per list; kept, because every page shows it."""
    return kept.kept(f"counts:{country or '-'}", lambda: _count(country))


def _count(country: str | None) -> Counts:
    visible = games.visible_games(country).order_by()
    rows = visible.values_list("category").annotate(number=Count("pk"))
    by_category = {str(slug): int(number) for slug, number in rows}
    total = sum(by_category.values())
    by_category |= visible.aggregate(
        live=Count("pk", filter=Q(is_live=True)),
        jackpots=Count("pk", filter=Q(has_jackpot=True)),
        new=Count("pk", filter=Q(released_on__gte=browse.new_since())),
    )
    made_by = visible.values_list("studio__slug", "studio__name").annotate(number=Count("pk"))
    found = tuple(StudioCount(*row) for row in made_by.order_by("studio__name"))
    return Counts(games=total, by_category=by_category, studios_list=found)


def listing(slug: str) -> browse.Filters:
    """The filters that a list with an address of its own stands for."""
    match slug:
        case "":
            return browse.Filters()
        case "live" | "new":
            return browse.Filters(flags=frozenset({slug}))
        case "jackpots":
            return browse.Filters(flags=frozenset({"jackpot"}))
    return browse.Filters(category=(slug,))


def lobby(country: str | None) -> Lobby:
    """The rows that are the same for everybody from there."""
    return kept.kept(f"lobby:{country or '-'}", lambda: _lobby(country))


def _lobby(country: str | None) -> Lobby:
    total = counts(country)
    rows = [
        Shelf(f"c-{one.slug}", Category(one.slug, one.title, "sparkle"), cards(one.games))
        for one in collections.for_country(country)
    ]
    seen = {card.id for row in rows for card in row.games}
    wanted = [(TRENDING, "", "popular", total.games)]
    wanted.append((NEW, "new", "new", total.by_category.get("new", 0)))
    wanted += [
        (category(slug), slug, "popular", total.by_category.get(slug, 0))
        for slug in FEATURED_CATEGORIES
    ]
    wanted.append((JACKPOTS, "jackpots", "popular", total.by_category.get("jackpots", 0)))
    for kind, slug, sort, count in wanted:
        if not count:
            continue
        by = browse.SORTS[sort].key
        found = browse.games(listing(slug), country).exclude(pk__in=seen)
        shown = cards(found.order_by(by.desc(), "id")[:SHELF_SIZE])
        seen.update(card.id for card in shown)
        if kind is TRENDING and not any(card.popularity for card in shown):
            kind = ALL  # nothing has been played, so nothing is trending
        href = reverse("site:category", args=[slug]) if slug else reverse("site:games")
        rows.append(Shelf(kind.slug, kind, shown, href, count))
    slots = browse.page(listing("slots"), country=country, size=1).games
    first = slots or browse.page(browse.Filters(), country=country, size=1).games
    return Lobby(
        featured=cards(first)[0] if first else None,
        shelves=tuple(row for row in rows if row.games),
    )


def own_shelves(player: Player) -> list[Shelf]:
    """Continue, favourites, recently played: what a player has none of is left out."""
    going_on = to_continue(player, SHELF_SIZE)
    known = {card.id for card in going_on}
    marked = cards(favourites.favourite_games(player, SHELF_SIZE))
    recent = [card for card in recently_played(player, SHELF_SIZE) if card.id not in known]
    rows = [
        Shelf("continue", CONTINUE, going_on, reverse("site:rounds") + "?outcome=open"),
        Shelf("favourites", FAVOURITES, marked, reverse("site:favourites")),
        Shelf("recent", RECENT, recent, reverse("site:recent")),
    ]
    return [row for row in rows if row.games]


def to_continue(player: Player, limit: int) -> list[Card]:
    """Games with a round that waits for the player, then those that were not left."""
    waiting = [one.game for one in games.open_rounds(player) if one.game is not None]
    opened = GameSession.objects.filter(
        player=player, ended_at=None, started_at__gt=now() - CONTINUE_FOR
    )
    ids = [game.pk for game in waiting]
    notes = dict.fromkeys(ids, "Round open")
    ids += opened.order_by("-id").values_list("game_id", flat=True)[:limit]
    visible = games.visible_games(player.country).in_bulk(ids)
    # A round that waits can be finished even where its game is switched off since.
    found = {game.pk: game for game in waiting} | visible
    order = [found[game_id] for game_id in dict.fromkeys(ids) if game_id in found]
    return cards(order[:limit], notes=notes)


def recently_played(player: Player, limit: int = LIST_MAX) -> list[Card]:
    return cards(games.recent_games(player, limit))


def favourite_cards(player: Player) -> list[Card]:
    return cards(favourites.favourite_games(player, LIST_MAX))


def studios(country: str | None = None, limit: int | None = None) -> list[StudioCount]:
    """Studios with something to play there, those with the most games first."""
    found = sorted(counts(country).studios_list, key=lambda one: (-one.games_count, one.name))
    return found[:limit] if limit else found


def search(text: str, country: str | None = None) -> Found:
    """Find games, our own, kinds and studios; with nothing found, offer three popular games."""
    asked = finding.typed(text)
    if asked.is_empty and not text.strip():
        return Found(suggestions=popular(country, SUGGESTIONS))
    total = counts(country)
    found = Found(
        games=cards(finding.search(text, country, limit=RESULTS_MAX)),
        originals=[one for one in originals.originals() if _fits(asked, one.title)],
        kinds=[one for one in (*total.categories, NEW, JACKPOTS) if _fits(asked, one.label)][
            :KINDS_FOUND_MAX
        ],
        studios=[one for one in total.studios_list if _fits(asked, one.name)][:STUDIOS_FOUND_MAX],
    )
    if not found.studios and not found.games:
        found = replace(found, studios=_meant_studios(asked, total.studios_list))
    return found if found.count else Found(suggestions=popular(country, 3))


def popular(country: str | None, limit: int) -> list[Card]:
    shown = lobby(country).shelves
    trending = next((row.games for row in shown if row.id in {"trending", "all"}), ())
    return list(trending[:limit])


def _fits(asked: finding.Typed, name: str) -> bool:
    """Every word that was typed begins a word of the name."""
    words = finding.folded(name).split()
    return bool(asked.words) and all(
        any(word.startswith(one) for word in words) for one in asked.words
    )


def _meant_studios(asked: finding.Typed, known: Iterable[StudioCount]) -> list[StudioCount]:
    def is_near(word: str, name: str) -> bool:
        allowed = finding.slips_allowed(word)
        return any(finding.distance(word, one) <= allowed for one in finding.folded(name).split())

    found = [one for one in known if all(is_near(word, one.name) for word in asked.words)]
    return found[:STUDIOS_FOUND_MAX]
