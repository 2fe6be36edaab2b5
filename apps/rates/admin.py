from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesCheckboxFilter, RangeDateTimeFilter
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminIntegerFieldWidget

from apps.core.admin import ReadOnlyAdmin, ReasonForm, StartFilter, actor, badge
from apps.rates import services
from apps.rates.models import Rate

OVERRIDE = "rates.override_rate"


class OverrideForm(ReasonForm):
    """A rate somebody vouches for, and for how long."""

    value = forms.DecimalField(
        label="One unit in the base currency",
        max_digits=36,
        decimal_places=18,
        widget=UnfoldAdminDecimalFieldWidget(),
    )
    minutes = forms.IntegerField(
        label="Minutes it holds",
        min_value=1,
        max_value=services.OVERRIDE_MINUTES_MAX,
        initial=30,
        widget=UnfoldAdminIntegerFieldWidget(),
    )
    field_order = ("value", "minutes", "reason")


@admin.register(Rate)
class RateAdmin(ReadOnlyAdmin):
    """Every rate that was ever in force, newest first, with what each feed said."""

    list_display = (
        "code",
        "shown_value",
        "shown_verdict",
        "source",
        "for_display_only",
        "as_of",
        "valid_until",
        "entry_from",
    )
    list_filter = (
        ("code", StartFilter),
        ("verdict", ChoicesCheckboxFilter),
        ("fetched_at", RangeDateTimeFilter),
    )
    ordering = ("-id",)
    fields = (
        "code",
        "shown_value",
        "base",
        "shown_verdict",
        "problem",
        "source",
        "for_display_only",
        "shown_seen",
        "as_of",
        "fetched_at",
        "valid_until",
        "entry_from",
        "set_by",
        "reason",
    )
    readonly_fields = fields
    list_select_related = ("set_by",)
    actions_detail = ("override", "end_override")

    @display(description="value")
    def shown_value(self, rate: Rate) -> str:
        return f"{rate.value.normalize():f} {rate.base}"

    @display(description="verdict", ordering="verdict")
    def shown_verdict(self, rate: Rate) -> SafeString:
        tones = {"accepted": "good", "manual": "warn", "held": "alarm"}
        words = rate.verdict if not rate.problem else f"{rate.verdict}: {rate.problem}"
        return badge(words.replace("_", " "), tones[rate.verdict])

    @display(description="what the feeds said")
    def shown_seen(self, rate: Rate) -> SafeString:
        return format_html_join(
            "",
            "<div>{} {} {}</div>",
            (
                (one["source"], one["said"] or "nothing", one.get("problem", "").replace("_", " "))
                for one in rate.seen
            ),
        )

    @action(description="Set by hand", url_path="override", permissions=[OVERRIDE])
    def override(self, request: HttpRequest, object_id: str) -> HttpResponse:
        rate: Rate = self.found(request, object_id)

        def act(form: forms.Form) -> object:
            return services.override(
                code=rate.code,
                value=form.cleaned_data["value"],
                minutes=form.cleaned_data["minutes"],
                by=actor(request),  # type: ignore[arg-type]  # a user of this site
                reason=form.cleaned_data["reason"],
            )

        return self.confirm(
            request,
            rate,
            title=f"Set the rate of {rate.code} by hand",
            text="Players exchange at it, and limits are measured with it, until it runs out. "
            "The feeds are not listened to for this currency meanwhile.",
            button="Set the rate",
            act=act,
            done=f"{rate.code} is set by hand.",
            form_class=OverrideForm,
        )

    @action(description="Back to the feeds", url_path="end-override", permissions=[OVERRIDE])
    def end_override(self, request: HttpRequest, object_id: str) -> HttpResponse:
        rate: Rate = self.found(request, object_id)
        return self.confirm(
            request,
            rate,
            title=f"Give {rate.code} back to the feeds",
            text="Nothing is exchanged in it until the feeds have been heard again.",
            button="End it",
            act=lambda form: services.end_override(
                code=rate.code,
                by=actor(request),  # type: ignore[arg-type]  # a user of this site
                reason=form.cleaned_data["reason"],
            ),
            done=f"{rate.code} follows the feeds again.",
        )
