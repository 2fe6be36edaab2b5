"""A player's own pages: profile, security, API keys."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts import profile, services, sessions
from apps.accounts.countries import country_name
from apps.accounts.forms import ApiKeyForm, ChoicesForm
from apps.accounts.models import ApiKey, Player
from apps.accounts.people import player_required
from apps.core.errors import DomainError, NotFound

ID_DIGITS_MAX = 18


@require_http_methods(["GET", "HEAD", "POST"])
@player_required
def home(request: HttpRequest, player: Player) -> HttpResponse:
    """Who the player is, and what they may switch: mail about offers, their name beside bets."""
    if request.method == "POST":
        form = ChoicesForm(request.POST)
        if form.is_valid():
            profile.set_marketing(
                player=player, wants_marketing=form.cleaned_data["wants_marketing"], source="page"
            )
            profile.set_hides_name(player=player, hides_name=form.cleaned_data["hides_name"])
            messages.success(request, "Saved.")
        return redirect("accounts:home")
    return render(request, "accounts/home.html", {"country": country_name(player.country)})


@never_cache
@player_required
def security(request: HttpRequest, player: Player) -> HttpResponse:
    """Where the player is signed in."""
    found = sessions.signed_in(player.user, current_key=request.session.session_key)
    return render(
        request,
        "accounts/security.html",
        {"sessions": found, "has_others": any(not session.is_current for session in found)},
    )


@require_POST
@player_required
def end_session(request: HttpRequest, player: Player) -> HttpResponse:
    sessions.end(player=player, session_id=_id(request.POST.get("session", "")))
    messages.success(request, "Signed out there.")
    return redirect("accounts:security")


@require_POST
@player_required
def end_other_sessions(request: HttpRequest, player: Player) -> HttpResponse:
    count = sessions.end_others(player=player, current_key=request.session.session_key)
    messages.success(request, f"Signed out of {count} other {'place' if count == 1 else 'places'}.")
    return redirect("accounts:security")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@player_required
def api_keys(request: HttpRequest, player: Player) -> HttpResponse:
    """The player's keys. A new one is shown in the answer that made it and never again."""
    form = ApiKeyForm(request.POST if request.method == "POST" else None)
    text = ""
    if request.method == "POST" and form.is_valid():
        try:
            _, text = services.create_api_key(player=player, **form.cleaned_data)
        except DomainError as error:
            _show(form, error)
        else:
            form = ApiKeyForm()
    keys = ApiKey.objects.filter(player=player, revoked_at=None).order_by("-pk")
    return render(
        request,
        "accounts/api_keys.html",
        {"form": form, "keys": keys, "new_key": text},
        status=422 if form.errors else 200,
    )


@require_POST
@player_required
def revoke_api_key(request: HttpRequest, player: Player) -> HttpResponse:
    key = ApiKey.objects.filter(player=player, prefix=_plain(request.POST.get("key", ""))).first()
    if key is None:
        raise NotFound
    services.revoke_api_key(player=player, key_id=key.pk)
    messages.success(request, f"The key {key.name} is revoked.")
    return redirect("accounts:api_keys")


def _id(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= ID_DIGITS_MAX):
        raise NotFound
    return int(text)


def _plain(text: str) -> str:
    # PostgreSQL takes no NUL character, not even to search for it.
    return text.replace("\x00", "")


def _show(form: ApiKeyForm, error: DomainError) -> None:
    for name, text in error.fields.items():
        form.add_error(name, text)
    if not error.fields:
        form.add_error(None, error.message)
