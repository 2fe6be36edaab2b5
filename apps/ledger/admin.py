"""The journal to read. Its rows are written by PostgreSQL functions only."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Count, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.safestring import SafeString
from import_export.fields import Field
from unfold.contrib.filters.admin import (
    ChoicesCheckboxFilter,
    RadioFilter,
    RangeDateTimeFilter,
    RelatedDropdownFilter,
)
from unfold.decorators import display

from apps.audit.exports import Export, ExportableAdmin
from apps.core.admin import ReadOnlyAdmin, badge, link, mono
from apps.core.formatting import amount
from apps.ledger.models import (
    Account,
    Currency,
    Cursor,
    Entry,
    Kind,
    Position,
    Wallet,
)
from apps.ledger.selectors import currency_of_id


class SideFilter(RadioFilter):  # type: ignore[misc]  # untyped base
    """What counts as stakes or as wins: a rollback belongs to the side it takes back."""

    title = "side"
    parameter_name = "side"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("bets", "Bets and their rollbacks"), ("wins", "Wins and their rollbacks")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Entry]) -> QuerySet[Entry]:
        wins = [Kind.WIN, Kind.FREE_SPINS_WIN, Kind.PROMO_WIN]
        if self.value() == "bets":
            rollbacks = queryset.filter(kind=Kind.ROLLBACK, amount__gt=0)
            return queryset.filter(kind=Kind.BET) | rollbacks
        if self.value() == "wins":
            rollbacks = queryset.filter(kind=Kind.ROLLBACK, amount__lt=0)
            return queryset.filter(kind__in=wins) | rollbacks
        return queryset


class EntryExport(Export):
    """Amounts without a sign, in a column for each direction: a cell never starts with a minus."""

    kind = Field(column_name="kind")
    player = Field(column_name="player")
    currency = Field(column_name="currency")
    credit = Field(column_name="credit")
    debit = Field(column_name="debit")
    partner = Field(column_name="partner")
    account = Field(column_name="account")

    class Meta:
        model = Entry
        fields: ClassVar = (
            "id",
            "created_at",
            "kind",
            "player",
            "wallet",
            "wallet_version",
            "currency",
            "credit",
            "debit",
            "balance_after",
            "account",
            "partner",
            "outside_id",
            "round_ref",
            "source_id",
            "reverses",
        )
        export_order = fields

    def dehydrate_kind(self, entry: Entry) -> str:
        return entry.get_kind_display()

    def dehydrate_player(self, entry: Entry) -> str:
        return entry.wallet.player.public_id

    def dehydrate_currency(self, entry: Entry) -> str:
        return entry.wallet.currency.code

    def dehydrate_credit(self, entry: Entry) -> str:
        return f"{entry.amount.normalize():f}" if entry.amount > 0 else ""

    def dehydrate_debit(self, entry: Entry) -> str:
        return f"{-entry.amount.normalize():f}" if entry.amount < 0 else ""

    def dehydrate_partner(self, entry: Entry) -> str:
        return entry.partner.code

    def dehydrate_account(self, entry: Entry) -> str:
        return entry.account.code


@admin.register(Entry)
class EntryAdmin(ExportableAdmin):
    resource_classes = (EntryExport,)
    list_display = (
        "id",
        "created_at",
        "kind",
        "player",
        "shown_amount",
        "shown_balance",
        "partner",
        "outside",
        "round_ref",
    )
    list_filter = (
        SideFilter,
        ("kind", ChoicesCheckboxFilter),
        ("wallet__currency", RelatedDropdownFilter),
        ("partner", RelatedDropdownFilter),
        ("created_at", RangeDateTimeFilter),
    )
    list_select_related = ("wallet__currency", "wallet__player", "partner", "account")
    list_before_template = "admin/ledger/entry_sums.html"
    search_fields = ("=id", "=wallet__player__public_id")
    search_help_text = "Entry number or player id; outside ids are under Operations"
    ordering = ("-id",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Entry], search_term: str
    ) -> tuple[QuerySet[Entry], bool]:
        """An entry's number or a player's id, each by its index; anything else finds nothing."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if term.isascii() and term.isdecimal() and len(term) < 19:
            return queryset.filter(pk=int(term)), False
        wallets = Wallet.objects.filter(player__public_id=term.replace("\x00", ""))
        return queryset.filter(wallet_id__in=list(wallets.values_list("pk", flat=True))), False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        answer = super().changelist_view(request, extra_context)
        context = getattr(answer, "context_data", None) or {}
        if "cl" in context and "created_at__gte" in request.GET:
            # Somebody came from a number: show that its entries add up to it.
            context["entry_sums"] = _sums(context["cl"].queryset)
        return answer

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        return redirect("admin:operator_entry", self.found(request, object_id).pk)

    @display(description="player")
    def player(self, entry: Entry) -> SafeString:
        return link("admin:operator_player", [entry.wallet.player_id], entry.wallet.player)

    @display(description="amount")
    def shown_amount(self, entry: Entry) -> str:
        return amount(entry.amount, entry.wallet.currency.as_money_currency())

    @display(description="balance after")
    def shown_balance(self, entry: Entry) -> str:
        return amount(entry.balance_after, entry.wallet.currency.as_money_currency())

    @display(description="outside id")
    def outside(self, entry: Entry) -> SafeString:
        return mono(entry.outside_id)


