"""Lobby, lists, search, pictures and the few pages that only inform."""

from datetime import date
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template import loader
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.models import Player
from apps.accounts.people import player_of, player_required
from apps.games import browse, favourites, kept
from apps.games import selectors as catalogue
from apps.games.selectors import game_by_slug
from apps.jackpots import selectors as jackpots
from apps.ledger.selectors import currency
from apps.originals import selectors as originals
from apps.risk.devices import DISCLOSURE
from apps.site import art, avatars, filtering, selectors, styleguide
from apps.site import feed as feeds
from apps.site import rounds as round_lists
from apps.site.cards import Card, card_state, cards
from apps.site.categories import JACKPOTS, NEW, Category, category

IMMUTABLE = {"public": True, "max_age": 31_536_000, "immutable": True}
SVG = "image/svg+xml"
ROUNDS_SHOWN = 10
ID_DIGITS_MAX = 18


@require_GET
def lobby(request: HttpRequest) -> HttpResponse:
    player = player_of(request.user)
    country = player.country if player else None
    counts = selectors.counts(country)
    house = selectors.lobby(country)
    own = selectors.own_shelves(player) if player else []
    shelves = [*own, *house.shelves]
    card_state(request).expect(card for shelf in shelves for card in shelf.games)
    context = {
        "counts": counts,
        "own_shelves": own,
        "shelves": house.shelves,
        "featured": house.featured,
        "studios": selectors.studios(country, selectors.STUDIOS_SHOWN),
        "chips": counts.categories,
        "tiles": originals.originals(),
        "pots": jackpots.ticker(),
        **_feed(request),
    }
    return render(request, "site/lobby.html", context)


@require_GET
def games(request: HttpRequest, slug: str = "", studio: str = "") -> HttpResponse:
    """All games, a category or a studio: filtered, sorted, the next ones loaded on approach."""
    country = country_of(request)
    counts = selectors.counts(country)
    kind = list_category(slug, counts) if slug else None
    made_by = next((one for one in counts.studios_list if one.slug == studio), None)
    if studio and made_by is None:
        raise Http404
    asked = browse.read_filters(request.GET)
    fixed = browse.Filters(studio=(studio,)) if studio else selectors.listing(slug)
    filters = browse.joined(fixed, asked)
    sort = request.GET.get("sort", "")
    if sort not in browse.SORTS:
        sort = "new" if slug == "new" else "popular"
    after = request.GET.get("after", "")
    key = f"facets:{country or '-'}:{filters.key}"
    facets = kept.kept(key, lambda: browse.facets(filters, country))
    is_part = bool(request.htmx) and not request.htmx.boosted  # type: ignore[attr-defined]  # by middleware
    context: dict[str, Any] = {
        "title": made_by.name if made_by else kind.label if kind else "All games",
        "kind": kind,
        "studio": made_by,
        "sort": sort,
        "sorts": [(key, one.label) for key, one in browse.SORTS.items()],
        "total": facets.total,
        "groups": filtering.groups(facets, filters, fixed, counts),
        "chosen": filtering.chosen(
            filters, fixed, counts, request.path, request.GET.get("sort", "")
        ),
        "chips": counts.categories,
    }
    if is_part and request.htmx.target == "filter-groups":  # type: ignore[attr-defined]  # by middleware
        return render(request, "site/games.html#groups", context)
    shown = browse.page(filters, sort=sort, after=after, country=country)
    context |= {"games": cards(shown.games), "next": shown.after, "is_first": not after}
    card_state(request).expect(context["games"])
    template = "site/games.html#posters" if is_part and after else "site/games.html"
    return render(request, template, context)


def list_category(slug: str, counts: selectors.Counts) -> Category:
    """Raises Http404 for a list that has no games."""
    if not counts.by_category.get(slug):
        raise Http404
    return {"new": NEW, "jackpots": JACKPOTS}.get(slug) or category(slug)


@require_GET
@never_cache
@player_required
def favourite_games(request: HttpRequest, player: Player) -> HttpResponse:
    found = selectors.favourite_cards(player)
    return _own_list(request, selectors.FAVOURITES, found, "Games you marked with a heart.")


