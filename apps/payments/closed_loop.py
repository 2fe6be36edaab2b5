"""Money goes back the way it came before it may leave another way (`settings.CLOSED_LOOP`).

`fiat`: what came by card or bank is owed to that method first. `all`: coins too, per rail. What
was sold into another currency is still owed, so an exchange is no way around it.
"""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.db.models import F, Sum

from apps.accounts.models import Player
from apps.core.money import Money
from apps.ledger.models import Entry, Kind, Purse
from apps.payments.limits import RETURNED
from apps.payments.models import Deposit, PaymentMethod, Rail, Withdrawal
from apps.rates import selectors as rates

Way = tuple[int, str]  # rail, method


@dataclass(frozen=True)
class Owed:
    """What has to go back one way, and what of it blocks the way asked about.

    blocked: in the currency of the way asked about; None when it cannot be valued.
    """

    rail: Rail
    method: str
    amount: Money
    blocked: Money | None

    @property
    def words(self) -> str:
        name = self.method or str(self.rail)
        return f"{self.amount.major.normalize():f} {self.amount.currency.code} by {name}"


def owed(player: Player, rail: Rail, method: str = "") -> list[Owed]:
    """What other ways have to get before this one may be paid."""
    if settings.CLOSED_LOOP == "off":
        return []
    found = []
    sold_of: dict[str, Decimal] = {}
    for way, amount in _open(player).items():
        other = Rail.objects.get(pk=way[0])
        # Without a method the cashier asks for one later, and the question comes again then.
        if other.pk == rail.pk and method in ("", way[1]):
            continue
        money = Money.from_major(amount, other.money_currency, rounding="down")
        blocked: Money | None = money
        if other.currency_id != rail.currency_id:
            if other.currency_id not in sold_of:
                sold_of[other.currency_id] = _sold(player, other)
            gone = min(amount, sold_of[other.currency_id])
            if gone <= 0:
                continue
            money = Money.from_major(gone, other.money_currency, rounding="down")
            blocked = rates.value_in(money, rail.currency_id)
        found.append(Owed(other, way[1], money, blocked))
    return found


def _open(player: Player) -> dict[Way, Decimal]:
    """Deposits less what went back, above zero, of every way that can pay out."""
    came: dict[Way, Decimal] = defaultdict(Decimal)
    deposits = Deposit.objects.filter(
        player=player,
        state__in=[Deposit.State.CONFIRMED, Deposit.State.REVERSED],
        rail__enabled=True,
        rail__pays_out=True,
    )
    withdrawals = Withdrawal.objects.filter(player=player).exclude(state__in=RETURNED)
    if settings.CLOSED_LOOP == "fiat":
        kind = Rail.AddressKind.ACCOUNT
        deposits = deposits.filter(rail__address_kind=kind)
        withdrawals = withdrawals.filter(rail__address_kind=kind)
    for rail_id, method, amount in deposits.values_list("rail_id", "method").annotate(
        sum=Sum(F("amount") - F("reversed_amount"))
    ):
        came[rail_id, method] += amount
    if not came:
        return {}
    one_way = set(
        PaymentMethod.objects.filter(for_withdrawals=False).values_list("rail_id", "code")
    )
    for rail_id, method, amount in withdrawals.values_list("rail_id", "method").annotate(
        sum=Sum("amount")
    ):
        came[rail_id, method] -= amount
    return {way: amount for way, amount in came.items() if amount > 0 and way not in one_way}


def _sold(player: Player, rail: Rail) -> Decimal:
    """How much of the rail's currency the player exchanged for others, less what they bought."""
    moved = Entry.objects.filter(
        wallet__player=player,
        wallet__currency__code=rail.currency_id,
        wallet__purse=Purse.CASH,
        kind__in=[Kind.EXCHANGE_SOLD, Kind.EXCHANGE_BOUGHT, Kind.EXCHANGE_SPREAD],
    ).aggregate(sum=Sum("amount"))["sum"]
    return max(-(moved or Decimal(0)), Decimal(0))
