"""What the house owes its players, per currency; the published liabilities say the same."""

from apps.core.money import Money
from apps.treasury.liabilities.selectors import liabilities, total


def owed_by_currency() -> dict[str, Money]:
    """All purses of all players. What a player owes us does not lessen what we owe others."""
    return {currency.code: total(by_purse) for currency, by_purse in liabilities()}
