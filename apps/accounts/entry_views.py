"""Pages on the way in that allauth shows otherwise."""

from typing import Any

from allauth.account.views import reauthenticate as by_password
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from apps.accounts import step_up
from apps.accounts.models import User

PAGES = {step_up.CODE: "mfa_reauthenticate", step_up.PASSKEY: "mfa_reauthenticate_webauthn"}


def reauthenticate(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
    """Ask for what `step_up.kind` says; allauth lets people choose the weaker way."""
    user = request.user
    page = PAGES.get(step_up.kind(user)) if isinstance(user, User) else None
    if page is None:
        answer: HttpResponseBase = by_password(request, *args, **kwargs)
        return answer
    query = request.META.get("QUERY_STRING", "")
    return redirect(f"{reverse(page)}?{query}" if query else reverse(page))


def second_factors(request: HttpRequest) -> HttpResponse:
    """allauth's overview is ours: the page on security."""
    return redirect("accounts:security")
