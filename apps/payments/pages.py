"""What the wallet's pages share: their frame, the choice of a way to pay, and the progress."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from apps.accounts.models import Player
from apps.core.money import Money
from apps.payments import selectors
from apps.payments.models import Deposit, PaymentStep, Rail, Withdrawal
from apps.wallet import selectors as wallets


@dataclass(frozen=True)
class Choice:
    """A currency that can be paid in or out, and its networks."""

    code: str
    name: str
    cash: Money
    rails: list[Rail]


def show(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    *,
    part: str = "",
    status: int = 200,
) -> HttpResponse:
    """The whole page, or only its part when htmx asks for that."""
    name = f"{template}#{part}" if part and is_part(request) else template
    return render(request, name, context, status=status)


def is_part(request: HttpRequest) -> bool:
    return bool(request.htmx) and not request.htmx.boosted  # type: ignore[attr-defined]  # by middleware


def choices_of(
    player: Player, *, pays_out: bool = False, only: Callable[[Rail], bool] | None = None
) -> list[Choice]:
    """Currencies that can be paid in, or out, in the order of the balances."""
    way = {"pays_out": True} if pays_out else {"takes_deposits": True}
    by_code: dict[str, list[Rail]] = {}
    for rail in selectors.rails().filter(**way):
        if only is None or only(rail):
            by_code.setdefault(rail.currency_id, []).append(rail)
    return [
        Choice(one.currency.code, one.currency.name, one.cash, by_code[one.currency.code])
        for one in wallets.balances(player.pk)
        if one.currency.code in by_code
    ]


def picked(
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


def progress_of(payment: Deposit | Withdrawal) -> dict[str, Any]:
    """Who has it now and since when, and the steps with their marks."""
    steps = list(payment.steps.all())
    latest = steps[-1] if steps else None
    refused = {
        Deposit.State.CANCELLED,
        Deposit.State.REFUNDED,
        Deposit.State.REVERSED,
        Withdrawal.State.REJECTED,
        Withdrawal.State.RELEASED,
        Withdrawal.State.CANCELLED,
    }
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
        "until": latest.until if latest else None,
        "is_finished": payment.is_final,
        "holder_is_nobody": latest is not None and latest.holder == PaymentStep.Holder.NOBODY,
    }


def with_rail(name: str, rail: Rail) -> str:
    return f"{reverse(name)}?{urlencode({'currency': rail.currency_id, 'rail': rail.code})}"


def simulator_url(address: str, tag: str) -> str:
    """Where a visitor of the demo plays the sender; empty anywhere else."""
    if not getattr(settings, "DEMO", False):
        return ""
    query = {"address": address} | ({"tag": tag} if tag else {})
    return f"{settings.SIMULATORS_URL}/coinspaid/send?{urlencode(query)}"
