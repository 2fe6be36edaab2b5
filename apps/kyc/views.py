"""The player's verification: levels, steps, files, and how far they are from cashing out."""

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.models import Player
from apps.accounts.people import player_required
from apps.core.admin import refuse
from apps.core.errors import DomainError
from apps.kyc import levels, selectors
from apps.kyc.forms import ContestForm, DetailsForm, FileForm
from apps.kyc.providers import registry
from apps.kyc.services import cases
from apps.kyc.terms import terms_of
from apps.wallet import restrictions


@require_GET
@never_cache
@player_required
def verification(request: HttpRequest, player: Player) -> HttpResponse:
    return _page(request, player)


@require_POST
@player_required
def details(request: HttpRequest, player: Player) -> HttpResponse:
    form = DetailsForm.of(player, request.POST)
    if form.is_valid():
        try:
            case = cases.declare(player=player, details=form.details)
        except DomainError as error:
            refuse(form, error)
        else:
            words = (
                "Your details are verified."
                if case.state == case.State.APPROVED
                else "Thank you. A person looks at your details."
            )
            messages.success(request, words)
            return redirect("kyc:verification")
    return _page(request, player, status=422, details_form=form)


@require_POST
@player_required
def upload(request: HttpRequest, player: Player, level: int, kind: str) -> HttpResponse:
    terms = levels.BY_NUMBER.get(level)
    if terms is None or kind not in terms.needs:
        raise Http404
    form = FileForm(request.POST, request.FILES, kind=kind)
    if form.is_valid():
        sent = form.cleaned_data["file"]
        try:
            cases.hand_in(
                player=player, level=level, kind=kind, name=sent.name or "", content=sent.read()
            )
        except DomainError as error:
            refuse(form, error)
        else:
            messages.success(request, "The file is kept.")
            return redirect(f"{reverse('kyc:verification')}#step-{kind}")
    return _page(request, player, status=422, file_forms={kind: form})


@require_POST
@player_required
def take_back(request: HttpRequest, player: Player) -> HttpResponse:
    cases.take_back(player=player, document_id=request.POST.get("document", "")[:32])
    messages.success(request, "The file is removed.")
    return redirect("kyc:verification")


@require_POST
@player_required
def submit(request: HttpRequest, player: Player, level: int) -> HttpResponse:
    try:
        case = cases.submit(player=player, level=level)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"Thank you, we have it. {case.terms.takes}.")
    return redirect("kyc:verification")


@require_POST
@player_required
def contest(request: HttpRequest, player: Player, level: int) -> HttpResponse:
    if level not in levels.BY_NUMBER:
        raise Http404
    form = ContestForm(request.POST)
    if form.is_valid():
        try:
            cases.contest(player=player, level=level, text=form.cleaned_data["text"])
        except DomainError as error:
            refuse(form, error)
        else:
            messages.success(request, "Thank you. A person looks at it again.")
            return redirect("kyc:verification")
    return _page(request, player, status=422, contest_form=form)


def _page(
    request: HttpRequest,
    player: Player,
    *,
    status: int = 200,
    details_form: DetailsForm | None = None,
    file_forms: dict[str, FileForm] | None = None,
    contest_form: ContestForm | None = None,
) -> HttpResponse:
    player = Player.objects.get(pk=player.pk)
    shown = selectors.levels_of(player)
    forms_of = {
        step.terms.kind.value: (file_forms or {}).get(step.terms.kind.value)
        or FileForm(kind=step.terms.kind.value)
        for level in shown
        for step in level.steps
        if step.terms.files_max
    }
    now_level = next((one for one in shown if one.mark == "now"), None)
    return render(
        request,
        "kyc/verification.html",
        {
            "levels": shown,
            "now_level": now_level,
            "rows": _rows(now_level, forms_of),
            "meter": selectors.meter(player),
            "terms": terms_of(player),
            "BASE_CURRENCY": settings.BASE_CURRENCY,
            "restrictions": [
                one for one in restrictions.standing(player.pk) if one.code.startswith("kyc_")
            ],
            "details_form": details_form or DetailsForm.of(player),
            "contest_form": contest_form or ContestForm(),
            "frame_url": _frame_url(now_level),
        },
        status=status,
    )


def _rows(
    level: selectors.LevelShown | None, forms_of: dict[str, FileForm]
) -> list[tuple[selectors.StepShown, forms.Form | None]]:
    if level is None:
        return []
    return [(step, forms_of.get(step.terms.kind.value)) for step in level.steps]


def _frame_url(level: selectors.LevelShown | None) -> str:
    """Where the provider's own pages are, for a level it knows; else files are handed in here."""
    verifier = registry.current()
    if level is None or verifier is None:
        return ""
    try:
        verifier.level_ref(level.level.name)
        return reverse("kyc:frame", args=[level.level.name])
    except (KeyError, NoReverseMatch):
        return ""
