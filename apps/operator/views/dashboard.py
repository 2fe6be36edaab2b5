"""The live wall: what the house takes, what waits, and whether everything runs."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from apps.core.clock import now
from apps.core.money import Currency
from apps.integrations.selectors import PartnerCallbacks, callback_health
from apps.ledger import selectors as ledger
from apps.ledger.models import Entry, Kind
from apps.operator import charts, money_queues, queues
from apps.operator.pages import needs, page
from apps.reports import selectors as reports
from apps.reports.periods import LABELS, Period, period

BETS_SHOWN = 14
HEALTH_HOURS = 24
# The entries behind each number, for the way back from a number to the journal.
KINDS_BEHIND = {
    "ggr": [Kind.BET, Kind.WIN, Kind.FREE_SPINS_WIN, Kind.PROMO_WIN, Kind.ROLLBACK],
    "stakes": [Kind.BET, Kind.ROLLBACK],
    "wins": [Kind.WIN, Kind.FREE_SPINS_WIN, Kind.PROMO_WIN, Kind.ROLLBACK],
    "deposits": [Kind.DEPOSIT, Kind.DEPOSIT_REVERSED],
    "withdrawals": [Kind.WITHDRAWAL_PAID],
}
# Of the rollbacks, stakes take back those that return money, wins those that take it.
SIGN_BEHIND = {"stakes": "bets", "wins": "wins"}


def show(request: HttpRequest) -> HttpResponse:
    return page(request, "operator/dashboard.html", title="Dashboard", **_wall(request))


def live(request: HttpRequest) -> HttpResponse:
    """The part of the wall that refreshes itself."""
    return TemplateResponse(request, "operator/dashboard.html#wall", _wall(request))


@needs("operator.view_dashboard")
def bets(request: HttpRequest) -> HttpResponse:
    return TemplateResponse(request, "operator/dashboard.html#bets", {"bets": _latest_bets()})


def _wall(request: HttpRequest) -> dict[str, Any]:
    chosen = period(request.GET.get("period", ""), at=now())
    context: dict[str, Any] = {
        "counters": _counters(request),
        "periods": LABELS,
        "period": chosen,
        "at": now(),
    }
    if request.user.has_perm("operator.view_dashboard"):
        context |= _revenue(request, chosen)
    return context


def _revenue(request: HttpRequest, chosen: Period) -> dict[str, Any]:
    found = reports.revenue(chosen)
    currency = _chosen_currency(request.GET.get("currency", ""), [one.currency for one in found])
    totals = next((one for one in found if one.currency == currency), None)
    return {
        "revenue": found,
        "currency": currency,
        "totals": totals or reports.no_revenue(currency),
        "behind": {name: _drill_down(name, chosen, currency) for name in KINDS_BEHIND},
        "chart": charts.hourly(reports.ggr_by_hour(chosen, currency)),
        "online": reports.players_online(),
        "active": reports.players_active(chosen),
        "lags": reports.follower_lags(),
        "partners": _partners(),
        "bets": _latest_bets(),
    }


def _chosen_currency(code: str, found: list[Currency]) -> Currency:
    known = {currency.code: currency for currency in [*ledger.currencies(), *found]}
    if code in known:
        return known[code]
    return found[0] if found else next(iter(known.values()))


def _drill_down(name: str, chosen: Period, currency: Currency) -> str:
    query = {
        "kind__in": ",".join(str(int(kind)) for kind in KINDS_BEHIND[name]),
        "wallet__currency__id__exact": ledger.currency_id(currency.code),
        "created_at__gte": chosen.since.isoformat(),
    }
    if name in SIGN_BEHIND:
        query["side"] = SIGN_BEHIND[name]
    return f"{reverse('admin:ledger_entry_changelist')}?{urlencode(query)}"


def _counters(request: HttpRequest) -> list[queues.Counter]:
    counters: list[queues.Counter] = []
    user = request.user
    if user.has_perm("payments.view_withdrawal"):
        counters += queues.withdrawal_counters()
    if user.has_perm("kyc.review_case"):
        counters.append(queues.verification_counter())
    if user.has_perm("kyc.view_hit"):
        counters.append(queues.hit_counter())
    if user.has_perm("operator.view_payment_board"):
        counters.append(money_queues.held_counter())
    if user.has_perm("audit.view_proposal"):
        counters.append(money_queues.proposal_counter())
    if user.has_perm("treasury.view_break"):
        counters.append(money_queues.break_counter())
    if user.has_perm("audit.view_alarm"):
        counters.append(queues.alarm_counter())
    if user.has_perm("integrations.view_inboxmessage"):
        counters.append(queues.callback_counter())
    if user.has_perm("events.view_delivery"):
        counters.append(queues.delivery_counter())
    return counters


def _partners() -> list[dict[str, Any]]:
    """Each partner by name: when it last moved money, and how its callbacks fare."""
    since = now() - timedelta(hours=HEALTH_HOURS)
    moved: dict[str, datetime] = {
        one.partner: one.moved_at for one in reports.partner_movements(since)
    }
    calls: dict[str, PartnerCallbacks] = {one.partner: one for one in callback_health()}
    names = sorted((moved.keys() | calls.keys()) - {"casino"})
    return [
        {"name": name, "moved_at": moved.get(name), "callbacks": calls.get(name)} for name in names
    ]


def _latest_bets() -> list[Entry]:
    """The newest stakes and wins; one index scan from the end of the journal."""
    return list(
        Entry.objects.filter(kind__in=[Kind.BET, Kind.WIN])
        .select_related("wallet__currency", "wallet__player", "partner")
        .order_by("-pk")[:BETS_SHOWN]
    )
