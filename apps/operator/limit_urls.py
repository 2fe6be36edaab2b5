"""Pages of player protection: profiles, harm cases, a player's limits."""

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path

from apps.operator.views import limits

Wrap = Callable[[Callable[..., Any]], Callable[..., Any]]


def patterns(wrap: Wrap) -> list[URLPattern]:
    one = "harm/<str:public_id>"
    return [
        path("profiles/", wrap(limits.show_profiles), name="operator_profiles"),
        path("profiles/preview/", wrap(limits.preview), name="operator_profile_preview"),
        path("profiles/countries/", wrap(limits.assign_country), name="operator_profile_country"),
        path(
            "profiles/<str:name>/<str:field_name>/",
            wrap(limits.change_value),
            name="operator_profile_value",
        ),
        path("harm/", wrap(limits.harm_queue), name="operator_harm"),
        path(f"{one}/", wrap(limits.harm_case), name="operator_harm_case"),
        path(f"{one}/contact/", wrap(limits.log_interaction), name="operator_harm_contact"),
        path(f"{one}/close/", wrap(limits.close_case), name="operator_harm_close"),
        path(
            "players/<int:player_id>/limits/",
            wrap(limits.player_limits),
            name="operator_player_limits",
        ),
        path(
            "players/<int:player_id>/limits/set/",
            wrap(limits.set_limit),
            name="operator_set_limit",
        ),
        path(
            "players/<int:player_id>/limits/harm/",
            wrap(limits.open_case),
            name="operator_open_harm_case",
        ),
    ]
