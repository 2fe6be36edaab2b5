"""Paying out: asking for it, the address book, and the link for "this was not me"."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts import step_up
from apps.accounts.models import Player
from apps.accounts.people import player_required
from apps.core.clock import now
from apps.core.errors import DomainError
from apps.core.money import Money
from apps.payments import addressbook, approval, guard, limits, readiness, selectors, travel_rule
from apps.payments.cashier_views import WITHDRAWAL, cashier_context
from apps.payments.errors import KeyReused, LinkUsed, OwnerNeeded
from apps.payments.forms import (
    STALE,
    AddressForm,
    SavedOnlyForm,
    WithdrawalForm,
    new_key,
    show_error,
)
from apps.payments.models import Rail
from apps.payments.pages import choices_of, picked, progress_of, show
from apps.payments.services import withdrawals
from apps.wallet.errors import InsufficientFunds
from apps.wallet.selectors import balance


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@player_required
def withdraw(request: HttpRequest, player: Player) -> HttpResponse:
    """Fill in, review, confirm. Every refusal stands in words next to its field."""
    choices = choices_of(player, pays_out=True)
    chosen, rail = picked(request, choices, player)
    context: dict[str, Any] = {"tab": "withdraw", "choices": choices, "chosen": chosen}
    if rail is None or chosen is None:
        return show(request, "payments/withdraw.html", context)
    ready = readiness.of(player, rail)
    context |= {"rail": rail, "ready": ready, "step": "form"}
    if rail.is_fiat:
        context |= cashier_context(request, player, rail, WITHDRAWAL)
        return show(request, "payments/withdraw.html", context)
    book = addressbook.saved(player, rail)
    data = request.POST.copy() if request.method == "POST" else None
    form = WithdrawalForm(data, rail=rail, book=book, initial=_initial(request, book))
    stands = guard.standing(player)
    context |= {
        "form": form,
        "book": book,
        "fee_words": limits.fee_words(limits.terms(limits.Direction.WITHDRAWAL, player, rail)),
        "saved_only": stands.saved_only,
        "delay_hours": settings.PAYOUT_ADDRESS_DELAY_HOURS,
    }
    if request.method == "POST" and form.is_valid():
        try:
            amount = _read_request(form, rail, player, chosen.cash)
            if request.POST.get("step") == "confirm":
                step_up.give_password(request, player.user, form.cleaned_data["password"])
                withdrawal = withdrawals.request_withdrawal(
                    player=player,
                    amount=amount,
                    rail=rail,
                    address=form.cleaned_data["address"],
                    tag=form.tag_text,
                    key=form.cleaned_data["key"],
                    owner=form.owner(),
                )
                messages.success(request, "Your withdrawal is requested.")
                return redirect("payments:withdrawal_detail", withdrawal.public_id)
            if request.POST.get("step") == "review":
                context |= _review(request, player, rail, form, amount)
        except InsufficientFunds:
            have = f"You have {chosen.cash.text} {chosen.code}. Enter less."
            show_error(form, InsufficientFunds(fields={"amount": have}))
        except KeyReused:
            form.add_error(None, STALE)
        except OwnerNeeded as asked:
            if data is not None and not data.get("owner_name"):
                data["owner_name"] = travel_rule.suggested_name(player)
            show_error(form, asked)
        except DomainError as refused:
            if "password" in refused.fields:
                context |= _review(request, player, rail, form, amount)
            show_error(form, refused)
    context["asks_owner"] = form.names_owner
    status = 422 if form.errors else 200
    return show(request, "payments/withdraw.html", context, status=status)


@never_cache
@require_safe
@player_required
def withdrawal_detail(request: HttpRequest, player: Player, public_id: str) -> HttpResponse:
    """Who has it now, until when, and everything that happened before."""
    found = selectors.withdrawal(player, public_id)
    context = {
        "withdrawal": found,
        "is_cancellable": withdrawals.is_cancellable(found),
        **progress_of(found),
    }
    return show(request, "payments/withdrawal_detail.html", context, part="status")


@require_POST
@player_required
def cancel(request: HttpRequest, player: Player, public_id: str) -> HttpResponse:
    """Call a withdrawal back, where the house allows that at all."""
    withdrawals.cancel(player, public_id)
    messages.success(request, "Cancelled, the money is back in your balance.")
    return redirect("payments:withdrawal_detail", public_id)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@player_required
def addresses(request: HttpRequest, player: Player) -> HttpResponse:
    """The address book: what is in it, from when it may be used, and one more."""
    coins = [rail for rail in selectors.rails() if not rail.is_fiat and rail.pays_out]
    asked = request.POST if request.method == "POST" else request.GET
    form = AddressForm(
        request.POST or None,
        rails=coins,
        initial={"rail": asked.get("rail", ""), "address": request.GET.get("address", "")},
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            step_up.give_password(request, player.user, data["password"])
            made = addressbook.save(
                player=player,
                rail=selectors.rail(data["rail"]),
                address=data["address"],
                tag=data["tag"],
                label=data["label"],
                owner=form.owner(),
            )
        except DomainError as refused:
            show_error(form, refused)
        else:
            messages.success(request, _saved_words(made.usable_at > now()))
            return redirect("payments:addresses")
    context = {
        "tab": "addresses",
        "form": form,
        "book": [
            (one, travel_rule.of(one.owner) if one.owner else None)
            for one in addressbook.saved(player)
        ],
        "now": now(),
        "standing": guard.standing(player),
        "needs_password": not step_up.is_recent(request.session, player.user),
        "delay_hours": settings.PAYOUT_ADDRESS_DELAY_HOURS,
        "switch": SavedOnlyForm(),
    }
    return show(request, "payments/addresses.html", context, status=422 if form.errors else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@player_required
def remove_address(request: HttpRequest, player: Player, public_id: str) -> HttpResponse:
    """Ask once, then take it out of the book."""
    found = addressbook.one(player, public_id)
    if request.method == "POST":
        addressbook.remove(player, public_id)
        messages.success(request, "Removed. Saving it again starts a new wait.")
        return redirect("payments:addresses")
    return show(request, "payments/address_remove.html", {"tab": "addresses", "address": found})


@never_cache
@require_POST
@player_required
def saved_only(request: HttpRequest, player: Player) -> HttpResponse:
    """Switch paying to saved addresses only on, or off with the password."""
    on = request.POST.get("on") == "yes"
    if not on:
        try:
            step_up.give_password(request, player.user, request.POST.get("password", ""))
        except DomainError as refused:
            messages.error(request, refused.message)
            return redirect("payments:addresses")
    guard.set_saved_only(player, on=on)
    messages.success(
        request, "Only saved addresses are paid now." if on else "Other addresses are paid as well."
    )
    return redirect("payments:addresses")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def not_me(request: HttpRequest, token: str) -> HttpResponse:
    """The link of the mail about a new address. Opening it does nothing: mail programs do that."""
    try:
        link = addressbook.not_me(token)
        if request.method == "POST":
            withdrawals.disown_address(token)
            return render(request, "payments/not_me.html", {"is_done": True})
    except LinkUsed as refused:
        return render(
            request, "payments/not_me.html", {"refusal": refused.message}, status=refused.status
        )
    return render(request, "payments/not_me.html", {"address": link.saved_address})


def _initial(request: HttpRequest, book: list[Any]) -> dict[str, Any]:
    usable = next((one.public_id for one in book if one.usable_at <= now()), "")
    return {"key": new_key(), "to": request.GET.get("to", usable)}


def _read_request(form: WithdrawalForm, rail: Rail, player: Player, cash: Money) -> Money:
    """The amount, when everything that can be checked without the lock is right."""
    amount = Money.parse(form.cleaned_data["amount"], rail.money_currency)
    withdrawals.check_request(
        player=player,
        amount=amount,
        rail=rail,
        address=form.cleaned_data["address"],
        tag=form.tag_text,
    )
    if form.data.get("step") != "confirm":
        if amount > cash:
            raise InsufficientFunds
        readiness.require(player, rail, amount)
    return amount


def _review(
    request: HttpRequest, player: Player, rail: Rail, form: WithdrawalForm, amount: Money
) -> dict[str, Any]:
    """What the player is about to confirm, in full."""
    terms = limits.terms(limits.Direction.WITHDRAWAL, player, rail)
    fee = limits.fee(terms, amount)
    at = now()
    address = addressbook.check(player, rail, form.cleaned_data["address"], form.tag_text)
    known = addressbook.find(player, rail, address, form.tag_text)
    owner = form.owner()
    if owner is None and known is not None and known.owner is not None:
        owner = travel_rule.of(known.owner)
    if owner is None and travel_rule.is_needed(player, rail, amount):
        raise OwnerNeeded(fields={"owner_wallet": travel_rule.WHOSE})
    usable_at = (
        known.usable_at if known else at + timedelta(hours=settings.PAYOUT_ADDRESS_DELAY_HOURS)
    )
    held_until = usable_at if usable_at > at else None
    return {
        "step": "review",
        "amount": amount,
        "fee": fee,
        "receives": amount - fee,
        "left": balance(player.pk, rail.money_currency).cash - amount,
        "saved": known,
        "owner": owner,
        "held_until": held_until,
        "decided_by": approval.due_at(player, held_until or at),
        "people": approval.people_needed(rail, amount),
        "needs_password": not step_up.is_recent(request.session, player.user),
    }


def _saved_words(waits: bool) -> str:
    if not waits:
        return "Saved."
    return (
        f"Saved. It can be used in {settings.PAYOUT_ADDRESS_DELAY_HOURS} hours; we sent you a mail."
    )