@require_GET
@never_cache
@player_required
def recent_games(request: HttpRequest, player: Player) -> HttpResponse:
    found = selectors.recently_played(player)
    return _own_list(request, selectors.RECENT, found, "What you opened last for real money.")


def _own_list(request: HttpRequest, kind: Category, found: list[Card], text: str) -> HttpResponse:
    card_state(request).expect(found)
    context = {"kind": kind, "games": found, "text": text}
    return render(request, "site/own_games.html", context)


@require_POST
@never_cache
def favourite(request: HttpRequest) -> HttpResponse:
    """Mark or unmark a game. A plain form comes back to its page; htmx needs no answer."""
    player = player_of(request.user)
    if player is None:
        return redirect(f"{reverse('account_login')}?{urlencode({'next': _way_back(request)})}")
    slug = request.POST.get("add") or request.POST.get("remove") or ""
    favourites.set_favourite(
        player=player, game=game_by_slug(slug), is_favourite="add" in request.POST
    )
    if request.htmx and not request.htmx.boosted:  # type: ignore[attr-defined]  # by middleware
        return HttpResponse(status=204)
    return redirect(_way_back(request))


def _way_back(request: HttpRequest) -> str:
    """The page of ours that the form stood on."""
    came_from = urlsplit(request.headers.get("Referer", ""))
    path = f"{came_from.path}?{came_from.query}" if came_from.query else came_from.path
    is_ours = came_from.netloc == request.get_host() and path.startswith("/")
    return path if is_ours and not path.startswith("//") else reverse("site:lobby")


@require_GET
def studios(request: HttpRequest) -> HttpResponse:
    country = country_of(request)
    by_name = request.GET.get("sort") == "name"
    found = list(selectors.counts(country).studios_list) if by_name else selectors.studios(country)
    return render(request, "site/studios.html", {"studios": found, "by_name": by_name})


@require_GET
def search(request: HttpRequest) -> HttpResponse:
    """A page of results, or only the results when the overlay asks."""
    text = request.GET.get("q", "").replace("\x00", "").strip()[:60]
    context = {"q": text, "found": selectors.search(text, country_of(request))}
    if request.htmx and not request.htmx.boosted:  # type: ignore[attr-defined]  # by middleware
        return render(request, "site/_search_results.html", context)
    return render(request, "site/search.html", context)


@require_GET
def feed(request: HttpRequest) -> HttpResponse:
    """What is being played; nothing (204) when the page that asks has it already."""
    context = _feed(request)
    if request.htmx and not request.htmx.boosted:  # type: ignore[attr-defined]  # by middleware
        if request.GET.get("seen") == context["feed"].state:
            return HttpResponse(status=204)
        return render(request, "site/_feed.html", context)
    return render(request, "site/feed.html", context)


def _feed(request: HttpRequest) -> dict[str, Any]:
    tab = request.GET.get("feed", "")
    tab = tab if tab in feeds.TABS else "all"
    slug = request.GET.get("game", "") if request.path == reverse("site:feed") else ""
    game = game_by_slug(slug) if slug else None
    return {
        "feed": feeds.feed(tab, game),
        "feed_game": game,
        "feed_tabs": feeds.TABS.items(),
        "feed_about": feeds.ABOUT[tab],
    }


@require_GET
@never_cache
@player_required
def rounds(request: HttpRequest, player: Player) -> HttpResponse:
    """All rounds of a player, or those of a game, an outcome, some days."""
    slug = request.GET.get("game", "")
    is_part = bool(request.htmx) and not request.htmx.boosted  # type: ignore[attr-defined]  # by middleware
    if is_part and slug and "before" not in request.GET:
        return _rounds_of_game(request, player, slug)
    own = {one.code: one for one in originals.originals()}
    wanted = round_lists.Wanted(
        game=game_by_slug(slug) if slug and slug not in own else None,
        original=own.get(slug),
        outcome=request.GET["outcome"]
        if request.GET.get("outcome") in round_lists.OUTCOMES
        else "",
        since=_day(request.GET.get("from", "")),
        until=_day(request.GET.get("to", "")),
    )
    before = request.GET.get("before", "")
    if not (before.isascii() and before.isdigit() and len(before) <= ID_DIGITS_MAX):
        before = ""
    limit = round_lists.PAGE_SIZE
    found = round_lists.rounds(
        player, wanted, before_id=int(before) if before else None, limit=limit + 1
    )
    context = {
        "rounds": found[:limit],
        "wanted": wanted,
        "slug": slug,
        "played": round_lists.played(player),
        "outcomes": round_lists.OUTCOMES.items(),
        "next_before": found[limit - 1].id if len(found) > limit else None,
    }
    return render(request, "site/rounds.html#rows" if is_part else "site/rounds.html", context)


