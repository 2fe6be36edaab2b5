from decimal import Decimal

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import (
    ChoicesCheckboxFilter,
    RangeDateTimeFilter,
    RelatedDropdownFilter,
)
from unfold.dataclasses import UnfoldAction
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextInputWidget

from apps.core.admin import ReadOnlyAdmin, ReasonForm, actor, badge, link
from apps.originals import services, stakes
from apps.originals.models import AutoRun, Bet, CrashChain, CrashRound, Original, SeedPair

CHANGE = "originals.change_original"


class LimitsForm(ReasonForm):
    """New limits, in the base currency."""

    stake_min = forms.DecimalField(
        label="Least stake", max_digits=20, decimal_places=2, widget=UnfoldAdminTextInputWidget
    )
    stake_max = forms.DecimalField(
        label="Greatest stake", max_digits=20, decimal_places=2, widget=UnfoldAdminTextInputWidget
    )
    win_max = forms.DecimalField(
        label="Greatest win of a bet",
        max_digits=20,
        decimal_places=2,
        widget=UnfoldAdminTextInputWidget,
    )
    field_order = ("stake_min", "stake_max", "win_max", "reason")


@admin.register(Original)
class OriginalAdmin(ReadOnlyAdmin):
    list_display = ("title", "switched", "least", "greatest", "most_paid", "position")
    ordering = ("position",)
    fields = ("title", "code", "switched", "least", "greatest", "most_paid", "position")
    readonly_fields = fields
    actions_detail = ("open_game", "close_game", "change_limits")

    @display(description="state", ordering="enabled")
    def switched(self, original: Original) -> SafeString:
        return badge("open", "good") if original.enabled else badge("closed", "warn")

    @display(description="least stake")
    def least(self, original: Original) -> str:
        return _base(original.stake_min)

    @display(description="greatest stake")
    def greatest(self, original: Original) -> str:
        return _base(original.stake_max)

    @display(description="greatest win")
    def most_paid(self, original: Original) -> str:
        return _base(original.win_max)

    @action(description="Open", url_path="open", permissions=[CHANGE])
    def open_game(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._switch(request, object_id, enabled=True)

    @action(description="Close", url_path="close", permissions=[CHANGE])
    def close_game(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._switch(request, object_id, enabled=False)

    @action(description="Change limits", url_path="limits", permissions=[CHANGE])
    def change_limits(self, request: HttpRequest, object_id: str) -> HttpResponse:
        original = self.found(request, object_id)
        return self.confirm(
            request,
            original,
            title="Change limits",
            text=(
                f"Now: stakes {_base(original.stake_min)} to {_base(original.stake_max)}, "
                f"a bet pays {_base(original.win_max)} at most. Bets that stand keep their limit."
            ),
            button="Change limits",
            form_class=LimitsForm,
            act=lambda form: services.set_limits(
                game=original.code,
                stake_min=form.cleaned_data["stake_min"],
                stake_max=form.cleaned_data["stake_max"],
                win_max=form.cleaned_data["win_max"],
                by=actor(request),
                reason=form.cleaned_data["reason"],
            ),
            done=f"{original} has new limits.",
        )

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[UnfoldAction]:
        """Only the switch that would change something."""
        original = Original.objects.filter(pk=object_id).first()
        useless = "open_game" if original and original.enabled else "close_game"
        found = super().get_actions_detail(request, object_id)
        return [one for one in found if not one.action_name.endswith(useless)]

    def _switch(self, request: HttpRequest, object_id: str, *, enabled: bool) -> HttpResponse:
        original = self.found(request, object_id)
        word = "Open" if enabled else "Close"
        return self.confirm(
            request,
            original,
            title=f"{word} game",
            text=(
                "Players can bet on it again."
                if enabled
                else "It takes no new bets; rounds that are open can be finished."
            ),
            button=word,
            act=lambda form: services.set_enabled(
                game=original.code,
                enabled=enabled,
                by=actor(request),
                reason=form.cleaned_data["reason"],
            ),
            done=f"{original} is {'open' if enabled else 'closed'}.",
        )


@admin.register(Bet)
class BetAdmin(ReadOnlyAdmin):
    list_display = (
        "public_id",
        "owner",
        "game",
        "shown_stake",
        "shown_payout",
        "times",
        "state",
        "created_at",
    )
    list_filter = (
        ("state", ChoicesCheckboxFilter),
        ("game", RelatedDropdownFilter),
        ("created_at", RangeDateTimeFilter),
    )
    list_select_related = ("player", "game")
    search_fields = ("=public_id", "=player__public_id")
    ordering = ("-id",)
    fields = (
        "public_id",
        "owner",
        "game",
        "state",
        "shown_stake",
        "shown_payout",
        "times",
        "shown_cap",
        "choice",
        "actions",
        "result",
        "pair",
        "nonce",
        "table_version",
        "created_at",
        "closed_at",
    )
    readonly_fields = fields

    @display(description="player")
    def owner(self, bet: Bet) -> SafeString:
        return link("admin:operator_player", [bet.player_id], bet.player)

    @display(description="stake")
    def shown_stake(self, bet: Bet) -> str:
        return str(bet.stake_money)

    @display(description="payout")
    def shown_payout(self, bet: Bet) -> str:
        return str(bet.payout_money)

    @display(description="greatest win")
    def shown_cap(self, bet: Bet) -> str:
        return str(bet.win_max_money)

    @display(description="result")
    def result(self, bet: Bet) -> str:
        return str(bet.detail)

    @display(description="seeds or round")
    def pair(self, bet: Bet) -> SafeString:
        if bet.round is not None:
            return link("admin:originals_crashround_change", [bet.round.pk], bet.round)
        return link("admin:originals_seedpair_change", [bet.pair.pk], bet.pair)


@admin.register(CrashRound)
class CrashRoundAdmin(ReadOnlyAdmin):
    list_display = ("public_id", "number", "chain", "state", "times", "started_at", "over_at")
    list_filter = (("state", ChoicesCheckboxFilter), ("started_at", RangeDateTimeFilter))
    list_select_related = ("chain",)
    search_fields = ("=public_id", "=number")
    ordering = ("-id",)
    fields = (
        "public_id",
        "chain",
        "number",
        "state",
        "times",
        "commitment",
        "link",
        "shown_ceiling",
        "created_at",
        "betting_until",
        "started_at",
        "bust_at",
        "over_at",
    )
    readonly_fields = fields

    @display(description="all cashed out at")
    def shown_ceiling(self, round_: CrashRound) -> str:
        return (
            "" if round_.ceiling is None else f"{round_.ceiling // 100}.{round_.ceiling % 100:02d}"
        )


@admin.register(CrashChain)
class CrashChainAdmin(ReadOnlyAdmin):
    list_display = ("public_id", "first_link", "used", "length", "salt_origin", "salted_at")
    search_fields = ("=public_id", "=first_link")
    ordering = ("-id",)
    fields = (
        "public_id",
        "first_link",
        "salt",
        "salt_origin",
        "used",
        "length",
        "created_at",
        "salted_at",
    )
    readonly_fields = fields


@admin.register(AutoRun)
class AutoRunAdmin(ReadOnlyAdmin):
    list_display = ("public_id", "owner", "game", "state", "reason", "placed", "created_at")
    list_filter = (("state", ChoicesCheckboxFilter), ("game", RelatedDropdownFilter))
    list_select_related = ("player", "game")
    search_fields = ("=public_id", "=player__public_id")
    ordering = ("-id",)
    fields = (
        "public_id",
        "owner",
        "game",
        "state",
        "reason",
        "choice",
        "currency",
        "first_stake",
        "next_stake",
        "placed",
        "bets_max",
        "staked",
        "paid",
        "raise_on_win",
        "raise_on_loss",
        "stop_profit",
        "stop_loss",
        "stop_single_win",
        "created_at",
        "ended_at",
    )
    readonly_fields = fields

    @display(description="player")
    def owner(self, run: AutoRun) -> SafeString:
        return link("admin:operator_player", [run.player_id], run.player)


@admin.register(SeedPair)
class SeedPairAdmin(ReadOnlyAdmin):
    """Hashes and dates. A seed in use is sealed, and no page of ours opens it."""

    list_display = ("public_id", "owner", "state", "commitment", "next_nonce", "activated_at")
    list_filter = (("state", ChoicesCheckboxFilter),)
    list_select_related = ("player",)
    search_fields = ("=public_id", "=commitment", "=player__public_id")
    ordering = ("-id",)
    fields = (
        "public_id",
        "owner",
        "state",
        "commitment",
        "server_seed",
        "client_seed",
        "next_nonce",
        "created_at",
        "activated_at",
        "revealed_at",
    )
    readonly_fields = fields

    @display(description="player")
    def owner(self, pair: SeedPair) -> SafeString:
        return link("admin:operator_player", [pair.player_id], pair.player)


def _base(amount: Decimal) -> str:
    return str(stakes.base_money(amount))
