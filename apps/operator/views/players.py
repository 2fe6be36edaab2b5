"""Player 360: who it is, what they have, everything that happened, and what may be done."""

from decimal import Decimal
from typing import Any

from django import forms
from django.db import transaction
from django.db.models import Count, QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import reverse

from apps.accounts.models import Player
from apps.audit import services as audit
from apps.core.admin import confirm
from apps.core.money import Money
from apps.ledger.selectors import currency
from apps.operator import timeline
from apps.operator.forms import StatusForm
from apps.operator.masking import masked_email
from apps.operator.pages import frame, needs, page, person
from apps.payments.models import Deposit, Withdrawal
from apps.wallet import services as wallet
from apps.wallet.selectors import balances

NOTHING = (Decimal(0), 0)


@needs("accounts.view_player")
def show(request: HttpRequest, player_id: int) -> HttpResponse:
    return _show(request, _player(player_id), email="")


@needs("operator.reveal_identity")
def reveal(request: HttpRequest, player_id: int) -> HttpResponse:
    """Show the address once, on this answer only, and keep who looked."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    player = _player(player_id)
    with transaction.atomic():
        audit.record(
            "player.identity_revealed", actor=person(request), subject=player, request=request
        )
    return _show(request, player, email=player.user.email)


@needs("operator.view_timeline")
def more(request: HttpRequest, player_id: int) -> HttpResponse:
    """The next page of the timeline, for the button below it."""
    player = _player(player_id)
    return TemplateResponse(request, "operator/player.html#timeline", _timeline(request, player))


@needs("operator.change_player_status")
def set_status(request: HttpRequest, player_id: int) -> HttpResponse:
    player = _player(player_id)
    user = person(request)

    def act(form: forms.Form) -> None:
        wallet.set_player_status(
            player_id=player.pk,
            status=form.cleaned_data["status"],
            actor=user,
            reason=form.cleaned_data["reason"],
        )

    return confirm(
        request,
        context=frame(request, facts=[("Status now", player.status)]),
        back=reverse("admin:operator_player", args=[player.pk]),
        subject=player.display_name,
        title="Change player status",
        text=(
            "Suspended and closed players cannot play or pay in; they may still take out "
            "their own money. A closed account stays closed."
        ),
        button="Change status",
        form=StatusForm(request.POST or None, initial={"status": player.status}),
        act=act,
        done=f"The status of {player.display_name} is changed.",
    )


def _show(request: HttpRequest, player: Player, *, email: str) -> HttpResponse:
    held = [one for one in balances(player.pk) if not one.is_empty or one.version]
    context: dict[str, Any] = {"player": player}
    if request.user.has_perm("operator.view_timeline"):
        context |= _timeline(request, player)
    return page(
        request,
        "operator/player.html",
        title=player.display_name,
        email=email or masked_email(player.user.email),
        is_revealed=bool(email),
        balances=held,
        payments=_payments(player),
        **context,
    )


def _timeline(request: HttpRequest, player: Player) -> dict[str, Any]:
    shown = request.GET.get("show", "")
    found = timeline.page(player, shown=shown, mark=request.GET.get("after", ""))
    openable = {one.name for one in timeline.SOURCES if request.user.has_perm(one.permission)}
    return {
        "player": player,
        "timeline": found,
        "openable": openable,
        "sources": timeline.SOURCES,
        "shown": shown,
    }


def _payments(player: Player) -> list[dict[str, object]]:
    """Per currency what came in and what went out."""
    deposits = _sums(Deposit.objects.filter(player=player, state=Deposit.State.CONFIRMED))
    withdrawals = _sums(Withdrawal.objects.filter(player=player, state=Withdrawal.State.PAID))
    rows: list[dict[str, object]] = []
    for code in sorted(deposits.keys() | withdrawals.keys()):
        of = currency(code)
        came, came_count = deposits.get(code, NOTHING)
        went, went_count = withdrawals.get(code, NOTHING)
        rows.append(
            {
                "currency": of,
                "deposited": Money.from_major(came, of),
                "deposit_count": came_count,
                "withdrawn": Money.from_major(went, of),
                "withdrawal_count": went_count,
                "difference": Money.from_major(came - went, of),
            }
        )
    return rows


def _sums(payments: QuerySet[Deposit] | QuerySet[Withdrawal]) -> dict[str, tuple[Decimal, int]]:
    rows = payments.values_list("currency_id").annotate(total=Sum("amount"), count=Count("id"))
    return {str(code): (total, count) for code, total, count in rows}


def _player(player_id: int) -> Player:
    found = Player.objects.select_related("user").filter(pk=player_id).first()
    if found is None:
        raise Http404
    return found
