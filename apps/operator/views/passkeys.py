"""Passkeys of staff: made and removed by their owner, and used at the door."""

from contextlib import suppress

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from apps.core import rate_limits
from apps.core.admin import refuse
from apps.core.client_address import client_ip
from apps.core.errors import DomainError, NotFound, RateLimited
from apps.operator import passkeys
from apps.operator.errors import PasskeyRefused
from apps.operator.forms import NewPasskeyForm
from apps.operator.pages import page, person
from apps.operator.second_factor import require_fresh_code


def show(request: HttpRequest) -> HttpResponse:
    user = person(request)
    form = NewPasskeyForm(request.POST or None)
    if form.is_valid():
        try:
            answer = form.cleaned_data["answer"]
            if not isinstance(answer, dict):
                raise PasskeyRefused
            require_fresh_code(user, form.cleaned_data["code"])
            passkeys.finish_making(request, user, answer, name=form.cleaned_data["name"])
        except DomainError as error:
            refuse(form, error)
        else:
            return redirect("admin:operator_passkeys")
    return page(
        request,
        "operator/passkeys.html",
        status=422 if form.is_bound else 200,
        title="Your passkeys",
        keys=passkeys.of(user),
        form=form,
        is_needed=passkeys.must_have(user),
        is_entered_with_one=passkeys.is_entered_with_one(user),
    )


@require_POST
def options(request: HttpRequest) -> HttpResponse:
    return JsonResponse(passkeys.begin_making(request, person(request)))


@require_POST
def remove(request: HttpRequest, passkey_id: int) -> HttpResponse:
    # Somebody who pressed twice sees the list, which is right already.
    with suppress(NotFound):
        passkeys.remove(request, person(request), passkey_id)
    return redirect("admin:operator_passkeys")


@never_cache
@require_POST
def challenge(request: HttpRequest) -> HttpResponse:
    """What the browser of somebody at the door asks its keys; the same for everybody."""
    try:
        rate_limits.hit("operator_challenge", ip=client_ip(request))
    except RateLimited as error:
        return JsonResponse({"error": error.message}, status=429)
    return JsonResponse(passkeys.begin_entering(request))
