from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import (
    ChoicesCheckboxFilter,
    RangeDateTimeFilter,
    RelatedDropdownFilter,
)
from unfold.decorators import display

from apps.audit.exports import Export, ExportableAdmin
from apps.core.admin import ReadOnlyAdmin, badge, link, mono
from apps.core.formatting import amount
from apps.payments import gateway_admin as gateway_admin  # registers its pages
from apps.payments import rules_admin as rules_admin  # registers its pages
from apps.payments.models import (
    Deposit,
    DepositAddress,
    GatewayTransaction,
    Rail,
    SavedAddress,
    Withdrawal,
)

TONES = {
    "requested": "warn",
    "approved": "gold",
    "sending": "gold",
    "sent": "gold",
    "pending": "gold",
    "held": "warn",
    "reversed": "alarm",
    "paid": "good",
    "confirmed": "good",
}


class DepositExport(Export):
    class Meta:
        model = Deposit
        fields: ClassVar = (
            "public_id",
            "player__public_id",
            "rail__code",
            "currency",
            "state",
            "amount",
            "gross",
            "net",
            "confirmations",
            "txid",
            "outside_ref",
            "riskscore",
            "entry_id",
            "created_at",
            "confirmed_at",
        )
        export_order = fields


class WithdrawalExport(Export):
    class Meta:
        model = Withdrawal
        fields: ClassVar = (
            "public_id",
            "player__public_id",
            "rail__code",
            "currency",
            "state",
            "amount",
            "address",
            "tag",
            "account",
            "fee",
            "people_needed",
            "approved_by__email",
            "approved_rule__name",
            "approved_at",
            "decision",
            "foreign_id",
            "outside_ref",
            "txid",
            "error",
            "created_at",
            "finished_at",
        )
        export_order = fields


@admin.register(Deposit)
class DepositAdmin(ExportableAdmin):
    resource_classes = (DepositExport,)
    list_display = (
        "public_id",
        "owner",
        "shown_amount",
        "rail",
        "shown_state",
        "confirmations",
        "shown_txid",
        "created_at",
    )
    list_filter = (
        ("state", ChoicesCheckboxFilter),
        ("rail", RelatedDropdownFilter),
        ("created_at", RangeDateTimeFilter),
    )
    list_select_related = ("player", "rail", "currency")
    search_fields = ("=public_id", "=player__public_id", "=txid", "=outside_ref")
    search_help_text = "Our id, the player's, the transaction, or the gateway's id"
    ordering = ("-id",)
    fields = (
        "public_id",
        "owner",
        "rail",
        "shown_state",
        "shown_amount",
        "shown_gross",
        "shown_net",
        "confirmations",
        "shown_address",
        "shown_txid",
        "outside_ref",
        "riskscore",
        "held_because",
        "reversed_amount",
        "psp_ref",
        "error",
        "entry",
        "created_at",
        "confirmed_at",
        "history",
    )
    readonly_fields = fields

    @display(description="player")
    def owner(self, deposit: Deposit) -> SafeString:
        return link("admin:operator_player", [deposit.player_id], deposit.player)

    @display(description="amount")
    def shown_amount(self, deposit: Deposit) -> str:
        return amount(deposit.amount, deposit.currency.as_money_currency())

    @display(description="arrived")
    def shown_gross(self, deposit: Deposit) -> str:
        return f"{deposit.gross.normalize():f} {deposit.currency_id}"

    @display(description="after the gateway's fee")
    def shown_net(self, deposit: Deposit) -> str:
        return f"{deposit.net.normalize():f} {deposit.currency_id}"

    @display(description="state", ordering="state")
    def shown_state(self, deposit: Deposit) -> SafeString:
        return badge(deposit.state, TONES.get(deposit.state, "quiet"))

    @display(description="transaction")
    def shown_txid(self, deposit: Deposit) -> SafeString:
        return mono(deposit.txid or "–")

    @display(description="address")
    def shown_address(self, deposit: Deposit) -> SafeString:
        if deposit.address is None:
            return mono(f"{deposit.method} {deposit.account} {deposit.psp}".strip())
        return mono(f"{deposit.address.address} {deposit.address.tag}".strip())

    @display(description="journal entry")
    def entry(self, deposit: Deposit) -> SafeString | str:
        if deposit.entry_id is None:
            return "not credited"
        return link("admin:operator_entry", [deposit.entry_id], deposit.entry_id)

    @display(description="history")
    def history(self, deposit: Deposit) -> SafeString:
        return format_html(
            '<ol class="ops-timeline">{}</ol>',
            format_html_join(
                "",
                "<li><time>{}</time><i></i><div><b>{}</b><small>with {}</small></div></li>",
                (
                    (f"{step.at:%Y-%m-%d %H:%M:%S}", step.words, step.get_holder_display())
                    for step in deposit.steps.all()
                ),
            ),
        )


