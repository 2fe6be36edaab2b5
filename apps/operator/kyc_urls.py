"""Pages of the verification desk."""

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path

from apps.operator.views import kyc, kyc_provider

Wrap = Callable[[Callable[..., Any]], Callable[..., Any]]


def patterns(wrap: Wrap) -> list[URLPattern]:
    case, hit = "verification/<str:public_id>", "verification/hits/<str:public_id>"
    match = "verification/matches/<int:match_id>"
    pages: list[tuple[str, Callable[..., Any], str]] = [
        ("verification/", kyc.queue, "kyc_queue"),
        ("verification/hits/", kyc.hits, "kyc_hits"),
        (f"{hit}/decide/", kyc.decide_hit, "kyc_hit_decide"),
        ("verification/matches/", kyc.matches, "kyc_matches"),
        (f"{match}/decide/", kyc.decide_match, "kyc_match_decide"),
        ("verification/papers/<str:token>/", kyc.document, "kyc_document"),
        ("players/<int:player_id>/verification/ask/", kyc.ask, "kyc_ask"),
        ("players/<int:player_id>/provider/", kyc_provider.applicant, "kyc_provider"),
        (
            "players/<int:player_id>/provider/pictures/<str:token>/",
            kyc_provider.picture,
            "kyc_provider_picture",
        ),
        (
            "players/<int:player_id>/provider/<slug:what>/",
            kyc_provider.ask,
            "kyc_provider_ask",
        ),
        (f"{case}/", kyc.case, "kyc_case"),
        (f"{case}/decide/", kyc.decide, "kyc_decide"),
    ]
    return [path(place, wrap(view), name=f"operator_{name}") for place, view, name in pages]
