"""Pages of our own jackpots."""

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path

from apps.operator.views import jackpots

Wrap = Callable[[Callable[..., Any]], Callable[..., Any]]


def patterns(wrap: Wrap) -> list[URLPattern]:
    one, win = "pots/<slug:code>", "jackpot-wins/<str:public_id>"
    return [
        path("pots/", wrap(jackpots.show), name="operator_jackpots"),
        path("pots/new/", wrap(jackpots.new), name="operator_jackpot_new"),
        path(f"{one}/", wrap(jackpots.detail), name="operator_jackpot"),
        path(f"{one}/rules/", wrap(jackpots.change), name="operator_jackpot_rules"),
        path(f"{one}/pause/", wrap(jackpots.pause), name="operator_jackpot_pause"),
        path(f"{one}/resume/", wrap(jackpots.resume), name="operator_jackpot_resume"),
        path(f"{win}/release/", wrap(jackpots.release), name="operator_win_release"),
        path(f"{win}/void/", wrap(jackpots.void), name="operator_win_void"),
    ]
