"""What the house holds against what it owes, per currency. Currencies are never added up."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from apps.core.clock import now
from apps.core.money import Currency, Money
from apps.ledger import selectors as ledger
from apps.treasury.models import HouseWallet, Threshold
from apps.treasury.selectors.owed import owed_by_currency

STALE_AFTER = timedelta(hours=1)
READING_STALE_AFTER = timedelta(days=7)
WHOLE_BPS = 10_000


@dataclass(frozen=True)
class Level:
    """One currency. Shares are basis points of what is owed; None while nothing is owed."""

    currency: Currency
    owed: Money
    wallets: list[HouseWallet]
    thresholds: Threshold

    @property
    def held(self) -> Money:
        return self._sum(self.wallets)

    @property
    def hot(self) -> Money:
        return self._at(HouseWallet.Temperature.HOT)

    @property
    def warm(self) -> Money:
        return self._at(HouseWallet.Temperature.WARM)

    @property
    def cold(self) -> Money:
        return self._at(HouseWallet.Temperature.COLD)

    @property
    def surplus(self) -> Money:
        """Held less owed: below zero, players' money is missing."""
        return self.held - self.owed

    @property
    def hot_bps(self) -> int | None:
        # Fiat has no keys that could be stolen.
        if not self.owed or self.currency.kind != "crypto":
            return None
        # Rounded up: a share is not shown below an alarm that it has passed.
        return -(-self.hot.units * WHOLE_BPS // self.owed.units)

    @property
    def coverage_bps(self) -> int | None:
        return None if not self.owed else self.held.units * WHOLE_BPS // self.owed.units

    @property
    def is_uncovered(self) -> bool:
        return self.held.units * WHOLE_BPS < self.owed.units * self.thresholds.coverage_min_bps

    @property
    def is_above_target(self) -> bool:
        return self.hot_bps is not None and self.hot_bps > self.thresholds.hot_target_bps

    @property
    def is_too_hot(self) -> bool:
        return self.hot_bps is not None and self.hot_bps > self.thresholds.hot_alarm_bps

    @property
    def to_sweep(self) -> Money:
        """What would have to leave the hot wallets to be at the target."""
        if self.currency.kind != "crypto":
            return Money.zero(self.currency)
        over = self.hot.units - self.owed.units * self.thresholds.hot_target_bps // WHOLE_BPS
        return Money(max(0, over), self.currency)

    @property
    def hot_share_text(self) -> str:
        return share_text(self.hot_bps)

    @property
    def coverage_text(self) -> str:
        return share_text(self.coverage_bps)

    @property
    def target_share_text(self) -> str:
        return share_text(self.thresholds.hot_target_bps)

    @property
    def alarm_share_text(self) -> str:
        return share_text(self.thresholds.hot_alarm_bps)

    @property
    def stale(self) -> list[HouseWallet]:
        """Wallets whose balance nobody has looked at for too long."""
        return [wallet for wallet in self.wallets if is_stale(wallet)]

    def _at(self, temperature: str) -> Money:
        return self._sum([one for one in self.wallets if one.temperature == temperature])

    def _sum(self, wallets: list[HouseWallet]) -> Money:
        return Money(sum(units(one) for one in wallets), self.currency)


def levels() -> list[Level]:
    """Every currency that is owed or held, in display order."""
    owed = owed_by_currency()
    rows = {row.currency_id: row for row in Threshold.objects.all()}
    wallets: dict[str, list[HouseWallet]] = defaultdict(list)
    for wallet in HouseWallet.objects.filter(enabled=True):
        wallets[wallet.currency_id].append(wallet)
    found = []
    for currency in ledger.currencies():
        code = currency.code
        due = owed.get(code, Money.zero(currency))
        if due or wallets[code]:
            row = rows.get(code) or Threshold(currency_id=code)
            found.append(Level(currency, due, wallets[code], row))
    return found


def units(wallet: HouseWallet) -> int:
    """What it holds in whole units, cut: holdings are never overstated."""
    of = ledger.currency(wallet.currency_id)
    return Money.from_major(wallet.balance, of, rounding="down").units


def is_stale(wallet: HouseWallet, at: datetime | None = None) -> bool:
    if wallet.balance_at is None:
        return True
    limit = STALE_AFTER if wallet.provider else READING_STALE_AFTER
    return wallet.balance_at < (at or now()) - limit


def share_text(bps: int | None) -> str:
    """`4.2 %`; without a whole there is no share."""
    if bps is None:
        return "–"
    return f"{Decimal(bps).scaleb(-2).normalize():f} %"
