"""The withdrawal queue and one case: look, decide with a reason, leave an audit row."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import reverse

from apps.audit.models import Record
from apps.core.admin import ReasonForm, confirm
from apps.core.errors import DomainError
from apps.operator import queues
from apps.operator.forms import ApproveWithdrawalForm, SettleForm
from apps.operator.pages import frame, needs, page, person
from apps.operator.second_factor import require_fresh_code
from apps.payments import acts, guard, readiness, reasons, travel_rule
from apps.payments.models import Deposit, Withdrawal
from apps.payments.services import queue as desk
from apps.payments.services import settling
from apps.payments.services import withdrawals as service
from apps.risk.services import holds
from apps.wallet.selectors import balance

HISTORY_MAX = 10


@needs("payments.view_withdrawal")
def queue(request: HttpRequest) -> HttpResponse:
    shown, reason = request.GET.get("show", ""), request.GET.get("reason", "")
    shown = shown if shown in queues.SHOWN else ""
    reason = reason if reason in reasons.WORDS else ""
    return page(
        request,
        "operator/queue.html",
        title="Withdrawals",
        cases=queues.waiting_withdrawals(person(request), shown=shown, reason=reason),
        unsettled=queues.unsettled(),
        shown=shown,
        reason=reason,
        filters=list(queues.SHOWN.items()),
        reasons=list(reasons.WORDS.items()),
        me=person(request),
        under_way=queues.withdrawals_under_way(),
        queue_max=queues.QUEUE_MAX,
    )


@needs("payments.view_withdrawal")
def case(request: HttpRequest, public_id: str) -> HttpResponse:
    withdrawal = _withdrawal(public_id)
    return page(
        request,
        "operator/case.html",
        title=f"Withdrawal {withdrawal.public_id}",
        case=queues.case(withdrawal),
        withdrawal=withdrawal,
        is_waiting=withdrawal.state in queues.WAITING,
        steps=withdrawal.steps.all(),
        wallet=balance(withdrawal.player_id, withdrawal.money.currency),
        earlier=_earlier(withdrawal),
        deposits=_deposits(withdrawal),
        records=_records(withdrawal, request),
        approvals=withdrawal.approvals.select_related("by"),
        to_settle=withdrawal.cases.filter(settled_at=None).first(),
        settled=list(withdrawal.cases.exclude(settled_at=None)),
        ready=readiness.of(withdrawal.player, withdrawal.rail, method=withdrawal.method),
        standing=guard.standing(withdrawal.player),
        under_review=not holds.is_clear(withdrawal.player_id),
        me=person(request),
    )


@needs("payments.approve_withdrawal")
def approve(request: HttpRequest, public_id: str) -> HttpResponse:
    withdrawal = _withdrawal(public_id)
    user = person(request)

    def act(form: forms.Form) -> None:
        require_fresh_code(user, form.cleaned_data["code"])
        service.approve(
            withdrawal,
            by=user,
            reason=form.cleaned_data["reason"],
            seen_hash=form.cleaned_data["seen"],
        )

    return _decide(
        request,
        withdrawal,
        form=ApproveWithdrawalForm(request.POST or None, initial={"seen": withdrawal.payout_hash}),
        act=act,
        title="Approve withdrawal",
        button="Approve payout",
        text=(
            "The payout is sent to the address below. It cannot be called back."
            if withdrawal.people_needed == 1
            else "It takes two different people: the payout is sent when both have agreed to it."
        ),
        done=f"Withdrawal {withdrawal.public_id}: your yes is kept.",
    )


@needs("payments.reject_withdrawal")
def reject(request: HttpRequest, public_id: str) -> HttpResponse:
    withdrawal = _withdrawal(public_id)
    user = person(request)

    def act(form: forms.Form) -> None:
        service.reject(withdrawal, by=user, reason=form.cleaned_data["reason"])

    return _decide(
        request,
        withdrawal,
        form=ReasonForm(request.POST or None),
        act=act,
        title="Reject withdrawal",
        button="Reject and return the money",
        text="The reserved money goes back to the player's balance.",
        done=f"Withdrawal {withdrawal.public_id} is rejected, the money is back.",
    )


@needs("payments.approve_withdrawal")
def take(request: HttpRequest, public_id: str) -> HttpResponse:
    """Make the case one's own; with `over`, from whoever has it."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    withdrawal = _withdrawal(public_id)
    return _assigned(
        request,
        withdrawal,
        lambda: desk.take(withdrawal, person(request), over=request.POST.get("over") == "yes"),
    )


@needs("payments.approve_withdrawal")
def give_back(request: HttpRequest, public_id: str) -> HttpResponse:
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    withdrawal = _withdrawal(public_id)
    return _assigned(request, withdrawal, lambda: desk.give_back(withdrawal, person(request)))


