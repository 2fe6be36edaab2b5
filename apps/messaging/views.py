"""The player's notices."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.messaging import services
from apps.messaging.models import Notice

SHOWN = 50


@login_required
def notices(request: HttpRequest) -> HttpResponse:
    """The newest notices; opening the page marks them read."""
    player_id = int(request.user.pk or 0)
    found = list(Notice.objects.filter(player_id=player_id).order_by("-pk")[:SHOWN])
    services.mark_read(player_id)
    return render(request, "messaging/notices.html", {"notices": found})
