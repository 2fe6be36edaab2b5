"""Jackpots: what they owe and cost, their rules by version, their wins."""

from collections.abc import Callable
from urllib.parse import urlencode

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from apps.audit.models import Proposal
from apps.core.admin import ReasonForm, confirm
from apps.jackpots import acts, payouts, selectors, services
from apps.jackpots.models import Jackpot, Win
from apps.jackpots.words import describe
from apps.operator.jackpot_forms import NewJackpotForm, RulesForm, initial, listed
from apps.operator.pages import frame, needs, page, person

WINS_SHOWN = 50


@needs("jackpots.view_jackpot")
def show(request: HttpRequest) -> HttpResponse:
    return page(
        request,
        "operator/jackpots.html",
        title="Jackpots",
        jackpots=[(one, selectors.report(one)) for one in Jackpot.objects.order_by("id")],
        proposals=Proposal.objects.filter(
            act__startswith="jackpot.", state__in=Proposal.OPEN
        ).select_related("maker"),
        unvalued=selectors.unvalued(),
    )


@needs("jackpots.view_jackpot")
def detail(request: HttpRequest, code: str) -> HttpResponse:
    jackpot = _jackpot(code)
    versions = list(jackpot.versions.order_by("-number"))
    return page(
        request,
        "operator/jackpot.html",
        title=jackpot.name,
        jackpot=jackpot,
        costs=selectors.report(jackpot),
        bets=selectors.bets_counted(jackpot),
        rules=describe(versions[0].rules),
        versions=versions,
        pauses=jackpot.spans.filter(player=None).order_by("-id")[:10],
        wins=selectors.wins().filter(level__jackpot=jackpot)[:WINS_SHOWN],
    )


@needs("jackpots.propose_jackpot")
def new(request: HttpRequest) -> HttpResponse:
    """First its names, then its rules."""
    codes = listed(request.GET.get("levels", ""))
    names = NewJackpotForm(request.GET if codes else request.POST or None)
    if codes and names.is_valid():
        return _ask_rules(request, names.cleaned_data)
    if request.method == "POST" and names.is_valid():
        return redirect(f"{request.path}?{urlencode(names.cleaned_data)}")
    return confirm(
        request,
        context=frame(request),
        back=reverse("admin:operator_jackpots"),
        subject="A new jackpot",
        title="A new jackpot",
        text="Its rules are asked for on the next page. Another person approves it.",
        button="Go on",
        form=names,
        act=lambda form: None,
        done="",
    )


def _ask_rules(request: HttpRequest, names: dict[str, str]) -> HttpResponse:
    user = person(request)
    form = RulesForm(request.POST or None, codes=names["levels"].split(","))

    def act(_form: forms.Form) -> None:
        acts.propose_jackpot(
            code=names["code"],
            name=names["name"],
            content=form.content(),
            reason=form.cleaned_data["reason"],
            by=user,
        )

    return confirm(
        request,
        context=frame(request),
        back=reverse("admin:operator_jackpots"),
        subject=names["name"],
        title="A new jackpot",
        text="Amounts are in the base currency. It opens, with its seeds, when another approves.",
        button="Propose",
        form=form,
        act=act,
        done="Proposed. Another person approves it.",
    )


@needs("jackpots.propose_jackpot")
def change(request: HttpRequest, code: str) -> HttpResponse:
    jackpot, user = _jackpot(code), person(request)
    newest = services.newest(jackpot)
    form = RulesForm(
        request.POST or None,
        codes=[one.code for one in newest.rules.levels],
        initial=initial(newest.content),
    )

    def act(_form: forms.Form) -> None:
        acts.propose_version(
            jackpot=jackpot,
            content=form.content(),
            reason=form.cleaned_data["reason"],
            by=user,
        )

    return confirm(
        request,
        context=frame(request),
        back=reverse("admin:operator_jackpot", args=[jackpot.code]),
        subject=jackpot.name,
        title="New rules",
        text=(
            "They count from the next bet after another person has approved them. A cycle that "
            "runs keeps its seed, its secret and the most it pays."
        ),
        button="Propose",
        form=form,
        act=act,
        done="Proposed. Another person approves it.",
    )


@needs("jackpots.pause_jackpot")
def pause(request: HttpRequest, code: str) -> HttpResponse:
    return _switch(request, code, paused=True)


@needs("jackpots.pause_jackpot")
def resume(request: HttpRequest, code: str) -> HttpResponse:
    return _switch(request, code, paused=False)


@needs("jackpots.release_win")
def release(request: HttpRequest, public_id: str) -> HttpResponse:
    win, user = _win(public_id), person(request)
    return _ask_win(
        request,
        win,
        title="Let it be paid",
        text=f"It is held: {win.held_for} It is paid within seconds.",
        button="Release",
        act=lambda form: payouts.release(
            win_id=win.pk, by=user, reason=form.cleaned_data["reason"]
        ),
        done="Released.",
    )


@needs("jackpots.propose_win")
def void(request: HttpRequest, public_id: str) -> HttpResponse:
    win, user = _win(public_id), person(request)
    return _ask_win(
        request,
        win,
        title="Declare it void",
        text=f"It is held: {win.held_for} When another approves, it feeds the next seeds.",
        button="Propose",
        act=lambda form: acts.propose_void(win=win, by=user, reason=form.cleaned_data["reason"]),
        done="Proposed. Another person approves it.",
    )


def _switch(request: HttpRequest, code: str, *, paused: bool) -> HttpResponse:
    jackpot, user = _jackpot(code), person(request)
    act = services.pause if paused else services.resume
    return confirm(
        request,
        context=frame(request),
        back=reverse("admin:operator_jackpot", args=[jackpot.code]),
        subject=jackpot.name,
        title="Pause" if paused else "Resume",
        text=(
            "Bets from now on give nothing and win nothing. A window that ends still drops."
            if paused
            else "Bets count again from now on."
        ),
        button="Pause" if paused else "Resume",
        form=ReasonForm(request.POST or None),
        act=lambda form: act(jackpot_id=jackpot.pk, by=user, reason=form.cleaned_data["reason"]),
        done=f"{jackpot} is {'paused' if paused else 'running'}.",
    )


def _ask_win(
    request: HttpRequest,
    win: Win,
    *,
    title: str,
    text: str,
    button: str,
    act: Callable[[forms.Form], object],
    done: str,
) -> HttpResponse:
    return confirm(
        request,
        context=frame(request),
        back=reverse("admin:operator_jackpot", args=[win.level.jackpot.code]),
        subject=f"{win.amount_money}, {win.level.name}, {win.player.display_name}",
        title=title,
        text=text,
        button=button,
        form=ReasonForm(request.POST or None),
        act=act,
        done=done,
    )


def _jackpot(code: str) -> Jackpot:
    found = Jackpot.objects.filter(code=code).first()
    if found is None:
        raise Http404
    return found


def _win(public_id: str) -> Win:
    found = selectors.wins().filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found
