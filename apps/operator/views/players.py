"""Player 360: who it is, what they have, everything that happened, and what may be done."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django import forms
from django.db import transaction
from django.db.models import Count, QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import reverse

from apps.accounts import services as accounts
from apps.accounts.models import Player
from apps.audit import services as audit
from apps.core.admin import ReasonForm, confirm
from apps.core.money import Money
from apps.kyc.services import cases as verification
from apps.ledger.selectors import currency
from apps.operator import timeline
from apps.operator.forms import ApproveForm, LevelForm, StatusForm
from apps.operator.masking import masked_email
from apps.operator.pages import frame, needs, page, person
from apps.operator.second_factor import require_fresh_code
from apps.payments import guard, readiness
from apps.payments.models import Deposit, Withdrawal
from apps.payments.selectors import rails
from apps.payments.services import withdrawals
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


@needs("operator.change_player_rank")
def set_rank(request: HttpRequest, player_id: int) -> HttpResponse:
    player = _player(player_id)
    user = person(request)

    def act(form: forms.Form) -> None:
        accounts.set_rank(
            player_id=player.pk,
            rank=form.cleaned_data["level"],
            actor=user,
            reason=form.cleaned_data["reason"],
        )

    return _level(
        request,
        player,
        act,
        label="VIP rank",
        now=player.rank,
        level_max=accounts.RANK_MAX,
        text="The rank decides on limits, fees and how soon a withdrawal is decided.",
    )


@needs("operator.change_player_kyc")
def set_kyc_level(request: HttpRequest, player_id: int) -> HttpResponse:
    player = _player(player_id)
    user = person(request)

    def act(form: forms.Form) -> None:
        verification.set_level(
            player_id=player.pk,
            level=form.cleaned_data["level"],
            by=user,
            reason=form.cleaned_data["reason"],
        )

    return _level(
        request,
        player,
        act,
        label="Verification level",
        now=player.kyc_level,
        level_max=accounts.KYC_LEVEL_MAX,
        text="Say which documents were seen. The level decides on limits and on approvals.",
    )


def _level(
    request: HttpRequest,
    player: Player,
    act: Callable[[forms.Form], object],
    *,
    label: str,
    now: int,
    level_max: int,
    text: str,
) -> HttpResponse:
    return confirm(
        request,
        context=frame(request, facts=[(f"{label} now", str(now))]),
        back=reverse("admin:operator_player", args=[player.pk]),
        subject=player.display_name,
        title=f"Change {label[0].lower()}{label[1:]}" if label != "VIP rank" else "Change VIP rank",
        text=text,
        button="Change",
        form=LevelForm(
            request.POST or None, label=label, level_max=level_max, initial={"level": now}
        ),
        act=act,
        done=f"{label} of {player.display_name} is changed.",
    )


@needs("operator.unfreeze_payouts")
def freeze(request: HttpRequest, player_id: int) -> HttpResponse:
    player = _player(player_id)
    user = person(request)

    def act(form: forms.Form) -> None:
        withdrawals.freeze_payouts(player, because=form.cleaned_data["reason"], actor=user)

    return confirm(
        request,
        context=frame(request, facts=_standing(player)),
        back=reverse("admin:operator_player", args=[player.pk]),
        subject=player.display_name,
        title="Freeze payouts",
        text=(
            "Nothing leaves until somebody opens them again; what was approved and not sent goes "
            "back to the queue. The player reads the reason."
        ),
        button="Freeze payouts",
        form=ReasonForm(request.POST or None),
        act=act,
        done=f"Payouts of {player.display_name} are frozen.",
    )


@needs("operator.unfreeze_payouts")
def unfreeze(request: HttpRequest, player_id: int) -> HttpResponse:
    player = _player(player_id)
    user = person(request)

    def act(form: forms.Form) -> None:
        require_fresh_code(user, form.cleaned_data["code"])
        guard.unfreeze(player, by=user, reason=form.cleaned_data["reason"])

    return confirm(
        request,
        context=frame(request, facts=_standing(player)),
        back=reverse("admin:operator_player", args=[player.pk]),
        subject=player.display_name,
        title="Open payouts",
        text="After you have spoken with the player and know that it is them.",
        button="Open payouts",
        form=ApproveForm(request.POST or None),
        act=act,
        done=f"Payouts of {player.display_name} are open.",
    )


def _standing(player: Player) -> list[tuple[str, str]]:
    stands = guard.standing(player)
    if stands.frozen_at is None:
        return [("Payouts", "open")]
    return [
        ("Payouts", f"frozen since {stands.frozen_at:%-d %b %H:%M} UTC"),
        ("Because", stands.frozen_because),
    ]


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
        ready=_ready(player, request),
        standing=guard.standing(player),
        **context,
    )


def _ready(player: Player, request: HttpRequest) -> list[readiness.Readiness]:
    """What the player reads under "can I withdraw now?", for each currency they hold."""
    if not request.user.has_perm("payments.view_withdrawal"):
        return []
    held = {one.currency.code for one in balances(player.pk) if one.cash}
    seen: set[str] = set()
    answers = []
    for rail in rails().filter(currency_id__in=held, pays_out=True):
        if rail.currency_id not in seen:
            seen.add(rail.currency_id)
            answers.append(readiness.of(player, rail))
    return answers or [readiness.of(player)]


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
