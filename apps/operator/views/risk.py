"""Monitoring: what was found, the rules and their back-test, cases, and a player's risk."""

from datetime import timedelta

from django import forms
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from apps.accounts.models import Player
from apps.audit.models import Proposal, Record
from apps.core.admin import ReasonForm, confirm, refuse
from apps.core.clock import now
from apps.core.errors import DomainError
from apps.ledger.models import Entry
from apps.operator.pages import bare_form, frame, needs, page, person
from apps.operator.risk_forms import (
    BackTestForm,
    ClassForm,
    DecisionForm,
    ItemForm,
    NoteForm,
    OpenCaseForm,
    PlayerCaseForm,
    RuleForm,
)
from apps.operator.risk_graph import drawing
from apps.payments.models import Deposit, Withdrawal
from apps.risk import backtest, casefile, linking, rulebook
from apps.risk.models import Alert, Case
from apps.risk.rules.registry import RULES
from apps.risk.services import alerts as alert_service
from apps.risk.services import cases as case_service
from apps.risk.services import holds, standings

QUEUE_MAX, RECENT_MAX, ENTRIES_MAX = 200, 20, 50
SHOWN = {"": "To decide", "mine": "Mine", "late": "Late", "shadow": "Shadow", "done": "Decided"}


# ---- alerts --------------------------------------------------------------------------------------


@needs("risk.view_alert")
def alerts(request: HttpRequest) -> HttpResponse:
    shown = request.GET.get("show", "")
    code = request.GET.get("rule", "")
    found = Alert.objects.select_related("player", "owner", "case", "decided_by")
    if code in RULES:
        found = found.filter(code=code)
    waiting = found.filter(state=Alert.State.OPEN, is_shadow=False).order_by("decide_by", "id")
    match shown:
        case "mine":
            rows = waiting.filter(owner=person(request))
        case "late":
            rows = waiting.filter(decide_by__lt=now())
        case "shadow":
            rows = found.filter(is_shadow=True).order_by("-id")
        case "done":
            rows = found.exclude(state=Alert.State.OPEN).order_by("-decided_at")
        case _:
            shown, rows = "", waiting
    return page(
        request,
        "operator/risk_alerts.html",
        title="Alerts",
        rows=[{"alert": one, "title": _title(one.code)} for one in rows[:QUEUE_MAX]],
        shown=shown,
        choices=SHOWN,
        rule=code if code in RULES else "",
        rules={code: one.title for code, one in RULES.items()},
    )


@needs("risk.view_alert")
def alert(request: HttpRequest, public_id: str) -> HttpResponse:
    row = _alert(public_id)
    return page(
        request,
        "operator/risk_alert.html",
        title=f"Alert {row.public_id}",
        row=row,
        rule=RULES.get(row.code),
        name=_title(row.code),
        entries=_entries(row.entries),
        payments=_payments(row.payments),
        others=list(Player.objects.filter(pk__in=row.players)),
        is_held=holds.is_held(row.player_id),
        records=_records(row),
    )


@needs("risk.decide_alert")
def take_alert(request: HttpRequest, public_id: str) -> HttpResponse:
    user = person(request)
    return _on_alert(
        request, _alert(public_id), form=bare_form(request),
        act=lambda form: alert_service.take(public_id, by=user),
        title="Take it", text="You say that you work on it.", button="Take it", done="It is yours.",
    )  # fmt: skip


@needs("risk.decide_alert")
def clear_alert(request: HttpRequest, public_id: str) -> HttpResponse:
    user = person(request)
    return _on_alert(
        request, _alert(public_id), form=ReasonForm(request.POST or None),
        act=lambda form: alert_service.clear(
            public_id, by=user, reason=form.cleaned_data["reason"]
        ),
        title="Clear", button="Nothing to it", done="The alert is cleared.",
        text="There is nothing to it. What it alone held is let go, and it counts no more.",
    )  # fmt: skip


@needs("risk.decide_alert")
def confirm_alert(request: HttpRequest, public_id: str) -> HttpResponse:
    user = person(request)
    return _on_alert(
        request, _alert(public_id), form=ReasonForm(request.POST or None),
        act=lambda form: alert_service.confirm(
            public_id, by=user, reason=form.cleaned_data["reason"]
        ),
        title="Confirm", button="It is what it looks like", done="The alert is confirmed.",
        text="It counts for the risk class. What it held is let go: to hold on, open a case.",
    )  # fmt: skip


@needs("risk.work_case")
def alert_to_case(request: HttpRequest, public_id: str) -> HttpResponse:
    user = person(request)
    row = _alert(public_id)
    return _on_alert(
        request, row, form=OpenCaseForm(request.POST or None, initial={"kind": "monitoring"}),
        act=lambda form: alert_service.open_case(
            public_id, by=user, reason=form.cleaned_data["reason"],
            kind=form.cleaned_data["kind"], holds_money=form.cleaned_data["holds"],
        ),
        title="Open a case", button="Open a case", done="The case is open.",
        text="The alert is confirmed and a case with a checklist goes on from it.",
    )  # fmt: skip


