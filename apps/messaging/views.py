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
    found = list(Notice.objects.filter(player_id=request.user.pk).order_by("-pk")[:SHOWN])
    services.mark_read(request.user.pk)
    return render(request, "messaging/notices.html", {"notices": found})