def _assigned(
    request: HttpRequest, withdrawal: Withdrawal, act: Callable[[], object]
) -> HttpResponse:
    try:
        act()
    except DomainError as refused:
        messages.error(request, refused.message)
    return redirect("admin:operator_withdrawal", withdrawal.public_id)


@needs("payments.approve_withdrawal")
def hold(request: HttpRequest, public_id: str) -> HttpResponse:
    withdrawal = _withdrawal(public_id)
    user = person(request)

    def act(form: forms.Form) -> None:
        desk.hold(withdrawal, user, form.cleaned_data["reason"])

    return _decide(
        request,
        withdrawal,
        form=ReasonForm(request.POST or None),
        act=act,
        title="Promise a later time",
        button="Hold",
        text=(
            f"Once, for {settings.WITHDRAWAL_HOLD_HOURS} hours from the request. The case becomes "
            "yours, and the player reads the new time."
        ),
        done=f"Withdrawal {withdrawal.public_id} is on hold.",
    )


@needs("payments.resolve_withdrawal")
def settle(request: HttpRequest, public_id: str) -> HttpResponse:
    """Propose what becomes of a withdrawal that does not add up."""
    withdrawal = _withdrawal(public_id)
    user = person(request)
    found = withdrawal.cases.filter(settled_at=None).first()
    if found is None:
        raise Http404

    def act(form: forms.Form) -> None:
        acts.propose_settlement(
            found,
            outcome=form.cleaned_data["outcome"],
            by=user,
            reason=form.cleaned_data["reason"],
            evidence=form.cleaned_data["evidence"],
        )

    return _decide(
        request,
        withdrawal,
        form=SettleForm(request.POST or None, outcomes=settling.outcomes(found, withdrawal)),
        act=act,
        title="Settle withdrawal",
        button="Propose it",
        text=f"{found.problem[0].upper()}{found.problem[1:]}. A second person has to agree.",
        done="Proposed. It waits for a second person under Proposals.",
    )


@needs("payments.reveal_walletowner")
def owner(request: HttpRequest, public_id: str) -> HttpResponse:
    """Read whose wallet it goes to: with a reason, and recorded."""
    withdrawal = _withdrawal(public_id)
    form = ReasonForm(request.POST or None)
    told = None
    if request.method == "POST" and form.is_valid():
        try:
            told = travel_rule.reveal(
                withdrawal, by=person(request), reason=form.cleaned_data["reason"]
            )
        except DomainError as refused:
            form.add_error(None, refused.message)
    return page(
        request,
        "operator/owner.html",
        title="Whose wallet",
        withdrawal=withdrawal,
        form=form,
        told=told,
    )


def _decide(
    request: HttpRequest, withdrawal: Withdrawal, *, form: forms.Form, **texts: Any
) -> HttpResponse:
    return confirm(
        request,
        context=frame(request, withdrawal=withdrawal, facts=_facts(withdrawal)),
        back=reverse("admin:operator_withdrawal", args=[withdrawal.public_id]),
        subject=withdrawal.public_id,
        form=form,
        **texts,
    )


def _facts(withdrawal: Withdrawal) -> list[tuple[str, str]]:
    """What is decided, word for word, on the page where it is decided."""
    facts = [
        ("Player", withdrawal.player.display_name),
        ("Amount", str(withdrawal.money)),
        ("Receives", str(withdrawal.net_money)),
        ("Network", withdrawal.rail.network),
        ("To", withdrawal.target),
        ("People needed", str(withdrawal.people_needed)),
        ("Hash", withdrawal.payout_hash),
    ]
    return [*facts, ("Tag", withdrawal.tag)] if withdrawal.tag else facts


def _earlier(withdrawal: Withdrawal) -> list[Withdrawal]:
    return list(
        Withdrawal.objects.filter(player_id=withdrawal.player_id)
        .exclude(pk=withdrawal.pk)
        .select_related("currency", "rail")
        .order_by("-id")[:HISTORY_MAX]
    )


def _deposits(withdrawal: Withdrawal) -> list[Deposit]:
    return list(
        Deposit.objects.filter(player_id=withdrawal.player_id)
        .select_related("currency", "rail")
        .order_by("-id")[:HISTORY_MAX]
    )


def _records(withdrawal: Withdrawal, request: HttpRequest) -> list[Record]:
    if not request.user.has_perm("operator.view_timeline"):
        return []
    return list(
        Record.objects.filter(
            subject_kind=Withdrawal._meta.label_lower, subject_id=str(withdrawal.pk)
        ).order_by("-id")[:HISTORY_MAX]
    )


def _withdrawal(public_id: str) -> Withdrawal:
    found = (
        Withdrawal.objects.select_related(
            "player__user",
            "rail",
            "currency",
            "approved_by",
            "approved_rule",
            "assigned_to",
            "owner",
        )
        .filter(public_id=public_id)
        .first()
    )
    if found is None:
        raise Http404
    return found
