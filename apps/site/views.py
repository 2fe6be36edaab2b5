"""Lobby, lists, search, pictures and the few pages that only inform."""

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template import loader
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_GET

from apps.accounts.people import player_of
from apps.games.models import Studio
from apps.originals import selectors as originals
from apps.site import art, avatars, help_lines, selectors, styleguide
from apps.site.categories import JACKPOTS, NEW, Category, category

IMMUTABLE = {"public": True, "max_age": 31_536_000, "immutable": True}
SVG = "image/svg+xml"


@require_GET
def lobby(request: HttpRequest) -> HttpResponse:
    player = player_of(request.user)
    country = player.country if player else None
    counts = selectors.counts(country)
    return render(
        request,
        "site/lobby.html",
        {
            "counts": counts,
            "shelves": selectors.shelves(player),
            "featured": selectors.featured_game(country),
            "studios": selectors.studios(selectors.STUDIOS_SHOWN),
            "chips": counts.categories,
            "tiles": originals.originals(),
        },
    )


@require_GET
def games(request: HttpRequest, slug: str = "", studio: str = "") -> HttpResponse:
    """All games, a category or a studio: sorted, in pages, the next one loaded on approach."""
    country = country_of(request)
    counts = selectors.counts(country)
    kind = list_category(slug, counts) if slug else None
    made_by = Studio.objects.filter(slug=studio).first() if studio else None
    if studio and made_by is None:
        raise Http404
    sort = request.GET.get("sort", "")
    if sort not in selectors.SORTS:
        sort = "new" if slug == "new" else "popular"
    found = selectors.listing(slug, studio, country).order_by(*selectors.SORTS[sort][1])
    shown = Paginator(found, selectors.PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "title": made_by.name if made_by else kind.label if kind else "All games",
        "kind": kind,
        "studio": made_by,
        "games": selectors.marked(shown.object_list),
        "page": shown,
        "sort": sort,
        "sorts": [(key, label) for key, (label, _) in selectors.SORTS.items()],
        "counts": counts,
        "chips": counts.categories,
    }
    if request.htmx and not request.htmx.boosted and request.GET.get("page"):  # type: ignore[attr-defined]  # by middleware
        return render(request, "site/games.html#posters", context)
    return render(request, "site/games.html", context)


def list_category(slug: str, counts: selectors.Counts) -> Category:
    """Raises Http404 for a list that has no games."""
    if not counts.by_category.get(slug):
        raise Http404
    return {"new": NEW, "jackpots": JACKPOTS}.get(slug) or category(slug)


@require_GET
def studios(request: HttpRequest) -> HttpResponse:
    return render(request, "site/studios.html", {"studios": selectors.studios()})


@require_GET
def search(request: HttpRequest) -> HttpResponse:
    """A page of results, or only the results when the overlay asks."""
    text = request.GET.get("q", "").replace("\x00", "").strip()[:60]
    context = {"q": text, "found": selectors.search(text, country_of(request))}
    if request.htmx and not request.htmx.boosted:  # type: ignore[attr-defined]  # by middleware
        return render(request, "site/_search_results.html", context)
    return render(request, "site/search.html", context)


@never_cache
@require_GET
def session_net(request: HttpRequest) -> HttpResponse:
    """The net result in the rail, asked for again when a round has been played."""
    return render(request, "site/_session_net.html", {})


@require_GET
def safer_play(request: HttpRequest) -> HttpResponse:
    lines = help_lines.for_country(country_of(request) or "")
    return render(request, "site/safer_play.html", {"lines": lines})


@require_GET
def terms(request: HttpRequest) -> HttpResponse:
    return render(request, "site/terms.html", {"version": settings.TERMS_VERSION})


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
