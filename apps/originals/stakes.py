"""What may be staked and won: limits in the base currency, shown and checked in the player's."""

import re
from decimal import Decimal

from django.conf import settings

from apps.core.errors import InvalidInput
from apps.core.money import Money
from apps.games import caps
from apps.ledger.selectors import currency
from apps.originals.errors import StakeOutOfRange
from apps.originals.models import Original
from apps.rates import selectors as rates

PARTNER = "originals"
# The next bet is refused where a game is closed, and where play is stopped (apps/games/stops.py).
GATE_SQL = """
SELECT CASE WHEN NOT o.enabled OR EXISTS (
           SELECT FROM games_stop t
            WHERE t.ended_at IS NULL
              AND (t.scope = 'all' OR t.scope = 'provider' AND t.provider = 'originals')
       ) THEN 'game' END
  FROM originals_game o WHERE o.code = %s::text
"""
KEY = re.compile(r"[!-~]{1,64}", re.ASCII)


def check_key(key: str) -> None:
    """Raises InvalidInput for what cannot be a client's key."""
    if not KEY.fullmatch(key):
        raise InvalidInput(fields={"key": "Use up to 64 letters, digits and signs."})


def base_money(amount: Decimal) -> Money:
    """A limit as it is kept: major units of the base currency."""
    return Money.from_major(amount, currency(settings.BASE_CURRENCY))


def limits_of(original: Original, code: str) -> tuple[Money, Money, Money] | None:
    """Least stake, greatest stake and greatest win in a currency; None without a rate."""
    found = []
    cap = caps.cap_of_partner(PARTNER)
    win_max = original.win_max if cap is None else min(original.win_max, cap.major)
    for amount in (original.stake_min, original.stake_max, win_max):
        shown = rates.convert(base_money(amount), code, use="display")
        if shown is None:
            return None
        found.append(shown.money)
    return found[0], found[1], found[2]


def win_max(original: Original, stake: Money) -> Money:
    """The most this bet can pay. Raises StakeOutOfRange."""
    limits = limits_of(original, stake.currency.code)
    if limits is None:
        raise StakeOutOfRange(f"We cannot value a stake in {stake.currency} at the moment.")
    least, most, win = limits
    if stake.units <= 0 or stake < least:
        raise StakeOutOfRange(fields={"stake": f"The least stake is {least}."})
    if stake > most:
        raise StakeOutOfRange(fields={"stake": f"The greatest stake is {most}."})
    return win


def check_cap(stake: Money, largest: Decimal | None) -> None:
    """Refuse a stake whose largest win would pass the house's cap, rather than pay it short.

    largest: what one staked may win by this choice; None where it hangs on how it is played, and
    there the round ends at the most that is paid. Raises StakeOutOfRange.
    """
    cap = caps.cap_of_partner(PARTNER) if largest else None
    shown = rates.convert(cap, stake.currency.code, use="display") if cap else None
    if shown is None or largest is None or stake.major * largest <= shown.money.major:
        return
    most = Money(int(shown.money.units / largest), stake.currency)
    raise StakeOutOfRange(
        fields={"stake": f"A bet wins {shown.money} at most, so here the greatest stake is {most}."}
    )
