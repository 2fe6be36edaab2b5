"""What players and staff see of the money: balances and movements in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.core.money import Currency, Money
from apps.ledger.models import Entry, Kind, Purse, Wallet
from apps.ledger.selectors import currencies, currency_of_id

PAGE_SIZE = 25

WORDS = {
    Kind.BET: "Bet",
    Kind.WIN: "Win",
    Kind.ROLLBACK: "Rolled back",
    Kind.DEPOSIT: "Deposit",
    Kind.WITHDRAWAL_RESERVED: "Withdrawal reserved",
    Kind.WITHDRAWAL_PAID: "Withdrawal paid",
    Kind.WITHDRAWAL_RELEASED: "Withdrawal returned",
    Kind.FREE_SPINS_WIN: "Free spins win",
    Kind.PROMO_WIN: "Promotion win",
    Kind.DEPOSIT_REVERSED: "Deposit reversed",
    Kind.WITHDRAWAL_RETURNED: "Withdrawal came back",
    Kind.EXCHANGE_SOLD: "Exchanged",
    Kind.EXCHANGE_BOUGHT: "Received in exchange",
    Kind.EXCHANGE_SPREAD: "Exchange spread",
    Kind.VAULT_PUT: "Into the vault",
    Kind.VAULT_TAKEN: "Out of the vault",
    Kind.ADJUSTMENT: "Correction",
    Kind.DEPOSIT_RELEASED: "Held deposit released",
    Kind.DEPOSIT_REFUNDED: "Deposit refunded",
    Kind.FEE: "Fee",
    Kind.JACKPOT_FUNDED: "Jackpot funded",
    Kind.JACKPOT_PAID: "Jackpot paid out",
    Kind.JACKPOT_WIN: "Jackpot win",
}


@dataclass(frozen=True)
class Balance:
    """One currency of a player. version grows with every entry: pages drop older figures."""

    currency: Currency
    cash: Money
    reserved: Money
    version: int
    vault: Money
    held: Money

    @property
    def is_empty(self) -> bool:
        return not (self.cash or self.reserved or self.vault or self.held)

    @property
    def total(self) -> Money:
        """All of it, wherever it lies."""
        return self.cash + self.reserved + self.vault + self.held


@dataclass(frozen=True)
class Movement:
    """An entry as a person reads it. round_ref and source_id say what it belongs to."""

    id: int
    at: datetime
    kind: int
    words: str
    amount: Money
    balance_after: Money
    round_ref: str | None
    source_id: int | None
    reverses_id: int | None


def balances(player_id: int) -> list[Balance]:
    """Every currency on offer, in display order, the ones without a wallet as zero."""
    found: dict[tuple[str, int], Wallet] = {}
    for wallet in Wallet.objects.filter(player_id=player_id):
        found[currency_of_id(wallet.currency_id).code, wallet.purse] = wallet
    return [_balance(currency, found) for currency in currencies()]


def balance(player_id: int, currency: Currency) -> Balance:
    wallets = Wallet.objects.filter(player_id=player_id, currency__code=currency.code)
    return _balance(currency, {(currency.code, wallet.purse): wallet for wallet in wallets})


def history(
    player_id: int,
    *,
    currency_code: str | None = None,
    kinds: Sequence[int] = (),
    before_id: int | None = None,
    limit: int = PAGE_SIZE,
) -> list[Movement]:
    """Newest first, cash purse only (the other purses mirror it); page on with `before_id`."""
    wallets = Wallet.objects.filter(player_id=player_id, purse=Purse.CASH)
    if currency_code:
        wallets = wallets.filter(currency__code=currency_code)
    owners = {wallet.pk: currency_of_id(wallet.currency_id) for wallet in wallets}
    entries = Entry.objects.filter(wallet_id__in=owners)
    if kinds:
        entries = entries.filter(kind__in=kinds)
    if before_id is not None:
        entries = entries.filter(pk__lt=before_id)
    return [movement(entry, owners[entry.wallet_id]) for entry in entries.order_by("-id")[:limit]]


def movement(entry: Entry, currency: Currency) -> Movement:
    return Movement(
        id=entry.pk,
        at=entry.created_at,
        kind=entry.kind,
        words=WORDS[Kind(entry.kind)],
        amount=Money.from_major(entry.amount, currency),
        balance_after=Money.from_major(entry.balance_after, currency),
        round_ref=entry.round_ref,
        source_id=entry.source_id,
        reverses_id=entry.reverses_id,
    )


def _balance(currency: Currency, found: dict[tuple[str, int], Wallet]) -> Balance:
    def of(purse: Purse) -> Money:
        wallet = found.get((currency.code, purse))
        return Money.from_major(wallet.balance, currency) if wallet else Money.zero(currency)

    cash = found.get((currency.code, Purse.CASH))
    return Balance(
        currency=currency,
        cash=of(Purse.CASH),
        reserved=of(Purse.RESERVED),
        version=cash.version if cash else 0,
        vault=of(Purse.VAULT),
        held=of(Purse.HELD),
    )
