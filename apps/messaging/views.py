"""The player's notices, what comes by mail, and the link under every offer."""

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.models import Player
from apps.accounts.people import player_of
from apps.core.clock import now
from apps.messaging import letters, preferences, selectors, services, suppressions
from apps.messaging.models import Notice

FILTERS = {"": "All", **dict(Notice.Category.choices)}


@login_required
@require_GET
def notices(request: HttpRequest) -> HttpResponse:
    """The notices by day, newest first. Reading a list is not reading each: see `mark_all_read`."""
    player_id = int(request.user.pk or 0)
    shown = request.GET.get("show", "")
    shown = shown if shown in FILTERS else ""
    before = request.GET.get("before", "")
    page = selectors.notices(
        player_id, category=shown, before=int(before) if before.isdigit() else None
    )
    at = now()
    context = {
        "days": page.days,
        "more": page.more,
        "today": at.date(),
        "yesterday": (at - timedelta(days=1)).date(),
        "shown": shown,
        "filters": [
            {"code": code, "label": label, "is_here": code == shown}
            for code, label in FILTERS.items()
        ],
        "unread": services.unread(player_id),
    }
    return render(request, "messaging/notices.html", context)


@login_required
@require_GET
def open_notice(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Go where a notice points to; it is read by that."""
    player_id = int(request.user.pk or 0)
    notice = get_object_or_404(Notice, pk=notice_id, player_id=player_id)
    services.mark_read(player_id, notice_id=notice.pk)
    is_ours = url_has_allowed_host_and_scheme(notice.href, allowed_hosts=None)
    return redirect(notice.href if is_ours else reverse("messaging:notices"))


@login_required
@require_POST
def mark_all_read(request: HttpRequest) -> HttpResponse:
    services.mark_read(int(request.user.pk or 0))
    return redirect("messaging:notices")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def mail_settings(request: HttpRequest) -> HttpResponse:
    player = player_of(request.user)
    if player is None:
        return redirect("site:lobby")
    if request.method == "POST":
        preferences.choose(player, set(request.POST.getlist("topic")))
        messages.success(request, "Saved.")
        return redirect("messaging:settings")
    context = {"always": preferences.ALWAYS, "choices": preferences.choices(player)}
    return render(request, "messaging/settings.html", context)


# Mailbox providers post here for their users, without a session or a form of ours; the link is the proof.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """A link may be followed by a scanner, so that it takes a button; one click of a mail program
    is a POST (RFC 8058) and is enough."""
    player: Player = letters.player_of_link(token)
    if request.method == "POST":
        suppressions.unsubscribe(player)
    return render(request, "messaging/unsubscribe.html", {"is_done": not player.wants_marketing})
