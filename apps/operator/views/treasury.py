"""What the house holds against what it owes, and the orders that change it."""

from collections.abc import Callable

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from apps.accounts.models import Player
from apps.audit.models import Proposal
from apps.core.admin import confirm
from apps.ledger import selectors as ledger
from apps.ledger.models import Wallet
from apps.operator import charts
from apps.operator.money_forms import (
    AdjustmentForm,
    ReadingForm,
    ThresholdForm,
    TransferForm,
    WalletForm,
)
from apps.operator.pages import frame, needs, page, person
from apps.treasury.models import Adjustment, HouseWallet, Reading, Threshold, Transfer
from apps.treasury.selectors import holdings
from apps.treasury.services import adjustments
from apps.treasury.services import holdings as service
from apps.wallet.selectors import balance

RECENT_MAX = 10
ORDERS = ["transfer", "reading", "own_amount", "house_wallet", "thresholds"]


@needs("treasury.view_housewallet")
def show(request: HttpRequest) -> HttpResponse:
    levels = holdings.levels()
    return page(
        request,
        "operator/treasury.html",
        title="Treasury",
        levels=[(level, charts.holdings(level)) for level in levels],
        stale=[wallet for level in levels for wallet in level.stale],
        orders=list(
            Proposal.objects.filter(act__in=ORDERS, state__in=Proposal.OPEN)
            .select_related("maker")
            .order_by("id")
        ),
        transfers=list(
            Transfer.objects.select_related("source", "target", "proposal__maker")[:RECENT_MAX]
        ),
        readings=list(
            Reading.objects.select_related("wallet", "proposal__maker", "proposal__checker")[
                :RECENT_MAX
            ]
        ),
    )


@needs("treasury.propose_transfer")
def transfer(request: HttpRequest, wallet_id: int) -> HttpResponse:
    source = _wallet(wallet_id)
    user = person(request)
    form = TransferForm(request.POST or None, source=source)

    def act(_form: forms.Form) -> None:
        service.propose_transfer(
            source_id=source.pk,
            target_id=form.cleaned_data["target"].pk,
            amount=form.money(source.money.currency),
            note=form.cleaned_data["reason"],
            by=user,
        )

    return _ask(
        request,
        form=form,
        act=act,
        subject=source.name,
        title="Order a transfer",
        text="Another person approves it; whoever then sends the coins reports the transaction.",
        facts=[("From", f"{source.name}, {source.temperature}"), ("Holds", str(source.money))],
    )


@needs("treasury.propose_housewallet")
def read(request: HttpRequest, wallet_id: int) -> HttpResponse:
    """Enter what a wallet of our own holds, or how much of a gateway's balance is ours."""
    wallet = _wallet(wallet_id)
    user = person(request)
    form = ReadingForm(request.POST or None)
    propose: Callable[..., object] = (
        service.propose_own_amount if wallet.provider else service.propose_reading
    )

    def act(_form: forms.Form) -> None:
        propose(
            wallet_id=wallet.pk,
            amount=form.money(wallet.money.currency),
            evidence=form.cleaned_data["evidence"],
            note=form.cleaned_data["reason"],
            by=user,
        )

    if wallet.provider:
        title = "The house's own money"
        text = "How much of what lies there never was a player's, before the gateway's fees."
        facts = [("Holds", str(wallet.money)), ("Of that ours, so far", str(wallet.own_money))]
    else:
        title = "Enter a balance"
        text = "What the wallet holds now, as you see it. Another person looks too."
        facts = [("In our records", str(wallet.money)), ("Address", wallet.address or "none")]
    return _ask(
        request, form=form, act=act, subject=wallet.name, title=title, text=text, facts=facts
    )


@needs("treasury.propose_housewallet")
def open_wallet(request: HttpRequest) -> HttpResponse:
    user = person(request)

    def act(form: forms.Form) -> None:
        data = form.cleaned_data
        service.propose_wallet(
            name=data["name"],
            currency=data["currency"],
            temperature=data["temperature"],
            address=data["address"],
            evidence=data["evidence"],
            note=data["reason"],
            by=user,
        )

    return _ask(
        request,
        form=WalletForm(request.POST or None),
        act=act,
        subject="House wallets",
        title="New house wallet",
        text="A wallet whose keys the house holds. Gateways add theirs by themselves.",
        facts=[],
    )


@needs("treasury.propose_threshold")
def thresholds(request: HttpRequest, code: str) -> HttpResponse:
    of = ledger.currency(code)
    row = Threshold.objects.filter(currency_id=of.code).first() or Threshold(currency_id=of.code)
    user = person(request)
    form = ThresholdForm(request.POST or None, row=row)

    def act(_form: forms.Form) -> None:
        data = form.cleaned_data
        service.propose_thresholds(
            currency=of.code,
            hot_target_bps=data["hot_target_bps"],
            hot_alarm_bps=data["hot_alarm_bps"],
            coverage_min_bps=data["coverage_min_bps"],
            alone_max=form.alone_max_money(of),
            silent_after=data["silent_after"],
            note=data["reason"],
            by=user,
        )

    return _ask(
        request,
        form=form,
        act=act,
        subject=of.code,
        title=f"Thresholds of {of.code}",
        text="Shares are of what is owed to players in this currency; 100 is one per cent.",
        facts=[],
    )


@needs("treasury.propose_adjustment")
def adjust(request: HttpRequest, player_id: int) -> HttpResponse:
    player = Player.objects.filter(pk=player_id).first()
    if player is None:
        raise Http404
    user = person(request)
    used = Wallet.objects.filter(player=player, version__gt=0).select_related("currency")
    held = {wallet.currency.code for wallet in used}
    facts = [(code, str(balance(player.pk, ledger.currency(code)).cash)) for code in sorted(held)]
    start = {
        "currency": request.GET.get("currency", player.active_currency),
        "amount": request.GET.get("amount", ""),
        "reason_code": request.GET.get("kind", Adjustment.Reason.OTHER),
    }
    form = AdjustmentForm(request.POST or None, initial=start)

    def act(_form: forms.Form) -> None:
        data = form.cleaned_data
        adjustments.propose_adjustment(
            player_id=player.pk,
            amount=form.money(ledger.currency(data["currency"])),
            reason=data["reason_code"],
            evidence=data["evidence"],
            words=data["words"],
            note=data["reason"],
            by=user,
        )

    return _ask(
        request,
        form=form,
        act=act,
        subject=player.display_name,
        title="Correct a balance",
        text="Somebody else approves it, then the journal gets one entry and the player a notice.",
        facts=facts,
        back=reverse("admin:operator_player", args=[player.pk]),
    )


def _ask(
    request: HttpRequest,
    *,
    form: forms.Form,
    act: Callable[[forms.Form], None],
    subject: str,
    title: str,
    text: str,
    facts: list[tuple[str, str]],
    back: str = "",
) -> HttpResponse:
    return confirm(
        request,
        context=frame(request, facts=facts),
        back=back or reverse("admin:operator_treasury"),
        subject=subject,
        title=title,
        text=text,
        button="Propose",
        form=form,
        act=act,
        done="It is proposed. Somebody else has to approve it.",
    )


def _wallet(wallet_id: int) -> HouseWallet:
    found = HouseWallet.objects.filter(pk=wallet_id, enabled=True).first()
    if found is None:
        raise Http404
    return found
