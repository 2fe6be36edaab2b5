"""Limits, fees and automatic approvals in the back office: read here, changed with a reason."""

from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesCheckboxFilter, RelatedDropdownFilter
from unfold.decorators import action, display
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from apps.accounts.models import User
from apps.core.admin import ReadOnlyAdmin, ReasonForm, actor, badge, confirm
from apps.payments.models import ApprovalRule, LimitRule
from apps.payments.services import rules

CHANGE_LIMITS = "payments.change_limitrule"
CHANGE_APPROVALS = "payments.change_approvalrule"
WIDGETS: list[tuple[type[models.Field], type[forms.Widget]]] = [
    (models.ForeignKey, UnfoldAdminSelectWidget),
    (models.BooleanField, UnfoldBooleanSwitchWidget),
    (models.DecimalField, UnfoldAdminDecimalFieldWidget),
    (models.IntegerField, UnfoldAdminIntegerFieldWidget),
    (models.CharField, UnfoldAdminTextInputWidget),
]


def _field(field: models.Field, **kwargs: Any) -> forms.Field | None:
    """The form field of a model field, in the back office's looks."""
    if field.choices:
        kwargs["widget"] = UnfoldAdminSelectWidget
    else:
        kwargs["widget"] = next(
            (widget for kind, widget in WIDGETS if isinstance(field, kind)), forms.TextInput
        )
    made: forms.Field | None = field.formfield(**kwargs)
    return made


class RuleForm(forms.ModelForm):
    """What the rule says, and why it changes."""

    reason = forms.CharField(
        max_length=255,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text="Kept with the rule and in the audit trail.",
    )

    @property
    def values(self) -> dict[str, Any]:
        """What the new version says. Choices that were left open are empty texts, not None."""
        kept = {name: self.cleaned_data[name] for name in self._meta.fields or () if name != "name"}
        for name, value in kept.items():
            field = self._meta.model._meta.get_field(name)
            if value is None and isinstance(field, models.DecimalField) and not field.null:
                kept[name] = field.default
        return kept

    def validate_unique(self) -> None:
        """The service looks: a version of the same place is what it replaces."""

    def validate_constraints(self) -> None:
        """The database looks, and the service says it in words."""


class LimitRuleForm(RuleForm):
    class Meta:
        model = LimitRule
        fields = (
            "name", "direction", "rail", "method", "country", "rank", "amount_min", "amount_max",
            "day_count", "week_count", "month_count", "day_sum", "week_sum", "month_sum",
            "fee_bps", "fee_fixed", "kyc_level", "kyc_above",
        )  # fmt: skip
        formfield_callback = staticmethod(_field)


class ApprovalRuleForm(RuleForm):
    class Meta:
        model = ApprovalRule
        fields = (
            "name", "enabled", "rail", "rank_min", "kyc_level_min", "account_days_min",
            "amount_max", "day_count_max", "day_sum_max",
        )  # fmt: skip
        formfield_callback = staticmethod(_field)


class RuleAdmin(ReadOnlyAdmin):
    """Versions of rules; the ones in force first. A button writes the next version."""

    form_class: type[RuleForm]
    permission = ""
    ordering = ("-ended_at", "name", "-version")
    list_select_related = ("rail", "by")
    actions_list = ("add_rule",)
    actions_detail = ("change_rule", "end_rule")

    @display(description="state")
    def in_force(self, rule: Any) -> SafeString:
        return badge("in force", "good") if rule.ended_at is None else badge("ended", "quiet")

    def get_queryset(self, request: HttpRequest) -> Any:
        return (
            super()
            .get_queryset(request)
            .order_by(models.F("ended_at").desc(nulls_first=True), "name", "-version")
        )  # type: ignore[no-any-return]  # untyped base

    def _add(self, request: HttpRequest) -> HttpResponse:
        form = self.form_class(request.POST or None)
        return self._written(
            request,
            form,
            title="Add a rule",
            button="Put in force",
            subject=str(self.opts.verbose_name),
            back=reverse(f"admin:payments_{self.opts.model_name}_changelist"),
            act=lambda filled: rules.add(
                self.model,
                name=filled.cleaned_data["name"],
                values=filled.values,
                by=_person(request),
                reason=filled.cleaned_data["reason"],
            ),
        )

    def _change(self, request: HttpRequest, object_id: str) -> HttpResponse:
        rule = self.found(request, object_id)
        form = self.form_class(
            request.POST or None, initial=forms.model_to_dict(rule, self.form_class._meta.fields)
        )
        form.fields["name"].disabled = True
        form.fields["name"].initial = rule.name
        return self._written(
            request,
            form,
            title="Change a rule",
            button="Put in force",
            subject=str(rule),
            back=self.page_of(rule),
            act=lambda filled: rules.change(
                rule,
                values=filled.values,
                by=_person(request),
                reason=filled.cleaned_data["reason"],
            ),
        )

    def _end(self, request: HttpRequest, object_id: str) -> HttpResponse:
        rule = self.found(request, object_id)
        return self.confirm(
            request,
            rule,
            title="End a rule",
            text="From now on it says nothing. What it said stays readable here.",
            button="End it",
            form_class=ReasonForm,
            act=lambda form: rules.end(
                rule, by=_person(request), reason=form.cleaned_data["reason"]
            ),
            done=f"{rule} is ended.",
        )

    def _written(
        self, request: HttpRequest, form: RuleForm, *, act: Any, **texts: Any
    ) -> HttpResponse:
        if not request.user.has_perm(self.permission):
            raise PermissionDenied
        return confirm(
            request,
            context={**self.admin_site.each_context(request), "opts": self.opts},
            text="The version before it stays in the list, with who ended it and when.",
            form=form,
            act=act,
            done="The rule is in force.",
            **texts,
        )