def _on_alert(
    request: HttpRequest, row: Alert, *, form: forms.Form, **texts: object
) -> HttpResponse:
    facts = [
        ("Player", row.player.display_name),
        ("Rule", _title(row.code)),
        ("Found", row.words),
    ]
    return confirm(
        request,
        context=frame(request, facts=facts),
        back=reverse("admin:operator_risk_alert", args=[row.public_id]),
        subject=row.public_id,
        form=form,
        **texts,  # type: ignore[arg-type]  # words and the act, passed on as they are
    )


# ---- rules ---------------------------------------------------------------------------------------


@needs("risk.view_ruleversion")
def rules(request: HttpRequest) -> HttpResponse:
    counts = _counts()
    return page(
        request,
        "operator/risk_rules.html",
        title="Monitoring rules",
        rows=[
            {"rule": RULES[code], "version": version, **counts.get(code, {})}
            for code, version in rulebook.in_force().items()
        ],
    )


@needs("risk.view_ruleversion")
def rule(request: HttpRequest, code: str) -> HttpResponse:
    if code not in RULES:
        raise Http404
    of, version = RULES[code], rulebook.current(code)
    return page(
        request,
        "operator/risk_rule.html",
        title=of.title,
        rule=of,
        version=version,
        figures=[
            (one.label, version.values.get(one.name, one.default), one.unit) for one in of.figures
        ],
        history=rulebook.history(code),
        counts=_counts().get(code, {}),
    )


@needs("risk.change_ruleversion")
def change_rule(request: HttpRequest, code: str) -> HttpResponse:
    if code not in RULES:
        raise Http404
    of, user = RULES[code], person(request)
    form = RuleForm(request.POST or None, rule=of, version=rulebook.current(code))
    return confirm(
        request,
        context=frame(request),
        back=reverse("admin:operator_risk_rule", args=[code]),
        subject=of.title,
        title="Change a rule",
        text="The version in force ends and the next one begins. Try it over the past first.",
        button="Put it in force",
        form=form,
        act=lambda form: rulebook.change(
            code,
            mode=form.cleaned_data["mode"],
            effect=form.cleaned_data["effect"],
            weight=form.cleaned_data["weight"],
            decide_hours=form.cleaned_data["decide_hours"],
            texts=form.texts,
            by=user,
            reason=form.cleaned_data["reason"],
            seen_version=form.cleaned_data["seen_version"],
        ),
        done="The next version is in force.",
    )


@needs("risk.view_ruleversion")
def back_test(request: HttpRequest, code: str) -> HttpResponse:
    """Figures over the past, without effect: a GET with a query, so that it can be sent on."""
    if code not in RULES:
        raise Http404
    of, version = RULES[code], rulebook.current(code)
    form = BackTestForm(
        request.GET if "days_back" in request.GET else None, rule=of, version=version
    )
    result, status = None, 200
    if form.is_bound:
        status = 422
        if form.is_valid():
            try:
                result = backtest.run(code, form.texts, days=form.cleaned_data["days_back"])
                status = 200
            except DomainError as error:
                refuse(form, error)
    return page(
        request,
        "operator/risk_back_test.html",
        status=status,
        title=f"Back-test: {of.title}",
        rule=of,
        version=version,
        form=form,
        result=result,
        hits_shown=backtest.HITS_SHOWN,
    )


# ---- cases ---------------------------------------------------------------------------------------


@needs("risk.view_case")
def cases(request: HttpRequest) -> HttpResponse:
    found = Case.objects.select_related("player", "owner", "decided_by", "second_by")
    return page(
        request,
        "operator/risk_cases.html",
        title="Cases",
        rows=list(found.filter(state=Case.State.OPEN).order_by("decide_by", "id")[:QUEUE_MAX]),
        recent=list(found.filter(state=Case.State.DECIDED).order_by("-decided_at")[:RECENT_MAX]),
    )


@needs("risk.view_case")
def case(request: HttpRequest, public_id: str) -> HttpResponse:
    row = _case(public_id)
    return page(
        request,
        "operator/risk_case.html",
        title=f"Case {row.public_id}",
        row=row,
        items=list(row.items.select_related("by")),
        notes=list(row.notes.select_related("by").order_by("-id")),
        alerts=[
            {"alert": one, "title": _title(one.code)} for one in row.alerts.order_by("-id")[:50]
        ],
        standing=standings.current(row.player_id),
        proposal=_proposal(row),
        is_held=holds.is_held(row.player_id),
        records=_records(row),
    )


