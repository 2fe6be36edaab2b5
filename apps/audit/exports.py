"""Lists as files: permission, an audit row with what left, and no cell that a spreadsheet runs."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from import_export import resources
from import_export.admin import ExportMixin
from import_export.formats.base_formats import CSV, XLSX
from tablib import Dataset
from unfold.contrib.import_export.forms import ExportForm

from apps.audit import services as audit
from apps.core.admin import ReadOnlyAdmin, actor

EXPORT_PERMISSION = "operator.export_data"
ROWS_MAX = 100_000
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\x00")
FORMATS = {"csv": CSV, "xlsx": XLSX}


def neutral(value: Any) -> Any:
    """Text that a spreadsheet would run as a formula gets an apostrophe in front."""
    if not isinstance(value, str):
        return value
    # No cell can hold a NUL, so it goes rather than hide what comes after it.
    text = value.replace("\x00", "")
    return f"'{text}" if value.startswith(FORMULA_STARTS) else text


def sheet(
    request: HttpRequest,
    *,
    name: str,
    kind: str,
    head: Sequence[tuple[str, str]],
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    filters: Mapping[str, str],
) -> HttpResponse:
    """A report as a file, with what it is above it, recorded before a byte leaves.

    kind: `csv` or `xlsx`. head: names and values (operator, interval, when it was made). An empty
    report says "No activity".
    """
    file_format = FORMATS[kind]()
    width = max(len(columns), 2)
    lines = [[neutral("" if cell is None else str(cell)) for cell in row] for row in rows]
    with transaction.atomic():
        audit.record(
            "data.exported",
            actor=actor(request),
            after={"list": name, "format": kind, "filters": dict(filters), "rows": len(lines)},
            request=request,
        )
    data = Dataset()
    for line in (
        *([neutral(title), neutral(value)] for title, value in head),
        [],
        list(columns),
        *(lines or [["No activity"]]),
    ):
        data.append([*line, *[""] * (width - len(line))])
    return HttpResponse(
        file_format.export_data(data),
        content_type=file_format.get_content_type(),
        headers={
            "Content-Disposition": f'attachment; filename="{name}.{file_format.get_extension()}"'
        },
    )


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
