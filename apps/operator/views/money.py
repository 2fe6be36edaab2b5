"""How payments fare, who owes us, and deposits that wait for a decision."""

from typing import Any

from django import forms
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from apps.audit.models import Proposal
from apps.core.admin import ReasonForm, confirm
from apps.operator import charts
from apps.operator.money_forms import RefundForm
from apps.operator.pages import frame, needs, page, person
from apps.payments.models import Deposit
from apps.treasury.models import Threshold
from apps.treasury.selectors import board as boards
from apps.treasury.selectors import debts as debt_selectors
from apps.treasury.services import held_deposits

QUEUE_MAX = 200
CHARGEBACKS_MAX = 100
VOLUME_HOURS = 48


@needs("operator.view_payment_board")
def board(request: HttpRequest) -> HttpResponse:
    period = request.GET.get("period", "")
    if period not in boards.PERIODS:
        period = "7d"
    hours = boards.PERIODS[period]
    history = boards.history()
    methods = boards.methods(history)
    key = request.GET.get("method", "")
    if key not in {one.key for one in methods}:
        key = ""
    volume = boards.hourly(history, key, VOLUME_HOURS)
    return page(
        request,
        "operator/board.html",
        title="Payments",
        period=period,
        periods={"24h": "24 hours", "7d": "7 days", "30d": "30 days"},
        rows=boards.performance(hours),
        failures=boards.failures(hours),
        silences=boards.silences(
            history, {str(row.currency_id): row.silent_after for row in Threshold.objects.all()}
        ),
        methods=methods,
        method=key,
        volume=charts.volume(volume),
    )


@needs("treasury.view_chargeback")
def debts(request: HttpRequest) -> HttpResponse:
    return page(
        request,
        "operator/debts.html",
        title="Receivables",
        debts=debt_selectors.debts(),
        chargebacks=list(debt_selectors.chargebacks()[:CHARGEBACKS_MAX]),
    )


@needs("operator.view_payment_board")
def held(request: HttpRequest) -> HttpResponse:
    deposits = list(
        Deposit.objects.filter(state=Deposit.State.HELD)
        .select_related("player", "rail")
        .prefetch_related("orders")
        .order_by("id")[:QUEUE_MAX]
    )
    limits = {row.currency_id: row.alone_max_money for row in Threshold.objects.all()}
    proposed = {
        one.subject_id: one
        for one in Proposal.objects.filter(
            Q(subject_id__in=[str(one.pk) for one in deposits]),
            subject_kind=Deposit._meta.label_lower,
            state__in=Proposal.OPEN,
        ).select_related("maker")
    }
    rows = []
    for one in deposits:
        limit = limits.get(one.currency_id)
        rows.append(
            {
                "deposit": one,
                "because": one.held_because.replace("_", " "),
                "takes_two": limit is None or one.held_money > limit,
                "proposal": proposed.get(str(one.pk)),
                "orders": list(one.orders.all()),
            }
        )
    return page(request, "operator/held.html", title="Held deposits", rows=rows)


@needs("payments.release_deposit")
def release(request: HttpRequest, public_id: str) -> HttpResponse:
    deposit = _deposit(public_id)
    user = person(request)
    takes_two = held_deposits.needs_two_people(deposit)

    def act(form: forms.Form) -> None:
        reason = form.cleaned_data["reason"]
        if takes_two:
            held_deposits.propose_release(deposit, by=user, note=reason)
        else:
            held_deposits.release(deposit, by=user, reason=reason)

    return _decide(
        request,
        deposit,
        form=ReasonForm(request.POST or None),
        act=act,
        title="Release a held deposit",
        text="The money goes into the player's balance.",
        button="Propose the release" if takes_two else "Release",
        done="Proposed; somebody else approves it." if takes_two else "The deposit is released.",
    )


@needs("payments.refund_deposit")
def refund(request: HttpRequest, public_id: str) -> HttpResponse:
    deposit = _deposit(public_id)
    user = person(request)
    takes_two = held_deposits.needs_two_people(deposit)

    def act(form: forms.Form) -> None:
        reason, proof = form.cleaned_data["reason"], form.cleaned_data["proof"]
        if takes_two:
            held_deposits.propose_refund(deposit, by=user, note=reason, proof=proof)
        else:
            held_deposits.refund(deposit, by=user, reason=reason, proof=proof)

    return _decide(
        request,
        deposit,
        form=RefundForm(request.POST or None),
        act=act,
        title="Send a held deposit back",
        text="The money goes back to where it came from. It never reaches the balance.",
        button="Propose the refund" if takes_two else "Send it back",
        done="Proposed; somebody else approves it." if takes_two else "The deposit is sent back.",
    )


def _decide(
    request: HttpRequest, deposit: Deposit, *, form: forms.Form, **texts: Any
) -> HttpResponse:
    facts = [
        ("Player", deposit.player.display_name),
        ("Amount", str(deposit.held_money)),
        ("Way", str(deposit.rail)),
        ("Held because", deposit.held_because.replace("_", " ")),
    ]
    return confirm(
        request,
        context=frame(request, facts=facts),
        back=reverse("admin:operator_held"),
        subject=deposit.public_id,
        form=form,
        **texts,
    )


def _deposit(public_id: str) -> Deposit:
    found = (
        Deposit.objects.select_related("player", "rail")
        .filter(public_id=public_id, state=Deposit.State.HELD)
        .first()
    )
    if found is None:
        raise Http404
    return found
