"""Sums a new casino starts with, by rank: put in force by a person, changed in the back office."""

from decimal import Decimal

from django.db import transaction

from apps.accounts.models import User
from apps.payments.models import LimitRule
from apps.payments.services import rules

WHY = "What a new casino starts with"
# Direction, rank and above; then what may move in 24 hours, 7 and 30 days, in the base currency.
SUMS = (
    ("deposit", 0, 10_000, 30_000, 60_000),
    ("deposit", 1, 25_000, 75_000, 150_000),
    ("deposit", 3, 100_000, 300_000, 600_000),
    ("deposit", 5, 250_000, 750_000, 1_500_000),
    ("withdrawal", 0, 10_000, 25_000, 50_000),
    ("withdrawal", 1, 25_000, 75_000, 150_000),
    ("withdrawal", 3, 50_000, 150_000, 400_000),
    ("withdrawal", 5, 100_000, 300_000, 1_000_000),
)


@transaction.atomic
def put_in_force(*, by: User) -> list[LimitRule]:
    """Add the sums for every rank that has none yet; those that are new.

    A rule somebody changed or ended stays as it is. Sums need rates: without one a payment waits.
    """
    made = []
    for direction, rank, day, week, month in SUMS:
        name = f"{direction.capitalize()}s from rank {rank}"
        place = LimitRule.objects.filter(
            direction=direction, rail=None, method="", country="", rank=rank, ended_at=None
        )
        if place.exists() or LimitRule.objects.filter(name=name).exists():
            continue
        values = {
            "direction": direction,
            "rank": rank,
            "day_sum": Decimal(day),
            "week_sum": Decimal(week),
            "month_sum": Decimal(month),
        }
        made.append(rules.add(LimitRule, name=name, values=values, by=by, reason=WHY))
    return made
