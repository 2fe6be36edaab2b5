"""What is compared: a gateway's rows, our payments, our journal, and what of them belongs together.

Everything here only reads.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import reduce
from operator import or_

from django.db.models import Q

from apps.ledger import selectors as ledger
from apps.ledger.models import Entry, Kind, Wallet
from apps.payments.models import Deposit, Exchange, GatewayTransaction, Withdrawal
from apps.treasury.models import GatewayRecord

Payment = Deposit | Withdrawal

# How far before and after a day its movements are looked for in the journal.
REACH = timedelta(days=2)
# Which movements a row of the gateway can be, by what it belongs to.
KINDS: dict[tuple[str, type[Payment]], set[int]] = {
    ("deposit", Deposit): {Kind.DEPOSIT},
    ("withdrawal", Withdrawal): {Kind.WITHDRAWAL_PAID},
    ("reversal", Deposit): {Kind.DEPOSIT_REVERSED, Kind.DEPOSIT_REFUNDED},
    ("reversal", Withdrawal): {Kind.WITHDRAWAL_RETURNED},
}
ROW_KIND = {
    Kind.DEPOSIT: "deposit",
    Kind.WITHDRAWAL_PAID: "withdrawal",
    Kind.DEPOSIT_REVERSED: "reversal",
    Kind.DEPOSIT_REFUNDED: "reversal",
    Kind.WITHDRAWAL_RETURNED: "reversal",
}
OF_DEPOSITS = {Kind.DEPOSIT, Kind.DEPOSIT_REVERSED, Kind.DEPOSIT_REFUNDED}
# The words for "money moved"; every other final status of a row means that none did.
MOVED = {"confirmed", "paid", "done", "success", "successful", "completed", "settled"}


@dataclass
class Books:
    """What is compared: rows and movements in question, and everything to find partners in."""

    provider: str
    at: datetime
    today: date
    records: list[GatewayRecord]
    entries: list[Entry]
    partners: dict[int, GatewayRecord] = field(default_factory=dict)
    deposits: dict[str, Deposit] = field(default_factory=dict)
    withdrawals: dict[str, Withdrawal] = field(default_factory=dict)
    by_payment: dict[tuple[type[Payment], int], list[Entry]] = field(default_factory=dict)
    exchanges: dict[str, Exchange] = field(default_factory=dict)
    # Transactions of a gateway that numbers what it does to a payment apart from the payment.
    undone: dict[str, Payment] = field(default_factory=dict)


def clearing(provider: str) -> int:
    return ledger.account_id(f"payment_clearing:{provider}")


def moved(record: GatewayRecord) -> bool:
    return record.status.lower() in MOVED


def load(
    provider: str,
    *,
    at: datetime,
    records: Iterable[GatewayRecord],
    days: Iterable[date],
    newest: int,
    entry_ids: Iterable[int],
) -> Books:
    """Everything about these rows and about the clearing account's entries of these days.

    newest: the last entry there was when the balance was taken. entry_ids: entries beyond those,
    to be looked at again.
    """
    account = clearing(provider)
    spans = [(start, start + timedelta(days=1)) for start in map(_midnight, days)]
    windows = [
        Q(created_at__gte=first - REACH, created_at__lt=last + REACH) for first, last in spans
    ]
    near = list(
        Entry.objects.filter(reduce(or_, windows), account_id=account, pk__lte=newest)
        .select_related("wallet__currency")
        .order_by("id")
    )
    asked = [
        entry for entry in near if any(first <= entry.created_at < last for first, last in spans)
    ]
    known = {entry.pk for entry in asked}
    again = set(entry_ids) - known
    asked += Entry.objects.filter(pk__in=again, account_id=account).select_related(
        "wallet__currency"
    )
    books = Books(provider, at, at.date(), list(records), asked)
    _find_payments(books)
    _find_entries(books, near)
    _find_partners(books)
    return books


# ---- finding what belongs together -----------------------------------------------------------------


def payment_of(books: Books, record: GatewayRecord) -> Payment | None:
    if record.kind == "reversal" and (found := books.undone.get(record.outside_ref)):
        return found
    if record.kind != "deposit":
        for name in (record.reference, record.outside_ref):
            if withdrawal := books.withdrawals.get(name):
                return withdrawal
    for name in (record.outside_ref, record.reference):
        if deposit := books.deposits.get(name):
            return deposit
    return None


def movements_of(books: Books, record: GatewayRecord, payment: Payment) -> list[Entry]:
    """The movements this row can be. Of several reversals of one payment, those of its own id."""
    wanted = KINDS.get((record.kind, type(payment)), set())
    found = [
        entry
        for entry in books.by_payment.get((type(payment), payment.pk), [])
        if entry.kind in wanted
    ]
    if record.kind != "reversal":
        return found
    named = [entry for entry in found if record.outside_ref in entry.outside_id.split(":")]
    return named or found


def is_fee_on_player(books: Books, record: GatewayRecord) -> bool:
    """Whether a deposit was credited without the gateway's fee, as the setting may say."""
    payment = payment_of(books, record)
    if record.kind != "deposit" or not isinstance(payment, Deposit) or not record.fee:
        return False
    booked = abs(total_of(movements_of(books, record, payment)))
    return record.fee_code == record.code == payment.currency_id and booked == cut(
        record.amount - record.fee, record.code
    )


