from typing import ClassVar

from django.contrib import admin
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesCheckboxFilter, RangeDateTimeFilter
from unfold.decorators import display

from apps.audit.exports import Export, ExportableAdmin
from apps.core.admin import badge, link
from apps.core.formatting import amount
from apps.jackpots.models import Win

TONES = {Win.State.PAID: "good", Win.State.DUE: "warn", Win.State.HELD: "warn"}


class WinExport(Export):
    class Meta:
        model = Win
        fields: ClassVar = (
            "public_id",
            "level__jackpot__code",
            "level__code",
            "cycle__named",
            "player__public_id",
            "entry_id",
            "amount",
            "currency",
            "paid",
            "rate",
            "state",
            "held_for",
            "drawn_at",
            "closed_at",
            "paid_entry_id",
        )
        export_order = fields


@admin.register(Win)
class WinAdmin(ExportableAdmin):
    """Every drop, and what became of it; decided on at the jackpot's own page."""

    resource_classes = (WinExport,)
    list_display = (
        "public_id",
        "owner",
        "of",
        "shown_amount",
        "shown_paid",
        "shown_state",
        "drawn_at",
    )
    list_filter = (("state", ChoicesCheckboxFilter), ("drawn_at", RangeDateTimeFilter))
    list_select_related = ("player", "level__jackpot", "cycle")
    search_fields = ("=public_id", "=player__public_id", "=entry_id", "=cycle__named")
    search_help_text = "Our id, the player's, the bet's entry, or the cycle"
    ordering = ("-id",)
    fields = (
        "public_id",
        "owner",
        "of",
        "cycle",
        "bet",
        "bet_at",
        "bet_number",
        "trigger",
        "shown_amount",
        "shown_paid",
        "rate",
        "shown_state",
        "held_for",
        "waits_for",
        "payment",
        "drawn_at",
        "closed_at",
    )
    readonly_fields = fields

    @display(description="player")
    def owner(self, win: Win) -> SafeString:
        return link("admin:operator_player", [win.player_id], win.player)

    @display(description="jackpot")
    def of(self, win: Win) -> SafeString:
        jackpot = win.level.jackpot
        return link("admin:operator_jackpot", [jackpot.code], f"{jackpot}, {win.level}")

    @display(description="won", ordering="amount")
    def shown_amount(self, win: Win) -> str:
        return str(win.amount_money)

    @display(description="paid")
    def shown_paid(self, win: Win) -> str:
        money = win.paid_money
        return amount(money.major, money.currency) if money else "–"

    @display(description="state", ordering="state")
    def shown_state(self, win: Win) -> SafeString:
        return badge(win.state, TONES.get(Win.State(win.state), ""))

    @display(description="winning bet")
    def bet(self, win: Win) -> SafeString:
        return link("admin:operator_entry", [win.entry_id], win.entry_id)

    @display(description="payment")
    def payment(self, win: Win) -> SafeString | str:
        if win.paid_entry_id is None:
            return "–"
        return link("admin:operator_entry", [win.paid_entry_id], win.paid_entry_id)
