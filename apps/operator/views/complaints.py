"""The desk of complaints, the register of breaches, people who work here, reports of suspicion."""

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from apps.accounts.models import Player
from apps.core.admin import ReasonForm, confirm
from apps.core.clock import now
from apps.operator.pages import bare_form, frame, needs, page, person
from apps.operator.risk_forms import (
    AnswerForm,
    BreachForm,
    FileReportForm,
    InsiderForm,
    NewReportForm,
    NotifiedForm,
    ReportForm,
    TextForm,
)
from apps.risk import bodies
from apps.risk.models import Breach, Complaint, Insider, SuspiciousReport
from apps.risk.services import breaches as breach_service
from apps.risk.services import complaints as complaint_service
from apps.risk.services import insiders as insider_service
from apps.risk.services import reports as report_service

QUEUE_MAX, RECENT_MAX = 200, 30


# ---- complaints ----------------------------------------------------------------------------------


@needs("risk.view_complaint")
def complaints(request: HttpRequest) -> HttpResponse:
    found = Complaint.objects.select_related("player", "owner", "closed_by")
    return page(
        request,
        "operator/complaints.html",
        title="Complaints",
        rows=list(found.filter(state=Complaint.State.OPEN).order_by("answer_by", "id")[:QUEUE_MAX]),
        answered=list(
            found.filter(state=Complaint.State.ANSWERED).order_by("close_by")[:QUEUE_MAX]
        ),
        closed=list(found.filter(state=Complaint.State.CLOSED).order_by("-closed_at")[:RECENT_MAX]),
    )


@needs("risk.view_complaint")
def complaint(request: HttpRequest, public_id: str) -> HttpResponse:
    row = _complaint(public_id)
    return page(
        request,
        "operator/complaint.html",
        title=f"Complaint {row.public_id}",
        row=row,
        letters=list(row.messages.select_related("by")),
        body=bodies.body_for(row.country),
    )


@needs("risk.answer_complaint")
def take_complaint(request: HttpRequest, public_id: str) -> HttpResponse:
    user = person(request)
    return _on_complaint(
        request, _complaint(public_id), form=bare_form(request),
        act=lambda form: complaint_service.take(public_id, by=user),
        title="Take it", text="You answer it.", button="Take it", done="It is yours.",
    )  # fmt: skip


@needs("risk.answer_complaint")
def answer_complaint(request: HttpRequest, public_id: str) -> HttpResponse:
    row, user = _complaint(public_id), person(request)
    contest = row.kind == Complaint.Kind.CONTEST
    return _on_complaint(
        request, row, form=AnswerForm(request.POST or None),
        act=lambda form: complaint_service.answer(
            public_id, text=form.cleaned_data["text"], outcome=form.cleaned_data["outcome"], by=user
        ),
        title="Answer", button="Send the answer", done="The answer is with the player.",
        text=(
            "The player contests what a rule decided. You decide it, as a person, and say why."
            if contest
            else "What you write stays in the correspondence, with your name for us only."
        ),
    )  # fmt: skip


def _on_complaint(
    request: HttpRequest, row: Complaint, *, form: forms.Form, **texts: object
) -> HttpResponse:
    facts = [
        ("Player", row.player.display_name),
        ("About", row.get_kind_display()),
        ("Subject", row.subject),
    ]
    return confirm(
        request,
        context=frame(request, facts=facts),
        back=reverse("admin:operator_complaint", args=[row.public_id]),
        subject=row.public_id,
        form=form,
        **texts,  # type: ignore[arg-type]  # words and the act, passed on as they are
    )


def _complaint(public_id: str) -> Complaint:
    found = (
        Complaint.objects.select_related("player", "owner", "closed_by")
        .filter(public_id=public_id)
        .first()
    )
    if found is None:
        raise Http404
    return found


# ---- breaches ------------------------------------------------------------------------------------


@needs("risk.view_breach")
def breaches(request: HttpRequest) -> HttpResponse:
    found = Breach.objects.select_related("registered_by")
    return page(
        request,
        "operator/breaches.html",
        title="Breach register",
        rows=list(found.filter(closed_at=None).order_by("notify_by", "id")[:QUEUE_MAX]),
        closed=list(found.exclude(closed_at=None).order_by("-closed_at")[:RECENT_MAX]),
    )