def _find_payments(books: Books) -> None:
    names = {name for one in books.records for name in (one.outside_ref, one.reference) if name}
    deposit_ids = {one.source_id for one in books.entries if one.kind in OF_DEPOSITS}
    withdrawal_ids = {one.source_id for one in books.entries if one.kind not in OF_DEPOSITS}
    for undo in GatewayTransaction.objects.filter(
        provider=books.provider, outside_ref__in=names
    ).select_related("deposit", "withdrawal"):
        payment = undo.deposit or undo.withdrawal
        if payment is not None:
            books.undone[undo.outside_ref] = payment
            if isinstance(payment, Deposit):
                deposit_ids.add(payment.pk)
            else:
                withdrawal_ids.add(payment.pk)
    for exchange in Exchange.objects.filter(
        Q(outside_ref__in=names) | Q(public_id__in=names), provider=books.provider
    ):
        books.exchanges[exchange.public_id] = exchange
        books.exchanges.setdefault(exchange.outside_ref, exchange)
    for deposit in Deposit.objects.filter(
        Q(outside_ref__in=names) | Q(public_id__in=names) | Q(pk__in=deposit_ids - {None}),
        provider=books.provider,
    ):
        books.deposits[deposit.outside_ref] = books.deposits[deposit.public_id] = deposit
    for withdrawal in Withdrawal.objects.filter(
        Q(outside_ref__in=names)
        | Q(foreign_id__in=names)
        | Q(public_id__in=names)
        | Q(pk__in=withdrawal_ids - {None}),
        provider=books.provider,
    ):
        for name in (withdrawal.outside_ref, withdrawal.foreign_id, withdrawal.public_id):
            if name:
                books.withdrawals[name] = withdrawal


def _find_entries(books: Books, near: list[Entry]) -> None:
    """The clearing account's movements of every payment in question, wherever they are."""
    grouped: dict[tuple[type[Payment], int], dict[int, Entry]] = defaultdict(dict)
    for entry in [*near, *books.entries]:
        if entry.source_id is not None:
            of: type[Payment] = Deposit if entry.kind in OF_DEPOSITS else Withdrawal
            grouped[of, entry.source_id][entry.pk] = entry
    for entry in _far_entries(books, grouped):
        of = Deposit if entry.kind in OF_DEPOSITS else Withdrawal
        grouped[of, entry.source_id or 0][entry.pk] = entry
    books.by_payment = {key: list(found.values()) for key, found in grouped.items()}


def _far_entries(
    books: Books, grouped: Mapping[tuple[type[Payment], int], dict[int, Entry]]
) -> list[Entry]:
    """Movements booked outside the window, found through the wallets of their players."""
    far: dict[tuple[int, str], set[int]] = defaultdict(set)
    payments: list[Payment] = [*books.deposits.values(), *books.withdrawals.values()]
    for payment in payments:
        if (type(payment), payment.pk) not in grouped:
            far[payment.player_id, payment.currency_id].add(payment.pk)
    if not far:
        return []
    wallets = Wallet.objects.filter(
        player_id__in={player for player, _ in far},
        currency__code__in={code for _, code in far},
    )
    ids = set().union(*far.values())
    return list(
        Entry.objects.filter(
            wallet_id__in=wallets.values("pk"),
            account_id=clearing(books.provider),
            source_id__in=ids,
        ).select_related("wallet__currency")
    )


def _find_partners(books: Books) -> None:
    """For each movement in question the gateway's row, from any day that was ever fetched."""
    for record in books.records:
        payment = payment_of(books, record)
        if payment is not None and record.copies:
            for entry in movements_of(books, record, payment):
                books.partners.setdefault(entry.pk, record)
    lost = [entry for entry in books.entries if entry.pk not in books.partners]
    if not lost:
        return
    names: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in lost:
        for name in _names_of(books, entry):
            names[ROW_KIND.get(Kind(entry.kind), ""), name].append(entry)
    wanted = {name for _, name in names}
    others = GatewayRecord.objects.filter(
        Q(outside_ref__in=wanted) | Q(reference__in=wanted), provider=books.provider, copies__gte=1
    )
    for record in others:
        for name in {record.outside_ref, record.reference}:
            for entry in names.get((record.kind, name), ()):
                books.partners.setdefault(entry.pk, record)


def _names_of(books: Books, entry: Entry) -> set[str]:
    if entry.kind in OF_DEPOSITS:
        payments: Iterable[Payment] = books.deposits.values()
    else:
        payments = books.withdrawals.values()
    for payment in payments:
        if payment.pk == entry.source_id:
            return {
                name
                for name in (
                    payment.outside_ref,
                    payment.public_id,
                    getattr(payment, "foreign_id", "") or "",
                )
                if name
            }
    return set()


# ---- amounts ---------------------------------------------------------------------------------------


def total_of(entries: list[Entry]) -> Decimal:
    return sum((entry.amount for entry in entries), Decimal(0))


def dust(record: GatewayRecord) -> Decimal:
    """What a row has below our smallest unit: we book without it, the gateway keeps count of it."""
    if record.code not in {one.code for one in ledger.currencies()}:
        return Decimal(0)
    return record.amount - cut(record.amount, record.code)


def cut(amount: Decimal, code: str) -> Decimal:
    """A gateway may count finer than we do; what is below our unit is not a difference."""
    of = ledger.currency(code)
    return amount.quantize(Decimal(1).scaleb(-of.scale), rounding="ROUND_DOWN")


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)
