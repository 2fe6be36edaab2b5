"""Reads of payments that more than one door needs."""

from datetime import timedelta
from decimal import Decimal

from django.conf import settings
from django.db.models import QuerySet, Sum

from apps.accounts.models import Player
from apps.core.clock import now
from apps.core.errors import InvalidInput, NotFound
from apps.core.money import Currency, Money
from apps.ledger.models import Entry, Kind, Purse
from apps.payments.models import Deposit, DepositAddress, Rail, Withdrawal

DEPOSITS_SHOWN = 5


def rails() -> QuerySet[Rail]:
    """Every rail in use, in display order."""
    found = Rail.objects.filter(enabled=True)
    if not settings.PAYMENTIQ_MERCHANT_ID:  # no fiat without the gateway that carries it
        found = found.exclude(provider="paymentiq")
    return found


def rail(code: str, *, field: str = "rail") -> Rail:
    """Raises InvalidInput for a code that is not on offer."""
    found = rails().filter(code=code).first()
    if found is None:
        raise InvalidInput(fields={field: "Choose one of the networks on offer."})
    return found


def currency_codes(provider: str) -> dict[str, str]:
    """Our currency for each code that a gateway uses, as far as a rail knows it."""
    rails = Rail.objects.filter(provider=provider)
    return {rail.provider_code: rail.currency_id for rail in rails}


def address_of(player: Player, on: Rail) -> DepositAddress | None:
    return DepositAddress.objects.filter(player=player, rail=on).select_related("rail").first()


def deposits(player: Player) -> QuerySet[Deposit]:
    """Newest first."""
    return Deposit.objects.filter(player=player).select_related("rail", "address").order_by("-id")


def deposit(player: Player, public_id: str) -> Deposit:
    """Raises NotFound, also for somebody else's."""
    found = deposits(player).filter(public_id=public_id).first()
    if found is None:
        raise NotFound
    return found


def withdrawals(player: Player) -> QuerySet[Withdrawal]:
    """Newest first."""
    return Withdrawal.objects.filter(player=player).select_related("rail").order_by("-id")


def withdrawal(player: Player, public_id: str) -> Withdrawal:
    """Raises NotFound, also for somebody else's."""
    found = withdrawals(player).filter(public_id=public_id).first()
    if found is None:
        raise NotFound
    return found


def recent_deposits(player: Player, *, hours: int = 48) -> list[Deposit]:
    since = now() - timedelta(hours=hours)
    return list(deposits(player).filter(created_at__gte=since)[:DEPOSITS_SHOWN])


def staked_since(player_id: int, currency: Currency, entry_id: int) -> Money:
    """What the player staked in cash after a journal entry, without what was rolled back."""
    entries = Entry.objects.filter(
        wallet__player_id=player_id,
        wallet__currency__code=currency.code,
        wallet__purse=Purse.CASH,
        pk__gt=entry_id,
        kind__in=[Kind.BET, Kind.ROLLBACK],
    )
    moved = entries.aggregate(total=Sum("amount"))["total"] or Decimal(0)
    return Money.from_major(max(-moved, Decimal(0)), currency)


def reserved_amount(withdrawal: Withdrawal) -> Money:
    """What was set aside for it, from the journal: rows can be changed, entries cannot."""
    entry = Entry.objects.get(
        kind=Kind.WITHDRAWAL_RESERVED,
        wallet__player_id=withdrawal.player_id,
        wallet__purse=Purse.RESERVED,
        source_id=withdrawal.pk,
    )
    return Money.from_major(entry.amount, withdrawal.money.currency)