def _sums(entries: QuerySet[Entry]) -> list[dict[str, Any]]:
    rows = (
        entries.order_by()
        .values("wallet__currency_id")
        .annotate(total=Sum("amount"), count=Count("id"))
    )
    return [
        {
            "total": amount(row["total"], currency_of_id(row["wallet__currency_id"])),
            "count": row["count"],
        }
        for row in rows
    ]


@admin.register(Wallet)
class WalletAdmin(ReadOnlyAdmin):
    list_display = ("id", "owner", "currency", "purse", "shown_balance", "version", "blocked")
    list_filter = (("currency", RelatedDropdownFilter), ("purse", ChoicesCheckboxFilter))
    list_select_related = ("player", "currency")
    search_fields = ("=id", "=player__public_id")
    ordering = ("-id",)
    fields = (
        "id",
        "owner",
        "currency",
        "purse",
        "shown_balance",
        "shown_floor",
        "version",
        "blocked",
        "shown_link",
    )
    readonly_fields = fields

    @display(description="player")
    def owner(self, wallet: Wallet) -> SafeString:
        return link("admin:operator_player", [wallet.player_id], wallet.player)

    @display(description="balance")
    def shown_balance(self, wallet: Wallet) -> str:
        return amount(wallet.balance, wallet.currency.as_money_currency())

    @display(description="floor")
    def shown_floor(self, wallet: Wallet) -> str:
        return amount(wallet.floor, wallet.currency.as_money_currency())

    @display(description="blocks")
    def blocked(self, wallet: Wallet) -> SafeString:
        return badge("blocked", "warn") if wallet.blocks else badge("none", "quiet")

    @display(description="chain link")
    def shown_link(self, wallet: Wallet) -> SafeString:
        return mono(bytes(wallet.link).hex())


@admin.register(Account)
class AccountAdmin(ReadOnlyAdmin):
    list_display = ("id", "code", "name")
    ordering = ("id",)
    fields = list_display
    readonly_fields = list_display


@admin.register(Currency)
class CurrencyAdmin(ReadOnlyAdmin):
    list_display = ("code", "name", "kind", "scale", "display_decimals", "enabled", "position")
    ordering = ("position",)
    fields = (*list_display, "symbol")
    readonly_fields = fields


@admin.register(Position)
class PositionAdmin(ReadOnlyAdmin):
    """What each house account has taken (above zero) or given, from its follower."""

    list_display = ("account", "currency", "shown_amount", "entries")
    list_filter = (("account", RelatedDropdownFilter), ("currency", RelatedDropdownFilter))
    list_select_related = ("account", "currency")
    ordering = ("account_id", "currency_id")
    fields = list_display
    readonly_fields = list_display

    @display(description="amount")
    def shown_amount(self, position: Position) -> str:
        return amount(position.amount, position.currency.as_money_currency())


@admin.register(Cursor)
class CursorAdmin(ReadOnlyAdmin):
    list_display = ("name", "position", "moved_at", "shown_error", "failed_at")
    ordering = ("name",)
    fields = ("name", "position", "moved_at", "error", "failed_at")
    readonly_fields = fields

    @display(description="state")
    def shown_error(self, cursor: Cursor) -> SafeString:
        return badge("failing", "alarm") if cursor.error else badge("ok", "good")
