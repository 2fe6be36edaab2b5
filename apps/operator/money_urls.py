"""Pages of the treasury and of payments as a whole."""

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path

from apps.operator.views import money, proposals, reconciliation, treasury

Wrap = Callable[[Callable[..., Any]], Callable[..., Any]]


def patterns(wrap: Wrap) -> list[URLPattern]:
    wallet, row = "treasury/wallets/<int:wallet_id>", "reconciliation/breaks/<str:public_id>"
    proposal, held = "proposals/<str:public_id>", "held/<str:public_id>"
    return [
        path("treasury/", wrap(treasury.show), name="operator_treasury"),
        path("treasury/wallets/new/", wrap(treasury.open_wallet), name="operator_wallet_new"),
        path(f"{wallet}/transfer/", wrap(treasury.transfer), name="operator_transfer"),
        path(f"{wallet}/balance/", wrap(treasury.read), name="operator_reading"),
        path(
            "treasury/thresholds/<str:code>/", wrap(treasury.thresholds), name="operator_thresholds"
        ),
        path("players/<int:player_id>/adjust/", wrap(treasury.adjust), name="operator_adjust"),
        path("proposals/", wrap(proposals.queue), name="operator_proposals"),
        path(f"{proposal}/", wrap(proposals.show), name="operator_proposal"),
        path(f"{proposal}/approve/", wrap(proposals.approve), name="operator_proposal_approve"),
        path(f"{proposal}/reject/", wrap(proposals.reject), name="operator_proposal_reject"),
        path(f"{proposal}/take-back/", wrap(proposals.take_back), name="operator_proposal_back"),
        path(f"{proposal}/complete/", wrap(proposals.complete), name="operator_proposal_complete"),
        path("reconciliation/", wrap(reconciliation.queue), name="operator_reconciliation"),
        path("reconciliation/run/", wrap(reconciliation.run), name="operator_reconcile"),
        path(f"{row}/", wrap(reconciliation.show), name="operator_break"),
        path(f"{row}/assign/", wrap(reconciliation.assign), name="operator_break_assign"),
        path(f"{row}/explain/", wrap(reconciliation.explain), name="operator_break_explain"),
        path(f"{row}/resolve/", wrap(reconciliation.resolve), name="operator_break_resolve"),
        path("payments/", wrap(money.board), name="operator_board"),
        path("receivables/", wrap(money.debts), name="operator_debts"),
        path("held/", wrap(money.held), name="operator_held"),
        path(f"{held}/release/", wrap(money.release), name="operator_release"),
        path(f"{held}/refund/", wrap(money.refund), name="operator_refund"),
    ]
