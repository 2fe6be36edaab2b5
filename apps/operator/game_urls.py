"""Pages of game managers."""

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path

from apps.operator.views import games

Wrap = Callable[[Callable[..., Any]], Callable[..., Any]]


def patterns(wrap: Wrap) -> list[URLPattern]:
    shelf, case = "lobby/collections/<int:collection_id>", "open-rounds/<int:case_id>"
    circuit = "partners/<slug:name>/<slug:kind>/<slug:forced>"
    return [
        path("partners/", wrap(games.show_partners), name="operator_partners"),
        path("partners/<slug:name>/sync/", wrap(games.sync), name="operator_partner_sync"),
        path(f"{circuit}/", wrap(games.force), name="operator_circuit"),
        path("stops/", wrap(games.show_stops), name="operator_stops"),
        path("stops/new/", wrap(games.stop), name="operator_stop"),
        path("stops/<int:stop_id>/end/", wrap(games.resume), name="operator_resume"),
        path("stops/cap/", wrap(games.set_cap), name="operator_cap"),
        path("lobby/collections/", wrap(games.show_collections), name="operator_collections"),
        path("lobby/collections/new/", wrap(games.new_collection), name="operator_collection_new"),
        path(f"{shelf}/change/", wrap(games.change_collection), name="operator_collection"),
        path(f"{shelf}/games/", wrap(games.arrange), name="operator_arrange"),
        path("open-rounds/", wrap(games.show_desk), name="operator_desk"),
        path(f"{case}/", wrap(games.show_case), name="operator_round_case"),
        path(f"{case}/<slug:act>/", wrap(games.act_on_case), name="operator_round_act"),
        path("returns/", wrap(games.show_returns), name="operator_returns"),
        path(
            "returns/<slug:source>/<int:version>/<path:key>/",
            wrap(games.show_return),
            name="operator_return",
        ),
    ]
