"""The comparison itself: a gateway's rows, our payments, our journal, and what differs.

Everything here only reads. `reconciliation.py` fetches before and writes after.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import reduce
from operator import or_

from django.db import connection
from django.db.models import Q

from apps.ledger import selectors as ledger
from apps.ledger.models import Entry, Kind, Wallet
from apps.payments.models import Deposit, Exchange, GatewayTransaction, Withdrawal
from apps.treasury.models import Break, GatewayRecord, HouseWallet

BreakKind = Break.Kind
Payment = Deposit | Withdrawal

# Money can be on its way between two books for so long before it is a break.
IN_FLIGHT = timedelta(hours=6)
# How far before and after a day its movements are looked for in the journal.
REACH = timedelta(days=2)
# What a network fee may add to payouts that left the gateway's balance and are not booked yet.
FEE_ROOM = Decimal("1.10")

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


# ---- what differs ----------------------------------------------------------------------------------


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
            effect=_effect(record, payment) - _sum(entries), entry_id=entries[-1].pk,
        )  # fmt: skip
    return _amounts(books, record, payment, entries)


def _amounts(
    books: Books, record: GatewayRecord, payment: Payment | None, entries: list[Entry]
) -> Finding | None:
    entry, total = entries[-1], _sum(entries)
    code = entry.wallet.currency.code
    if code != record.code:
        return _finding(
            books, record, payment, BreakKind.CURRENCY,
            f"{books.provider} moved {record.code}, we have booked {code}",
            ours=abs(total), theirs=record.amount,
            effect=_effect(record, payment), entry_id=entry.pk,
        )  # fmt: skip
    if _cut(record.amount, code) == abs(total) or is_fee_on_player(books, record):
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


def is_fee_on_player(books: Books, record: GatewayRecord) -> bool:
    """Whether a deposit was credited without the gateway's fee, as the setting may say."""
    payment = payment_of(books, record)
    if record.kind != "deposit" or not isinstance(payment, Deposit) or not record.fee:
        return False
    booked = abs(_sum(movements_of(books, record, payment)))
    return record.fee_code == record.code == payment.currency_id and booked == _cut(
        record.amount - record.fee, record.code
    )


def _not_moved(
    books: Books, record: GatewayRecord, payment: Payment | None, entries: list[Entry]
) -> Finding | None:
    """A row without money must have no movement of ours that stands."""
    if not entries:
        return None
    return _finding(
        books, record, payment, BreakKind.STATE,
        f"{books.provider} says {record.status}, we have moved the money",
        ours=abs(_sum(entries)), effect=-_sum(entries), entry_id=entries[-1].pk,
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


def _sum(entries: list[Entry]) -> Decimal:
    return sum((entry.amount for entry in entries), Decimal(0))


def dust(record: GatewayRecord) -> Decimal:
    """What a row has below our smallest unit: we book without it, the gateway keeps count of it."""
    if record.code not in {one.code for one in ledger.currencies()}:
        return Decimal(0)
    return record.amount - _cut(record.amount, record.code)


def _cut(amount: Decimal, code: str) -> Decimal:
    """A gateway may count finer than we do; what is below our unit is not a difference."""
    of = ledger.currency(code)
    return amount.quantize(Decimal(1).scaleb(-of.scale), rounding="ROUND_DOWN")


# ---- the balance -----------------------------------------------------------------------------------


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)


def newest_entry() -> int:
    return Entry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def clearing_totals(provider: str, newest: int) -> dict[str, Decimal]:
    """Per currency what the journal says lies at the gateway, up to an entry.

    The roll-up and what came after it, in one statement, so on one snapshot. Where the roll-up is
    past that entry already, what it has too much is taken off again.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH mark AS (
                SELECT coalesce(max(position), 0) AS id FROM ledger_cursor WHERE name = 'positions'
            ), parts AS (
                SELECT currency_id, -amount AS amount FROM ledger_position WHERE account_id = %(a)s
                 UNION ALL
                SELECT w.currency_id, CASE WHEN e.id > m.id THEN e.amount ELSE -e.amount END
                  FROM mark m
                  JOIN ledger_entry e ON e.account_id = %(a)s
                       AND e.id > least(m.id, %(n)s) AND e.id <= greatest(m.id, %(n)s)
                  JOIN ledger_wallet w ON w.id = e.wallet_id
            )
            SELECT c.code, sum(p.amount) FROM parts p
              JOIN ledger_currency c ON c.id = p.currency_id GROUP BY c.code
            """,
            {"a": clearing(provider), "n": newest},
        )
        return dict(cursor.fetchall())


