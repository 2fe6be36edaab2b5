"""The jackpots, what they stand at, who won them and how to check that."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.models import Player
from apps.accounts.people import player_of, player_required, public_name
from apps.jackpots import selectors, services, verification
from apps.jackpots.models import Win


@never_cache
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    return render(request, "jackpots/index.html", _state(request))


@never_cache
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """The pots and winners alone, for a page that is open."""
    return render(request, "jackpots/_pots.html", _state(request))


@never_cache
@require_safe
def ticker(request: HttpRequest) -> HttpResponse:
    return render(request, "jackpots/_ticker.html", {"pots": selectors.ticker()})


@require_safe
def drop(request: HttpRequest, public_id: str) -> HttpResponse:
    win = _win(public_id)
    facts = selectors.drop(win)
    context = {
        "win": win,
        "name": public_name(win.player),
        "facts": facts,
        "rules": win.cycle.rules,
        "problems": verification.problems(facts),
    }
    return render(request, "jackpots/drop.html", context)


@require_safe
def drop_file(request: HttpRequest, public_id: str) -> JsonResponse:
    """One drop as it is checked: `manage.py verify_jackpot` reads it."""
    answer = JsonResponse(selectors.drop(_win(public_id)), json_dumps_params={"indent": 1})
    answer["Access-Control-Allow-Origin"] = "*"
    return answer


@require_POST
@player_required
def choose(request: HttpRequest, player: Player, code: str) -> HttpResponse:
    services.choose(player=player, code=code, takes_part=request.POST.get("takes_part") == "yes")
    return redirect("jackpots:index")


def _state(request: HttpRequest) -> dict[str, Any]:
    return {
        "jackpots": selectors.jackpots(player_of(request.user)),
        "winners": selectors.winners(),
    }


def _win(public_id: str) -> Win:
    """Drawn is public, whoever it is paid to and when."""
    win = selectors.wins().filter(public_id=public_id).first()
    if win is None:
        raise Http404
    return win
