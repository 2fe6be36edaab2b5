"""Alea's addresses below `/alea/`: the vendor's paths, the tables, the tester's."""

from django.urls import path

from apps.games.providers.alea.simulator import api, pages, play, tables, vendor
from apps.integrations.simulation import clockwork

# Each with a thread of its own: no casino that hangs, ours or another vendor's, stops a table.
clockwork.add(tables.settle_due, apart=True)
clockwork.add(vendor.courier.deliver_due, apart=True)

urlpatterns = [
    # casino to Alea
    path("api/graphql", api.graphql),
    path("api/v1/games/<slug:game_id>", api.launch),
    path("api/v1/freespins", api.free_spins),
    path("api/v1/freespins/<str:bonus_id>", api.free_spins_end),
    path("launch/real", api.launch_v1, {"mode": "real"}),
    path("launch/demo", api.launch_v1, {"mode": "demo"}),
    # the tables
    path("table/<slug:play_id>/", play.table_page, name="alea-table"),
    path("table/<slug:play_id>/opened", play.opened),
    path("table/<slug:play_id>/state", play.state),
    path("table/<slug:play_id>/place", play.place),
    path("table/<slug:play_id>/undo", play.undo),
    path("table/<slug:play_id>/deal", play.deal),
    # the tester's pages
    path("", pages.plays_page, name="alea-plays"),
    path("tables/", pages.tables_page, name="alea-tables"),
    path("calls/", pages.calls_page, name="alea-calls"),
    path("games/", pages.games_page, name="alea-games"),
    path("plays/<slug:play_id>/", pages.play_page, name="alea-play"),
    # the tester's buttons
    path("control/reset", pages.reset),
    path("control/switches", pages.switches),
    path("control/switches/state", pages.switch_state),
    path("control/callback-url", pages.callback_url),
    path("control/clock", pages.clock, name="alea-clock"),
    path("control/hurry", pages.hurry, name="alea-hurry"),
    path("control/totals", pages.totals),
    path("control/find/plays", pages.plays_of),
    path("control/find/hands", pages.hands_of),
    path("control/find/transactions", pages.transactions_of),
    path("control/find/calls", pages.calls_of),
    path("control/demo", pages.demo, name="alea-demo"),
    path("control/plays/<slug:play_id>/place", pages.place, name="alea-place"),
    path("control/plays/<slug:play_id>/undo", pages.undo, name="alea-undo"),
    path("control/plays/<slug:play_id>/deal", pages.deal, name="alea-deal"),
    path("control/plays/<slug:play_id>/send", pages.send, name="alea-send"),
    path("control/plays/<slug:play_id>/balance", pages.balance, name="alea-balance"),
    path("control/plays/<slug:play_id>/promo", pages.promo, name="alea-promo"),
    path(
        "control/plays/<slug:play_id>/rollback-first",
        pages.roll_back_first,
        name="alea-rollback-first",
    ),
    path("control/transactions/<path:key>/rollback", pages.roll_back, name="alea-rollback"),
    path("control/calls/<slug:call_key>/repeat", pages.repeat),
]
