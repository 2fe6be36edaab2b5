"""The wallet: balances, paying in, paying out, and what became of it."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from apps.accounts.models import Player
from apps.accounts.people import player_required
from apps.core.errors import DomainError
from apps.ledger.models import Kind
from apps.payments import identity, selectors
from apps.payments.cashier_views import DEPOSIT, cashier_context
from apps.payments.errors import GatewayUnavailable
from apps.payments.models import Deposit, Withdrawal
from apps.payments.pages import (
    choices_of,
    is_part,
    picked,
    progress_of,
    show,
    simulator_url,
    with_rail,
)
from apps.payments.services import deposits, invoices
from apps.wallet import portfolio
from apps.wallet import selectors as wallets
from apps.wallet.services import set_active

ID_MAX = 2**63 - 1
RECENT = 6
KINDS: dict[str, tuple[str, tuple[Kind, ...]]] = {
    "deposits": ("Deposits", (Kind.DEPOSIT, Kind.DEPOSIT_REVERSED)),
    "withdrawals": (
        "Withdrawals",
        (Kind.WITHDRAWAL_RESERVED, Kind.WITHDRAWAL_RELEASED, Kind.WITHDRAWAL_PAID),
    ),
    "exchanges": (
        "Exchanges",
        (Kind.EXCHANGE_SOLD, Kind.EXCHANGE_BOUGHT, Kind.EXCHANGE_SPREAD),
    ),
    "vault": ("Vault", (Kind.VAULT_PUT, Kind.VAULT_TAKEN)),
    "games": ("Games", (Kind.BET, Kind.WIN, Kind.ROLLBACK)),
    "extras": ("Free spins and prizes", (Kind.FREE_SPINS_WIN, Kind.PROMO_WIN, Kind.JACKPOT_WIN)),
}


@dataclass(frozen=True)
class Line:
    """A movement with the page that tells more about it."""

    movement: wallets.Movement
    href: str
    hint: str


@never_cache
@require_safe
@player_required
def wallet(request: HttpRequest, player: Player) -> HttpResponse:
    holds = portfolio.portfolio(player)
    every = holds.lines
    held = [
        line
        for line in every
        if not line.balance.is_empty or line.balance.currency.code == player.active_currency
    ]
    wants_all = request.GET.get("zero") == "show" or not portfolio.settings_of(player).hides_empty
    shows_all = wants_all or all(line.balance.is_empty for line in every)
    context = {
        "tab": "overview",
        "portfolio": holds,
        "displays": portfolio.DISPLAY,
        "wallets": every if shows_all else held,
        "shows_all": shows_all,
        "hidden_count": len(every) - len(held),
        "payable": {rail.currency_id for rail in selectors.rails()},
        "open_payments": _open_payments(player),
        "lines": _lines(player, wallets.history(player.pk, limit=RECENT)),
    }
    return show(request, "payments/wallet.html", context, part="live")


@require_http_methods(["POST"])
@player_required
def active_currency(request: HttpRequest, player: Player) -> HttpResponse:
    """Choose the currency that the bar shows and games start with."""
    set_active(player=player, currency_code=request.POST.get("currency", ""))
    messages.success(request, f"Games now start with {player.active_currency}.")
    target = request.POST.get("next", "")
    is_safe = url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()})
    return redirect(target if is_safe else reverse("payments:wallet"))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@player_required
def deposit(request: HttpRequest, player: Player) -> HttpResponse:
    """Choose coin and network, get the address, watch the coins arrive."""
    choices = choices_of(player)
    chosen, rail = picked(request, choices, player)
    address = selectors.address_of(player, rail) if rail else None
    error, status = "", 200
    if request.method == "POST" and rail:
        try:
            address = deposits.take_address(player=player, rail=rail)
        except DomainError as refused:
            error, status = refused.message, 422
            if isinstance(refused, GatewayUnavailable) and not is_part(request):
                status = refused.status
        else:
            if not is_part(request):
                return redirect(with_rail("payments:deposit", rail))
    context = {
        "tab": "deposit",
        "choices": choices,
        "chosen": chosen,
        "rail": rail,
        "address": address,
        "error": error,
        "needs_name": rail is not None and identity.is_name_needed(player, rail),
        "takes_exact": rail is not None and invoices.is_offered(rail),
        "invoices": invoices.open_of(player)[:RECENT],
        "deposits": selectors.recent_deposits(player),
        **(cashier_context(request, player, rail, DEPOSIT) if rail and rail.is_fiat else {}),
        "simulator_url": simulator_url(address.address, address.tag) if address else "",
    }
    return show(request, "payments/deposit.html", context, part="body", status=status)


@never_cache
@require_safe
@player_required
def deposit_status(request: HttpRequest, player: Player) -> HttpResponse:
    """The list that follows deposits from the first sight to the credit."""
    if not is_part(request):
        return redirect("payments:deposit")
    context = {"deposits": selectors.recent_deposits(player)}
    return show(request, "payments/_deposits.html", context)


@never_cache
@require_safe
@player_required
def history(request: HttpRequest, player: Player) -> HttpResponse:
    """Every movement of cash, newest first, a page at a time."""
    codes = [balance.currency.code for balance in wallets.balances(player.pk)]
    code = request.GET.get("currency", "")
    code = code if code in codes else ""
    kind = request.GET.get("kind", "")
    kind = kind if kind in KINDS else ""
    before = request.GET.get("before", "")
    before_id = int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None
    found = wallets.history(
        player.pk,
        currency_code=code or None,
        kinds=KINDS[kind][1] if kind else (),
        before_id=before_id,
        limit=wallets.PAGE_SIZE + 1,
    )
    shown = found[: wallets.PAGE_SIZE]
    context = {
        "tab": "history",
        "lines": _lines(player, shown),
        "next_before": shown[-1].id if len(found) > len(shown) else None,
        "currencies": [("", "All currencies"), *((one, one) for one in codes)],
        "kinds": [("", "Everything"), *((key, words) for key, (words, _) in KINDS.items())],
        "currency": code,
        "kind": kind,
        "is_filtered": bool(code or kind),
    }
    part = "rows" if before_id is not None else ""
    return show(request, "payments/history.html", context, part=part)


@never_cache
@require_safe
@player_required
def deposit_detail(request: HttpRequest, player: Player, public_id: str) -> HttpResponse:
    found = selectors.deposit(player, public_id)
    context = {"deposit": found, **progress_of(found)}
    return show(request, "payments/deposit_detail.html", context, part="status")


def _open_payments(player: Player) -> list[dict[str, Any]]:
    """What is under way, newest first, with the page that follows it."""
    found: list[dict[str, Any]] = [
        {
            "kind": "Deposit",
            "payment": one,
            "href": reverse("payments:deposit_detail", args=[one.public_id]),
            "words": one.waiting_words,
        }
        for one in selectors.deposits(player).filter(
            state__in=[Deposit.State.PENDING, Deposit.State.HELD]
        )[:RECENT]
    ]
    states = [Withdrawal.State.REQUESTED, Withdrawal.State.APPROVED]
    states += [Withdrawal.State.SENDING, Withdrawal.State.SENT]
    found += [
        {
            "kind": "Withdrawal",
            "payment": one,
            "href": reverse("payments:withdrawal_detail", args=[one.public_id]),
            "words": one.state_words,
        }
        for one in selectors.withdrawals(player).filter(state__in=states)[:RECENT]
    ]
    found += [
        {
            "kind": "Exact amount",
            "payment": one,
            "href": reverse("payments:invoice", args=[one.public_id]),
            "words": one.state_words,
            "is_invoice": True,
        }
        for one in invoices.open_of(player).filter(deposit=None)[:RECENT]
    ]
    return sorted(found, key=lambda line: line["payment"].created_at, reverse=True)


def _lines(player: Player, movements: list[wallets.Movement]) -> list[Line]:
    """Give movements of payments a link to their payment; the rest says what it belongs to."""
    in_kinds = {Kind.DEPOSIT, Kind.DEPOSIT_REVERSED}
    out_kinds = {Kind.WITHDRAWAL_RESERVED, Kind.WITHDRAWAL_PAID, Kind.WITHDRAWAL_RELEASED}
    in_ids = {one.source_id or 0 for one in movements if one.kind in in_kinds}
    out_ids = {one.source_id or 0 for one in movements if one.kind in out_kinds}
    came = dict(Deposit.objects.filter(player=player, pk__in=in_ids).values_list("pk", "public_id"))
    went = dict(
        Withdrawal.objects.filter(player=player, pk__in=out_ids).values_list("pk", "public_id")
    )
    lines = []
    for one in movements:
        href = ""
        if one.kind in in_kinds and one.source_id in came:
            href = reverse("payments:deposit_detail", args=[came[one.source_id]])
        elif one.kind in out_kinds and one.source_id in went:
            href = reverse("payments:withdrawal_detail", args=[went[one.source_id]])
        lines.append(Line(one, href, f"Round {one.round_ref}" if one.round_ref else ""))
    return lines