@needs("risk.view_breach")
def breach(request: HttpRequest, public_id: str) -> HttpResponse:
    row = _breach(public_id)
    left = row.notify_by - now() if row.notify_by else None
    return page(
        request,
        "operator/breach.html",
        title=f"Breach {row.public_id}",
        row=row,
        hours_left=max(0, int(left.total_seconds() // 3600)) if left else None,
        notes=list(row.notes.select_related("by").order_by("-id")),
    )


@needs("risk.register_breach")
def register_breach(request: HttpRequest) -> HttpResponse:
    user = person(request)
    return confirm(
        request,
        context=frame(request),
        back=reverse("admin:operator_breaches"),
        subject="Breach register",
        title="Register a breach",
        text="The clock of 72 hours runs from the discovery of a breach of personal data.",
        button="Register",
        form=BreachForm(request.POST or None),
        act=lambda form: breach_service.register(
            breach_service.Discovery(**form.cleaned_data), by=user
        ),
        done="The breach is registered.",
    )


@needs("risk.register_breach")
def breach_note(request: HttpRequest, public_id: str) -> HttpResponse:
    user = person(request)
    return _on_breach(
        request, public_id, form=TextForm(request.POST or None),
        act=lambda form: breach_service.add_note(
            public_id, text=form.cleaned_data["text"], by=user
        ),
        title="Note", text="It stays as it is written.", button="Add it", done="It is added.",
    )  # fmt: skip


@needs("risk.register_breach")
def breach_notified(request: HttpRequest, public_id: str) -> HttpResponse:
    user = person(request)
    return _on_breach(
        request, public_id, form=NotifiedForm(request.POST or None),
        act=lambda form: breach_service.notified(
            public_id, reference=form.cleaned_data["reference"], by=user
        ),
        title="The authority knows", text="Only when it has been told. The clock stops.",
        button="It was told", done="The clock has stopped.",
    )  # fmt: skip


@needs("risk.register_breach")
def breach_not_notified(request: HttpRequest, public_id: str) -> HttpResponse:
    user = person(request)
    return _on_breach(
        request, public_id, form=ReasonForm(request.POST or None),
        act=lambda form: breach_service.not_notified(
            public_id, reason=form.cleaned_data["reason"], by=user
        ),
        title="Not told", text="Why nobody's rights are at risk. The authority may ask for it.",
        button="Keep the reason", done="The reason is kept.",
    )  # fmt: skip


@needs("risk.register_breach")
def breach_people(request: HttpRequest, public_id: str) -> HttpResponse:
    user = person(request)
    return _on_breach(
        request, public_id, form=ReasonForm(request.POST or None),
        act=lambda form: breach_service.people_told(
            public_id, reason=form.cleaned_data["reason"], by=user
        ),
        title="The people know", text="How whose data it was were told.", button="They were told",
        done="It is kept.",
    )  # fmt: skip


@needs("risk.register_breach")
def close_breach(request: HttpRequest, public_id: str) -> HttpResponse:
    user = person(request)
    return _on_breach(
        request, public_id, form=ReasonForm(request.POST or None),
        act=lambda form: breach_service.close(
            public_id, reason=form.cleaned_data["reason"], by=user
        ),
        title="Close", text="What was done so that it does not happen again.", button="Close",
        done="The breach is closed.",
    )  # fmt: skip


def _on_breach(
    request: HttpRequest, public_id: str, *, form: forms.Form, **texts: object
) -> HttpResponse:
    row = _breach(public_id)
    return confirm(
        request,
        context=frame(request, facts=[("Breach", row.title), ("Kind", row.get_kind_display())]),
        back=reverse("admin:operator_breach", args=[public_id]),
        subject=row.public_id,
        form=form,
        **texts,  # type: ignore[arg-type]  # words and the act, passed on as they are
    )


def _breach(public_id: str) -> Breach:
    found = Breach.objects.select_related("registered_by").filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


# ---- people who work here ------------------------------------------------------------------------


@needs("risk.view_insider")
def insiders(request: HttpRequest) -> HttpResponse:
    found = Insider.objects.select_related("player", "added_by").order_by("-id")
    return page(
        request,
        "operator/insiders.html",
        title="People who work here",
        rows=list(found.filter(removed_at=None)[:QUEUE_MAX]),
        gone=list(found.exclude(removed_at=None)[:RECENT_MAX]),
    )


@needs("risk.register_insider")
def register_insider(request: HttpRequest) -> HttpResponse:
    user = person(request)
    return confirm(
        request,
        context=frame(request),
        back=reverse("admin:operator_insiders"),
        subject="People who work here",
        title="Add a person",
        text="Their account, now or later, can neither pay in nor play for money.",
        button="Add",
        form=InsiderForm(request.POST or None),
        act=lambda form: insider_service.register(**form.cleaned_data, by=user),
        done="The person is in the list.",
    )


@needs("risk.register_insider")
def remove_insider(request: HttpRequest, insider_id: int) -> HttpResponse:
    row, user = Insider.objects.filter(pk=insider_id, removed_at=None).first(), person(request)
    if row is None:
        raise Http404
    return confirm(
        request,
        context=frame(request, facts=[("Person", row.email)]),
        back=reverse("admin:operator_insiders"),
        subject=row.email,
        title="Take out of the list",
        text="They work here no more, and may play as everybody.",
        button="Take out",
        form=ReasonForm(request.POST or None),
        act=lambda form: insider_service.remove(
            insider_id, by=user, reason=form.cleaned_data["reason"]
        ),
        done="The person is out of the list.",
    )


# ---- reports of suspicion ------------------------------------------------------------------------


@needs("risk.view_suspiciousreport")
def reports(request: HttpRequest) -> HttpResponse:
    found = SuspiciousReport.objects.select_related("player", "case", "created_by")
    return page(
        request,
        "operator/reports.html",
        title="Reports of suspicion",
        rows=list(found.filter(state="draft").order_by("id")[:QUEUE_MAX]),
        finished=list(found.exclude(state="draft").order_by("-finished_at")[:QUEUE_MAX]),
    )


@needs("risk.view_suspiciousreport")
def report(request: HttpRequest, public_id: str) -> HttpResponse:
    row, narrative = report_service.read(public_id, by=person(request))
    return page(
        request,
        "operator/report.html",
        title=f"Report {row.public_id}",
        row=row,
        narrative=narrative,
    )


@needs("risk.write_suspiciousreport")
def new_report(request: HttpRequest) -> HttpResponse:
    user = person(request)

    def act(form: forms.Form) -> None:
        number = form.cleaned_data["player"].strip()
        player = Player.objects.filter(public_id=number).first()
        report_service.draft(
            player_id=player.pk if player else 0,
            narrative=form.cleaned_data["narrative"],
            authority=form.cleaned_data["authority"],
            by=user,
        )

    start = {"player": request.GET.get("player", "")[:32]}
    return confirm(
        request,
        context=frame(request),
        back=reverse("admin:operator_reports"),
        subject="Reports of suspicion",
        title="Write a report",
        text="A draft. Nobody outside compliance learns of it, and nothing about the player changes.",
        button="Keep the draft",
        form=NewReportForm(request.POST or None, initial=start),
        act=act,
        done="The draft is kept.",
    )


@needs("risk.write_suspiciousreport")
def rewrite_report(request: HttpRequest, public_id: str) -> HttpResponse:
    user = person(request)
    row, narrative = report_service.read(public_id, by=user)
    start = {"authority": row.authority, "narrative": narrative}
    return _on_report(
        request, public_id, form=ReportForm(request.POST or None, initial=start),
        act=lambda form: report_service.rewrite(public_id, **form.cleaned_data, by=user),
        title="Rewrite", text="It is still a draft.", button="Keep", done="The draft is kept.",
    )  # fmt: skip


@needs("risk.write_suspiciousreport")
def file_report(request: HttpRequest, public_id: str) -> HttpResponse:
    user = person(request)
    return _on_report(
        request, public_id, form=FileReportForm(request.POST or None),
        act=lambda form: report_service.file(public_id, **form.cleaned_data, by=user),
        title="Filed", text="It went to the authority. It cannot be changed any more.",
        button="It is filed", done="The report is filed.",
    )  # fmt: skip


@needs("risk.write_suspiciousreport")
def drop_report(request: HttpRequest, public_id: str) -> HttpResponse:
    user = person(request)
    return _on_report(
        request, public_id, form=ReasonForm(request.POST or None),
        act=lambda form: report_service.drop(
            public_id, reason=form.cleaned_data["reason"], by=user
        ),
        title="Drop", text="Why it is not filed. It stays readable.", button="Drop it",
        done="The report is dropped.",
    )  # fmt: skip


def _on_report(
    request: HttpRequest, public_id: str, *, form: forms.Form, **texts: object
) -> HttpResponse:
    if not SuspiciousReport.objects.filter(public_id=public_id).exists():
        raise Http404
    return confirm(
        request,
        context=frame(request),
        back=reverse("admin:operator_report", args=[public_id]),
        subject=public_id,
        form=form,
        **texts,  # type: ignore[arg-type]  # words and the act, passed on as they are
    )
