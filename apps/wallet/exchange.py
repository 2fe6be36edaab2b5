"""Exchange between a player's own wallets: a quote that is frozen, and its one acceptance.

`received = floor(sold × rate × (1 − spread))`, computed with whole numbers and rounded once, down.
So no way around through any currencies gives more than was put in.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from functools import wraps
from typing import ParamSpec, TypeVar

from django.conf import settings
from django.db import OperationalError, connection, models, transaction
from psycopg import errors

from apps.accounts.models import Player
from apps.audit import services as audit
from apps.core.clock import now
from apps.core.errors import InvalidAmount, InvalidInput, NotFound
from apps.core.money import EXACT, Money
from apps.ledger import services as ledger
from apps.ledger.models import Purse
from apps.ledger.selectors import currencies, currency, currency_id
from apps.rates import selectors as rates
from apps.rates.errors import RateUnavailable
from apps.rates.selectors import Price
from apps.wallet import movements, selectors
from apps.wallet.errors import (
    InsufficientFunds,
    KeyConflict,
    QuoteExpired,
    QuoteUsed,
    RateMoved,
    TooLittle,
)
from apps.wallet.models import ExchangeQuote

BPS = 10_000
RATE_PLACES = Decimal("1e-30")
LOCK_SPACE = 0x65786368  # one of our own among PostgreSQL's advisory locks
TRIES_MAX = 3
SHOWN = 10
P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Terms:
    """What a sale gives. bought: at the middle rate; the player gets it less the spread."""

    sold: Money
    bought: Money
    spread: Money
    spread_bps: int
    rate: Decimal
    sold_price: Price
    bought_price: Price

    @property
    def received(self) -> Money:
        return self.bought - self.spread


def terms(sold: Money, bought_code: str) -> Terms:
    """What selling this would give right now. Nothing is kept.

    Raises UnknownCurrency, InvalidInput, TooLittle, RateUnavailable.
    """
    if sold.currency.code == currency(bought_code).code:
        raise InvalidInput(fields={"to": "Choose two different currencies."})
    offered = {one.code for one in currencies()}
    for field, code in (("from", sold.currency.code), ("to", bought_code)):
        if code not in offered:
            raise InvalidInput(fields={field: f"{code} cannot be exchanged now."})
    if sold.units <= 0:
        raise InvalidAmount(fields={"amount": "Enter an amount above zero."})
    found = settling([sold.currency.code, bought_code])
    offer = price(sold, found[sold.currency.code], found[bought_code], settings.EXCHANGE_SPREAD_BPS)
    if offer.received.units <= 0:
        raise TooLittle(fields={"amount": "This is too little to exchange."})
    least = minimum(sold.currency.code, found[sold.currency.code])
    if sold < least:
        raise TooLittle(fields={"amount": f"Exchange at least {least.text} {least.currency.code}."})
    return offer


def price(sold: Money, ours: Price, theirs: Price, spread_bps: int) -> Terms:
    """The arithmetic alone, exact: fractions of whole units, cut twice for the two amounts told."""
    bought = currency(theirs.code)
    middle = (
        Fraction(sold.units) * Fraction(ours.value) / Fraction(theirs.value)
        * Fraction(10) ** (bought.scale - sold.currency.scale)
    )  # fmt: skip
    at_middle, received = int(middle), int(middle * (BPS - spread_bps) / BPS)
    return Terms(
        sold=sold,
        bought=Money(at_middle, bought),
        spread=Money(at_middle - received, bought),
        spread_bps=spread_bps,
        rate=EXACT.divide(ours.value, theirs.value),
        sold_price=ours,
        bought_price=theirs,
    )


def minimum(code: str, at: Price) -> Money:
    """The least of a currency that is exchanged at once: worth EXCHANGE_MIN, rounded up."""
    of = currency(code)
    units = Fraction(settings.EXCHANGE_MIN) / Fraction(at.value) * 10**of.scale
    return Money(max(1, -int(-units // 1)), of)


def quote(*, player: Player, sold: Money, bought_code: str) -> ExchangeQuote:
    """Freeze an offer for this player alone.

    Raises as `terms`, and InsufficientFunds: nobody is offered what they could not accept.
    """
    offer = terms(sold, bought_code)
    held = selectors.balance(player.pk, sold.currency).cash
    if held < sold:
        short = InsufficientFunds(fields={"amount": f"You have {held.text} {sold.currency.code}."})
        short.balance = held
        raise short
    at = now()
    return ExchangeQuote.objects.create(
        player=player,
        sold_currency_id=sold.currency.code,
        bought_currency_id=bought_code,
        sold_amount=sold.major,
        bought_amount=offer.bought.major,
        spread_amount=offer.spread.major,
        spread_bps=offer.spread_bps,
        rate=offer.rate.quantize(RATE_PLACES, context=EXACT),
        sold_rate_id=offer.sold_price.rate_id,
        bought_rate_id=offer.bought_price.rate_id,
        created_at=at,
        expires_at=at + timedelta(seconds=settings.EXCHANGE_QUOTE_SECONDS),
    )


def _again_after_deadlock(call: Callable[P, T]) -> Callable[P, T]:
    """Whoever PostgreSQL picks to break a deadlock starts over, with everything read anew."""

    @wraps(call)
    def tried(*args: P.args, **kwargs: P.kwargs) -> T:
        for left in range(TRIES_MAX - 1, -1, -1):
            try:
                return call(*args, **kwargs)
            except (OperationalError, errors.OperationalError) as error:
                cause = error.__cause__ if isinstance(error, OperationalError) else error
                is_clash = isinstance(cause, errors.DeadlockDetected | errors.SerializationFailure)
                if not is_clash or not left or connection.in_atomic_block:
                    raise
                time.sleep(0.01)
        raise AssertionError("unreachable")

    return tried


@_again_after_deadlock
@transaction.atomic
def accept(*, player: Player, quote_id: str, key: str) -> ExchangeQuote:
    """Carry out a quote, exactly as it was offered.

    key: chosen by the client; the same key returns the same exchange, even after its time.
    Raises NotFound (also for somebody else's), KeyConflict, QuoteUsed, QuoteExpired,
    RateUnavailable, RateMoved, InsufficientFunds, WalletBlocked.
    """
    with connection.cursor() as cursor:
        # One acceptance of a player at a time: a key is looked for and then used.
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK_SPACE, player.pk])
    found = ExchangeQuote.objects.filter(player=player, public_id=quote_id).first()
    if found is None:
        raise NotFound
    if found.accepted_at is not None:
        if found.key == key:
            return found
        raise QuoteUsed
    if ExchangeQuote.objects.filter(player=player, key=key).exists():
        raise KeyConflict
    at = now()
    if at >= found.expires_at:
        raise QuoteExpired
    _check_still_fair(found)
    _lock_wallets(player.pk, found.sold_currency_id, found.bought_currency_id)
    sold, _ = movements.exchanged(
        player_id=player.pk,
        sold=found.sold,
        bought=found.bought,
        spread=found.spread,
        key=f"exchange:{found.public_id}",
        quote_id=found.pk,
    )
    found.accepted_at, found.key, found.sold_entry_id = at, key, sold.entry_id
    found.save(update_fields=["accepted_at", "key", "sold_entry_id"])
    audit.record(
        "exchange.accepted",
        actor=player,
        subject=found,
        after={
            "sold": str(found.sold),
            "received": str(found.received),
            "spread": str(found.spread),
            "rate": f"{found.rate.normalize():f}",
        },
    )
    return found


def one(player: Player, quote_id: str) -> ExchangeQuote:
    """A quote of the player, taken or not. Raises NotFound."""
    quotes = ExchangeQuote.objects.select_related("sold_rate", "bought_rate")
    found = quotes.filter(player=player, public_id=quote_id).first()
    if found is None:
        raise NotFound
    return found


def receipt(player: Player, quote_id: str) -> ExchangeQuote:
    """One exchange of the player that took place. Raises NotFound."""
    found = one(player, quote_id)
    if found.accepted_at is None:
        raise NotFound
    return found


def latest(
    player: Player, *, before_id: int | None = None, limit: int = SHOWN
) -> list[ExchangeQuote]:
    """The player's exchanges, newest first."""
    found = _done(player)
    if before_id is not None:
        found = found.filter(pk__lt=before_id)
    return list(found.order_by("-id")[:limit])


def _done(player: Player) -> models.QuerySet[ExchangeQuote]:
    return ExchangeQuote.objects.filter(player=player, accepted_at__isnull=False)


def settling(codes: list[str]) -> dict[str, Price]:
    """Prices that may settle, for all of these. Raises RateUnavailable."""
    found = rates.prices(codes)
    if not all(code in found and found[code].may_settle for code in codes):
        raise RateUnavailable
    return found


def _check_still_fair(found: ExchangeQuote) -> None:
    """A quote is no free bet on the market: when it would now cost us more than its spread, it is off."""
    codes = [found.sold_currency_id, found.bought_currency_id]
    current = settling(codes)
    fresh = price(found.sold, current[codes[0]], current[codes[1]], 0)
    if found.received > fresh.bought:
        raise RateMoved


def _lock_wallets(player_id: int, *codes: str) -> None:
    """Both wallets in the one order everybody takes them, whichever is sold."""
    ledger.lock_wallets(
        [
            ledger.open_wallet(player_id=player_id, currency_id=currency_id(code), purse=Purse.CASH)
            for code in codes
        ]
    )
