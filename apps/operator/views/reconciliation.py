"""The queue of breaks, one break from both sides, and starting a comparison by hand."""

from dataclasses import dataclass
from datetime import date, timedelta

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from apps.audit.models import Record
from apps.core.admin import ReasonForm, confirm
from apps.core.clock import now
from apps.integrations.models import InboxMessage
from apps.ledger.models import Entry
from apps.operator.money_forms import AssignForm, RunForm
from apps.operator.pages import frame, needs, page, person
from apps.treasury.models import Break, HouseWallet, Run
from apps.treasury.services import breaks as service
from apps.treasury.services.reconciliation import reconcile

QUEUE_MAX = 200
RECENT_MAX = 20
RUNS_DAYS = 7
CALLBACKS_MAX = 10
ENTRIES_MAX = 20
State = Break.State


@dataclass(frozen=True)
class Day:
    """One gateway's newest comparison of one day."""

    day: date
    run: Run | None


@needs("treasury.view_break")
def queue(request: HttpRequest) -> HttpResponse:
    found = Break.objects.select_related("owner", "deposit", "withdrawal")
    return page(
        request,
        "operator/reconciliation.html",
        title="Reconciliation",
        open_breaks=list(
            found.filter(state__in=[State.OPEN, State.ASSIGNED, State.EXPLAINED]).order_by("id")[
                :QUEUE_MAX
            ]
        ),
        carried=list(found.filter(state=State.CARRIED).order_by("id")[:QUEUE_MAX]),
        closed=list(
            found.filter(state__in=[State.RESOLVED, State.HEALED])
            .select_related("owner", "closed_by")
            .order_by("-closed_at")[:RECENT_MAX]
        ),
        gateways=_days(),
    )


@needs("treasury.view_break")
def show(request: HttpRequest, public_id: str) -> HttpResponse:
    row = _break(public_id)
    return page(
        request,
        "operator/break.html",
        title=f"Break {row.public_id}",
        row=row,
        record=row.record,
        payment=row.deposit or row.withdrawal,
        entries=_entries(row),
        callbacks=_callbacks(request, row),
        records=_records(row),
        house_wallet=_house_wallet(row),
        run_day=min(row.day, now().date()),
    )


@needs("treasury.assign_break")
def assign(request: HttpRequest, public_id: str) -> HttpResponse:
    row = _break(public_id)
    user = person(request)
    return _change(
        request,
        row,
        form=AssignForm(request.POST or None, initial={"owner": user.pk}),
        act=lambda form: service.assign(public_id, to=form.cleaned_data["owner"], by=user),
        title="Assign",
        text="Whoever has it finds out why the books differ.",
        button="Assign",
        done="The break has an owner.",
    )


@needs("treasury.resolve_break")
def explain(request: HttpRequest, public_id: str) -> HttpResponse:
    user = person(request)
    return _change(
        request,
        _break(public_id),
        form=ReasonForm(request.POST or None),
        act=lambda form: service.explain(public_id, by=user, reason=form.cleaned_data["reason"]),
        title="Explain",
        text="Why the books differ. It stays in the queue until a comparison finds it gone.",
        button="Explain",
        done="The explanation is kept.",
    )


@needs("treasury.resolve_break")
def resolve(request: HttpRequest, public_id: str) -> HttpResponse:
    user = person(request)
    return _change(
        request,
        _break(public_id),
        form=ReasonForm(request.POST or None),
        act=lambda form: service.resolve(public_id, by=user, reason=form.cleaned_data["reason"]),
        title="Resolve",
        text=(
            "It is settled as it stands and comes back only if the figures change. No money moves "
            "here: if a balance has to be corrected, propose that first."
        ),
        button="Resolve",
        done="The break is resolved.",
    )


@needs("treasury.reconcile_break")
def run(request: HttpRequest) -> HttpResponse:
    user = person(request)
    start = {
        "provider": request.GET.get("provider", ""),
        "day": request.GET.get("day", now().date() - timedelta(days=1)),
    }
    return confirm(
        request,
        context=frame(request),
        back=reverse("admin:operator_reconciliation"),
        subject="Reconciliation",
        title="Compare a day",
        text="Asks the gateway for its statement and compares both ways. It changes no money.",
        button="Compare",
        form=RunForm(request.POST or None, initial=start),
        act=lambda form: reconcile(
            form.cleaned_data["provider"], form.cleaned_data["day"], by=user
        ),
        done="The day is compared.",
    )


def _change(request: HttpRequest, row: Break, *, form: forms.Form, **texts: object) -> HttpResponse:
    facts = [
        ("What", row.get_kind_display()),
        ("Gateway", row.provider),
        ("Day", str(row.day)),
        ("Ours", row.ours_text or "nothing"),
        ("Theirs", row.theirs_text or "nothing"),
        ("Details", row.message),
    ]
    return confirm(
        request,
        context=frame(request, facts=facts),
        back=reverse("admin:operator_break", args=[row.public_id]),
        subject=row.public_id,
        form=form,
        **texts,  # type: ignore[arg-type]  # words and the act, passed on as they are
    )


def _days() -> list[tuple[str, list[Day]]]:
    """Per gateway the last days, the newest comparison of each."""
    today = now().date()
    newest: dict[tuple[str, date], Run] = {}
    for one in Run.objects.filter(day__gte=today - timedelta(days=RUNS_DAYS)).order_by("id"):
        newest[one.provider, one.day] = one
    providers = sorted({provider for provider, _ in newest})
    days = [today - timedelta(days=back) for back in range(RUNS_DAYS)]
    return [
        (provider, [Day(day, newest.get((provider, day))) for day in days])
        for provider in providers
    ]


def _entries(row: Break) -> list[Entry]:
    """The movement in question and its siblings of the same payment."""
    found = Entry.objects.select_related("wallet__currency", "account", "partner")
    payment = row.deposit or row.withdrawal
    if payment is not None:
        return list(
            found.filter(
                wallet__player_id=payment.player_id,
                source_id=payment.pk,
                account__code=f"payment_clearing:{row.provider}",
            ).order_by("id")[:ENTRIES_MAX]
        )
    return list(found.filter(pk=row.entry_id)) if row.entry_id else []


def _callbacks(request: HttpRequest, row: Break) -> list[InboxMessage]:
    if not request.user.has_perm("integrations.view_inboxmessage"):
        return []
    names = set()
    if row.record is not None:
        names |= {row.record.outside_ref, row.record.reference}
    if (payment := row.deposit or row.withdrawal) is not None:
        names |= {payment.outside_ref, getattr(payment, "foreign_id", None) or ""}
    names.discard("")
    return list(
        InboxMessage.objects.filter(partner=row.provider, outside_ref__in=names).order_by("-pk")[
            :CALLBACKS_MAX
        ]
    )


def _records(row: Break) -> list[Record]:
    return list(
        Record.objects.filter(
            subject_kind=Break._meta.label_lower, subject_id=str(row.pk)
        ).order_by("id")
    )


def _house_wallet(row: Break) -> HouseWallet | None:
    if row.kind != Break.Kind.BALANCE:
        return None
    return HouseWallet.objects.filter(provider=row.provider, currency_id=row.code).first()


def _break(public_id: str) -> Break:
    found = (
        Break.objects.select_related(
            "record", "deposit__player", "deposit__rail", "withdrawal__player", "withdrawal__rail",
            "owner", "closed_by",
        )
        .filter(public_id=public_id)
        .first()
    )  # fmt: skip
    if found is None:
        raise Http404
    return found
