"""What game managers see and do: partners, stops, caps, collections, open rounds, returns."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from apps.audit.models import Record
from apps.core.admin import ReasonForm, confirm
from apps.games import bands, caps, catalogue, collections, desk, partners, returns, stops
from apps.games.guarded import KINDS
from apps.games.models import Collection, Round, RoundCase, Stop, WinCap
from apps.games.providers.registry import PROVIDERS
from apps.integrations import breaker
from apps.ledger.models import Entry
from apps.operator.game_forms import (
    ArrangeForm,
    CapForm,
    CollectionForm,
    PreviewForm,
    StopForm,
)
from apps.operator.pages import frame, needs, page, person

SHOWN_MAX = 100
ROWS_MAX = 200
ENTRIES_MAX = 100


# ---- partners -----------------------------------------------------------------------------------


@needs("games.view_cataloguestate")
def show_partners(request: HttpRequest) -> HttpResponse:
    return page(
        request,
        "operator/partners.html",
        title="Game partners",
        partners=partners.health(),
        is_shared=breaker.is_shared(),
    )


@needs("operator.manage_partners")
def sync(request: HttpRequest, name: str) -> HttpResponse:
    found = _partner(name)
    waits = found.catalogue.shrunk_to
    text = "The worker takes over its catalogue within seconds. Games are never deleted."
    if waits is not None:
        text = (
            f"Its last catalogue listed {waits} of {found.listed} games and was not believed. "
            "If that is right, it is taken over now; missing games are hidden, not deleted."
        )
    user = person(request)
    return _ask(
        request,
        form=ReasonForm(request.POST or None),
        act=lambda form: catalogue.ask_for_sync(
            name,
            accept_shrunk=waits is not None,
            actor=user,
            reason=form.cleaned_data["reason"],
        ),
        subject=name,
        title="Sync now",
        text=text,
        button="Sync",
        back="admin:operator_partners",
        done="The catalogue is asked for.",
    )


@needs("operator.manage_partners")
def force(request: HttpRequest, name: str, kind: str, forced: str) -> HttpResponse:
    _partner(name)
    titles = {
        "open": ("Leave the partner alone", "No call of this kind goes out until you say so."),
        "closed": ("Ask the partner always", "Calls go out however often they fail."),
        "auto": ("Let the breaker decide", "It opens after failures and asks again by itself."),
    }
    if kind not in KINDS or forced not in titles:
        raise Http404
    title, text = titles[forced]
    user = person(request)
    return _ask(
        request,
        form=ReasonForm(request.POST or None),
        act=lambda form: partners.force(
            provider=name,
            kind=kind,
            forced="" if forced == "auto" else forced,
            actor=user,
            reason=form.cleaned_data["reason"],
        ),
        subject=f"{name}, {kind.replace('_', ' ')}",
        title=title,
        text=text,
        button=title,
        back="admin:operator_partners",
        done="All processes know it now.",
    )


# ---- stops and caps -------------------------------------------------------------------------------


@needs("games.view_stop")
def show_stops(request: HttpRequest) -> HttpResponse:
    past = Stop.objects.filter(ended_at__isnull=False).select_related("studio", "game")
    return page(
        request,
        "operator/stops.html",
        title="Stops and caps",
        standing=list(stops.standing()),
        past=list(past.order_by("-ended_at")[:SHOWN_MAX]),
        caps=[
            (one, caps.money(one.amount))
            for one in WinCap.objects.select_related("game").order_by("scope", "id")[:SHOWN_MAX]
        ],
    )


@needs("operator.switch_games")
def stop(request: HttpRequest) -> HttpResponse:
    user = person(request)
    return _ask(
        request,
        form=StopForm(request.POST or None),
        act=lambda form: stops.begin(
            scope=form.cleaned_data["scope"],
            provider=form.cleaned_data["provider"],
            studio=form.cleaned_data["studio"],
            game=form.cleaned_data["game"],
            actor=user,
            reason=form.cleaned_data["reason"],
        ),
        subject="Play",
        title="Stop play",
        text="The next bet is refused. Rounds that are open can finish, and wins are paid.",
        button="Stop",
        back="admin:operator_stops",
        done="Play is stopped.",
    )


@needs("operator.switch_games")
def resume(request: HttpRequest, stop_id: int) -> HttpResponse:
    found = Stop.objects.filter(pk=stop_id, ended_at=None).select_related("studio", "game").first()
    if found is None:
        raise Http404
    user = person(request)
    return _ask(
        request,
        form=ReasonForm(request.POST or None),
        act=lambda form: stops.end(
            stop_id=found.pk, actor=user, reason=form.cleaned_data["reason"]
        ),
        subject=found.words.capitalize(),
        title="Let play go on",
        text=f"Stopped by {found.begun_by}: {found.reason}",
        button="Let it go on",
        back="admin:operator_stops",
        done="Bets are taken again.",
    )


@needs("operator.set_win_caps")
def set_cap(request: HttpRequest) -> HttpResponse:
    user = person(request)
    return _ask(
        request,
        form=CapForm(request.POST or None),
        act=lambda form: caps.set_cap(
            scope=form.cleaned_data["scope"],
            provider=form.cleaned_data["provider"],
            game=form.cleaned_data["game"],
            amount=form.cleaned_data["amount"],
            actor=user,
            reason=form.cleaned_data["reason"],
        ),
        subject="Largest wins",
        title="Set a cap",
        text="Our own games refuse stakes that could win more. At partners a pass raises an alarm.",
        button="Set the cap",
        back="admin:operator_stops",
        done="The cap holds from now on.",
    )


# ---- collections ----------------------------------------------------------------------------------


@needs("games.view_collection")
def show_collections(request: HttpRequest) -> HttpResponse:
    form = PreviewForm(request.GET or None)
    told = form.cleaned_data if form.is_bound and form.is_valid() else {}
    country = (told.get("country") or "").upper() or None
    seen = collections.preview(country, at=told.get("at"))
    return page(
        request,
        "operator/collections.html",
        status=200 if not form.is_bound or form.is_valid() else 422,
        title="Collections",
        form=form,
        country=country,
        at=told.get("at"),
        seen=seen,
    )


@needs("operator.manage_collections")
def new_collection(request: HttpRequest) -> HttpResponse:
    user = person(request)
    return _ask(
        request,
        form=CollectionForm(request.POST or None),
        act=lambda form: collections.create(
            form.wishes, actor=user, reason=form.cleaned_data["reason"]
        ),
        subject="Collections",
        title="New collection",
        text="A shelf of the lobby. Its games come next.",
        button="Create",
        back="admin:operator_collections",
        done="The collection is there.",
    )


@needs("operator.manage_collections")
def change_collection(request: HttpRequest, collection_id: int) -> HttpResponse:
    row = _collection(collection_id)
    user = person(request)
    return _ask(
        request,
        form=CollectionForm(request.POST or None, initial=CollectionForm.start(row)),
        act=lambda form: collections.change(
            row.pk, form.wishes, actor=user, reason=form.cleaned_data["reason"]
        ),
        subject=row.title,
        title="Change the collection",
        text="Players see it changed at once.",
        button="Change",
        back="admin:operator_collections",
        done="The collection is changed.",
    )


@needs("operator.manage_collections")
def arrange(request: HttpRequest, collection_id: int) -> HttpResponse:
    row = _collection(collection_id)
    user = person(request)
    placed = row.places.values_list("game__slug", flat=True)
    return _ask(
        request,
        form=ArrangeForm(request.POST or None, initial={"games": "\n".join(placed)}),
        act=lambda form: collections.arrange(
            row.pk, form.slugs, actor=user, reason=form.cleaned_data["reason"]
        ),
        subject=row.title,
        title="Games in order",
        text="The first line is the first card.",
        button="Keep this order",
        back="admin:operator_collections",
        done="The order is kept.",
    )


# ---- rounds that do not end ------------------------------------------------------------------------


@needs("games.view_roundcase")
def show_desk(request: HttpRequest) -> HttpResponse:
    found = RoundCase.objects.select_related("partner", "player", "game")
    return page(
        request,
        "operator/rounds.html",
        title="Open rounds",
        waiting=list(found.filter(closed_at=None)[:SHOWN_MAX]),
        ended=list(found.filter(closed_at__isnull=False).order_by("-closed_at")[:SHOWN_MAX]),
    )


@needs("games.view_roundcase")
def show_case(request: HttpRequest, case_id: int) -> HttpResponse:
    case = _case(case_id)
    key = {
        "partner": case.partner_id, "wallet": case.wallet_id, "round_ref": case.round_ref,
    }  # fmt: skip
    return page(
        request,
        "operator/round_case.html",
        title=f"Round {case.round_ref}",
        case=case,
        round=Round.objects.filter(**key).first(),
        entries=list(
            Entry.objects.filter(**key, created_at__gte=case.started_at)
            .select_related("wallet__currency")
            .order_by("id")[:ENTRIES_MAX]
        ),
        records=list(_records(case)),
        why_not_close=desk.why_not_close(case),
        why_not_refund=desk.why_not_refund(case),
    )


@needs("operator.resolve_rounds")
def act_on_case(request: HttpRequest, case_id: int, act: str) -> HttpResponse:
    case = _case(case_id)
    user = person(request)
    acts: dict[str, tuple[Callable[..., Any], str, str, str]] = {
        "close": (
            desk.close, "Close", "No money moves. What the partner still sends is booked.",
            "The round is closed.",
        ),
        "refund": (
            desk.refund, "Give the stake back", "The partner does not know this round.",
            "The stake is back in the wallet.",
        ),
        "escalate": (
            desk.escalate, "Escalate", "Raises an alarm for whoever speaks to the partner.",
            "The alarm is raised.",
        ),
    }  # fmt: skip
    if act == "ask":
        return _ask_partner(request, case)
    if act not in acts:
        raise Http404
    service, title, text, done = acts[act]
    return _ask(
        request,
        form=ReasonForm(request.POST or None),
        act=lambda form: service(case.pk, actor=user, reason=form.cleaned_data["reason"]),
        subject=f"Round {case.round_ref}",
        title=title,
        text=text,
        button=title,
        back=reverse("admin:operator_round_case", args=[case.pk]),
        done=done,
    )


def _ask_partner(request: HttpRequest, case: RoundCase) -> HttpResponse:
    user = person(request)
    return _ask(
        request,
        form=forms.Form(request.POST or None),
        act=lambda _form: desk.ask(case.pk, actor=user),
        subject=f"Round {case.round_ref}",
        title="Ask the partner",
        text=f"{case.partner.code} says what it knows of the round; nothing is changed there.",
        button="Ask",
        back=reverse("admin:operator_round_case", args=[case.pk]),
        done="This is the partner's answer.",
    )


# ---- returns --------------------------------------------------------------------------------------


@needs("games.view_returntally")
def show_returns(request: HttpRequest) -> HttpResponse:
    found = returns.records()
    return page(
        request,
        "operator/returns.html",
        title="Return to player",
        rows=found[:ROWS_MAX],
        total=len(found),
        alarming=sum(one.is_alarm for one in found),
        rounds_min=bands.ROUNDS_MIN,
    )


@needs("games.view_returntally")
def show_return(request: HttpRequest, source: str, version: int, key: str) -> HttpResponse:
    found = returns.record_of(source, key, version)
    if found is None:
        raise Http404
    return page(
        request,
        "operator/return.html",
        title=f"{found.title}, version {version}",
        record=found,
        days=returns.days(source, key, version),
    )


# ---- what they share --------------------------------------------------------------------------------


def _ask(
    request: HttpRequest,
    *,
    form: forms.Form,
    act: Callable[[Any], object],
    subject: str,
    title: str,
    text: str,
    button: str,
    back: str,
    done: str,
) -> HttpResponse:
    return confirm(
        request,
        context=frame(request),
        back=reverse(back) if back.startswith("admin:") else back,
        subject=subject,
        title=title,
        text=text,
        button=button,
        form=form,
        act=act,
        done=done,
    )


def _partner(name: str) -> partners.Partner:
    if name not in PROVIDERS:
        raise Http404
    return next(one for one in partners.health() if one.name == name)


def _collection(collection_id: int) -> Collection:
    found = Collection.objects.filter(pk=collection_id).first()
    if found is None:
        raise Http404
    return found


def _case(case_id: int) -> RoundCase:
    found = RoundCase.objects.select_related("partner", "player", "game", "wallet__currency")
    case = found.filter(pk=case_id).first()
    if case is None:
        raise Http404
    return case


def _records(case: RoundCase) -> QuerySet[Record]:
    return Record.objects.filter(subject_kind="games.roundcase", subject_id=str(case.pk)).order_by(
        "-id"
    )[:SHOWN_MAX]