@needs("risk.work_case")
def open_case(request: HttpRequest, player_id: int) -> HttpResponse:
    player, user = _player(player_id), person(request)
    return confirm(
        request,
        context=frame(request, facts=[("Player", player.display_name)]),
        back=reverse("admin:operator_risk_player", args=[player_id]),
        subject=player.display_name,
        title="Open a case",
        text="A checklist, notes, documents and a decision with its deadline.",
        button="Open a case",
        form=PlayerCaseForm(request.POST or None),
        act=lambda form: case_service.open_by_hand(
            player_id,
            kind=form.cleaned_data["kind"],
            reason=form.cleaned_data["reason"],
            by=user,
            holds_money=form.cleaned_data["holds"],
            is_high=form.cleaned_data["is_high"],
        ),
        done="The case is open.",
    )


@needs("risk.work_case")
def take_case(request: HttpRequest, public_id: str) -> HttpResponse:
    user = person(request)
    return _on_case(
        request, _case(public_id), form=bare_form(request),
        act=lambda form: case_service.take(public_id, by=user),
        title="Take it", text="You become its owner.", button="Take it", done="It is yours.",
    )  # fmt: skip


@needs("risk.work_case")
def answer_item(request: HttpRequest, public_id: str, code: str) -> HttpResponse:
    row, user = _case(public_id), person(request)
    item = row.items.filter(code=code).first()
    if item is None:
        raise Http404
    start = {"state": item.state if item.state != "open" else "done", "note": item.note}
    return _on_case(
        request, row, form=ItemForm(request.POST or None, initial=start),
        act=lambda form: case_service.answer_item(
            public_id, code, state=form.cleaned_data["state"], note=form.cleaned_data["note"],
            by=user,
        ),
        title="Checklist", text=item.title, button="Keep", done="It is kept.",
    )  # fmt: skip


@needs("risk.work_case")
def add_note(request: HttpRequest, public_id: str) -> HttpResponse:
    user = person(request)
    return _on_case(
        request, _case(public_id), form=NoteForm(request.POST or None),
        act=lambda form: case_service.add_note(
            public_id, text=form.cleaned_data["text"], reference=form.cleaned_data["reference"],
            by=user,
        ),
        title="Note or document", button="Add it", done="It is added.",
        text="It stays as it is written. Reports of suspicion do not belong here.",
    )  # fmt: skip


@needs("risk.work_case")
def hold_case(request: HttpRequest, public_id: str) -> HttpResponse:
    row, user = _case(public_id), person(request)
    on = not row.holds
    return _on_case(
        request, row, form=ReasonForm(request.POST or None),
        act=lambda form: case_service.set_hold(
            public_id, on=on, by=user, reason=form.cleaned_data["reason"]
        ),
        title="Stop withdrawals" if on else "Let withdrawals go",
        text="Until the case is decided. The player reads neutral words."
        if on else "The case stays open.",
        button="Stop withdrawals" if on else "Let them go",
        done="Withdrawals wait." if on else "Withdrawals go on.",
    )  # fmt: skip


@needs("risk.decide_case")
def decide_case(request: HttpRequest, public_id: str) -> HttpResponse:
    user = person(request)
    return _on_case(
        request, _case(public_id), form=DecisionForm(request.POST or None),
        act=lambda form: case_service.decide(
            public_id, outcome=form.cleaned_data["outcome"], by=user,
            reason=form.cleaned_data["reason"],
        ),
        title="Decide", button="Sign and close", done="The case is decided.",
        text="Closes the case and what it held. Nothing of the player's money is taken.",
    )  # fmt: skip


@needs("risk.propose_case")
def propose_case(request: HttpRequest, public_id: str) -> HttpResponse:
    user = person(request)
    return _on_case(
        request, _case(public_id), form=DecisionForm(request.POST or None),
        act=lambda form: case_service.propose_decision(
            public_id, outcome=form.cleaned_data["outcome"], by=user,
            reason=form.cleaned_data["reason"],
        ),
        title="Sign first", button="Sign and propose",
        done="Signed. Somebody of compliance signs second.",
        text="The first of two signatures. Compliance signs second, on exactly this.",
    )  # fmt: skip


@needs("risk.export_case")
def export_case(request: HttpRequest, public_id: str) -> HttpResponse:
    """A POST: taking a file out is an act, recorded with its digest."""
    row = _case(public_id)
    if request.method != "POST":
        return page(request, "operator/risk_export.html", title="Take the case file out", row=row)
    made = casefile.export(public_id, by=person(request))
    return HttpResponse(
        made.data,
        content_type="application/zip",
        headers={
            "Content-Disposition": f'attachment; filename="{made.name}"',
            "Cache-Control": "no-store",
        },
    )


