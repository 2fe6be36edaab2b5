"""A player's complaints: file one at any hour, read our answers, write again, or go outside."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.models import Player
from apps.accounts.people import player_required
from apps.core.clock import now
from apps.core.errors import DomainError
from apps.risk import bodies
from apps.risk.forms import ComplaintForm, LetterForm
from apps.risk.models import Complaint
from apps.risk.services import complaints as service


@require_safe
@never_cache
@player_required
def complaints(request: HttpRequest, player: Player) -> HttpResponse:
    """Everything this player ever filed, and the body outside."""
    return render(
        request,
        "risk/complaints.html",
        {"complaints": service.of(player), "body": bodies.body_for(player.country)},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@player_required
def new_complaint(request: HttpRequest, player: Player) -> HttpResponse:
    """File one. `?kind=contest&about=…` comes from where a rule decided something."""
    start = {"kind": request.GET.get("kind", ""), "about": request.GET.get("about", "")[:64]}
    form = ComplaintForm(request.POST if request.method == "POST" else None, initial=start)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                made = service.file(player, service.Letter(**form.cleaned_data))
            except DomainError as error:
                _show(form, error)
                status = error.status if error.status != 400 else 422
            else:
                messages.success(request, f"We have it under {made.public_id}.")
                return redirect("risk:complaint", made.public_id)
    return render(
        request,
        "risk/complaint_new.html",
        {"form": form, "body": bodies.body_for(player.country)},
        status=status,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@player_required
def complaint(request: HttpRequest, player: Player, public_id: str) -> HttpResponse:
    """One, with its correspondence; a POST adds a letter."""
    row = service.one(player, public_id)
    form = LetterForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                service.write(player, public_id, form.cleaned_data["text"])
            except DomainError as error:
                _show(form, error)
            else:
                messages.success(request, "Sent.")
                return redirect("risk:complaint", public_id)
    return render(
        request,
        "risk/complaint.html",
        {
            "complaint": row,
            "letters": row.messages.all(),
            "form": form,
            "body": bodies.body_for(row.country),
            "may_go_outside": row.close_by <= now() or row.state == Complaint.State.CLOSED,
        },
        status=status,
    )


@require_POST
@player_required
def take_back(request: HttpRequest, player: Player, public_id: str) -> HttpResponse:
    service.take_back(player, public_id)
    messages.success(request, "The complaint is closed.")
    return redirect("risk:complaint", public_id)


def _show(form: forms.Form, error: DomainError) -> None:
    """A refused rule at its fields, or above the form."""
    fields = {name: text for name, text in error.fields.items() if name in form.fields}
    for name, text in fields.items():
        form.add_error(name, text)
    if not fields:
        form.add_error(None, error.message)
