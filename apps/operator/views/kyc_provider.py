"""A player at the verification provider: what it told us, and what staff may ask of it."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from apps.accounts.models import Player, User
from apps.core.admin import ReasonForm, confirm
from apps.core.errors import DomainError
from apps.integrations.errors import ProviderError
from apps.kyc import applicants
from apps.kyc.models import ProviderApplicant
from apps.kyc.providers.base import Refused, StepFact
from apps.operator.pages import frame, needs, page, person

NOTICES_MAX = 50
# A look is one reviewer's, at one player's pictures, for as long as a comparison takes.
LOOK_SECONDS = 600
SALT = "kyc.provider_look"
PICTURES = {"image/jpeg", "image/png", "image/webp"}
Act = Callable[..., None]
# What staff may ask: the words of the question, the button, what is done.
ASKS: dict[str, tuple[Act, str, str, str]] = {
    "reopen": (
        applicants.reopen,
        "The provider asks for everything again; what it approved is void.",
        "Ask for everything again",
        "It is asked for again.",
    ),
    "close": (
        applicants.close,
        "The provider stops watching somebody who has left; what it approved is void.",
        "Stop watching",
        "The provider watches no more.",
    ),
    "readmit": (
        applicants.readmit,
        "The provider takes them back, and what it says of them counts again.",
        "Take back",
        "Taken back; the provider is read in a moment.",
    ),
}


class ProviderSilent(DomainError):
    code = "provider_away"
    status = 503
    message = "The provider did not do it. Look at the alarms, and try again."


@needs("kyc.view_case")
def applicant(request: HttpRequest, player_id: int) -> HttpResponse:
    """How it stands there. With a reason (POST), what was handed in and why it was refused."""
    row = _row(player_id)
    form = ReasonForm(request.POST or None)
    steps: list[tuple[StepFact, list[str]]] = []
    why, status = "", 200
    if request.method == "POST":
        status = 422
        if not request.user.has_perm("kyc.reveal_document"):
            raise PermissionDenied
        if form.is_valid():
            reason = form.cleaned_data["reason"]
            try:
                found, why = applicants.papers(row.player_id, by=person(request), reason=reason)
            except (ProviderError, Refused):
                form.add_error(None, ProviderSilent.message)
            except DomainError as error:
                form.add_error(None, error.message)
            else:
                status = 200
                steps = [(one, _pictures(request, row, one, reason)) for one in found]
    return page(
        request,
        "operator/kyc_provider.html",
        status=status,
        form=form,
        steps=steps,
        why=why,
        is_shown=request.method == "POST" and status == 200,
        title=f"{row.player.display_name} at {row.provider}",
        row=row,
        notices=row.notices.order_by("-pk")[:NOTICES_MAX],
        asks=[(name, button) for name, (_, _, button, _) in ASKS.items()],
    )


@needs("kyc.reveal_document")
def picture(request: HttpRequest, player_id: int, token: str) -> HttpResponse:
    """One picture, as a download that no page of ours runs in. Each look is recorded."""
    user = person(request)
    try:
        look = signing.loads(token, salt=SALT, max_age=LOOK_SECONDS)
    except signing.BadSignature as error:
        raise Http404 from error
    if look["by"] != user.pk or look["player"] != player_id:
        raise Http404
    try:
        content, kind = applicants.picture(player_id, look["image"], by=user, reason=look["reason"])
    except (ProviderError, Refused) as error:
        raise ProviderSilent from error
    # What the provider calls it is believed only where a browser can do no harm with it.
    kind = kind.partition(";")[0].strip().lower()
    response = HttpResponse(
        content, content_type=kind if kind in PICTURES else "application/octet-stream"
    )
    response["Content-Disposition"] = 'attachment; filename="picture"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store, private"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _pictures(
    request: HttpRequest, row: ProviderApplicant, step: StepFact, reason: str
) -> list[str]:
    """An address for each picture, for this reviewer and this look alone."""
    told = {"by": person(request).pk, "player": row.player_id, "reason": reason}
    return [
        reverse(
            "admin:operator_kyc_provider_picture",
            args=[row.player_id, signing.dumps(told | {"image": one}, salt=SALT, compress=True)],
        )
        for one in step.image_refs
    ]


@needs("kyc.review_case")
def ask(request: HttpRequest, player_id: int, what: str) -> HttpResponse:
    if what not in ASKS:
        raise Http404
    row = _row(player_id)
    act, text, button, done = ASKS[what]
    user = person(request)
    return confirm(
        request,
        context=frame(request, facts=_facts(row)),
        back=reverse("admin:operator_kyc_provider", args=[row.player_id]),
        subject=row.player.display_name,
        title=button,
        text=text,
        button=button,
        form=ReasonForm(request.POST or None),
        act=lambda form: _do(act, row.player_id, user, form),
        done=done,
    )


def _do(act: Act, player_id: int, by: User, form: forms.Form) -> None:
    try:
        act(player_id, by=by, reason=form.cleaned_data["reason"])
    except (ProviderError, Refused) as error:
        raise ProviderSilent from error


def _facts(row: ProviderApplicant) -> list[tuple[str, Any]]:
    return [
        ("Provider", row.provider),
        ("Level", row.level),
        ("State", row.state or "not read yet"),
    ]


def _row(player_id: int) -> ProviderApplicant:
    if not Player.objects.filter(pk=player_id).exists():
        raise Http404
    row = ProviderApplicant.objects.select_related("player").filter(player_id=player_id).first()
    if row is None:
        raise Http404
    return row