@admin.register(Withdrawal)
class WithdrawalAdmin(ExportableAdmin):
    """All of them; what waits is decided on the queue's own pages."""

    resource_classes = (WithdrawalExport,)
    list_display = (
        "public_id",
        "owner",
        "shown_amount",
        "rail",
        "shown_state",
        "shown_address",
        "approved_by",
        "created_at",
        "finished_at",
    )
    list_filter = (
        ("state", ChoicesCheckboxFilter),
        ("rail", RelatedDropdownFilter),
        ("created_at", RangeDateTimeFilter),
    )
    list_select_related = ("player", "rail", "currency", "approved_by", "approved_rule")
    search_fields = (
        "=public_id",
        "=player__public_id",
        "=address",
        "=txid",
        "=foreign_id",
        "=outside_ref",
    )
    search_help_text = "Our id, the player's, the address, the transaction, or the gateway's id"
    ordering = ("-id",)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        return redirect("admin:operator_withdrawal", self.found(request, object_id).public_id)

    @display(description="player")
    def owner(self, withdrawal: Withdrawal) -> SafeString:
        return link("admin:operator_player", [withdrawal.player_id], withdrawal.player)

    @display(description="amount")
    def shown_amount(self, withdrawal: Withdrawal) -> str:
        return amount(withdrawal.amount, withdrawal.currency.as_money_currency())

    @display(description="state", ordering="state")
    def shown_state(self, withdrawal: Withdrawal) -> SafeString:
        return badge(withdrawal.state, TONES.get(withdrawal.state, "quiet"))

    @display(description="address")
    def shown_address(self, withdrawal: Withdrawal) -> SafeString:
        return mono(withdrawal.target)


@admin.register(DepositAddress)
class DepositAddressAdmin(ReadOnlyAdmin):
    list_display = ("shown_address", "tag", "owner", "rail", "created_at")
    list_filter = (("rail", RelatedDropdownFilter),)
    list_select_related = ("player", "rail")
    search_fields = ("=address", "=player__public_id", "=outside_ref")
    ordering = ("-id",)
    fields = ("shown_address", "tag", "owner", "rail", "provider", "outside_ref", "created_at")
    readonly_fields = fields

    @display(description="address")
    def shown_address(self, address: DepositAddress) -> SafeString:
        return mono(address.address)

    @display(description="player")
    def owner(self, address: DepositAddress) -> SafeString:
        return link("admin:operator_player", [address.player_id], address.player)


@admin.register(Rail)
class RailAdmin(ReadOnlyAdmin):
    """How each currency travels. Rails are reference data; they change with a migration."""

    list_display = (
        "code",
        "currency",
        "network",
        "provider",
        "confirmations",
        "deposit_min",
        "withdrawal_min",
        "review_above",
        "enabled",
    )
    list_select_related = ("currency",)
    ordering = ("position", "code")
    fields = (*list_display, "provider_code", "address_kind", "needs_tag", "decimals_max")
    readonly_fields = fields


@admin.register(SavedAddress)
class SavedAddressAdmin(ReadOnlyAdmin):
    """The address books. Players keep them; staff read."""

    list_display = ("shown_address", "tag", "owner", "rail", "label", "usable_at", "removed_at")
    list_filter = (("rail", RelatedDropdownFilter), ("created_at", RangeDateTimeFilter))
    list_select_related = ("player", "rail")
    search_fields = ("=address", "=player__public_id", "=public_id")
    ordering = ("-id",)
    fields = (*list_display, "public_id", "created_at")
    readonly_fields = fields

    @display(description="address")
    def shown_address(self, saved: SavedAddress) -> SafeString:
        return mono(saved.address)

    @display(description="player")
    def owner(self, saved: SavedAddress) -> SafeString:
        return link("admin:operator_player", [saved.player_id], saved.player)


@admin.register(GatewayTransaction)
class GatewayTransactionAdmin(ReadOnlyAdmin):
    """What gateways that ask first have asked and booked: also what we refused, and what they undid."""

    list_display = (
        "outside_ref",
        "kind",
        "shown_state",
        "owner",
        "amount",
        "booked",
        "currency",
        "name",
        "refusal",
        "created_at",
    )
    list_filter = (
        ("kind", ChoicesCheckboxFilter),
        ("state", ChoicesCheckboxFilter),
        ("created_at", RangeDateTimeFilter),
    )
    list_select_related = ("player",)
    search_fields = ("=outside_ref", "=origin_ref", "=psp_ref", "=player__public_id", "=receipt")
    search_help_text = "The gateway's id, the provider's, ours, or the player's"
    ordering = ("-id",)
    fields = (
        *list_display,
        "origin_ref",
        "deposit",
        "withdrawal",
        "method",
        "psp",
        "psp_ref",
        "fee",
        "receipt",
        "updated_at",
    )
    readonly_fields = fields

    @display(description="state", ordering="state")
    def shown_state(self, transaction: GatewayTransaction) -> SafeString:
        tones = {"settled": "good", "authorized": "gold", "refused": "warn"}
        return badge(transaction.get_state_display(), tones.get(transaction.state, "quiet"))

    @display(description="player")
    def owner(self, transaction: GatewayTransaction) -> SafeString | str:
        if transaction.player is None:
            return "unknown"
        return link("admin:operator_player", [transaction.player_id], transaction.player)
