"""Paying in an exact amount, and the name a gateway must be told with it."""

from typing import Any

from django.conf import settings
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
from apps.core.money import Money
from apps.payments import identity
from apps.payments.errors import GatewayUnavailable, KeyReused
from apps.payments.forms import InvoiceForm, NameForm, new_key, show_error
from apps.payments.models import Invoice, PayerName
from apps.payments.pages import choices_of, picked, progress_of, show
from apps.payments.services import invoices

SHOWN = 5
STALE = "This form was used already for another amount. Open the page again."


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@player_required
def exact(request: HttpRequest, player: Player) -> HttpResponse:
    """Name an amount and get an address for exactly that, for a while."""
    choices = choices_of(player, only=invoices.is_offered)
    chosen, rail = picked(request, choices, player)
    context: dict[str, Any] = {
        "tab": "deposit",
        "choices": choices,
        "chosen": chosen,
        "rail": rail,
        "invoices": invoices.of(player)[:SHOWN],
    }
    if rail is None:
        return show(request, "payments/exact.html", context)
    context["needs_name"] = identity.is_name_needed(player, rail)
    data = request.POST.copy() if request.method == "POST" else None
    form = InvoiceForm(data, initial={"key": new_key()})
    status = 200
    if data is not None and form.is_valid():
        try:
            opened = invoices.open_invoice(
                player=player,
                rail=rail,
                amount=Money.parse(form.cleaned_data["amount"], rail.money_currency),
                key=form.cleaned_data["key"],
            )
        except KeyReused:
            form.add_error(None, STALE)
        except DomainError as refused:
            show_error(form, refused)
            if isinstance(refused, GatewayUnavailable):
                # The wish is lost with its key: the next try is a new one.
                data["key"] = new_key()
                status = refused.status
        else:
            return redirect("payments:invoice", opened.public_id)
    if form.errors and status == 200:
        status = 422
    return show(request, "payments/exact.html", context | {"form": form}, status=status)


@never_cache
@require_safe
@player_required
def invoice(request: HttpRequest, player: Player, public_id: str) -> HttpResponse:
    """What to pay, where, until when; and what became of it."""
    found = invoices.find(player, public_id)
    takes_coins = found.state == Invoice.State.OPEN or (
        found.state == Invoice.State.PAYING and found.takes_parts and found.remaining > 0
    )
    context = {
        "tab": "deposit",
        "invoice": found,
        "rail": found.rail,
        "deposit": found.deposit,
        "is_payable": takes_coins and not found.is_over,
        # In the demo the gateway's own page is where a visitor plays the payer.
        "simulator_url": found.url if getattr(settings, "DEMO", False) else "",
        **(progress_of(found.deposit) if found.deposit else {}),
    }
    return show(request, "payments/invoice.html", context, part="status")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@player_required
def payer_name(request: HttpRequest, player: Player) -> HttpResponse:
    """The name a player sends and receives in, for gateways that must be told."""
    kept = PayerName.objects.filter(player=player).first()
    initial = {"first_name": kept.first_name, "last_name": kept.last_name} if kept else {}
    form = NameForm(request.POST or None, initial=initial)
    asked = request.POST if request.method == "POST" else request.GET
    target = asked.get("next", "")
    if not url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}):
        target = reverse("payments:deposit")
    if request.method == "POST" and form.is_valid():
        try:
            identity.set_name(player=player, **form.cleaned_data)
        except DomainError as refused:
            show_error(form, refused)
        else:
            messages.success(request, "Your name is kept for your payments.")
            return redirect(target)
    context = {"tab": "deposit", "form": form, "next": target}
    return show(request, "payments/name.html", context, status=422 if form.errors else 200)
