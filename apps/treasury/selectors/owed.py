"""What the house owes its players, per currency.

The published liabilities say the same, but for jackpots: those belong to nobody yet.
"""

from django.db.models import Sum

from apps.core.money import Money
from apps.ledger.models import Position
from apps.ledger.selectors import currency_of_id
from apps.treasury.liabilities.selectors import liabilities, total


def owed_by_currency() -> dict[str, Money]:
    """All purses of all players, what they have staked in rounds that are not over, and jackpots.

    What a player owes us does not lessen what we owe others.
    """
    owed = {currency.code: total(by_part) for currency, by_part in liabilities()}
    for pot in _jackpots():
        code = pot.currency.code
        owed[code] = owed.get(code, Money.zero(pot.currency)) + pot
    return owed


def _jackpots() -> list[Money]:
    rows = (
        Position.objects.filter(account__code__in=["jackpot", "jackpot_reserve"])
        .values_list("currency_id")
        .annotate(total=Sum("amount"))
    )
    return [Money.from_major(amount, currency_of_id(pk)) for pk, amount in rows]
