from django.contrib import admin
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import display

from apps.core.admin import ReadOnlyAdmin, badge, link
from apps.wallet.models import ExchangeQuote, VaultRelease


@admin.register(ExchangeQuote)
class ExchangeQuoteAdmin(ReadOnlyAdmin):
    """What players were offered, and what they took."""

    list_display = ("public_id", "owner", "sold", "received", "spread", "taken", "created_at")
    list_filter = (("created_at", RangeDateTimeFilter),)
    list_select_related = ("player",)
    search_fields = ("=public_id", "=player__public_id")
    search_help_text = "Our id, or the player's"
    ordering = ("-id",)
    fields = (
        "public_id",
        "owner",
        "sold",
        "bought",
        "spread",
        "received",
        "spread_bps",
        "rate",
        "shown_rates",
        "taken",
        "entry",
        "created_at",
        "expires_at",
        "accepted_at",
    )
    readonly_fields = fields

    @display(description="player")
    def owner(self, quote: ExchangeQuote) -> SafeString:
        return link("admin:operator_player", [quote.player_id], quote.player)

    @display(description="state")
    def taken(self, quote: ExchangeQuote) -> SafeString:
        return badge("taken", "good") if quote.accepted_at else badge("not taken")

    @display(description="rates used")
    def shown_rates(self, quote: ExchangeQuote) -> str:
        used = [rate for rate in (quote.sold_rate, quote.bought_rate) if rate]
        return ", ".join(f"{rate} ({rate.source}, number {rate.pk})" for rate in used)

    @display(description="journal entry")
    def entry(self, quote: ExchangeQuote) -> SafeString | str:
        if quote.sold_entry_id is None:
            return "–"
        return link("admin:ledger_entry_change", [quote.sold_entry_id], quote.sold_entry_id)


@admin.register(VaultRelease)
class VaultReleaseAdmin(ReadOnlyAdmin):
    list_display = ("public_id", "owner", "money", "state", "created_at", "due_at", "finished_at")
    list_select_related = ("player",)
    search_fields = ("=public_id", "=player__public_id")
    ordering = ("-id",)
    fields = ("public_id", "owner", "money", "state", "created_at", "due_at", "finished_at")
    readonly_fields = fields

    @display(description="player")
    def owner(self, release: VaultRelease) -> SafeString:
        return link("admin:operator_player", [release.player_id], release.player)
