"""What can be proved: seals, verifications, significant events, and who may do what."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from unfold.widgets import UnfoldAdminSelectWidget

from apps.audit import significant as events
from apps.audit.exports import EXPORT_PERMISSION, FORMATS, sheet
from apps.audit.models import Seal
from apps.audit.sealing import newest_checkpoints
from apps.core.admin import confirm
from apps.core.clock import now
from apps.core.formatting import pretty_value
from apps.operator import access_report, masking, verifier
from apps.operator.models import VerifierRun
from apps.operator.pages import frame, needs, page, person, refused

RUNS_MAX = 30
SHOWN_MAX = 500
DAYS = 7
COLUMNS = (
    "Time (UTC)",
    "Kind",
    "Component",
    "What",
    "Who",
    "Authorised by",
    "About",
    "Address",
    "Reason",
    "Before",
    "After",
    "Row",
)


class RangeForm(forms.Form):
    """From which day to which, and of which kind."""

    since = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}))
    kind = forms.ChoiceField(
        required=False, choices=[("", "All kinds"), *((one, one) for one in events.kinds())]
    )

    def clean(self) -> dict[str, object]:
        cleaned: dict[str, object] = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and since > until:  # type: ignore[operator]  # dates
            self.add_error("until", "The end is before the beginning.")
        return cleaned


class WhatForm(forms.Form):
    what = forms.ChoiceField(label="What", widget=UnfoldAdminSelectWidget)

    def __init__(self, *args: object, **kwargs: object):
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # passed on
        self.fields["what"].choices = [  # type: ignore[attr-defined]  # a choice field
            (one, VerifierRun.What(one).label.capitalize()) for one in verifier.possible()
        ]


@needs("audit.view_seal")
def show(request: HttpRequest) -> HttpResponse:
    streams = Seal.objects.order_by("stream", "-number").distinct("stream")
    return page(
        request,
        "operator/assurance.html",
        title="Assurance",
        seals=list(streams),
        checkpoints=newest_checkpoints([one.stream for one in streams]),
        runs=list(VerifierRun.objects.select_related("asked_by").order_by("-id")[:RUNS_MAX]),
        may_run=request.user.has_perm("operator.run_verifier"),
        is_release_known="release" in verifier.possible(),
    )


@needs("operator.run_verifier")
def verify(request: HttpRequest) -> HttpResponse:
    user = person(request)
    return confirm(
        request,
        context=frame(request),
        back=reverse("admin:operator_assurance"),
        subject="Assurance",
        title="Verify now",
        text=(
            "The worker reads everything and compares it; what it finds stands under Assurance. "
            "Nothing is changed, but players whose books differ are stopped."
        ),
        button="Verify",
        form=WhatForm(request.POST or None),
        act=lambda form: verifier.ask(what=form.cleaned_data["what"], by=user),
        done="It is asked for. The result appears under Assurance.",
    )


@needs("audit.view_seal")
def run(request: HttpRequest, run_id: int) -> HttpResponse:
    found = VerifierRun.objects.select_related("asked_by").filter(pk=run_id).first()
    if found is None:
        raise Http404
    return page(request, "operator/verifier_run.html", title=str(found), run=found)


@needs("operator.view_significant")
def significant(request: HttpRequest) -> HttpResponse:
    today = now().date()
    first = {"since": today - timedelta(days=DAYS - 1), "until": today, "kind": ""}
    form = RangeForm(request.GET if "since" in request.GET else first)
    if not form.is_valid():
        return page(
            request,
            "operator/significant.html",
            status=422,
            title="Significant events",
            form=form,
            rows=[],
        )
    data = form.cleaned_data
    since, until = _midnight(data["since"]), _midnight(data["until"] + timedelta(days=1))
    head = _head("Significant events", f"{data['since']} to {data['until']}")
    wanted = request.GET.get("format", "")
    limit = events.EXPORT_MAX if wanted else SHOWN_MAX
    found = list(events.events(since=since, until=until, kind=data["kind"], limit=limit))
    may_see = masking.may_see_identities(request.user)
    if wanted:
        return _file(
            request,
            wanted,
            name="significant-events",
            head=head,
            columns=COLUMNS,
            rows=[_line(one, may_see) for one in found],
            filters={name: str(value) for name, value in data.items()},
        )
    return page(
        request,
        "operator/significant.html",
        title="Significant events",
        form=form,
        head=head,
        columns=COLUMNS,
        rows=[_line(one, may_see) for one in found],
        is_cut=len(found) == SHOWN_MAX,
        query=f"since={data['since']}&until={data['until']}&kind={data['kind']}",
        may_export=request.user.has_perm(EXPORT_PERMISSION),
    )


@needs("operator.view_access_report")
def access(request: HttpRequest) -> HttpResponse:
    head = _head("Staff accounts and rights", "as of now")
    found = access_report.accounts()
    if wanted := request.GET.get("format", ""):
        return _file(
            request,
            wanted,
            name="staff-accounts",
            head=head,
            columns=access_report.COLUMNS,
            rows=[one.row for one in found],
            filters={},
        )
    return page(
        request,
        "operator/access_report.html",
        title="Staff accounts and rights",
        head=head,
        accounts=found,
        may_export=request.user.has_perm(EXPORT_PERMISSION),
    )


def _line(one: events.Event, may_see: bool) -> list[str]:
    cells = [
        f"{one.at:%Y-%m-%d %H:%M:%S}",
        one.kind,
        one.component,
        one.what,
        one.who,
        one.authorised_by,
        one.subject,
        one.ip,
        one.reason,
        pretty_value(one.before),
        pretty_value(one.after),
        one.row,
    ]
    return cells if may_see else [masking.masked_text(cell) for cell in cells]


def _file(
    request: HttpRequest,
    kind: str,
    *,
    name: str,
    head: Sequence[tuple[str, str]],
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
    filters: dict[str, str],
) -> HttpResponse:
    if not request.user.has_perm(EXPORT_PERMISSION):
        return refused(request, "Your role does not include this.", status=403)
    if kind not in FORMATS:
        return refused(request, "There is no such format.", status=404)
    return sheet(
        request, name=name, kind=kind, head=head, columns=columns, rows=rows, filters=filters
    )


def _head(title: str, interval: str) -> list[tuple[str, str]]:
    """What every report says about itself (AUD-07)."""
    return [
        ("Operator", settings.SITE_NAME),
        ("Report", title),
        ("Interval", interval),
        ("Generated", f"{now():%Y-%m-%d %H:%M:%S} UTC"),
    ]


def _midnight(day: object) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)  # type: ignore[arg-type]  # a date
