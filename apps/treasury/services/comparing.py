"""What differs between a gateway's rows, our payments and our journal. It only reads.

`reconciliation.py` fetches before and writes after; `matching.py` finds what belongs together.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from apps.ledger.models import Entry, Kind
from apps.payments.models import Deposit, Exchange, Withdrawal
from apps.treasury.models import Break, GatewayRecord
from apps.treasury.services.matching import (
    OF_DEPOSITS,
    Books,
    Payment,
    cut,
    is_fee_on_player,
    moved,
    movements_of,
    payment_of,
    total_of,
)

BreakKind = Break.Kind

# Money can be on its way between two books for so long before it is a break.
IN_FLIGHT = timedelta(hours=6)
DEAD_ENDS = {"cancelled", "rejected", "released", "expired", "refused", "failed"}


@dataclass(frozen=True)
class Finding:
    """One difference. effect: by how much it puts the gateway's balance above our books."""

    kind: str
    key: str
    day: date
    code: str
    message: str
    ours: Decimal | None = None
    theirs: Decimal | None = None
    effect: Decimal = Decimal(0)
    in_flight: bool = False
    record: GatewayRecord | None = None
    deposit: Deposit | None = None
    withdrawal: Withdrawal | None = None
    entry_id: int | None = None


def compare(books: Books) -> list[Finding]:
    """Every row with exactly one movement, every movement with exactly one row."""
    findings = []
    for record in books.records:
        finding = _of_record(books, record)
        if finding is not None:
            findings.append(finding)
    for entry in books.entries:
        if entry.pk not in books.partners:
            findings.append(_missing_there(books, entry))
    findings += _of_payments(books)
    return findings


def _of_record(books: Books, record: GatewayRecord) -> Finding | None:
    if record.kind == "exchange":
        return _of_exchange(books, record)
    payment = payment_of(books, record)
    entries = movements_of(books, record, payment) if payment is not None else []
    if record.copies == 0:
        return None  # gone from their book: our movement, if any, is then without a row
    if record.copies > 1:
        return _finding(
            books, record, payment, BreakKind.DOUBLE,
            f"{books.provider} lists it {record.copies} times in one day",
            theirs=record.amount * record.copies,
            effect=_effect(record, payment) * (record.copies - 1),
        )  # fmt: skip
    if not moved(record):
        return _not_moved(books, record, payment, entries)
    if not entries:
        return _missing_here(books, record, payment)
    if record.kind == "reversal":
        return _amounts(books, record, payment, entries)  # held money and cash are two movements
    if len(entries) > 1:
        total = sum((abs(entry.amount) for entry in entries), Decimal(0))
        return _finding(
            books, record, payment, BreakKind.DOUBLE,
            f"We have booked it {len(entries)} times",
            ours=total, theirs=record.amount,
            effect=_effect(record, payment) - total_of(entries), entry_id=entries[-1].pk,
        )  # fmt: skip
    return _amounts(books, record, payment, entries)


def _amounts(
    books: Books, record: GatewayRecord, payment: Payment | None, entries: list[Entry]
) -> Finding | None:
    entry, total = entries[-1], total_of(entries)
    code = entry.wallet.currency.code
    if code != record.code:
        return _finding(
            books, record, payment, BreakKind.CURRENCY,
            f"{books.provider} moved {record.code}, we have booked {code}",
            ours=abs(total), theirs=record.amount,
            effect=_effect(record, payment), entry_id=entry.pk,
        )  # fmt: skip
    if cut(record.amount, code) == abs(total) or is_fee_on_player(books, record):
        return None
    return _finding(
        books, record, payment, BreakKind.AMOUNT,
        "The two books have different amounts",
        ours=abs(total), theirs=record.amount,
        effect=_effect(record, payment) - total, entry_id=entry.pk,
    )  # fmt: skip


def _of_exchange(books: Books, record: GatewayRecord) -> Finding | None:
    """The house's own exchange at the gateway: no player's money, but somebody here ordered it.

    Its effect on the balances is in the costs, so it leaves none to explain.
    """
    if not record.copies or not moved(record):
        return None
    order = books.exchanges.get(record.outside_ref) or books.exchanges.get(record.reference)
    if order is None:
        return _finding(
            books, record, None, BreakKind.MISSING_HERE,
            f"Nobody here has ordered the exchange {record.outside_ref}",
            theirs=record.amount, effect=Decimal(0), in_flight=record.day >= books.today,
        )  # fmt: skip
    if order.state != Exchange.State.DONE:
        return _finding(
            books, record, None, BreakKind.STATE,
            f"{books.provider} says {record.status}, our exchange {order} is {order.state}",
            theirs=record.amount, effect=Decimal(0), in_flight=record.day >= books.today,
        )  # fmt: skip
    if (order.sold, order.bought) != (record.amount, record.bought):
        return _finding(
            books, record, None, BreakKind.AMOUNT,
            f"The exchange gave {record.bought.normalize():f} {record.bought_code} there, "
            f"{(order.bought or Decimal(0)).normalize():f} here",
            ours=order.sold, theirs=record.amount, effect=Decimal(0),
        )  # fmt: skip
    return None


