from typing import ClassVar

from django.contrib import admin
from unfold.contrib.filters.admin import RangeDateTimeFilter, RelatedDropdownFilter
from unfold.decorators import display

from apps.audit.exports import Export, ExportableAdmin
from apps.core.formatting import amount
from apps.reports.models import RevenueHour


class RevenueHourExport(Export):
    class Meta:
        model = RevenueHour
        fields: ClassVar = (
            "hour",
            "currency__code",
            "partner__code",
            "stakes",
            "wins",
            "deposits",
            "withdrawals",
            "bet_count",
            "win_count",
            "deposit_count",
            "withdrawal_count",
        )
        export_order = fields


@admin.register(RevenueHour)
class RevenueHourAdmin(ExportableAdmin):
    """The hours behind the dashboard, per currency and partner."""

    resource_classes = (RevenueHourExport,)
    list_display = (
        "hour",
        "currency",
        "partner",
        "shown_stakes",
        "shown_wins",
        "shown_ggr",
        "shown_deposits",
        "shown_withdrawals",
        "bet_count",
    )
    list_filter = (
        ("currency", RelatedDropdownFilter),
        ("partner", RelatedDropdownFilter),
        ("hour", RangeDateTimeFilter),
    )
    list_select_related = ("currency", "partner")
    ordering = ("-hour", "currency_id", "partner_id")
    fields = (*list_display, "win_count", "deposit_count", "withdrawal_count", "moved_at")
    readonly_fields = fields

    @display(description="stakes")
    def shown_stakes(self, row: RevenueHour) -> str:
        return amount(row.stakes, row.currency.as_money_currency())

    @display(description="wins")
    def shown_wins(self, row: RevenueHour) -> str:
        return amount(row.wins, row.currency.as_money_currency())

    @display(description="GGR")
    def shown_ggr(self, row: RevenueHour) -> str:
        return amount(row.stakes - row.wins, row.currency.as_money_currency())

    @display(description="deposits")
    def shown_deposits(self, row: RevenueHour) -> str:
        return amount(row.deposits, row.currency.as_money_currency())

    @display(description="withdrawals")
    def shown_withdrawals(self, row: RevenueHour) -> str:
        return amount(row.withdrawals, row.currency.as_money_currency())
