"""The provider's own pages in a frame of ours, opened by a token for the signed-in player alone."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.models import Player
from apps.accounts.people import player_required
from apps.core.errors import DomainError, NotFound
from apps.integrations.errors import ProviderError
from apps.kyc import applicants, selectors
from apps.kyc.errors import ProviderAway
from apps.kyc.providers.base import Refused


@require_GET
@never_cache
@player_required
def page(request: HttpRequest, player: Player, level: str) -> HttpResponse:
    """The frame, for the level the player is asked for now; any other leads back to the list."""
    shown = _level_now(player)
    if shown is None or shown.level.name != level or not settings.SUMSUB_FRAME_ORIGIN:
        return redirect("kyc:verification")
    return render(
        request, "kyc/frame.html", {"shown": shown, "origin": settings.SUMSUB_FRAME_ORIGIN}
    )


@require_POST
@never_cache
@player_required
def token(request: HttpRequest, player: Player) -> HttpResponse:
    """Mint a token: the person is who is signed in, the level is what is asked for. It is not kept."""
    shown = _level_now(player)
    if shown is None:
        raise Http404
    try:
        terms = applicants.frame(player, shown.level.name)
    except (ProviderError, Refused, applicants.NoProvider):
        return _refused(ProviderAway())
    except NotFound as error:
        return _refused(error)
    return JsonResponse({"token": terms.token})


def _level_now(player: Player) -> selectors.LevelShown | None:
    """The level whose documents are open now; None when nothing is to be handed in."""
    player = Player.objects.get(pk=player.pk)
    found = next((one for one in selectors.levels_of(player) if one.mark == "now"), None)
    return found if found is not None and found.is_handing_in else None


def _refused(error: DomainError) -> HttpResponse:
    return JsonResponse(
        {"error": {"code": error.code, "message": error.message}}, status=error.status
    )
