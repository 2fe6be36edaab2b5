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

from apps.core.admin import ReadOnlyAdmin, ReasonForm, StartFilter, actor, badge, confirm, link
from apps.core.formatting import amount
from apps.games import collections, services, stops
from apps.games.models import Game, GameSession, Round, Stop, Studio
from apps.ledger.selectors import currency

SWITCH = "operator.switch_games"
ARRANGE = "operator.manage_collections"


class TagsForm(ReasonForm):
    """What staff call a game; collections gather games by it."""

    tags = forms.CharField(
        max_length=400,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="With commas between them: summer, high rollers.",
    )
    field_order = ("tags", "reason")


@admin.register(Game)
class GameAdmin(ReadOnlyAdmin):
    list_display = (
        "title",
        "studio",
        "category",
        "provider",
        "rtp",
        "popularity",
        "switched",
        "listed",
        "synced_at",
    )
    list_filter = (
        "enabled",
        "is_listed",
        ("category", StartFilter),
        ("studio", RelatedDropdownFilter),
    )
    list_select_related = ("studio",)
    search_fields = ("title", "=slug", "=identifier")
    ordering = ("-popularity", "id")
    fields = (
        "title",
        "slug",
        "studio",
        "category",
        "provider",
        "identifier",
        "description",
        "rtp",
        "version",
        "version_since",
        "max_win",
        "volatility",
        "lines",
        "features",
        "devices",
        "blocked_countries",
        "has_demo",
        "has_free_spins",
        "has_jackpot",
        "is_live",
        "released_on",
        "recalled_on",
        "popularity",
        "tags",
        "switched",
        "stopped",
        "listed",
        "synced_at",
    )
    readonly_fields = fields
    actions_detail = ("switch_on", "switch_off", "stop_version", "set_tags")

    @display(description="state", ordering="enabled")
    def switched(self, game: Game) -> SafeString:
        return badge("on", "good") if game.enabled else badge("switched off", "warn")

    @display(description="stopped")
    def stopped(self, game: Game) -> SafeString | str:
        found = stops.standing_for(game)
        return badge(found.words, "alarm") if found else "no"

    @display(description="at the partner", ordering="is_listed")
    def listed(self, game: Game) -> SafeString:
        return badge("delivered", "quiet") if game.is_listed else badge("withdrawn", "warn")

    @action(description="Switch on", url_path="switch-on", permissions=[SWITCH])
    def switch_on(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._switch(request, object_id, enabled=True)

    @action(description="Switch off", url_path="switch-off", permissions=[SWITCH])
    def switch_off(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._switch(request, object_id, enabled=False)

    @action(description="Stop this version", url_path="stop-version", permissions=[SWITCH])
    def stop_version(self, request: HttpRequest, object_id: str) -> HttpResponse:
        game = self.found(request, object_id)
        return self.confirm(
            request,
            game,
            title=f"Stop version {game.version}",
            text="No bets until the partner delivers another version, or the stop is lifted.",
            button="Stop",
            act=lambda form: stops.begin(
                scope=Stop.Scope.VERSION,
                game=game,
                actor=actor(request),
                reason=form.cleaned_data["reason"],
            ),
            done=f"Version {game.version} of {game} is stopped.",
        )

    @action(description="Tags", url_path="tags", permissions=[ARRANGE])
    def set_tags(self, request: HttpRequest, object_id: str) -> HttpResponse:
        game = self.found(request, object_id)
        form = TagsForm(request.POST or None, initial={"tags": ", ".join(game.tags)})
        return confirm(
            request,
            context={**self.admin_site.each_context(request), "opts": self.opts},
            back=self.page_of(game),
            subject=str(game),
            title="Tags",
            text="Collections with one of these tags show the game.",
            button="Keep",
            form=form,
            act=lambda filled: collections.set_tags(
                game.pk,
                filled.cleaned_data["tags"].split(","),
                actor=actor(request),
                reason=filled.cleaned_data["reason"],
            ),
            done="The tags are kept.",
        )

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[UnfoldAction]:
        """Only the switch that would change something."""
        game = Game.objects.filter(pk=object_id).first()
        useless = "switch_on" if game and game.enabled else "switch_off"
        found = super().get_actions_detail(request, object_id)
        return [one for one in found if not one.action_name.endswith(useless)]

    def _switch(self, request: HttpRequest, object_id: str, *, enabled: bool) -> HttpResponse:
        game = self.found(request, object_id)
        word = "on" if enabled else "off"
        return self.confirm(
            request,
            game,
            title=f"Switch game {word}",
            text=(
                "Players can open it again."
                if enabled
                else "Nobody can open it, and open sessions take no more bets. Wins still arrive."
            ),
            button=f"Switch {word}",
            act=lambda form: services.set_game_enabled(
                game_id=game.pk,
                enabled=enabled,
                actor=actor(request),
                reason=form.cleaned_data["reason"],
            ),
            done=f"{game} is switched {word}.",
        )


@admin.register(Studio)
class StudioAdmin(ReadOnlyAdmin):
    list_display = ("name", "slug")
    search_fields = ("name",)
    ordering = ("name",)
    fields = list_display
    readonly_fields = list_display


@admin.register(GameSession)
class GameSessionAdmin(ReadOnlyAdmin):
    list_display = (
        "public_id",
        "owner",
        "game",
        "currency",
        "started_at",
        "ended_at",
        "end_reason",
    )
    list_filter = (("started_at", RangeDateTimeFilter), ("end_reason", ChoicesCheckboxFilter))
    list_select_related = ("player", "game")
    search_fields = ("=public_id", "=player__public_id", "=outside_ref")
    ordering = ("-id",)
    fields = (*list_display, "outside_ref")
    readonly_fields = fields
    actions_detail = ("end",)

    @display(description="player")
    def owner(self, session: GameSession) -> SafeString:
        return link("admin:operator_player", [session.player_id], session.player)

    @action(description="End session", url_path="end", permissions=[SWITCH])
    def end(self, request: HttpRequest, object_id: str) -> HttpResponse:
        session = self.found(request, object_id)
        return self.confirm(
            request,
            session,
            title="End session",
            text="No more bets in it; wins of open rounds still arrive.",
            button="End session",
            act=lambda form: services.end_session(
                session=session,
                reason=GameSession.EndReason.STAFF,
                actor=actor(request),
                note=form.cleaned_data["reason"],
            ),
            done="The session has ended.",
        )


@admin.register(Round)
class RoundAdmin(ReadOnlyAdmin):
    list_display = (
        "round_ref",
        "owner",
        "game",
        "shown_stake",
        "shown_win",
        "rollbacks",
        "state",
        "started_at",
    )
    list_filter = (
        ("state", ChoicesCheckboxFilter),
        ("partner", RelatedDropdownFilter),
        ("started_at", RangeDateTimeFilter),
    )
    list_select_related = ("player", "game", "partner")
    search_fields = ("=round_ref", "=player__public_id")
    ordering = ("-id",)
    fields = (
        "round_ref",
        "partner",
        "owner",
        "game",
        "opened_in",
        "shown_stake",
        "shown_win",
        "bets",
        "wins",
        "rollbacks",
        "state",
        "started_at",
        "finished_at",
    )
    readonly_fields = fields

    @display(description="player")
    def owner(self, row: Round) -> SafeString:
        return link("admin:operator_player", [row.player_id], row.player)

    @display(description="session")
    def opened_in(self, row: Round) -> SafeString | str:
        if row.session is None:
            return "–"
        return link("admin:games_gamesession_change", [row.session_id], row.session)

    @display(description="stake")
    def shown_stake(self, row: Round) -> str:
        return amount(row.stake, currency(row.currency))

    @display(description="win")
    def shown_win(self, row: Round) -> str:
        return amount(row.win, currency(row.currency))