def _rounds_of_game(request: HttpRequest, player: Player, slug: str) -> HttpResponse:
    """The rows below a game, with the net result of the stage's bar."""
    game = game_by_slug(slug)
    context: dict[str, Any] = {
        "game": game,
        "rounds": catalogue.rounds(player, game=game, limit=ROUNDS_SHOWN),
    }
    if session := catalogue.open_session(player, game):
        context["live_net"] = catalogue.session_net(session, currency(session.currency))
    return render(request, "games/_rounds.html", context)


@require_GET
@never_cache
def one_round(request: HttpRequest, address: str) -> HttpResponse:
    """One round, for whoever has its address."""
    found = round_lists.round_at(address)
    player = player_of(request.user)
    is_own = player is not None and player.pk == found.round.player_id
    return render(request, "site/round.html", {"one": found, "is_own": is_own})


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


@never_cache
@require_GET
def session_net(request: HttpRequest) -> HttpResponse:
    """The net result in the rail, asked for again when a round has been played."""
    return render(request, "site/_session_net.html", {})


@require_GET
def terms(request: HttpRequest) -> HttpResponse:
    return render(request, "site/terms.html", {"version": settings.TERMS_VERSION})


@require_GET
def privacy(request: HttpRequest) -> HttpResponse:
    context = {"version": settings.TERMS_VERSION, "devices": DISCLOSURE}
    return render(request, "site/privacy.html", context)


@require_GET
def style_guide(request: HttpRequest) -> HttpResponse:
    """Every component in every state, for those who build pages."""
    staff = getattr(request.user, "is_staff", False)
    if not (settings.DEBUG or settings.DEMO or staff):
        raise Http404
    return render(request, "site/styleguide.html", styleguide.context(request.GET.get("dir", "")))


@require_GET
@cache_control(**IMMUTABLE)
def poster(request: HttpRequest, slug: str, version: str, *, bare: bool = False) -> HttpResponse:
    return HttpResponse(art.poster(slug, bare=bare), content_type=SVG)


@require_GET
@cache_control(**IMMUTABLE)
def avatar(request: HttpRequest, seed: str) -> HttpResponse:
    return HttpResponse(avatars.avatar(seed), content_type=SVG)


@require_GET
@cache_control(public=True, max_age=86_400)
def manifest(request: HttpRequest) -> HttpResponse:
    return JsonResponse(
        {
            "name": settings.SITE_NAME,
            "short_name": settings.SITE_NAME,
            "start_url": reverse("site:lobby"),
            "scope": "/",
            "display": "standalone",
            "background_color": "#0D0A09",
            "theme_color": "#14100E",
            "icons": [
                {"src": static("img/mark.svg"), "sizes": "any", "type": SVG, "purpose": "any"},
                {
                    "src": static("img/mark-maskable.svg"),
                    "sizes": "any",
                    "type": SVG,
                    "purpose": "maskable",
                },
            ],
        },
        content_type="application/manifest+json",
    )


@require_GET
@cache_control(public=True, max_age=86_400)
def robots(request: HttpRequest) -> HttpResponse:
    closed = ("/account/", "/accounts/", "/wallet/", "/api/", "/operator/", "/callbacks/")
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in closed), ""]
    return HttpResponse("\n".join(lines), content_type="text/plain")


def country_of(request: HttpRequest) -> str | None:
    """Where the player lives; guests see every game."""
    player = player_of(request.user)
    return player.country if player else None


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "403.html", {}, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "404.html", {}, status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Needs nothing that may be broken: no database, no session, no shell."""
    return HttpResponse(loader.get_template("500.html").render(), status=500)
