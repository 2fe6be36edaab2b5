"""Acts that take two people: what waits, what exactly it is, and the second person's word."""

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from apps.audit import proposals as service
from apps.audit.models import Proposal, Record
from apps.core.admin import ReasonForm, confirm
from apps.operator.money_forms import ApproveProposalForm, CompleteForm
from apps.operator.pages import frame, needs, page, person
from apps.operator.second_factor import require_fresh_code

QUEUE_MAX = 200
RECENT_MAX = 30
RECORDS_MAX = 20
State = Proposal.State


@needs("audit.view_proposal")
def queue(request: HttpRequest) -> HttpResponse:
    found = Proposal.objects.select_related("maker", "checker", "executed_by")
    return page(
        request,
        "operator/proposals.html",
        title="Proposals",
        waiting=list(found.filter(state=State.WAITING).order_by("id")[:QUEUE_MAX]),
        approved=list(found.filter(state=State.APPROVED).order_by("id")[:QUEUE_MAX]),
        recent=list(found.exclude(state__in=Proposal.OPEN).order_by("-id")[:RECENT_MAX]),
    )


@needs("audit.view_proposal")
def show(request: HttpRequest, public_id: str) -> HttpResponse:
    proposal = _proposal(public_id)
    act = service.act_of(proposal)
    user = person(request)
    is_waiting = proposal.state == State.WAITING
    is_maker = proposal.maker_id == user.pk
    may_decide = is_waiting and not is_maker and user.has_perm(act.approve)
    return page(
        request,
        "operator/proposal.html",
        title=proposal.title,
        proposal=proposal,
        act=act,
        facts=service.facts(proposal),
        may_decide=may_decide,
        may_take_back=is_maker and proposal.is_open,
        may_complete=(
            proposal.state == State.APPROVED
            and act.complete is not None
            and user.has_perm(act.propose)
        ),
        is_own=is_waiting and is_maker,
        result=[
            (name.replace("_", " ") if name != "entry_id" else name, value)
            for name, value in (proposal.result or {}).items()
        ],
        records=_records(proposal),
    )


@needs("audit.view_proposal")
def approve(request: HttpRequest, public_id: str) -> HttpResponse:
    proposal = _proposal(public_id)
    user = person(request)

    def act(form: forms.Form) -> None:
        require_fresh_code(user, form.cleaned_data["code"])
        service.approve(
            public_id,
            by=user,
            reason=form.cleaned_data["reason"],
            seen_hash=form.cleaned_data["seen"],
        )

    is_here = service.act_of(proposal).carry_out is not None
    return _decide(
        request,
        proposal,
        form=ApproveProposalForm(request.POST or None, initial={"seen": proposal.content_hash}),
        act=act,
        title="Approve",
        button="Approve and do it" if is_here else "Approve the order",
        text=(
            "It happens at once, exactly as it stands here."
            if is_here
            else "Whoever carries it out then reports the transaction. Nothing is sent by itself."
        ),
        done=f"{proposal.title}: {'done' if is_here else 'approved'}.",
    )


@needs("audit.view_proposal")
def reject(request: HttpRequest, public_id: str) -> HttpResponse:
    user = person(request)
    return _decide(
        request,
        _proposal(public_id),
        form=ReasonForm(request.POST or None),
        act=lambda form: service.reject(public_id, by=user, reason=form.cleaned_data["reason"]),
        title="Reject",
        button="Reject",
        text="Nothing happens, and it is closed.",
        done="The proposal is rejected.",
    )


@needs("audit.view_proposal")
def take_back(request: HttpRequest, public_id: str) -> HttpResponse:
    user = person(request)
    return _decide(
        request,
        _proposal(public_id),
        form=ReasonForm(request.POST or None),
        act=lambda form: service.take_back(public_id, by=user, reason=form.cleaned_data["reason"]),
        title="Take back",
        button="Take it back",
        text="Nothing happens, and it is closed.",
        done="The proposal is taken back.",
    )


@needs("audit.view_proposal")
def complete(request: HttpRequest, public_id: str) -> HttpResponse:
    user = person(request)

    def act(form: forms.Form) -> None:
        service.complete(
            public_id,
            by=user,
            evidence=form.cleaned_data["evidence"],
            report={"txid": form.cleaned_data["txid"], "fee": form.cleaned_data["fee"]},
        )

    return _decide(
        request,
        _proposal(public_id),
        form=CompleteForm(request.POST or None),
        act=act,
        title="Report what was sent",
        button="It is done",
        text="Only what has really left. The house wallets' records change with it.",
        done="The order is carried out.",
    )


def _decide(
    request: HttpRequest, proposal: Proposal, *, form: forms.Form, **texts: object
) -> HttpResponse:
    facts = [
        *service.facts(proposal),
        ("Proposed by", proposal.maker.email),
        ("Why", proposal.reason),
        ("Evidence", proposal.evidence or "none"),
    ]
    return confirm(
        request,
        context=frame(request, facts=facts),
        back=reverse("admin:operator_proposal", args=[proposal.public_id]),
        subject=proposal.title,
        form=form,
        **texts,  # type: ignore[arg-type]  # words and the act, passed on as they are
    )


def _records(proposal: Proposal) -> list[Record]:
    return list(
        Record.objects.filter(
            subject_kind=Proposal._meta.label_lower, subject_id=str(proposal.pk)
        ).order_by("id")[:RECORDS_MAX]
    )


def _proposal(public_id: str) -> Proposal:
    found = (
        Proposal.objects.select_related("maker", "checker", "executed_by")
        .filter(public_id=public_id)
        .first()
    )
    if found is None:
        raise Http404
    return found