def _on_case(request: HttpRequest, row: Case, *, form: forms.Form, **texts: object) -> HttpResponse:
    facts = [
        ("Player", row.player.display_name),
        ("Kind", row.get_kind_display()),
        ("Opened because", row.reason),
    ]
    return confirm(
        request,
        context=frame(request, facts=facts),
        back=reverse("admin:operator_risk_case", args=[row.public_id]),
        subject=row.public_id,
        form=form,
        **texts,  # type: ignore[arg-type]  # words and the act, passed on as they are
    )


# ---- a player ------------------------------------------------------------------------------------


@needs("risk.view_standing")
def player(request: HttpRequest, player_id: int) -> HttpResponse:
    of = _player(player_id)
    links = linking.around(player_id) if request.user.has_perm("risk.view_trace") else []
    people = Player.objects.in_bulk(
        {one for link in links for one in (link.player_id, link.other_id)}
    )
    return page(
        request,
        "operator/risk_player.html",
        title=f"Risk of {of.display_name}",
        player=of,
        standing=standings.current(player_id),
        history=standings.history(player_id)[:RECENT_MAX],
        links=[(link, people.get(link.player_id), people.get(link.other_id)) for link in links],
        drawing=drawing(player_id, links, people) if links else None,
        alerts=[
            {"alert": one, "title": _title(one.code)}
            for one in Alert.objects.filter(player=of).order_by("-id")[:RECENT_MAX]
        ],
        cases=list(Case.objects.filter(player=of).select_related("owner").order_by("-id")),
        is_held=holds.is_held(player_id),
    )


@needs("risk.set_standing")
def set_class(request: HttpRequest, player_id: int) -> HttpResponse:
    of, user = _player(player_id), person(request)
    start = {"risk_class": standings.class_of(player_id), "days": 90}
    return confirm(
        request,
        context=frame(request, facts=[("Player", of.display_name)]),
        back=reverse("admin:operator_risk_player", args=[player_id]),
        subject=of.display_name,
        title="Set the risk class",
        text="It stands for so many days, whatever the points say. Thresholds follow the class.",
        button="Set it",
        form=ClassForm(request.POST or None, initial=start),
        act=lambda form: standings.set_class(
            player_id,
            risk_class=form.cleaned_data["risk_class"],
            days=form.cleaned_data["days"],
            by=user,
            note=form.cleaned_data["reason"],
        ),
        done="The class is set.",
    )


# ---- helpers -------------------------------------------------------------------------------------


def _title(code: str) -> str:
    return RULES[code].title if code in RULES else code


def _alert(public_id: str) -> Alert:
    found = (
        Alert.objects.select_related("player", "version", "owner", "case", "decided_by")
        .filter(public_id=public_id)
        .first()
    )
    if found is None:
        raise Http404
    return found


def _case(public_id: str) -> Case:
    found = (
        Case.objects.select_related("player", "owner", "decided_by", "second_by")
        .filter(public_id=public_id)
        .first()
    )
    if found is None:
        raise Http404
    return found


def _player(player_id: int) -> Player:
    found = Player.objects.filter(pk=player_id).first()
    if found is None:
        raise Http404
    return found


def _proposal(row: Case) -> Proposal | None:
    return Proposal.objects.filter(
        subject_kind=Case._meta.label_lower, subject_id=str(row.pk), state__in=Proposal.OPEN
    ).first()


def _entries(ids: list[int]) -> list[Entry]:
    found = Entry.objects.filter(pk__in=ids[-ENTRIES_MAX:]).select_related("wallet__currency")
    return list(found.order_by("id"))


def _payments(public_ids: list[str]) -> list[Deposit | Withdrawal]:
    names = public_ids[-ENTRIES_MAX:]
    rows: list[Deposit | Withdrawal] = [
        *Deposit.objects.filter(public_id__in=names),
        *Withdrawal.objects.filter(public_id__in=names),
    ]
    return sorted(rows, key=lambda one: one.created_at)


def _records(row: Alert | Case) -> list[Record]:
    return list(
        Record.objects.filter(subject_kind=row._meta.label_lower, subject_id=str(row.pk)).order_by(
            "id"
        )[:100]
    )


def _counts() -> dict[str, dict[str, int]]:
    """Per rule: what it found in 30 days, what is open, and how much of it was cleared."""
    since = now() - timedelta(days=30)
    rows = (
        Alert.objects.filter(found_at__gte=since)
        .values("code")
        .annotate(
            found=Count("id"),
            open=Count("id", filter=Q(state=Alert.State.OPEN, is_shadow=False)),
            cleared=Count("id", filter=Q(state=Alert.State.CLEARED)),
        )
    )
    return {row["code"]: {name: row[name] for name in ("found", "open", "cleared")} for row in rows}