@admin.register(LimitRule)
class LimitRuleAdmin(RuleAdmin):
    form_class = LimitRuleForm
    permission = CHANGE_LIMITS
    list_display = (
        "name", "in_force", "direction", "rail", "country", "rank", "day_count", "in_a_day",
        "in_a_week", "in_a_month", "fee_bps", "fee_fixed", "by", "started_at", "version",
    )  # fmt: skip
    list_filter = (("direction", ChoicesCheckboxFilter), ("rail", RelatedDropdownFilter))
    search_fields = ("name",)
    fields = (
        "name", "version", "in_force", *LimitRuleForm.Meta.fields[1:], "by", "reason",
        "started_at", "ended_at",
    )  # fmt: skip
    readonly_fields = fields

    @display(description="sum a day")
    def in_a_day(self, rule: LimitRule) -> str:
        return _whole(rule.day_sum)

    @display(description="a week")
    def in_a_week(self, rule: LimitRule) -> str:
        return _whole(rule.week_sum)

    @display(description="a month")
    def in_a_month(self, rule: LimitRule) -> str:
        return _whole(rule.month_sum)

    @action(description="Add a rule", url_path="add-rule", permissions=[CHANGE_LIMITS])
    def add_rule(self, request: HttpRequest) -> HttpResponse:
        return self._add(request)

    @action(description="Change", url_path="change-rule", permissions=[CHANGE_LIMITS])
    def change_rule(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._change(request, object_id)

    @action(description="End", url_path="end-rule", permissions=[CHANGE_LIMITS])
    def end_rule(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._end(request, object_id)


@admin.register(ApprovalRule)
class ApprovalRuleAdmin(RuleAdmin):
    form_class = ApprovalRuleForm
    permission = CHANGE_APPROVALS
    list_display = (
        "name", "version", "in_force", "enabled", "rail", "rank_min", "kyc_level_min",
        "account_days_min", "at_most", "day_count_max", "in_a_day", "by", "started_at",
    )  # fmt: skip
    search_fields = ("name",)
    fields = (
        "name", "version", "in_force", *ApprovalRuleForm.Meta.fields[1:], "by", "reason",
        "started_at", "ended_at",
    )  # fmt: skip
    readonly_fields = fields

    @display(description="amount at most")
    def at_most(self, rule: ApprovalRule) -> str:
        return _whole(rule.amount_max)

    @display(description="sum a day")
    def in_a_day(self, rule: ApprovalRule) -> str:
        return _whole(rule.day_sum_max)

    @action(description="Add a rule", url_path="add-rule", permissions=[CHANGE_APPROVALS])
    def add_rule(self, request: HttpRequest) -> HttpResponse:
        return self._add(request)

    @action(description="Change", url_path="change-rule", permissions=[CHANGE_APPROVALS])
    def change_rule(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._change(request, object_id)

    @action(description="End", url_path="end-rule", permissions=[CHANGE_APPROVALS])
    def end_rule(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._end(request, object_id)


def _person(request: HttpRequest) -> User:
    found = actor(request)
    user = User.objects.filter(pk=found.pk, is_staff=True).first()
    if user is None:
        raise PermissionDenied
    return user


def _whole(value: Decimal | None) -> str:
    """`10,000` in the base currency; a dash where the rule says nothing."""
    return "–" if value is None else f"{value.normalize():,f} {settings.BASE_CURRENCY}"
