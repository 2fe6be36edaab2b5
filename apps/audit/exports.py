"""Lists as files: permission, an audit row with what left, and no cell that a spreadsheet runs."""

from typing import Any, ClassVar

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from import_export import resources
from import_export.admin import ExportMixin
from import_export.formats.base_formats import CSV, XLSX
from unfold.contrib.import_export.forms import ExportForm

from apps.audit import services as audit
from apps.core.admin import ReadOnlyAdmin, actor

EXPORT_PERMISSION = "operator.export_data"
ROWS_MAX = 100_000
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def neutral(value: Any) -> Any:
    """Text that a spreadsheet would run as a formula gets an apostrophe in front."""
    text = value if isinstance(value, str) else None
    return f"'{text}" if text and text.startswith(FORMULA_STARTS) else value


class Export(resources.ModelResource):  # type: ignore[misc]  # untyped base
    """Base of all exports: cells are neutral text, and never more than `ROWS_MAX` rows."""

    def export_field(self, field: Any, instance: Any, **kwargs: Any) -> Any:
        value = super().export_field(field, instance, **kwargs)
        return neutral(value if value is None else str(value))

    def filter_export(self, queryset: QuerySet[Any], **kwargs: Any) -> QuerySet[Any]:
        return queryset[:ROWS_MAX]


class ExportableAdmin(ExportMixin, ReadOnlyAdmin):  # type: ignore[misc]  # untyped bases
    """A list that may leave the house, with the filters that are on."""

    export_form_class = ExportForm
    formats: ClassVar = [CSV, XLSX]

    def has_export_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and request.user.has_perm(EXPORT_PERMISSION)

    def get_export_formats(self) -> list[Any]:
        return list(self.formats)

    def get_export_data(
        self, file_format: Any, request: HttpRequest, queryset: QuerySet[Any], **kwargs: Any
    ) -> Any:
        # The row is committed before a byte leaves; an export that then fails is still known.
        with transaction.atomic():
            audit.record(
                "data.exported",
                actor=actor(request),
                after={
                    "list": self.opts.label_lower,
                    "format": file_format.get_title(),
                    "filters": dict(request.GET.items()),
                    "rows": queryset[:ROWS_MAX].count(),
                },
                request=request,
            )
        return super().get_export_data(file_format, request, queryset, **kwargs)
