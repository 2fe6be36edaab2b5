from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db.models import BooleanField, QuerySet, Value
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import RadioFilter, RangeDateTimeFilter
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextareaWidget

from apps.audit.alarms import resolve_alarm
from apps.audit.exports import Export, ExportableAdmin
from apps.audit.models import Alarm, Record, Seal
from apps.core import masking
from apps.core.admin import ReadOnlyAdmin, StartFilter, actor, badge, mono
from apps.core.formatting import pretty_value


class RecordExport(Export):
    class Meta:
        model = Record
        fields = (
            "id",
            "at",
            "action",
            "actor_kind",
            "actor_id",
            "actor_label",
            "subject_kind",
            "subject_id",
            "before",
            "after",
            "reason",
            "ip",
            "request_id",
            "session_ref",
            "session_ref",
        )

    def export_field(self, field: Any, instance: Any, **kwargs: Any) -> Any:
        value = super().export_field(field, instance, **kwargs)
        masked = isinstance(value, str) and getattr(instance, "is_masked", True)
        return masking.masked_text(value) if masked else value


@admin.register(Record)
class RecordAdmin(ExportableAdmin):
    """Who did what, with before and after. Signed rows: there is nothing to edit."""

    resource_classes = (RecordExport,)
    list_display = ("id", "at", "action", "actor", "subject", "why", "address")
    list_filter = (
        ("action", StartFilter),
        ("actor_label", StartFilter),
        ("subject_kind", StartFilter),
        ("subject_id", StartFilter),
        ("at", RangeDateTimeFilter),
    )
    search_fields = ("=id", "=request_id", "=session_ref", "=subject_id", "action__startswith")
    search_help_text = "Row, request or subject id, or the start of an action"
    ordering = ("-id",)
    fields = (
        "id",
        "at",
        "action",
        "actor",
        "subject",
        "why",
        "changed",
        "address",
        "request_id",
        "session_ref",
        "key_id",
        "signature",
    )
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Record]:
        """Without the rows about what law keeps secret, for whoever may not read the thing itself;
        and marked to be masked for whoever may not see whose data it is.
        """
        found: QuerySet[Record] = super().get_queryset(request)
        hidden = [
            subject
            for subject, permission in settings.AUDIT_CONFIDENTIAL.items()
            if not request.user.has_perm(permission)
        ]
        found = found.exclude(subject_kind__in=hidden) if hidden else found
        sees = request.user.has_perm(masking.SEES)
        return found.annotate(is_masked=Value(not sees, BooleanField()))

    @display(description="actor")
    def actor(self, row: Record) -> str:
        return _shown(
            row, f"{row.actor_label} ({row.actor_kind})" if row.actor_id else row.actor_label
        )

    @display(description="reason")
    def why(self, row: Record) -> str:
        return _shown(row, row.reason)

    @display(description="address")
    def address(self, row: Record) -> str:
        return _shown(row, row.ip or "–")

    @display(description="subject")
    def subject(self, row: Record) -> str:
        return f"{row.subject_kind} {row.subject_id}".strip() or "–"

    @display(description="before and after")
    def changed(self, row: Record) -> SafeString:
        return format_html(
            '<div class="ops-diff"><pre class="ops-json">{}</pre><pre class="ops-json">{}</pre></div>',
            _shown(row, pretty_value(row.before) or "nothing before"),
            _shown(row, pretty_value(row.after) or "nothing after"),
        )

    @display(description="signature")
    def signature(self, row: Record) -> SafeString:
        return mono(bytes(row.mac).hex())


def _shown(row: Record, text: str) -> str:
    return masking.masked_text(text) if getattr(row, "is_masked", True) else text


@admin.register(Seal)
class SealAdmin(ReadOnlyAdmin):
    """Batches of rows under one root, each chained to the one before."""

    list_display = ("stream", "number", "from_id", "upto_id", "rows", "sealed_at")
    list_filter = (("stream", StartFilter),)
    ordering = ("-id",)
    fields = (
        "stream",
        "number",
        "from_id",
        "upto_id",
        "rows",
        "root_text",
        "previous_text",
        "key_id",
        "mac_text",
        "sealed_at",
    )
    readonly_fields = fields

    @display(description="root")
    def root_text(self, seal: Seal) -> SafeString:
        return mono(bytes(seal.root).hex())

    @display(description="previous seal")
    def previous_text(self, seal: Seal) -> SafeString:
        return mono(bytes(seal.previous).hex())

    @display(description="signature")
    def mac_text(self, seal: Seal) -> SafeString:
        return mono(bytes(seal.mac).hex())


class OpenFilter(RadioFilter):  # type: ignore[misc]  # untyped base
    """Open alarms unless somebody asks for the others."""

    title = "state"
    parameter_name = "open"
    all_option: ClassVar = ["", "Open"]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("no", "Resolved"), ("all", "All")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "all":
            return queryset
        return queryset.filter(resolved_at__isnull=self.value() != "no")


class NoteForm(forms.Form):
    note = forms.CharField(
        max_length=500,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3, "autofocus": True}),
        help_text="What was found and done.",
    )


@admin.register(Alarm)
class AlarmAdmin(ReadOnlyAdmin):
    list_display = ("level", "code", "subject", "message", "count", "opened_at", "seen_at", "state")
    list_display_links = ("level", "code")
    list_filter = (OpenFilter, "severity", ("code", StartFilter))
    list_select_related = ("resolved_by",)
    search_fields = ("=subject", "code__startswith")
    ordering = ("resolved_at", "opened_at")
    fields = (
        "code",
        "subject",
        "message",
        "level",
        "count",
        "opened_at",
        "seen_at",
        "resolved_at",
        "resolved_by",
        "note",
    )
    readonly_fields = fields
    actions_detail = ("resolve",)

    @display(description="severity", ordering="severity")
    def level(self, alarm: Alarm) -> SafeString:
        tone = "alarm" if alarm.severity == Alarm.Severity.CRITICAL else "warn"
        return badge(alarm.severity, tone if alarm.resolved_at is None else "quiet")

    @display(description="state")
    def state(self, alarm: Alarm) -> SafeString:
        if alarm.resolved_at is None:
            return badge("open", "warn")
        return badge(f"resolved by {alarm.resolved_by}", "quiet")

    @action(description="Resolve", url_path="resolve", permissions=["operator.resolve_alarms"])
    def resolve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        alarm = self.found(request, object_id)
        return self.confirm(
            request,
            alarm,
            title="Resolve alarm",
            text="If the cause is still there, the next occurrence opens a new alarm.",
            button="Resolve",
            form_class=NoteForm,
            act=lambda form: resolve_alarm(
                alarm.pk, by=actor(request), note=form.cleaned_data["note"]
            ),
            done="The alarm is resolved.",
        )
