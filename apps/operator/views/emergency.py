"""Emergency access: ask for it, see who had it, end it."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from apps.core.admin import ReasonForm, confirm
from apps.operator import acts, emergency
from apps.operator.forms import EmergencyForm
from apps.operator.models import EmergencyAccess
from apps.operator.pages import frame, needs, page, person, refused
from apps.operator.second_factor import require_fresh_code

SHOWN_MAX = 100
ENDERS = ("operator.approve_emergency", "operator.manage_staff")


def show(request: HttpRequest) -> HttpResponse:
    user = person(request)
    found = EmergencyAccess.objects.select_related("user", "given_by").order_by("-id")
    if not _may_see_all(request):
        found = found.filter(user=user)
    return page(
        request,
        "operator/emergency.html",
        title="Emergency access",
        accesses=list(found[:SHOWN_MAX]),
        own=emergency.standing(user.pk),
        may_ask=user.has_perm("operator.ask_emergency"),
        may_end=_may_end(request),
    )


@needs("operator.ask_emergency")
def ask(request: HttpRequest) -> HttpResponse:
    user = person(request)

    def act(form: forms.Form) -> None:
        require_fresh_code(user, form.cleaned_data["code"])
        acts.ask_for_emergency(
            by=user, hours=form.cleaned_data["hours"], reason=form.cleaned_data["reason"]
        )

    return confirm(
        request,
        context=frame(request),
        back=reverse("admin:operator_emergency"),
        subject="Emergency access",
        title="Ask for emergency access",
        text=(
            "For what cannot wait until somebody with the right role can be reached. Somebody in "
            "finance, compliance or administration has to agree; everybody sees an alarm, and every "
            "click is recorded."
        ),
        button="Ask",
        form=EmergencyForm(request.POST or None),
        act=act,
        done="Asked. It opens when a second person approves it under Proposals.",
    )


def end(request: HttpRequest, access_id: int) -> HttpResponse:
    user = person(request)
    access = EmergencyAccess.objects.select_related("user").filter(pk=access_id).first()
    if access is None or not (access.user_id == user.pk or _may_end(request)):
        return refused(request, "There is no such page or row.", status=404)
    if access.ended_at is not None:
        return redirect("admin:operator_emergency")
    return confirm(
        request,
        context=frame(request),
        back=reverse("admin:operator_emergency"),
        subject=str(access.user),
        title="End emergency access",
        text="The rights are gone with the next click.",
        button="End it",
        form=ReasonForm(request.POST or None),
        act=lambda form: emergency.end(access.pk, by=user, reason=form.cleaned_data["reason"]),
        done="The emergency access is over.",
    )


def _may_end(request: HttpRequest) -> bool:
    return any(request.user.has_perm(name) for name in ENDERS)


def _may_see_all(request: HttpRequest) -> bool:
    return _may_end(request) or request.user.has_perm("operator.view_access_report")
