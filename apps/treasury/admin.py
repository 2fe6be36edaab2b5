from decimal import Decimal
from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesCheckboxFilter, RangeDateTimeFilter
from unfold.decorators import display

from apps.audit.exports import Export, ExportableAdmin
from apps.core.admin import ReadOnlyAdmin, StartFilter, badge, link, mono
from apps.core.formatting import amount
from apps.treasury.models import Adjustment, Break, GatewayRecord, Run


class AdjustmentExport(Export):
    class Meta:
        model = Adjustment
        fields: ClassVar = (
            "public_id",
            "player__public_id",
            "currency",
            "amount",
            "reason",
            "words",
            "evidence",
            "balance_before",
            "balance_after",
            "entry_id",
            "proposal__public_id",
            "made_at",
        )
        export_order = fields


@admin.register(Adjustment)
class AdjustmentAdmin(ExportableAdmin):
    """Corrections that two people made; each is proposed on the player's page."""

    resource_classes = (AdjustmentExport,)
    list_display = (
        "public_id",
        "owner",
        "shown_amount",
        "reason",
        "shown_before",
        "shown_after",
        "made_at",
    )
    list_filter = (("reason", ChoicesCheckboxFilter), ("made_at", RangeDateTimeFilter))
    list_select_related = ("player", "currency", "proposal__maker", "proposal__checker")
    search_fields = ("=public_id", "=player__public_id", "=proposal__public_id")
    search_help_text = "Our id, the player's, or the proposal's"
    ordering = ("-id",)
    fields = (
        "public_id",
        "owner",
        "shown_amount",
        "reason",
        "words",
        "evidence",
        "shown_before",
        "shown_after",
        "entry",
        "order",
        "made_at",
    )
    readonly_fields = fields

    @display(description="player")
    def owner(self, row: Adjustment) -> SafeString:
        return link("admin:operator_player", [row.player_id], row.player)

    @display(description="amount")
    def shown_amount(self, row: Adjustment) -> str:
        return amount(row.amount, row.currency.as_money_currency())

    @display(description="before")
    def shown_before(self, row: Adjustment) -> str:
        return _balance(row, row.balance_before)

    @display(description="after")
    def shown_after(self, row: Adjustment) -> str:
        return _balance(row, row.balance_after)

    @display(description="journal entry")
    def entry(self, row: Adjustment) -> SafeString:
        return link("admin:operator_entry", [row.entry_id], row.entry_id)

    @display(description="proposed and approved")
    def order(self, row: Adjustment) -> SafeString:
        people = f"{row.proposal.maker}, {row.proposal.checker}"
        return link("admin:operator_proposal", [row.proposal.public_id], people)


def _balance(row: Adjustment, value: Decimal | None) -> str:
    return "–" if value is None else amount(value, row.currency.as_money_currency())


class RecordExport(Export):
    class Meta:
        model = GatewayRecord
        fields: ClassVar = (
            "provider",
            "day",
            "kind",
            "outside_ref",
            "reference",
            "code",
            "amount",
            "status",
            "fee",
            "fee_code",
            "network_fee",
            "network_fee_code",
            "entry_id",
            "copies",
        )
        export_order = fields


@admin.register(GatewayRecord)
class GatewayRecordAdmin(ExportableAdmin):
    """The gateways' own books, row by row, and the entry each was matched with."""

    resource_classes = (RecordExport,)
    list_display = (
        "outside_ref",
        "provider",
        "day",
        "kind",
        "shown_amount",
        "status",
        "shown_fee",
        "entry",
        "copies",
    )
    list_filter = (
        ("provider", StartFilter),
        ("kind", StartFilter),
        ("code", StartFilter),
        ("status", StartFilter),
    )
    search_fields = ("=outside_ref", "=reference")
    search_help_text = "Their id, or ours"
    ordering = ("-day", "-id")
    fields = (
        "outside_ref",
        "reference",
        "provider",
        "day",
        "kind",
        "shown_amount",
        "status",
        "shown_fee",
        "shown_network_fee",
        "shown_bought",
        "entry",
        "copies",
        "seen_at",
    )
    readonly_fields = fields

    @display(description="amount")
    def shown_amount(self, row: GatewayRecord) -> str:
        return f"{row.amount.normalize():f} {row.code}"

    @display(description="fee")
    def shown_fee(self, row: GatewayRecord) -> str:
        return f"{row.fee.normalize():f} {row.fee_code}" if row.fee else "–"

    @display(description="network fee")
    def shown_network_fee(self, row: GatewayRecord) -> str:
        if not row.network_fee:
            return "–"
        return f"{row.network_fee.normalize():f} {row.network_fee_code}"

    @display(description="exchanged into")
    def shown_bought(self, row: GatewayRecord) -> str:
        return f"{row.bought.normalize():f} {row.bought_code}" if row.bought else "–"

    @display(description="our entry")
    def entry(self, row: GatewayRecord) -> SafeString | str:
        if row.entry_id is None:
            return "none"
        return link("admin:operator_entry", [row.entry_id], row.entry_id)


@admin.register(Break)
class BreakAdmin(ReadOnlyAdmin):
    """All of them; what is open is worked on in the queue's own pages."""

    list_display = (
        "public_id",
        "provider",
        "day",
        "kind",
        "ours_text",
        "theirs_text",
        "shown_state",
        "owner",
        "opened_at",
    )
    list_filter = (
        ("state", ChoicesCheckboxFilter),
        ("kind", ChoicesCheckboxFilter),
        ("provider", StartFilter),
    )
    list_select_related = ("owner",)
    search_fields = ("=public_id", "=key")
    ordering = ("-id",)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        return redirect("admin:operator_break", self.found(request, object_id).public_id)

    @display(description="state", ordering="state")
    def shown_state(self, row: Break) -> SafeString:
        return badge(row.state, "good" if row.is_final else "warn")


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    """Every comparison there was, with both books' totals of the day."""

    list_display = (
        "provider",
        "day",
        "state",
        "rows",
        "entries",
        "matched",
        "carried",
        "opened",
        "healed",
        "still_open",
        "started_by",
        "finished_at",
    )
    list_filter = (("provider", StartFilter), ("state", ChoicesCheckboxFilter))
    ordering = ("-id",)
    fields = (*list_display, "settled", "shown_totals", "error", "started_at")
    readonly_fields = fields

    @display(description="totals")
    def shown_totals(self, row: Run) -> SafeString:
        lines = [
            f"{name}: theirs {sides.get('theirs', '0')}, ours {sides.get('ours', '0')}"
            for name, sides in row.totals.items()
        ]
        return mono("; ".join(lines) or "nothing moved")
