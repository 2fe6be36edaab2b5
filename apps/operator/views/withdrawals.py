"""The withdrawal queue and one case: look, decide with a reason, leave an audit row."""

from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from apps.audit.models import Record
from apps.core.admin import ReasonForm, confirm
from apps.operator import queues
from apps.operator.forms import ApproveWithdrawalForm
from apps.operator.pages import frame, needs, page, person
from apps.operator.second_factor import require_fresh_code
from apps.payments.models import Deposit, Withdrawal
from apps.payments.services import withdrawals as service
from apps.wallet.selectors import balance

HISTORY_MAX = 10


@needs("payments.view_withdrawal")
def queue(request: HttpRequest) -> HttpResponse:
    return page(
        request,
        "operator/queue.html",
        title="Withdrawals",
        cases=queues.waiting_withdrawals(),
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
        text="The payout is sent to the address below. It cannot be called back.",
        done=f"Withdrawal {withdrawal.public_id} is approved and on its way.",
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
        ("Network", withdrawal.rail.network),
        ("Address", withdrawal.address),
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
        Withdrawal.objects.select_related("player__user", "rail", "currency", "approved_by")
        .filter(public_id=public_id)
        .first()
    )
    if found is None:
        raise Http404
    return found
