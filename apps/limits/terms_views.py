"""The page where a player accepts new terms."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from apps.accounts.models import Player
from apps.accounts.people import player_required
from apps.core.client_address import client_ip
from apps.core.errors import DomainError
from apps.limits import terms


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@player_required
def accept(request: HttpRequest, player: Player) -> HttpResponse:
    error = ""
    if request.method == "POST":
        if request.POST.get("accept") != "on":
            error = "Tick the box to accept."
        else:
            try:
                terms.accept(
                    player=player,
                    version=request.POST.get("version", ""),
                    ip=client_ip(request),
                )
            except DomainError as refused:
                error = refused.message
            else:
                messages.success(request, "Thank you. You can go on.")
                return redirect("site:lobby")
    context = {
        "current": terms.current(),
        "news": terms.news_for(player.terms_version),
        "must_accept": terms.must_accept(player),
        "accepted": player.terms_version,
        "accepted_at": player.terms_accepted_at,
        "error": error,
    }
    return render(request, "limits/terms.html", context, status=422 if error else 200)