def _not_moved(
    books: Books, record: GatewayRecord, payment: Payment | None, entries: list[Entry]
) -> Finding | None:
    """A row without money must have no movement of ours that stands."""
    if not entries:
        return None
    return _finding(
        books, record, payment, BreakKind.STATE,
        f"{books.provider} says {record.status}, we have moved the money",
        ours=abs(total_of(entries)), effect=-total_of(entries), entry_id=entries[-1].pk,
    )  # fmt: skip


def _missing_here(books: Books, record: GatewayRecord, payment: Payment | None) -> Finding:
    if payment is None:
        text = f"No payment of ours has the id {record.outside_ref}"
    elif payment.state in DEAD_ENDS:
        return _finding(
            books, record, payment, BreakKind.STATE,
            f"{books.provider} says {record.status}, ours is {payment.state}",
            theirs=record.amount, effect=_effect(record, payment),
        )  # fmt: skip
    else:
        text = f"Ours is {payment.state} and has moved no money yet"
    return _finding(
        books, record, payment, BreakKind.MISSING_HERE, text,
        theirs=record.amount, effect=_effect(record, payment),
        # Of today: its callback may still be on the way.
        in_flight=record.day >= books.today,
    )  # fmt: skip


def _missing_there(books: Books, entry: Entry) -> Finding:
    payments: Iterable[Payment] = [*books.deposits.values(), *books.withdrawals.values()]
    of: type[Payment] = Deposit if entry.kind in OF_DEPOSITS else Withdrawal
    payment = next((one for one in payments if type(one) is of and one.pk == entry.source_id), None)
    name = payment.public_id if payment is not None else "no payment"
    return Finding(
        kind=BreakKind.MISSING_THERE,
        key=f"entry:{entry.pk}",
        day=entry.created_at.date(),
        code=entry.wallet.currency.code,
        message=f"Entry {entry.pk} ({Kind(entry.kind).label}, {name}) is in no statement",
        ours=abs(entry.amount),
        effect=-entry.amount,
        in_flight=entry.created_at > books.at - IN_FLIGHT,
        deposit=payment if isinstance(payment, Deposit) else None,
        withdrawal=payment if isinstance(payment, Withdrawal) else None,
        entry_id=entry.pk,
    )


def _of_payments(books: Books) -> list[Finding]:
    """What our payments say moved is what the journal moved; no gateway is needed to see that."""
    findings = []
    for deposit in set(books.deposits.values()):
        if deposit.confirmed_at is None or not deposit.amount:
            continue
        booked = [
            entry
            for entry in books.by_payment.get((Deposit, deposit.pk), [])
            if entry.kind == Kind.DEPOSIT
        ]
        if [entry.amount for entry in booked] != [deposit.amount]:
            findings.append(_booking(deposit, deposit.confirmed_at, booked))
    for withdrawal in set(books.withdrawals.values()):
        if withdrawal.state != Withdrawal.State.PAID or withdrawal.finished_at is None:
            continue
        booked = [
            entry
            for entry in books.by_payment.get((Withdrawal, withdrawal.pk), [])
            if entry.kind == Kind.WITHDRAWAL_PAID
        ]
        # Our own fee stays in the house, unless the money had been given back before it left.
        right = {withdrawal.amount, withdrawal.amount - withdrawal.fee}
        if len(booked) != 1 or -booked[0].amount not in right:
            findings.append(_booking(withdrawal, withdrawal.finished_at, booked))
    return findings


def _booking(payment: Payment, finished_at: datetime, booked: list[Entry]) -> Finding:
    name = "deposit" if isinstance(payment, Deposit) else "withdrawal"
    return Finding(
        kind=BreakKind.BOOKING,
        key=f"{name}:{payment.pk}",
        day=finished_at.date(),
        code=payment.currency_id,
        message=f"{payment.public_id} is {payment.state} with {len(booked)} movements in the journal",
        ours=payment.amount,
        theirs=sum((abs(entry.amount) for entry in booked), Decimal(0)),
        deposit=payment if isinstance(payment, Deposit) else None,
        withdrawal=payment if isinstance(payment, Withdrawal) else None,
        entry_id=booked[-1].pk if booked else None,
    )


def _finding(
    books: Books,
    record: GatewayRecord,
    payment: Payment | None,
    kind: str,
    message: str,
    *,
    effect: Decimal,
    ours: Decimal | None = None,
    theirs: Decimal | None = None,
    in_flight: bool = False,
    entry_id: int | None = None,
) -> Finding:
    return Finding(
        kind=kind,
        key=f"{record.kind}:{record.outside_ref}",
        day=record.day,
        code=record.code,
        message=message,
        ours=ours,
        theirs=theirs,
        effect=effect,
        in_flight=in_flight,
        record=record,
        deposit=payment if isinstance(payment, Deposit) else None,
        withdrawal=payment if isinstance(payment, Withdrawal) else None,
        entry_id=entry_id,
    )


def _effect(record: GatewayRecord, payment: Payment | None) -> Decimal:
    """What the row did to the gateway's balance, before its fee."""
    if record.kind == "deposit":
        return record.amount
    if record.kind == "reversal" and isinstance(payment, Withdrawal):
        return record.amount
    return -record.amount
