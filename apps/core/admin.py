"""The base of every back-office page: read-only, GET only, bounded, and one way to change things.

A change is a button → a permission → a page that asks for a reason → one service call.
"""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.checks import ModelAdminChecks
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import FieldTextFilter
from unfold.widgets import UnfoldAdminTextareaWidget

from apps.core.errors import DomainError

COUNT_MAX = 10_000
READING = ("GET", "HEAD")
REASON_LENGTH_MAX = 500


class CappedPaginator(Paginator):  # type: ignore[type-arg]  # admin passes plain querysets
    """Counts up to a limit: an exact count of the journal would read all of it."""

    @cached_property
    def count(self) -> int:
        return int(self.object_list[: COUNT_MAX + 1].count())  # type: ignore[attr-defined, call-arg]  # a queryset


class StartFilter(FieldTextFilter):  # type: ignore[misc]  # untyped base
    """Text that a column starts with; unlike "contains", an index can answer it."""

    def __init__(
        self,
        field: Any,
        request: HttpRequest,
        params: dict[str, Any],
        model: type[models.Model],
        model_admin: Any,
        field_path: str,
    ):
        self.lookup_kwarg = f"{field_path}__startswith"
        self.lookup_val = params.get(self.lookup_kwarg)
        super(FieldTextFilter, self).__init__(
            field, request, params, model, model_admin, field_path
        )


class ReasonForm(forms.Form):
    """Why. Every change in the back office is recorded with it."""

    reason = forms.CharField(
        max_length=REASON_LENGTH_MAX,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3, "autofocus": True}),
        help_text="Kept in the audit trail with your name.",
    )


class ReadOnlyAdmin(ModelAdmin):  # type: ignore[misc]  # untyped base
    """A list and a page to read. Nothing is added, changed or deleted here, whoever asks."""

    # Unfold's checks ask the database for permissions, which is not there yet on a first migrate.
    checks_class = ModelAdminChecks
    actions = None
    paginator = CappedPaginator
    show_full_result_count = False
    list_per_page = 50
    list_fullwidth = True
    list_filter_submit = True

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # The permission to change a row is worth nothing here, so it does not open the page.
        opts = self.opts
        return bool(request.user.has_perm(f"{opts.app_label}.view_{opts.model_name}"))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.method not in READING:
            return HttpResponseNotAllowed(READING)
        answer: HttpResponse = super().changelist_view(request, extra_context)
        return answer

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if request.method not in READING:
            return HttpResponseNotAllowed(READING)
        answer: HttpResponse = super().changeform_view(request, object_id, form_url, extra_context)
        return answer

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """History is the audit trail, not the admin's own log."""
        address = reverse("admin:audit_record_changelist")
        subject = f"subject_kind={self.opts.label_lower}&subject_id={unquote(object_id)}"
        return redirect(f"{address}?{subject}")

    def found(self, request: HttpRequest, object_id: str) -> Any:
        """The object of a button, if this person may see it. Raises 403 and 404."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = self.get_object(request, unquote(object_id))
        if found is None:
            raise Http404
        return found

    def page_of(self, obj: models.Model) -> str:
        opts = self.opts
        return reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[obj.pk])

    def confirm(
        self,
        request: HttpRequest,
        obj: models.Model,
        *,
        title: str,
        text: str,
        button: str,
        act: Callable[[forms.Form], object],
        done: str,
        form_class: type[forms.Form] = ReasonForm,
    ) -> HttpResponse:
        """Ask for what `form_class` wants, then `act`; a refused rule is shown on the page."""
        return confirm(
            request,
            context={**self.admin_site.each_context(request), "opts": self.opts},
            back=self.page_of(obj),
            subject=str(obj),
            title=title,
            text=text,
            button=button,
            form=form_class(request.POST or None),
            act=act,
            done=done,
        )


def confirm(
    request: HttpRequest,
    *,
    context: dict[str, Any],
    back: str,
    subject: str,
    title: str,
    text: str,
    button: str,
    form: forms.BaseForm,
    act: Callable[[Any], object],
    done: str,
) -> HttpResponse:
    """One confirmation page for every door: show, ask, act once, go back."""
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                act(form)
            except DomainError as error:
                refuse(form, error)
            else:
                messages.success(request, done)
                return redirect(back)
        status = 422
    return TemplateResponse(
        request,
        "admin/confirm.html",
        {
            **context,
            "title": title,
            "text": text,
            "subject": subject,
            "button": button,
            "form": form,
            "back": back,
        },
        status=status,
    )


def refuse(form: forms.BaseForm, error: DomainError) -> None:
    """Show a refused rule where it belongs: at its fields, or above the form."""
    fields = {name: text for name, text in error.fields.items() if name in form.fields}
    for name, text in fields.items():
        form.add_error(name, text)
    if not fields:
        form.add_error(None, " ".join([error.message, *error.fields.values()]))


def actor(request: HttpRequest) -> models.Model:
    """Who acts; the site lets nobody else come this far."""
    if not isinstance(request.user, models.Model):
        raise PermissionDenied
    return request.user


def mono(text: object) -> SafeString:
    """An id, an address, a hash: fixed width, can be selected whole."""
    return format_html('<code class="ops-mono">{}</code>', text)


def link(url_name: str, args: list[Any], text: object) -> SafeString:
    return format_html('<a class="ops-link" href="{}">{}</a>', reverse(url_name, args=args), text)


def badge(text: object, tone: str = "") -> SafeString:
    """A state in words. tone: good, warn, alarm or nothing; red is for alarms only."""
    return format_html('<span class="ops-badge" data-tone="{}">{}</span>', tone, text)
