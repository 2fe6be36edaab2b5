"""Requests to be forgotten: what waits, oldest first, and what was decided."""

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from apps.accounts import privacy
from apps.accounts.models import ErasureRequest
from apps.core.admin import ReasonForm, confirm
from apps.core.clock import now
from apps.operator.pages import frame, needs, page, person

DECIDED_MAX = 50


@needs("accounts.view_erasurerequest")
def show(request: HttpRequest) -> HttpResponse:
    rows = ErasureRequest.objects.select_related("player", "decided_by")
    waiting = rows.filter(state=ErasureRequest.State.OPEN).order_by("due_at")
    decided = rows.exclude(state=ErasureRequest.State.OPEN).order_by("-decided_at")[:DECIDED_MAX]
    return page(
        request,
        "operator/erasures.html",
        title="Requests to be forgotten",
        waiting=waiting,
        decided=decided,
        now=now(),
    )


@needs("accounts.decide_erasure")
def erase(request: HttpRequest, request_id: int) -> HttpResponse:
    asked, user = _waiting(request_id), person(request)

    def act(form: forms.Form) -> None:
        privacy.erase(request_id=asked.pk, by=user, reason=form.cleaned_data["reason"])

    return confirm(
        request,
        context=frame(request, facts=_facts(asked)),
        back=reverse("admin:operator_erasures"),
        subject=asked.public_id,
        title="Forget this player",
        text=(
            "Name, address, phone, browsers, keys and messages are deleted and the account is closed "
            "for good. What law keeps stays, under a pseudonym. This cannot be taken back."
        ),
        button="Forget them",
        form=ReasonForm(request.POST or None),
        act=act,
        done=f"{asked.public_id} is done.",
    )


@needs("accounts.decide_erasure")
def refuse(request: HttpRequest, request_id: int) -> HttpResponse:
    asked, user = _waiting(request_id), person(request)

    def act(form: forms.Form) -> None:
        privacy.refuse(request_id=asked.pk, by=user, reason=form.cleaned_data["reason"])

    return confirm(
        request,
        context=frame(request, facts=_facts(asked)),
        back=reverse("admin:operator_erasures"),
        subject=asked.public_id,
        title="Refuse to forget this player",
        text="The player reads the reason, and can complain to the data protection authority.",
        button="Refuse",
        form=ReasonForm(request.POST or None),
        act=act,
        done=f"{asked.public_id} is refused.",
    )


def _waiting(request_id: int) -> ErasureRequest:
    asked = (
        ErasureRequest.objects.select_related("player")
        .filter(pk=request_id, state=ErasureRequest.State.OPEN)
        .first()
    )
    if asked is None:
        raise Http404
    return asked


def _facts(asked: ErasureRequest) -> list[tuple[str, str]]:
    return [
        ("Player", asked.player.display_name),
        ("Asked", f"{asked.requested_at:%-d %B %Y}"),
        ("Due", f"{asked.due_at:%-d %B %Y}"),
    ]
