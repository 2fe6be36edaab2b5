from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import display

from apps.accounts.models import ApiKey, Player
from apps.audit.exports import Export, ExportableAdmin
from apps.core.admin import ReadOnlyAdmin, StartFilter, badge, link

TONES = {
    Player.Status.PENDING: "quiet",
    Player.Status.ACTIVE: "good",
    Player.Status.LOCKED: "warn",
    Player.Status.SUSPENDED: "warn",
    Player.Status.TIMED_OUT: "warn",
    Player.Status.SELF_EXCLUDED: "warn",
    Player.Status.DORMANT: "quiet",
    Player.Status.CLOSED: "quiet",
}


class PlayerExport(Export):
    """Without e-mail addresses: those are revealed one by one, and each time recorded."""

    class Meta:
        model = Player
        fields = (
            "user",
            "public_id",
            "display_name",
            "country",
            "status",
            "active_currency",
            "terms_version",
            "wants_marketing",
            "created_at",
            "seen_at",
        )


@admin.register(Player)
class PlayerAdmin(ExportableAdmin):
    resource_classes = (PlayerExport,)
    list_display = (
        "display_name",
        "public_id",
        "shown_status",
        "country",
        "active_currency",
        "created_at",
        "seen_at",
    )
    list_filter = (
        "status",
        ("country", StartFilter),
        ("created_at", RangeDateTimeFilter),
        ("seen_at", RangeDateTimeFilter),
    )
    list_select_related = ("user",)
    search_fields = ("=public_id", "display_name__istartswith", "=user__email")
    search_help_text = "Player id, number, name, or the whole e-mail address"
    ordering = ("-pk",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Player], search_term: str
    ) -> tuple[QuerySet[Player], bool]:
        term = search_term.replace("\x00", "").strip()
        if term.isascii() and term.isdecimal() and len(term) < 19:
            return queryset.filter(pk=int(term)), False
        found, distinct = super().get_search_results(request, queryset, term)
        return found, distinct

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        return redirect("admin:operator_player", self.found(request, object_id).pk)

    @display(description="status", ordering="status")
    def shown_status(self, player: Player) -> SafeString:
        return badge(player.status, TONES[Player.Status(player.status)])


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    """Which programs speak for a player. The keys themselves are not kept, only their hashes."""

    list_display = ("prefix", "owner", "name", "scope_list", "created_at", "used_at", "revoked_at")
    list_select_related = ("player",)
    search_fields = ("=prefix", "=player__public_id")
    ordering = ("-pk",)
    fields = list_display
    readonly_fields = list_display

    @display(description="player")
    def owner(self, key: ApiKey) -> SafeString:
        return link("admin:operator_player", [key.player_id], key.player)

    @display(description="scopes")
    def scope_list(self, key: ApiKey) -> str:
        return ", ".join(key.scopes)
