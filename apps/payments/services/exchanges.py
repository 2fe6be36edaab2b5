"""Exchanging what the house holds at a gateway, safely through lost answers.

As with payouts: the intent and our id are committed, then the gateway is called, then its answer is
recorded like any report. It finds exchanges by its own id only. Where the answer was lost we do not
have that id: the same order is sent again, with ours, and "already taken" means that it is there;
its callback then names amounts and currencies that only this exchange can have.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import structlog
from django.db import transaction

from apps.accounts.models import User
from apps.audit import services as audit
from apps.audit.alarms import raise_alarm
from apps.core.clock import now
from apps.core.errors import Forbidden, InvalidAmount, InvalidInput
from apps.integrations.errors import ProviderError
from apps.payments.errors import GatewayUnavailable, KeyReused, UnknownPayment
from apps.payments.models import Exchange, GatewayCurrency
from apps.payments.providers.base import (
    AlreadyTaken,
    ExchangeOrder,
    ExchangeReport,
    ExchangeStatus,
    ExchangeTerms,
    PayoutRefused,
)
from apps.payments.providers.registry import COIN_GATEWAYS, coin_gateway

log = structlog.get_logger()
State = Exchange.State

BATCH = 10
LEASE = timedelta(seconds=60)
SENT_CHECK = timedelta(minutes=5)
SETTLE_TIME = timedelta(minutes=15)
BACK_OFF_MAX_SECONDS = 300
TRIES_BEFORE_ALARM = 5
OVERDUE = timedelta(hours=1)
DECIMALS_MAX = 8


def quote(
    *, provider: str, sold_code: str, bought_code: str, sold: Decimal | None, bought: Decimal | None
) -> ExchangeTerms:
    """What the gateway would give now. Raises InvalidInput, GatewayUnavailable."""
    _check(provider, sold_code, bought_code, sold, bought)
    try:
        return coin_gateway(provider).quote(
            sold_code=sold_code, bought_code=bought_code, sold=sold, bought=bought
        )
    except PayoutRefused as refused:
        raise InvalidInput(fields={"amount": refused.text[:200]}) from refused
    except ProviderError as error:
        raise GatewayUnavailable from error


@transaction.atomic
def request_exchange(
    *,
    by: User,
    provider: str,
    sold_code: str,
    bought_code: str,
    sold: Decimal | None,
    bought: Decimal | None,
    reason: str,
    key: str,
    price: str = "",
    price_until: int | None = None,
) -> Exchange:
    """Order an exchange; it is sent within seconds. Codes are the gateway's.

    key: chosen by who asks; the same key returns the same exchange.
    price, price_until: of a quote; without one the price of the moment is taken.
    Raises Forbidden, InvalidInput, KeyReused.
    """
    if not by.has_perm("payments.order_exchange"):
        raise Forbidden
    if not reason.strip():
        raise InvalidInput(fields={"reason": "Say what the exchange is for."})
    _check(provider, sold_code, bought_code, sold, bought)
    wanted = (provider, sold_code, bought_code, sold, bought)
    if earlier := Exchange.objects.filter(key=key).first():
        then = (
            earlier.provider, earlier.sold_code, earlier.bought_code, earlier.wanted_sold,
            earlier.wanted_bought,
        )  # fmt: skip
        if then != wanted:
            raise KeyReused
        return earlier
    at = now()
    exchange = Exchange.objects.create(
        provider=provider,
        sold_code=sold_code,
        bought_code=bought_code,
        wanted_sold=sold,
        wanted_bought=bought,
        price=price[:40],
        price_until=datetime.fromtimestamp(price_until, UTC) if price_until else None,
        key=key,
        requested_by=by,
        reason=reason.strip()[:255],
        due_at=at,
        created_at=at,
        updated_at=at,
    )
    audit.record(
        "exchange.requested",
        actor=by,
        subject=exchange,
        after=_shown(exchange),
        reason=exchange.reason,
    )
    return exchange


def send_due(limit: int = BATCH) -> int:
    """Send what is ordered, ask about what is open; how many were taken up."""
    done = 0
    while done < limit and (claimed := _claim()):
        exchange, unknown_before = claimed
        try:
            _take_further(exchange, unknown_before)
        except ProviderError as error:
            _postpone(exchange, str(error), unknown_before, is_clear=not error.outcome_unknown)
        done += 1
    return done


@transaction.atomic
def _claim() -> tuple[Exchange, datetime | None] | None:
    at = now()
    exchange = (
        Exchange.objects.select_for_update(skip_locked=True)
        .filter(due_at__lte=at, state__in=[State.REQUESTED, State.SENDING, State.SENT])
        .order_by("due_at")
        .first()
    )
    if exchange is None:
        return None
    unknown_before = exchange.unknown_at
    exchange.due_at = at + LEASE
    exchange.updated_at = at
    if exchange.state == State.REQUESTED:
        exchange.move_to(State.SENDING)
    if exchange.state == State.SENDING:
        exchange.tries = min(exchange.tries + 1, 1000)
        exchange.unknown_at = at
    exchange.save()
    return exchange, unknown_before


def _take_further(exchange: Exchange, unknown_before: datetime | None) -> None:
    desk = coin_gateway(exchange.provider)
    if exchange.outside_ref:
        report = desk.look_up(outside_ref=exchange.outside_ref)
        if isinstance(report, ExchangeReport):
            apply_report(report)
        _look_later(exchange)
        return
    if exchange.state == State.SENT:
        _look_later(exchange)  # it is there, and only its callback can say more
        return
    has_run_out = exchange.price_until is not None and exchange.price_until < now()
    if has_run_out and unknown_before is None:
        # After an unclear call it may have got through in time: the same order asks for that.
        _refuse(exchange, "The agreed price ran out before it could be sent.")
        return
    try:
        report = desk.send_exchange(
            ExchangeOrder(
                reference=exchange.public_id,
                sold_code=exchange.sold_code,
                bought_code=exchange.bought_code,
                sold=exchange.wanted_sold,
                bought=exchange.wanted_bought,
                price=exchange.price,
            )
        )
    except AlreadyTaken:
        _taken(exchange)
    except PayoutRefused as refused:
        if unknown_before is not None and now() - unknown_before < SETTLE_TIME:
            _postpone(exchange, f"The gateway refuses: {refused.text}", unknown_before)
            return
        _refuse(exchange, refused.text)
    else:
        apply_report(report)
        _look_later(exchange)


@transaction.atomic
def apply_report(report: ExchangeReport) -> None:
    """Act on what the gateway says about an exchange; the same report again does nothing.

    Raises UnknownPayment.
    """
    exchange = _reported(report)
    if problem := _contradiction(exchange, report):
        _alarm(exchange, "exchange.contradiction", problem)
        return
    if exchange.is_final:
        return
    exchange.outside_ref = exchange.outside_ref or report.outside_ref
    exchange.updated_at = now()
    exchange.unknown_at = None
    exchange.error = report.error[:255]
    if exchange.state == State.REQUESTED:
        raise UnknownPayment(f"Exchange {exchange.public_id} was never sent")
    match report.status:
        case ExchangeStatus.DONE:
            exchange.move_to(State.DONE)
            exchange.sold, exchange.bought = report.sold, report.bought
            exchange.fee, exchange.fee_code = report.fee, report.fee_code
            exchange.due_at = None
            exchange.finished_at = exchange.updated_at
        case ExchangeStatus.REFUSED:
            exchange.move_to(State.REFUSED)
            exchange.due_at = None
            exchange.finished_at = exchange.updated_at
        case ExchangeStatus.PROCESSING if exchange.state == State.SENDING:
            exchange.move_to(State.SENT)
            exchange.due_at = exchange.updated_at + SENT_CHECK
    exchange.save()
    if exchange.is_final:
        audit.record(
            f"exchange.{exchange.state}",
            actor=f"partner:{exchange.provider}",
            subject=exchange,
            after=_shown(exchange),
        )
    if exchange.state == State.REFUSED:
        _alarm(
            exchange, "exchange.refused", f"was refused: {report.error or 'no reason given'}",
            severity="warning",
        )  # fmt: skip


def _reported(report: ExchangeReport) -> Exchange:
    """The row a report is about, locked: by their id, by ours, or by what only it can be."""
    rows = Exchange.objects.select_for_update().filter(provider=report.provider)
    if found := rows.filter(outside_ref=report.outside_ref).first():
        return found
    if report.reference:
        if found := rows.filter(public_id=report.reference).first():
            return found
        raise UnknownPayment(f"No exchange {report.reference} ({report.outside_ref})")
    candidates = [
        exchange
        for exchange in rows.filter(
            outside_ref="",
            state__in=[State.SENDING, State.SENT],
            sold_code=report.sold_code,
            bought_code=report.bought_code,
        )
        if report.sold == exchange.wanted_sold or report.bought == exchange.wanted_bought
    ]
    if len(candidates) == 1:
        return candidates[0]
    raise UnknownPayment(f"{len(candidates)} exchanges could be {report.outside_ref}")


def _contradiction(exchange: Exchange, report: ExchangeReport) -> str | None:
    if report.status is ExchangeStatus.UNRECOGNISED:
        return f"has a status we do not know: {report.raw_status!r}"
    if exchange.outside_ref not in {"", report.outside_ref}:
        return f"is reported as {report.outside_ref}, first it was {exchange.outside_ref}"
    if (report.sold_code, report.bought_code) != (exchange.sold_code, exchange.bought_code):
        return f"is reported as {report.sold_code} for {report.bought_code}"
    if exchange.wanted_sold is not None and report.sold != exchange.wanted_sold:
        return f"is reported to have sold {report.sold}"
    if exchange.wanted_bought is not None and report.bought != exchange.wanted_bought:
        return f"is reported to have bought {report.bought}"
    match exchange.state, report.status:
        case State.DONE, ExchangeStatus.REFUSED:
            return "is reported as refused after it was done"
        case State.REFUSED, ExchangeStatus.DONE:
            return "is reported as done after it was refused"
        case State.DONE, ExchangeStatus.DONE if (report.sold, report.bought) != (
            exchange.sold, exchange.bought,
        ):  # fmt: skip
            return f"is reported again with {report.sold} for {report.bought}"
    return None


@transaction.atomic
def _taken(exchange: Exchange) -> None:
    """An earlier call got through. Its callback will say the rest."""
    current = Exchange.objects.select_for_update().get(pk=exchange.pk)
    if current.state == State.SENDING:
        current.move_to(State.SENT)
        current.due_at = now() + SENT_CHECK
        current.updated_at = now()
        current.save()


@transaction.atomic
def _refuse(exchange: Exchange, text: str) -> None:
    current = Exchange.objects.select_for_update().get(pk=exchange.pk)
    if current.state != State.SENDING:
        return  # a callback was faster
    current.move_to(State.REFUSED)
    current.error = text[:255]
    current.due_at = None
    current.finished_at = current.updated_at = now()
    current.save()
    audit.record(
        "exchange.refused",
        actor=f"partner:{current.provider}",
        subject=current,
        after=_shown(current),
    )


@transaction.atomic
def _postpone(
    exchange: Exchange, error: str, unknown_before: datetime | None, *, is_clear: bool = True
) -> None:
    current = Exchange.objects.select_for_update().get(pk=exchange.pk)
    if current.is_final:
        return
    log.warning("exchange.postponed", exchange=current.public_id, error=error)
    at = now()
    current.error = error[:255]
    current.updated_at = at
    current.due_at = at + timedelta(seconds=min(2**current.tries, BACK_OFF_MAX_SECONDS))
    if is_clear and current.state == State.SENDING:
        current.unknown_at = unknown_before
    current.save()
    if current.tries >= TRIES_BEFORE_ALARM:
        _alarm(current, "exchange.stuck", f"has no clear answer: {current.error}")


@transaction.atomic
def _look_later(exchange: Exchange) -> None:
    current = Exchange.objects.select_for_update().get(pk=exchange.pk)
    if current.is_final:
        return
    current.due_at = now() + SENT_CHECK
    current.save(update_fields=["due_at"])
    if now() - current.created_at > OVERDUE:
        _alarm(current, "exchange.stuck", "is not final after an hour")


def _check(
    provider: str, sold_code: str, bought_code: str, sold: Decimal | None, bought: Decimal | None
) -> None:
    """Refuse what no gateway could do."""
    if provider not in COIN_GATEWAYS:
        raise InvalidInput(fields={"provider": "This gateway does not exchange."})
    if sold_code == bought_code:
        raise InvalidInput(fields={"bought_code": "Choose another currency than the one sold."})
    known = set(
        GatewayCurrency.objects.filter(provider=provider, is_visible=True).values_list(
            "provider_code", flat=True
        )
    )
    for name, code in (("sold_code", sold_code), ("bought_code", bought_code)):
        if code not in known:
            raise InvalidInput(fields={name: "The gateway does not offer this currency."})
    given = [amount for amount in (sold, bought) if amount is not None]
    if len(given) != 1:
        raise InvalidInput(fields={"amount": "Say what is sold or what is bought, not both."})
    amount = given[0]
    exponent = amount.as_tuple().exponent
    if not amount.is_finite() or amount <= 0 or not isinstance(exponent, int):
        raise InvalidAmount(fields={"amount": "Enter an amount above zero."})
    if -exponent > DECIMALS_MAX:
        raise InvalidAmount(fields={"amount": f"Use at most {DECIMALS_MAX} digits."})


def _alarm(exchange: Exchange, code: str, problem: str, *, severity: str = "critical") -> None:
    raise_alarm(
        code,
        subject=exchange.public_id,
        message=f"Exchange {exchange.public_id} {problem}.",
        severity=severity,
    )


def _shown(exchange: Exchange) -> dict[str, object]:
    return {
        "state": str(exchange.state),
        "provider": exchange.provider,
        "sell": f"{exchange.wanted_sold or exchange.sold or ''} {exchange.sold_code}".strip(),
        "buy": f"{exchange.wanted_bought or exchange.bought or ''} {exchange.bought_code}".strip(),
        "price": exchange.price,
        "outside_ref": exchange.outside_ref,
    }
