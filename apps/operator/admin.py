from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.safestring import SafeString
from django_otp.plugins.otp_totp.models import TOTPDevice
from unfold.decorators import action, display

from apps.core.admin import ReadOnlyAdmin, badge
from apps.operator.models import Staff
from apps.operator.services import role_of


@admin.register(Staff)
class StaffAdmin(ReadOnlyAdmin):
    """Who works here; everything about one of them is on their own page."""

    list_display = ("email", "role", "access", "second_factor", "created_at", "last_login")
    list_filter = ("is_active", "groups")
    search_fields = ("email__istartswith",)
    ordering = ("email",)
    actions_list = ("create",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Staff]:
        device = TOTPDevice.objects.filter(user=OuterRef("pk"), confirmed=True)
        found = super().get_queryset(request).prefetch_related("groups")
        return found.annotate(has_device=Exists(device))  # type: ignore[no-any-return]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        return redirect("admin:operator_staff", self.found(request, object_id).pk)

    @display(description="role")
    def role(self, user: Staff) -> str:
        return role_of(user) or "none"

    @display(description="access", ordering="is_active")
    def access(self, user: Staff) -> SafeString:
        return badge("active", "good") if user.is_active else badge("kept out", "quiet")

    @display(description="second factor")
    def second_factor(self, user: Staff) -> SafeString:
        has_device = user.has_device  # type: ignore[attr-defined]  # annotated
        return badge("set up", "good") if has_device else badge("missing", "warn")

    @action(description="New member of staff", permissions=["operator.manage_staff"])
    def create(self, request: HttpRequest) -> HttpResponse:
        return redirect("admin:operator_staff_create")