@dataclass(frozen=True)
class Gap:
    """A gateway's balance against our books, in one currency.

    expected: own money + journal − fees ± exchanges and dust at the gateway. rows: what the single differences explain.
    on_the_way: payouts the gateway may have taken from its balance already.
    """

    code: str
    held: Decimal
    expected: Decimal
    rows: Decimal
    on_the_way: Decimal

    @property
    def unexplained(self) -> Decimal:
        return self.held - self.expected - self.rows

    @property
    def is_difference(self) -> bool:
        """What is below our smallest unit cannot be in our books, so it is none."""
        return abs(self.unexplained) >= Decimal(1).scaleb(-ledger.currency(self.code).scale)

    @property
    def is_in_flight(self) -> bool:
        return -self.on_the_way * FEE_ROOM <= self.unexplained < 0


def gaps(
    provider: str,
    *,
    held: Mapping[str, Decimal],
    before: Mapping[str, Decimal],
    after: Mapping[str, Decimal],
    rows: Mapping[str, Decimal],
) -> list[Gap]:
    """Per currency. before, after: the journal around the call; money may move meanwhile.

    A gateway that holds nothing for us (it passes payments on) has no balance to compare.
    """
    if not held:
        return []
    costs = costs_of(provider)
    own = {
        str(code): amount
        for code, amount in HouseWallet.objects.filter(provider=provider).values_list(
            "currency_id", "own_amount"
        )
    }
    on_the_way = _on_the_way(provider)
    known = {one.code for one in ledger.currencies()}
    found = []
    for code in sorted((held.keys() | before.keys() | after.keys()) & known):
        fixed = own.get(code, Decimal(0)) - costs.get(code, Decimal(0))
        choices = [
            Gap(
                code=code,
                held=held.get(code, Decimal(0)),
                expected=fixed + total.get(code, Decimal(0)),
                rows=rows.get(code, Decimal(0)),
                on_the_way=on_the_way.get(code, Decimal(0)),
            )
            for total in (before, after)
        ]
        found.append(min(choices, key=lambda gap: abs(gap.unexplained)))
    return found


def costs_of(provider: str) -> dict[str, Decimal]:
    """What fees and exchanges at the gateway ever took from the house, per currency."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH rows AS (
                SELECT * FROM treasury_gateway_record
                 WHERE provider = %s AND copies > 0 AND lower(status) = ANY(%s)
            ), parts AS (
                SELECT coalesce(nullif(fee_code, ''), code) AS code, fee AS amount FROM rows
                 WHERE NOT fee_on_player AND kind <> 'exchange'
                 UNION ALL SELECT code, CASE WHEN kind = 'deposit' THEN -dust ELSE dust END FROM rows
                 UNION ALL SELECT network_fee_code, network_fee FROM rows WHERE network_fee <> 0
                 UNION ALL SELECT code, amount FROM rows WHERE kind = 'exchange'
                 UNION ALL SELECT bought_code, -bought FROM rows WHERE kind = 'exchange'
            )
            SELECT code, sum(amount) FROM parts GROUP BY code
            """,
            [provider, sorted(MOVED)],
        )
        return dict(cursor.fetchall())


def _on_the_way(provider: str) -> dict[str, Decimal]:
    totals: dict[str, Decimal] = defaultdict(Decimal)
    under_way = Withdrawal.objects.filter(
        provider=provider, state__in=[Withdrawal.State.SENDING, Withdrawal.State.SENT]
    ).values_list("currency_id", "amount")
    for code, amount in under_way:
        totals[str(code)] += amount
    return totals
