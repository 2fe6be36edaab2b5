"""The back office's own pages. The site wraps each: nobody reaches one without a second factor."""

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path

from apps.operator import (
    game_urls,
    jackpot_urls,
    kyc_urls,
    limit_urls,
    money_urls,
    privacy_urls,
    risk_urls,
    staff_urls,
)
from apps.operator.views import dashboard, entries, players, staff, withdrawals

Wrap = Callable[[Callable[..., Any]], Callable[..., Any]]


def open_patterns() -> list[URLPattern]:
    return staff_urls.open_patterns()


def patterns(wrap: Wrap) -> list[URLPattern]:
    return [
        *money_urls.patterns(wrap),
        *game_urls.patterns(wrap),
        *jackpot_urls.patterns(wrap),
        *limit_urls.patterns(wrap),
        *staff_urls.patterns(wrap),
        *risk_urls.patterns(wrap),
        *kyc_urls.patterns(wrap),
        *privacy_urls.patterns(wrap),
        path("live/", wrap(dashboard.live), name="operator_live"),
        path("live/bets/", wrap(dashboard.bets), name="operator_bets"),
        path("queue/", wrap(withdrawals.queue), name="operator_queue"),
        path("queue/<str:public_id>/", wrap(withdrawals.case), name="operator_withdrawal"),
        path("queue/<str:public_id>/approve/", wrap(withdrawals.approve), name="operator_approve"),
        path("queue/<str:public_id>/reject/", wrap(withdrawals.reject), name="operator_reject"),
        path("queue/<str:public_id>/take/", wrap(withdrawals.take), name="operator_take"),
        path("queue/<str:public_id>/give-back/", wrap(withdrawals.give_back), name="operator_back"),
        path("queue/<str:public_id>/hold/", wrap(withdrawals.hold), name="operator_hold"),
        path("queue/<str:public_id>/owner/", wrap(withdrawals.owner), name="operator_owner"),
        path("queue/<str:public_id>/settle/", wrap(withdrawals.settle), name="operator_settle"),
        path("players/<int:player_id>/", wrap(players.show), name="operator_player"),
        path("players/<int:player_id>/timeline/", wrap(players.more), name="operator_timeline"),
        path("players/<int:player_id>/reveal/", wrap(players.reveal), name="operator_reveal"),
        path("players/<int:player_id>/status/", wrap(players.set_status), name="operator_status"),
        path("players/<int:player_id>/rank/", wrap(players.set_rank), name="operator_rank"),
        path("players/<int:player_id>/kyc/", wrap(players.set_kyc_level), name="operator_kyc"),
        path("players/<int:player_id>/freeze/", wrap(players.freeze), name="operator_freeze"),
        path("players/<int:player_id>/unfreeze/", wrap(players.unfreeze), name="operator_unfreeze"),
        path("entries/<int:entry_id>/", wrap(entries.show), name="operator_entry"),
        path("operations/", wrap(entries.operations), name="operator_operations"),
        path("staff/new/", wrap(staff.create), name="operator_staff_create"),
        path("staff/<int:user_id>/", wrap(staff.show), name="operator_staff"),
        path("staff/<int:user_id>/role/", wrap(staff.set_role), name="operator_staff_role"),
        path(
            "staff/<int:user_id>/second-factor/",
            wrap(staff.reset_second_factor),
            name="operator_staff_second_factor",
        ),
        path(
            "staff/<int:user_id>/password/",
            wrap(staff.reset_password),
            name="operator_staff_password",
        ),
        path("staff/<int:user_id>/active/", wrap(staff.set_active), name="operator_staff_active"),
    ]
