"""A gateway's balance against our books: own money, journal, fees, and what is on the way.

Everything here only reads.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection

from apps.ledger import selectors as ledger
from apps.ledger.models import Entry
from apps.payments.models import Withdrawal
from apps.treasury.models import HouseWallet
from apps.treasury.services.matching import MOVED, clearing

# What a network fee may add to payouts that left the gateway's balance and are not booked yet.
FEE_ROOM = Decimal("1.10")


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
