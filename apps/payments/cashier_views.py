"""The fiat cashier: a gateway's own page in a frame of ours, for one short session."""

import json
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from apps.accounts import step_up
from apps.accounts.models import Player
from apps.accounts.people import player_required
from apps.core.errors import DomainError, InvalidInput
from apps.payments import readiness, selectors
from apps.payments.errors import WithdrawalBlocked
from apps.payments.forms import CashierForm, show_error
from apps.payments.models import CashierSession, Rail
from apps.payments.pages import show, with_rail
from apps.payments.providers.registry import CASHIER_GATEWAYS, cashier_gateway
from apps.payments.services import cashier as sessions

DEPOSIT, WITHDRAWAL = CashierSession.Direction.DEPOSIT, CashierSession.Direction.WITHDRAWAL
PAGES = {DEPOSIT: "payments:deposit", WITHDRAWAL: "payments:withdraw"}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@player_required
def cashier(request: HttpRequest, player: Player) -> HttpResponse:
    """Open a session and show the gateway's cashier in its frame."""
    asked = request.POST if request.method == "POST" else request.GET
    direction = WITHDRAWAL if asked.get("direction") == WITHDRAWAL else DEPOSIT
    rail = selectors.rail(asked.get("rail", ""))
    if not rail.is_fiat:
        raise InvalidInput(fields={"rail": "This one has no cashier."})
    if request.method != "POST":
        return redirect(with_rail(PAGES[direction], rail))
    form = CashierForm(request.POST, asks_password=_asks_password(request, player, direction))
    context: dict[str, Any] = {"tab": direction.removesuffix("al"), "rail": rail}
    status = 200
    try:
        if form.is_valid():
            context |= _opened(request, player, rail, direction, form.cleaned_data)
    except DomainError as refused:
        show_error(form, refused)
    if form.errors:
        status = 422
    context |= cashier_context(request, player, rail, direction, form)
    context["deposits"] = selectors.recent_deposits(player)
    return show(request, "payments/cashier.html", context, part="body", status=status)


@require_safe
def bundle(_request: HttpRequest) -> HttpResponse:
    """The vendor's script, pointed at a simulator; there is nothing here without one."""
    for provider in CASHIER_GATEWAYS:
        if script := cashier_gateway(provider).simulated_bundle():
            return HttpResponse(script, content_type="text/javascript; charset=utf-8")
    raise Http404


def cashier_context(
    request: HttpRequest,
    player: Player,
    rail: Rail,
    direction: str,
    form: CashierForm | None = None,
) -> dict[str, Any]:
    """What the block takes that leads to the cashier."""
    asks_password = _asks_password(request, player, direction)
    return {
        "direction": str(direction),
        "methods": sessions.methods(rail, player.country, direction),
        "cashier_form": form or CashierForm(asks_password=asks_password),
    }


def _asks_password(request: HttpRequest, player: Player, direction: str) -> bool:
    """Before money leaves, unless it was given just now."""
    return direction == WITHDRAWAL and not step_up.is_recent(request.session, player.user)


def _opened(
    request: HttpRequest, player: Player, rail: Rail, direction: str, given: dict[str, Any]
) -> dict[str, Any]:
    """A session, and the frame for it. A payout asks for the password and for everything else."""
    if direction == WITHDRAWAL:
        for check in readiness.of(player, rail).stops:
            raise WithdrawalBlocked(check.code, f"{check.words} {check.todo}".strip())
        step_up.give_password(request, player.user, given.get("password", ""))
    token = sessions.open_session(
        player=player,
        rail=rail,
        direction=direction,
        site_session=request.session.session_key or "",
    )
    frame = cashier_gateway(rail.provider).frame(
        player_ref=player.public_id,
        code=rail.currency_id,
        country=player.country,
        token=token,
        direction=direction,
    )
    return {"frame": frame, "frame_options": json.dumps(frame.options)}
