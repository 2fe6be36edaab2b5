"""The wallet: balances, paying in, paying out, and what became of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from apps.accounts.models import Player
from apps.accounts.people import player_required
from apps.core.errors import DomainError
from apps.core.money import Money
from apps.ledger.models import Kind
from apps.payments import selectors
from apps.payments.errors import GatewayUnavailable, KeyReused
from apps.payments.forms import STALE, WithdrawalForm, new_key, show_error
from apps.payments.models import Deposit, PaymentStep, Rail, Withdrawal
from apps.payments.services import deposits, withdrawals
from apps.wallet import selectors as wallets
from apps.wallet.errors import InsufficientFunds
from apps.wallet.services import set_active

ID_MAX = 2**63 - 1
RECENT = 6
KINDS: dict[str, tuple[str, tuple[Kind, ...]]] = {
    "deposits": ("Deposits", (Kind.DEPOSIT, Kind.DEPOSIT_REVERSED)),
    "withdrawals": (
        "Withdrawals",
        (Kind.WITHDRAWAL_RESERVED, Kind.WITHDRAWAL_RELEASED, Kind.WITHDRAWAL_PAID),
    ),
    "games": ("Games", (Kind.BET, Kind.WIN, Kind.ROLLBACK)),
    "extras": ("Free spins and prizes", (Kind.FREE_SPINS_WIN, Kind.PROMO_WIN)),
}


@dataclass(frozen=True)
class Line:
    """A movement with the page that tells more about it."""

    movement: wallets.Movement
    href: str
    hint: str


@dataclass(frozen=True)
class Choice:
    """A currency that can be paid in or out, and its networks."""

    code: str
    name: str
    cash: Money
    rails: list[Rail]


@never_cache
@require_safe
@player_required
def wallet(request: HttpRequest, player: Player) -> HttpResponse:
    every = wallets.balances(player.pk)
    held = [one for one in every if not one.is_empty or one.currency.code == player.active_currency]
    shows_all = request.GET.get("zero") == "show" or all(one.is_empty for one in every)
    shown = every if shows_all else held
    context = {
        "tab": "overview",
        "wallets": shown,
        "shows_all": shows_all,
        "hidden_count": len(every) - len(held),
        "payable": {rail.currency_id for rail in selectors.rails()},
        "open_payments": _open_payments(player),
        "lines": _lines(player, wallets.history(player.pk, limit=RECENT)),
    }
    return _page(request, "payments/wallet.html", context, part="live")


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
    choices = _choices(player)
    chosen, rail = _picked(request, choices, player)
    address = selectors.address_of(player, rail) if rail else None
    error, status = "", 200
    if request.method == "POST" and rail:
        try:
            address = deposits.take_address(player=player, rail=rail)
        except DomainError as refused:
            error, status = refused.message, 422
            if isinstance(refused, GatewayUnavailable) and not _is_part(request):
                status = refused.status
        else:
            if not _is_part(request):
                return redirect(_with_rail("payments:deposit", rail))
    context = {
        "tab": "deposit",
        "choices": choices,
        "chosen": chosen,
        "rail": rail,
        "address": address,
        "error": error,
        "deposits": selectors.recent_deposits(player),
        "simulator_url": _simulator_url(address.address, address.tag) if address else "",
    }
    return _page(request, "payments/deposit.html", context, part="body", status=status)


@never_cache
@require_safe
@player_required
def deposit_status(request: HttpRequest, player: Player) -> HttpResponse:
    """The list that follows deposits from the first sight to the credit."""
    if not _is_part(request):
        return redirect("payments:deposit")
    context = {"deposits": selectors.recent_deposits(player)}
    return _page(request, "payments/_deposits.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@player_required
def withdraw(request: HttpRequest, player: Player) -> HttpResponse:
    """Fill in, review, confirm. Every refusal stands in words next to its field."""
    choices = _choices(player)
    chosen, rail = _picked(request, choices, player)
    context: dict[str, Any] = {"tab": "withdraw", "choices": choices, "chosen": chosen}
    if rail is None or chosen is None:
        return _page(request, "payments/withdraw.html", context)
    available = _payable(chosen.cash, rail)
    form = WithdrawalForm(request.POST or None, rail=rail, initial={"key": new_key()})
    context |= {"rail": rail, "form": form, "available": available, "step": "form"}
    if request.method == "POST" and form.is_valid():
        try:
            amount = _read_request(form, rail, chosen.cash)
            if request.POST.get("step") == "confirm":
                withdrawal = withdrawals.request_withdrawal(
                    player=player,
                    amount=amount,
                    rail=rail,
                    address=form.cleaned_data["address"],
                    tag=form.tag_text,
                    key=form.cleaned_data["key"],
                )
                messages.success(request, "Your withdrawal is requested.")
                return redirect("payments:withdrawal_detail", withdrawal.public_id)
            if request.POST.get("step") == "review":
                context |= {"step": "review", "amount": amount, "left": chosen.cash - amount}
        except InsufficientFunds:
            have = f"You have {chosen.cash.text} {chosen.code}. Enter less."
            show_error(form, InsufficientFunds(fields={"amount": have}))
        except KeyReused:
            form.add_error(None, STALE)
        except DomainError as refused:
            show_error(form, refused)
    status = 422 if form.errors else 200
    return _page(request, "payments/withdraw.html", context, status=status)


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
    part = "rows" if before_id is not None else "body"
    return _page(request, "payments/history.html", context, part=part)


@never_cache
@require_safe
@player_required
def deposit_detail(request: HttpRequest, player: Player, public_id: str) -> HttpResponse:
    found = selectors.deposit(player, public_id)
    context = {"deposit": found, **_progress(found)}
    return _page(request, "payments/deposit_detail.html", context, part="status")


@never_cache
@require_safe
@player_required
def withdrawal_detail(request: HttpRequest, player: Player, public_id: str) -> HttpResponse:
    """Who has it now, since when, and everything that happened before."""
    found = selectors.withdrawal(player, public_id)
    context = {"withdrawal": found, **_progress(found)}
    return _page(request, "payments/withdrawal_detail.html", context, part="status")


def _page(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    *,
    part: str = "",
    status: int = 200,
) -> HttpResponse:
    """The whole page, or only its part when htmx asks for that."""
    name = f"{template}#{part}" if part and _is_part(request) else template
    response = render(request, name, context, status=status)
    patch_vary_headers(response, ["HX-Request", "HX-Boosted"])
    return response


def _is_part(request: HttpRequest) -> bool:
    return bool(request.htmx) and not request.htmx.boosted  # type: ignore[attr-defined]  # by middleware


def _choices(player: Player) -> list[Choice]:
    """Currencies that have a rail, in the order of the balances."""
    by_code: dict[str, list[Rail]] = {}
    for rail in selectors.rails():
        by_code.setdefault(rail.currency_id, []).append(rail)
    return [
        Choice(one.currency.code, one.currency.name, one.cash, by_code[one.currency.code])
        for one in wallets.balances(player.pk)
        if one.currency.code in by_code
    ]


def _picked(
    request: HttpRequest, choices: list[Choice], player: Player
) -> tuple[Choice | None, Rail | None]:
    """The currency and network of the address bar or the form, or sensible first ones."""
    asked = request.POST if request.method == "POST" else request.GET
    code = asked.get("rail", "")
    for choice in choices:
        for rail in choice.rails:
            if rail.code == code:
                return choice, rail
    wanted = asked.get("currency", "") or player.active_currency
    chosen = next((one for one in choices if one.code == wanted), choices[0] if choices else None)
    return (chosen, chosen.rails[0]) if chosen else (None, None)


def _read_request(form: WithdrawalForm, rail: Rail, cash: Money) -> Money:
    """The amount, when everything that can be checked without the lock is right."""
    amount = Money.parse(form.cleaned_data["amount"], rail.money_currency)
    withdrawals.check_request(
        amount=amount, rail=rail, address=form.cleaned_data["address"], tag=form.tag_text
    )
    if amount > cash and form.data.get("step") != "confirm":
        raise InsufficientFunds
    return amount


def _payable(cash: Money, rail: Rail) -> Money:
    """The balance without the digits the gateway cannot carry: what Max fills in."""
    finer = 10 ** max(cash.currency.scale - rail.decimals_max, 0)
    return Money(max(cash.units, 0) // finer * finer, cash.currency)


def _open_payments(player: Player) -> list[dict[str, Any]]:
    """What is under way, newest first, with the page that follows it."""
    found: list[dict[str, Any]] = [
        {
            "kind": "Deposit",
            "payment": one,
            "href": reverse("payments:deposit_detail", args=[one.public_id]),
            "words": f"{one.confirmations} of {one.rail.confirmations} confirmations",
        }
        for one in selectors.deposits(player).filter(state=Deposit.State.PENDING)[:RECENT]
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


def _progress(payment: Deposit | Withdrawal) -> dict[str, Any]:
    """Who has it now and since when, and the steps with their marks."""
    steps = list(payment.steps.all())
    latest = steps[-1] if steps else None
    refused = {Deposit.State.CANCELLED, Withdrawal.State.REJECTED, Withdrawal.State.RELEASED}
    marks = []
    for step in steps:
        is_last = step is latest
        mark = "now" if is_last and not payment.is_final else "done"
        if is_last and payment.state in refused:
            mark = "rejected"
        marks.append((step, mark))
    since: datetime | None = latest.at if latest else None
    holder = latest.get_holder_display() if latest else ""
    return {
        "steps": marks,
        "holder": holder,
        "since": since,
        "is_finished": payment.is_final,
        "holder_is_nobody": latest is not None and latest.holder == PaymentStep.Holder.NOBODY,
    }


def _with_rail(name: str, rail: Rail) -> str:
    return f"{reverse(name)}?{urlencode({'currency': rail.currency_id, 'rail': rail.code})}"


def _simulator_url(address: str, tag: str) -> str:
    """Where a visitor of the demo plays the sender; empty anywhere else."""
    if not getattr(settings, "DEMO", False):
        return ""
    query = {"address": address} | ({"tag": tag} if tag else {})
    return f"{settings.SIMULATORS_URL}/coinspaid/send?{urlencode(query)}"
