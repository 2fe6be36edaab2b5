"""What left according to the gateway, against what the ledger let leave.

Somebody with the gateway's key could pay out without us. So its own book is read every few minutes:
each payout in it must be one of ours, with our amount, and what the ledger says was paid. When it
is not, all payouts stop.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

import structlog
from django.db.models import Sum

from apps.core.clock import now
from apps.integrations.errors import ProviderError
from apps.ledger.models import Entry, Kind, Purse
from apps.payments.models import PayoutStop, Withdrawal
from apps.payments.providers.base import StatementRow
from apps.payments.providers.registry import COIN_GATEWAYS, gateway
from apps.payments.services import payout_switch

log = structlog.get_logger()
State = Withdrawal.State
PAID = "confirmed"
SHOWN_MAX = 5
# What the gateway has finished and we have not heard of yet.
IN_FLIGHT = {State.SENDING, State.SENT}


@dataclass
class Comparison:
    """One day of one gateway. Totals are per currency; in_flight is paid there, open here.

    refs: the gateway's ids of the payouts with a problem.
    """

    problems: list[str] = field(default_factory=list)
    refs: list[str] = field(default_factory=list)
    gateway_total: dict[str, Decimal] = field(default_factory=dict)
    ledger_total: dict[str, Decimal] = field(default_factory=dict)
    in_flight: dict[str, Decimal] = field(default_factory=dict)


def watch() -> int:
    """Compare today, and yesterday where it may still grow; how many problems were found."""
    today = now().date()
    found = 0
    for provider in COIN_GATEWAYS:
        for day in (today - timedelta(days=1), today):
            try:
                comparison = compare(provider, day)
            except ProviderError as error:
                log.warning("payouts.unwatched", provider=provider, error=str(error))
                break
            found += len(comparison.problems)
            if comparison.problems:
                words = "; ".join(comparison.problems[:SHOWN_MAX])
                payout_switch.stop_by_itself(
                    PayoutStop.Cause.GATEWAY, f"{provider}: {words}", refs=comparison.refs
                )
    return found


def compare(provider: str, day: date) -> Comparison:
    """Hold the gateway's payouts of a UTC day against ours. Raises ProviderError.

    What payouts were stopped for before, and a person let go on in spite of, is left out.
    """
    known = payout_switch.settled_refs()
    rows = [
        row
        for row in gateway(provider).statement(day)
        if row.kind == "withdrawal" and row.status == PAID and row.outside_ref not in known
    ]
    result = Comparison()
    ours = {
        one.foreign_id: one
        for one in Withdrawal.objects.filter(
            provider=provider, foreign_id__in=[row.reference for row in rows if row.reference]
        )
    }
    theirs: dict[str, Decimal] = defaultdict(Decimal)
    flying: dict[str, Decimal] = defaultdict(Decimal)
    counted: list[Withdrawal] = []
    for row in rows:
        withdrawal = ours.pop(row.reference, None)
        theirs[row.code] += row.amount
        if problem := _problem(row, withdrawal):
            result.problems.append(problem)
            result.refs.append(row.outside_ref)
        elif withdrawal is not None and withdrawal.state in IN_FLIGHT:
            flying[row.code] += row.amount
        elif withdrawal is not None:
            counted.append(withdrawal)
    booked = _booked(counted)
    for code in sorted(theirs.keys() | booked.keys()):
        expected = booked.get(code, Decimal(0)) + flying.get(code, Decimal(0))
        if not result.problems and theirs[code] != expected:
            result.problems.append(
                f"{theirs[code].normalize():f} {code} left there, the ledger has "
                f"{expected.normalize():f}"
            )
    result.gateway_total, result.ledger_total, result.in_flight = dict(theirs), booked, dict(flying)
    return result


def _problem(row: StatementRow, withdrawal: Withdrawal | None) -> str:
    """Why a payout of the gateway cannot be one of ours."""
    name = f"payout {row.outside_ref}"
    if withdrawal is None:
        return f"{name} of {row.amount.normalize():f} {row.code} is not ours ({row.reference})"
    if (row.amount, row.code) != (withdrawal.net_money.major, withdrawal.currency_id):
        return (
            f"{name} is {row.amount.normalize():f} {row.code}, "
            f"{withdrawal.public_id} is {withdrawal.net_money}"
        )
    if withdrawal.state not in {State.PAID, *IN_FLIGHT}:
        return f"{name} left, {withdrawal.public_id} is {withdrawal.state}"
    return ""


def _booked(withdrawals: list[Withdrawal]) -> dict[str, Decimal]:
    """What the journal let leave for these, per currency."""
    totals = (
        Entry.objects.filter(
            source_id__in=[one.pk for one in withdrawals],
            kind=Kind.WITHDRAWAL_PAID,
            wallet__purse=Purse.RESERVED,
            wallet__player_id__in={one.player_id for one in withdrawals},
        )
        .values_list("wallet__currency__code")
        .annotate(total=Sum("amount"))
    )
    return {code: -total for code, total in totals}
