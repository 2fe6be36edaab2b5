from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import action, display

from apps.accounts.models import User
from apps.core.admin import ReadOnlyAdmin, ReasonForm, confirm, mono
from apps.core.errors import Forbidden
from apps.treasury.liabilities import selectors, services
from apps.treasury.liabilities.models import Snapshot


@admin.register(Snapshot)
class SnapshotAdmin(ReadOnlyAdmin):
    """What was published, and a button for one more."""

    list_display = ("number", "taken_at", "published_by", "shown_totals", "reason")
    ordering = ("-number",)
    fields = (
        *("number", "day", "taken_at", "published_by", "reason", "shown_totals"),
        *("shown_digest", "shown_previous", "key_id", "shown_signature"),
    )
    readonly_fields = fields
    actions_list = ("publish",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("trees")

    @display(description="owed")
    def shown_totals(self, snapshot: Snapshot) -> SafeString | str:
        found = [(f"{one.total}",) for one in selectors.published(snapshot)]
        return format_html_join(", ", "{}", found) if found else "nothing"

    @display(description="digest")
    def shown_digest(self, snapshot: Snapshot) -> SafeString:
        return mono(snapshot.digest)

    @display(description="digest before")
    def shown_previous(self, snapshot: Snapshot) -> SafeString:
        return mono(snapshot.previous)

    @display(description="signature")
    def shown_signature(self, snapshot: Snapshot) -> SafeString:
        return mono(snapshot.signature)

    @action(description="Publish now", url_path="publish", permissions=[services.PERMISSION])
    def publish(self, request: HttpRequest) -> HttpResponse:
        return confirm(
            request,
            context={**self.admin_site.each_context(request), "opts": self.opts},
            back=reverse("admin:liabilities_snapshot_changelist"),
            subject="The proof of liabilities",
            title="Publish what is owed to players now",
            text=(
                "A new tree is built from the balances of this moment, and its roots and sums are "
                "public at once. It cannot be taken back. The one of every day comes by itself."
            ),
            button="Publish",
            form=ReasonForm(request.POST or None),
            act=lambda form: services.publish(
                by=_person(request), reason=form.cleaned_data["reason"]
            ),
            done="Published.",
        )


def _person(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise Forbidden
    return request.user
