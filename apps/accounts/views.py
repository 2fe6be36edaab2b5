"""A player's own pages: profile, security, phone, consents, API keys."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts import codes, consents, devices, phones, profile, services, sessions, step_up
from apps.accounts.countries import country_name
from apps.accounts.forms import ApiKeyForm, ChoicesForm, CodeForm, ConsentForm, PhoneForm
from apps.accounts.models import ApiKey, Consent, KnownDevice, OneTimeCode, Player, User
from apps.accounts.people import player_required
from apps.accounts.second_factor import TYPED
from apps.core.client_address import client_ip
from apps.core.errors import DomainError, InvalidInput, NotFound

ID_DIGITS_MAX = 18


@require_http_methods(["GET", "HEAD", "POST"])
@player_required
def home(request: HttpRequest, player: Player) -> HttpResponse:
    """Who the player is, and what they may switch: their name beside bets."""
    if request.method == "POST":
        form = ChoicesForm(request.POST)
        if form.is_valid():
            profile.set_hides_name(player=player, hides_name=form.cleaned_data["hides_name"])
            messages.success(request, "Saved.")
        return redirect("accounts:home")
    context = {
        "country": country_name(player.country),
        "phone": phones.masked(phones.number_of(player)),
        "is_confirmed": _is_confirmed(player),
    }
    return render(request, "accounts/home.html", context)


@never_cache
@player_required
def security(request: HttpRequest, player: Player) -> HttpResponse:
    """How the account is guarded, and where the player is signed in."""
    user = player.user
    found = sessions.signed_in(user, current_key=request.session.session_key)
    before = sessions.previous(player, before=request.session.get(sessions.REF, ""))
    keys = {one.type: one for one in Authenticator.objects.filter(user=user) if one.type in TYPED}
    recovery = keys.get(Authenticator.Type.RECOVERY_CODES)
    context = {
        "sessions": found,
        "has_others": any(not session.is_current for session in found),
        "has_password": user.has_usable_password(),
        "has_app": Authenticator.Type.TOTP in keys,
        "codes_left": len(recovery.wrap().get_unused_codes()) if recovery else None,
        "passkeys": _passkeys(user),
        "phone": phones.masked(phones.number_of(player)),
        "before": before,
        "before_device": sessions.device(before.user_agent) if before else "",
        "devices": [
            {**row, "pk": row["id"], "name": sessions.device(row["user_agent"])}
            for row in KnownDevice.objects.filter(player=player).order_by("-last_seen_at").values()
        ],
        "this_device": devices.current_id(request, player),
    }
    return render(request, "accounts/security.html", context)


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


@require_POST
@player_required
def forget_device(request: HttpRequest, player: Player) -> HttpResponse:
    devices.forget(player=player, device_id=_id(request.POST.get("device", "")))
    messages.success(request, "That browser is unknown from now on.")
    return redirect("accounts:security")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@player_required
def phone(request: HttpRequest, player: Player) -> HttpResponse:
    """Give a number, or another one: a code goes there, and the next page takes it."""
    form = PhoneForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            step_up.give_password(request, player.user, form.cleaned_data["password"])
            phones.begin(
                player=player,
                number=form.cleaned_data["number"],
                session=request.session,
                ip=client_ip(request),
            )
        except DomainError as error:
            show_refusal(form, error)
            status = error.status
        else:
            return redirect("accounts:phone_code")
    context = {
        "form": form,
        "phone": phones.masked(phones.number_of(player)),
        **step_up_context(request, player),
    }
    return render(request, "accounts/phone.html", context, status=_status(form, status))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@player_required
def phone_code(request: HttpRequest, player: Player) -> HttpResponse:
    waiting = codes.pending(player, OneTimeCode.Purpose.PHONE)
    form = CodeForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            phones.confirm(
                player=player,
                code=form.cleaned_data["code"],
                session=request.session,
                ip=client_ip(request),
            )
        except DomainError as error:
            show_refusal(form, error)
            status = error.status
        else:
            messages.success(request, "Your number is confirmed.")
            return redirect("accounts:security")
    elif waiting is None and request.method != "POST":
        return redirect("accounts:phone")
    number = phones.masked(waiting.target) if waiting else ""
    context = {"form": form, "number": number}
    return render(request, "accounts/phone_code.html", context, status=_status(form, status))


@require_POST
@player_required
def remove_phone(request: HttpRequest, player: Player) -> HttpResponse:
    """Forget the number; whoever has not shown lately who they are does that first."""
    if not step_up.is_recent(request.session, player.user):
        return redirect_to_login(reverse("accounts:phone"), reverse("account_reauthenticate"))
    phones.remove(player=player)
    messages.success(request, "Your number is removed.")
    return redirect("accounts:security")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@player_required
def offers(request: HttpRequest, player: Player) -> HttpResponse:
    """Which offers the player wants, product by product and channel by channel."""
    if request.method == "POST":
        form = ConsentForm(request.POST)
        if not form.is_valid():
            raise InvalidInput
        wanted = {tuple(text.split(":", 1)) for text in form.cleaned_data["consent"]}
        consents.choose(player=player, wanted=wanted, source="page")
        messages.success(request, "Saved.")
        return redirect("accounts:offers")
    given = consents.given(player)
    said = Consent.objects.filter(player=player).order_by("-changed_at").first()
    rows = [
        {
            "label": product.label,
            "choices": [
                {
                    "value": f"{channel}:{product}",
                    "label": f"{product.label} {channel.label}",
                    "channel": str(channel.label).capitalize(),
                    "is_given": (channel.value, product.value) in given,
                }
                for channel in Consent.Channel
            ],
        }
        for product in Consent.Product
    ]
    return render(request, "accounts/offers.html", {"rows": rows, "said": said})


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
            show_refusal(form, error)
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


def step_up_context(request: HttpRequest, player: Player) -> dict[str, object]:
    """Whether a form asks who somebody is; `accounts/_step_up.html` knows how."""
    return {"needs_password": not step_up.is_recent(request.session, player.user)}


def show_refusal(form: Form, error: DomainError) -> None:
    """Put a rule's no beside the fields it names."""
    for name, text in error.fields.items():
        form.add_error(name if name in form.fields else None, text)
    if not error.fields:
        form.add_error(None, error.message)


def _status(form: Form, status: int) -> int:
    return (status if status >= 400 else 422) if form.errors else 200


def _is_confirmed(player: Player) -> bool:
    found = EmailAddress.objects.filter(
        user_id=player.pk, email__iexact=player.user.email, verified=True
    )
    return bool(found.exists())


def _passkeys(user: User) -> list[Authenticator]:
    found = Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN)
    return list(found.order_by("pk"))
