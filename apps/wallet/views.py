"""Exchange between own wallets, the vault, and in which currency amounts are shown."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from apps.accounts import step_up
from apps.accounts.models import Player
from apps.accounts.people import player_required
from apps.core.clock import now
from apps.core.errors import DomainError
from apps.core.money import Money
from apps.ledger.selectors import currencies, currency
from apps.wallet import exchange, portfolio, selectors, vault
from apps.wallet.forms import DELAY_WORDS, DelayForm, ExchangeForm, VaultForm, new_key, show_error
from apps.wallet.models import ExchangeQuote, VaultRelease

FALLBACK = ("USDT", "BTC")


# ---- exchange ------------------------------------------------------------------------------------


@never_cache
@require_safe
@player_required
def swap(request: HttpRequest, player: Player) -> HttpResponse:
    """What to sell for what; htmx asks for the form alone when a currency is changed."""
    source, target = _pair(request.GET, player)
    form = ExchangeForm(
        initial={"source": source, "target": target, "amount": request.GET.get("amount", "")[:40]}
    )
    return _exchange_page(request, player, form, source, target, part="form")


@never_cache
@require_safe
@player_required
def estimate(request: HttpRequest, player: Player) -> HttpResponse:
    """What an amount would give now, while it is being typed. Nothing is kept."""
    source, target = _pair(request.GET, player)
    context = _estimated(player, source, target, request.GET.get("amount", ""))
    return render(request, "wallet/_estimate.html", context)


@never_cache
@require_POST
@player_required
def make_quote(request: HttpRequest, player: Player) -> HttpResponse:
    """Freeze an offer; its page shows the time that is left."""
    form = ExchangeForm(request.POST)
    source, target = _pair(request.POST, player)
    if form.is_valid():
        data = form.cleaned_data
        try:
            quote = exchange.quote(
                player=player,
                sold=Money.parse(data["amount"].strip(), currency(data["source"])),
                bought_code=data["target"],
            )
        except DomainError as refused:
            show_error(form, refused)
        else:
            return redirect("wallet:quote_page", quote.public_id)
    return _exchange_page(request, player, form, source, target, status=422)


@never_cache
@require_POST
@player_required
def accept_quote(request: HttpRequest, player: Player, public_id: str) -> HttpResponse:
    """Carry it out; a second click finds the receipt of the first."""
    try:
        # A quote is taken once, so its own id is the key of the page.
        done = exchange.accept(player=player, quote_id=public_id, key=public_id)
    except DomainError as refused:
        quote = exchange.one(player, public_id)
        return _quote_page(request, player, quote, problem=refused.message, status=422)
    return redirect("wallet:quote_page", done.public_id)


@never_cache
@require_safe
@player_required
def quote_page(request: HttpRequest, player: Player, public_id: str) -> HttpResponse:
    """A quote with its clock, and once it was taken the receipt."""
    quote = exchange.one(player, public_id)
    if quote.accepted_at is None:
        return _quote_page(request, player, quote)
    context = {
        "tab": "exchange",
        "quote": quote,
        "sold_left": selectors.balance(player.pk, quote.sold.currency).cash,
        "bought_now": selectors.balance(player.pk, quote.bought.currency).cash,
    }
    return render(request, "wallet/receipt.html", context)


def _exchange_page(
    request: HttpRequest,
    player: Player,
    form: ExchangeForm,
    source: str,
    target: str,
    *,
    part: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        "tab": "exchange",
        "form": form,
        "source": source,
        "target": target,
        "available": selectors.balance(player.pk, currency(source)).cash,
        "latest": exchange.latest(player),
        "spread": _percent(settings.EXCHANGE_SPREAD_BPS),
        "seconds": settings.EXCHANGE_QUOTE_SECONDS,
    }
    if not form.is_bound:
        context |= _estimated(player, source, target, form.initial.get("amount", ""))
    template = "wallet/exchange.html"
    if part and _is_part(request):
        template = f"{template}#{part}"
    return render(request, template, context, status=status)


def _quote_page(
    request: HttpRequest,
    player: Player,
    quote: ExchangeQuote,
    *,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    left = max(0, int((quote.expires_at - now()).total_seconds()))
    context = {
        "tab": "exchange",
        "quote": quote,
        "spread": _percent(quote.spread_bps),
        "problem": problem,
        "seconds": settings.EXCHANGE_QUOTE_SECONDS,
        # The browser counts down from here by its own stopwatch: clocks differ.
        "seconds_left": 0 if problem else left,
        "worth": portfolio.worth(player, quote.received),
    }
    return render(request, "wallet/quote.html", context, status=status)


def _estimated(player: Player, source: str, target: str, text: str) -> dict[str, Any]:
    """What an amount would give now, or what is wrong with it."""
    context: dict[str, Any] = {"source": source, "target": target}
    try:
        context |= _indication(source, target)
        if text.strip():
            offer = exchange.terms(Money.parse(text.strip(), currency(source)), target)
            context |= {"offer": offer, "worth": portfolio.worth(player, offer.sold)}
    except DomainError as refused:
        context["problem"] = " ".join(refused.fields.values()) or refused.message
    return context


def _indication(source: str, target: str) -> dict[str, Any]:
    """The rate of one unit and the least amount, as they are now."""
    found = exchange.settling([source, target])
    one = Money(10 ** currency(source).scale, currency(source))
    offer = exchange.price(one, found[source], found[target], 0)
    return {"rate": offer.rate, "minimum": exchange.minimum(source, found[source])}


def _pair(asked: Any, player: Player) -> tuple[str, str]:
    """The currencies of a form or an address, or sensible first ones."""
    offered = [one.code for one in currencies()]
    source = asked.get("source", "") or asked.get("from", "")
    source = source if source in offered else player.active_currency
    target = asked.get("target", "") or asked.get("to", "")
    if target not in offered or target == source:
        target = next(code for code in (*FALLBACK, *offered) if code != source)
    return source, target


def _percent(bps: int) -> str:
    return f"{bps / 100:g}"  # for people; no amount is computed from it


# ---- vault ---------------------------------------------------------------------------------------


@never_cache
@require_safe
@player_required
def vault_page(request: HttpRequest, player: Player) -> HttpResponse:
    code = request.GET.get("currency", "")
    code = code if code in {one.code for one in currencies()} else player.active_currency
    start = {"currency": code, "key": new_key()}
    return _vault_page(
        request, player, put=VaultForm(initial=start), take=VaultForm(initial=start | {"key": new_key()})
    )  # fmt: skip


@never_cache
@require_POST
@player_required
def vault_put(request: HttpRequest, player: Player) -> HttpResponse:
    form = VaultForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        try:
            amount = Money.parse(data["amount"].strip(), currency(data["currency"]))
            vault.put(player=player, amount=amount, key=data["key"])
        except DomainError as refused:
            show_error(form, refused)
        else:
            messages.success(request, f"{amount.text} {amount.currency.code} are in the vault.")
            return redirect("wallet:vault")
    return _vault_page(request, player, put=form, status=422)


@never_cache
@require_POST
@player_required
def vault_take(request: HttpRequest, player: Player) -> HttpResponse:
    form = VaultForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        try:
            step_up.give_password(request, player.user, data["password"])
            amount = Money.parse(data["amount"].strip(), currency(data["currency"]))
            taken = vault.take(player=player, amount=amount, key=data["key"])
        except DomainError as refused:
            show_error(form, refused)
        else:
            words = f"{amount.text} {amount.currency.code}"
            if isinstance(taken, VaultRelease):
                messages.success(request, f"{words} leave the vault on {_moment(taken.due_at)}.")
            else:
                messages.success(request, f"{words} are in your balance.")
            return redirect("wallet:vault")
    return _vault_page(request, player, take=form, status=422)


@require_POST
@player_required
def vault_cancel(request: HttpRequest, player: Player, public_id: str) -> HttpResponse:
    vault.cancel(player=player, release_id=public_id)
    messages.success(request, "It stays in the vault.")
    return redirect("wallet:vault")


@require_POST
@player_required
def vault_delay(request: HttpRequest, player: Player) -> HttpResponse:
    form = DelayForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose one of the times on offer.")
        return redirect("wallet:vault")
    kept = vault.set_delay(player=player, hours=form.cleaned_data["hours"])
    if kept.vault_next_at:
        messages.success(request, f"The shorter time starts on {_moment(kept.vault_next_at)}.")
    else:
        messages.success(request, "Saved.")
    return redirect("wallet:vault")


def _vault_page(
    request: HttpRequest,
    player: Player,
    *,
    put: VaultForm | None = None,
    take: VaultForm | None = None,
    status: int = 200,
) -> HttpResponse:
    shown = portfolio.portfolio(player)
    kept = portfolio.settings_of(player)
    hours = vault.delay_hours(player, at=now())
    take = take or VaultForm(initial={"currency": player.active_currency, "key": new_key()})
    needs_password = not step_up.is_recent(request.session, player.user)
    take.fields["password"].required = needs_password  # so that its label does not say optional
    context = {
        "tab": "vault",
        "put": put or VaultForm(initial={"currency": player.active_currency, "key": new_key()}),
        "take": take,
        "lines": [line for line in shown.lines if line.balance.vault],
        "choices": [
            (line.balance.currency.code, line.balance.currency.code) for line in shown.lines
        ],
        "cash": [line.balance for line in shown.lines if line.balance.cash.units > 0],
        "releases": vault.releases(player),
        "delay": DelayForm(initial={"hours": hours}, auto_id="id_delay_%s"),
        "delay_words": DELAY_WORDS[hours].lower(),
        "shorter_at": kept.vault_next_at
        if kept.vault_next_at and kept.vault_next_at > now()
        else None,
        "needs_password": needs_password,
    }
    return render(request, "wallet/vault.html", context, status=status)


# ---- how amounts are shown -----------------------------------------------------------------------


@require_POST
@player_required
def display(request: HttpRequest, player: Player) -> HttpResponse:
    """The one switch: in which money of a state everything is shown as well, and empty wallets."""
    if "display" in request.POST:
        portfolio.choose_display(player, request.POST["display"])
    if "empty" in request.POST:
        portfolio.hide_empty(player, hides=request.POST["empty"] == "hide")
    target = request.POST.get("next", "")
    is_safe = url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()})
    return redirect(target if is_safe else reverse("payments:wallet"))


@never_cache
@require_safe
@player_required
def total(request: HttpRequest, player: Player) -> HttpResponse:
    """All balances together, asked for when the purse is opened."""
    return render(request, "wallet/_total.html", {"portfolio": portfolio.portfolio(player)})


def _moment(at: datetime) -> str:
    return f"{at:%-d %B %H:%M} UTC"


def _is_part(request: HttpRequest) -> bool:
    return bool(request.htmx) and not request.htmx.boosted  # type: ignore[attr-defined]  # by middleware
