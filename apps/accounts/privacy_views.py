"""A player's data: what we keep, a copy of it, forgetting it, and closing the account."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.module_loading import import_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts import privacy, step_up
from apps.accounts.forms import ErasureForm, StepUpForm
from apps.accounts.models import ErasureRequest, Player
from apps.accounts.people import player_required
from apps.accounts.views import show_refusal, step_up_context
from apps.core import rate_limits
from apps.core.client_address import client_ip
from apps.core.errors import DomainError


@never_cache
@player_required
def overview(request: HttpRequest, player: Player) -> HttpResponse:
    return _page(request, player, StepUpForm())


@require_POST
@player_required
def export(request: HttpRequest, player: Player) -> HttpResponseBase:
    """Everything about the player as a zip of JSON files; whoever asks shows who they are."""
    form = StepUpForm(request.POST)
    try:
        rate_limits.hit("data_export", account=player.pk, ip=client_ip(request))
        step_up.give_password(request, player.user, request.POST.get("password", ""))
    except DomainError as error:
        form.is_valid()
        show_refusal(form, error)
        return _page(request, player, form, status=error.status)
    name = f"{settings.SITE_NAME.lower()}-{player.public_id}.zip"
    response = FileResponse(privacy.export(player), as_attachment=True, filename=name)
    response.headers["Cache-Control"] = "no-store"
    return response


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@player_required
def erasure(request: HttpRequest, player: Player) -> HttpResponse:
    """Ask to be forgotten."""

    def act() -> str:
        asked = privacy.request_erasure(player=player)
        return f"We have your request {asked.public_id}. You hear from us within {settings.ERASURE_DAYS} days."

    return _act(request, player, ErasureForm, "accounts/erasure.html", act)


@require_POST
@player_required
def withdraw_erasure(request: HttpRequest, player: Player) -> HttpResponse:
    privacy.withdraw(player=player)
    messages.success(request, "Your request is taken back.")
    return redirect("accounts:privacy")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@player_required
def close(request: HttpRequest, player: Player) -> HttpResponse:
    """Close the account: at once when it is empty, else once everything was withdrawn."""

    def act() -> str:
        closed = import_string(settings.ACCOUNT_CLOSING["close"])(
            player_id=player.pk, actor=player, reason="The player closed it."
        )
        if closed.status == Player.Status.CLOSED:
            logout(request)
            return "Your account is closed."
        return "Withdraw your money; the account closes when it is empty."

    return _act(request, player, StepUpForm, "accounts/close.html", act)


@require_POST
@player_required
def keep(request: HttpRequest, player: Player) -> HttpResponse:
    import_string(settings.ACCOUNT_CLOSING["keep"])(player_id=player.pk, actor=player)
    messages.success(request, "Your account stays open.")
    return redirect("accounts:privacy")


def _act(
    request: HttpRequest, player: Player, form_class: Any, template: str, act: Any
) -> HttpResponse:
    form = form_class(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                step_up.give_password(request, player.user, form.cleaned_data["password"])
                words = act()
            except DomainError as error:
                show_refusal(form, error)
                status = error.status
            else:
                messages.success(request, words)
                return redirect(
                    "accounts:privacy" if request.user.is_authenticated else "site:lobby"
                )
    context = {"form": form, **step_up_context(request, player)}
    return render(request, template, context, status=status)


def _page(
    request: HttpRequest, player: Player, form: StepUpForm, status: int = 200
) -> HttpResponse:
    asked = privacy.latest(player)
    context = {
        "form": form,
        "asked": asked,
        "is_open": asked is not None and asked.state == ErasureRequest.State.OPEN,
        "is_closing": import_string(settings.ACCOUNT_CLOSING["waits"])(player_id=player.pk),
        **step_up_context(request, player),
    }
    return render(request, "accounts/privacy.html", context, status=status)
