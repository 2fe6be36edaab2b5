"""Brings the ledger's accounts to what the pots say: at each drop, hourly, and on demand.

A booking per bet would write more entries than the bets themselves, so what a pot has gathered
since the last one is told apart from what is booked, in whole units.
"""

from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.db.models import Sum

from apps.core.clock import now
from apps.core.money import Money
from apps.jackpots import rules
from apps.jackpots.models import Level, Win
from apps.ledger.selectors import currency
from apps.wallet import movements


def book(level: Level) -> bool:
    """Book what has changed; the caller holds the level's lock. Whether there was anything."""
    of = currency(settings.BASE_CURRENCY)
    pot = rules.major(rules.cents(level.pool, of.scale), of.scale) + owed(level)
    reserve = rules.major(rules.cents(level.reserve, of.scale), of.scale)
    if (pot, reserve) == (level.booked_pot, level.booked_reserve):
        return False
    level.bookings += 1
    movements.jackpot_funded(
        pot=Money.from_major(pot - level.booked_pot, of),
        reserve=Money.from_major(reserve - level.booked_reserve, of),
        key=f"jackpot:{level.pk}:{level.bookings}",
        level_id=level.pk,
    )
    level.booked_pot, level.booked_reserve, level.booked_at = pot, reserve, now()
    level.save(update_fields=["bookings", "booked_pot", "booked_reserve", "booked_at"])
    return True


def book_all() -> int:
    """Book every level; how many had changed."""
    return sum(_book(pk) for pk in Level.objects.order_by("id").values_list("pk", flat=True))


def owed(level: Level) -> Decimal:
    """Wins of a level that are neither paid nor back in its reserve."""
    open_wins = Win.objects.filter(level=level, is_returned=False).exclude(state=Win.State.PAID)
    return open_wins.aggregate(total=Sum("amount"))["total"] or Decimal(0)


@transaction.atomic
def _book(level_id: int) -> bool:
    return book(Level.objects.select_for_update().get(pk=level_id))
