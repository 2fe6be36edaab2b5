"""The aggregator's addresses below `/softswiss/`: the vendor's paths, the game, the tester's."""

from django.urls import path, re_path

from apps.games.providers.softswiss.simulator import aggregator, api, pages, play
from apps.integrations.simulation import clockwork

clockwork.add(aggregator.courier.deliver_due)
clockwork.add(aggregator.expire_freespins)

urlpatterns = [
    # v1, casino to aggregator
    path("sessions", api.sessions),
    path("demo", api.demo),
    path("freespins/issue", api.freespins_issue),
    path("freespins/cancel", api.freespins_cancel),
    path("rounds/details", api.rounds_details),
    path("allprovidersurls.txt", api.catalogue_index),
    path("l/<slug:provider>.yaml", api.catalogue_file),
    path("i/s3/<slug:provider>/<slug:name>.svg", api.picture),
    # v2, casino to aggregator
    path("v2/casino_a8r.Launcher/Real", api.launcher_real),
    path("v2/casino_a8r.Launcher/Demo", api.launcher_demo),
    path("v2/casino_a8r.Game/List", api.game_list),
    path("v2/casino_a8r.Freespins/Issue", api.freespins_issue_v2),
    path("v2/casino_a8r.Freespins/Cancel", api.freespins_cancel_v2),
    path("v2/casino_a8r.Round/Details", api.round_details_v2),
    path("v2/casino_a8r.Jackpot/Feed", api.jackpot_feed),
    re_path(r"^v2/.*$", api.no_such_method),
    # the game
    path("game/inks.css", play.inks, name="softswiss-inks"),
    path("game/<slug:session_id>/", play.game_page, name="softswiss-game"),
    path("game/<slug:session_id>/state", play.state),
    path("game/<slug:session_id>/spin", play.spin),
    # the tester's pages
    path("", pages.sessions_page, name="softswiss-sessions"),
    path("calls/", pages.calls_page, name="softswiss-calls"),
    path("games/", pages.games_page, name="softswiss-games"),
    path("sessions/<slug:session_id>/", pages.session_page, name="softswiss-session"),
    # the tester's buttons
    path("control/reset", pages.reset),
    path("control/switches", pages.switches, name="softswiss-switches"),
    path("control/switches/state", pages.switch_state),
    path("control/callback-url", pages.callback_url, name="softswiss-callback-url"),
    path("control/options", pages.options, name="softswiss-options"),
    path("control/totals", pages.totals),
    path("control/find/sessions", pages.sessions_of),
    path("control/find/actions", pages.actions_of),
    path("control/find/calls", pages.calls_of),
    path("control/demo", pages.demo_session, name="softswiss-demo"),
    path("control/sessions/<slug:session_id>/spin", pages.spins, name="softswiss-spin"),
    path("control/sessions/<slug:session_id>/send", pages.send, name="softswiss-send"),
    path(
        "control/sessions/<slug:session_id>/rollback-first",
        pages.roll_back_first,
        name="softswiss-rollback-first",
    ),
    path("control/sessions/<slug:session_id>/promo", pages.promo, name="softswiss-promo"),
    path("control/actions/<path:action_id>/rollback", pages.roll_back, name="softswiss-rollback"),
    path("control/calls/<slug:call_key>/repeat", pages.repeat, name="softswiss-repeat"),
    path("control/calls/<slug:call_key>", pages.kept_call),
    path(
        "control/freespins/<path:issue_id>/report",
        pages.freespins_report,
        name="softswiss-freespins",
    ),
]
