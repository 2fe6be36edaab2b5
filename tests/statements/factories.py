"""Movements of every kind, and a plain model of what they come to."""

import random
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

from django.db import connection

from apps.accounts.models import Player
from apps.core.errors import DomainError
from apps.core.money import Money
from apps.ledger.models import Entry, Purse
from apps.ledger.selectors import currency
from apps.wallet import movements
from apps.wallet.services import open_wallet


def money(text: str, code: str = "BTC") -> Money:
    return Money.parse(text, currency(code))


def play(
    player: Player,
    key: str,
    *,
    stake: str = "0.001",
    win: str = "0",
    code: str = "BTC",
    session_id: int | None = None,
    partner: str = "softswiss",
) -> None:
    """One round: a bet and, if there is one, a win."""
    wallet = open_wallet(player_id=player.pk, currency_code=code)
    operations: list[movements.Bet | movements.Win] = [
        movements.Bet(f"b:{key}", money(stake, code), f"r:{key}", session_id)
    ]
    if win != "0":
        operations.append(movements.Win(f"w:{key}", money(win, code), f"r:{key}", session_id))
    movements.play(operations, partner=partner, wallet_id=wallet.pk, currency=currency(code))


def exchange(player: Player, key: str, sold: Money, bought: Money, spread: Money) -> None:
    movements.exchanged(
        player_id=player.pk,
        sold=sold,
        bought=bought,
        spread=spread,
        key=key,
        quote_id=hash(key) % 10**9,
    )


def move_at_random(player: Player, seed: int, count: int) -> None:
    """Deposits, play, withdrawals, exchanges, the vault, corrections; refused ones are skipped."""
    draw = random.Random(seed)
    codes = ("BTC", "ETH", "EUR")

    def some(code: str, whole: int = 3) -> Money:
        of = currency(code)
        return Money(draw.randint(1, whole * 10**of.scale), of)

    def bet(key: str, code: str) -> None:
        wallet = open_wallet(player_id=player.pk, currency_code=code)
        stake = some(code, 1)
        won = Money(stake.units * draw.choice((0, 0, 0, 2, 5)), stake.currency)
        movements.play(
            [
                movements.Bet(f"b:{key}", stake, key, None),
                movements.Win(f"w:{key}", won, key, None, closes_round=True),
            ],
            partner="softswiss",
            wallet_id=wallet.pk,
            currency=stake.currency,
        )
        if draw.random() < 0.1:
            movements.play(
                [movements.Rollback(f"u:{key}", draw.choice((f"b:{key}", f"w:{key}")))],
                partner="softswiss",
                wallet_id=wallet.pk,
                currency=stake.currency,
            )

    def deposit(key: str, code: str) -> None:
        wallet = open_wallet(player_id=player.pk, currency_code=code)
        movements.deposit_confirmed(
            partner="coinspaid", wallet_id=wallet.pk, amount=some(code, 9), key=key, deposit_id=1
        )

    def withdraw(key: str, code: str) -> None:
        amount = some(code)
        movements.withdrawal_reserved(player_id=player.pk, amount=amount, key=key, withdrawal_id=1)
        if draw.random() < 0.5:
            movements.withdrawal_released(
                player_id=player.pk, amount=amount, key=f"{key}:back", withdrawal_id=1
            )
        else:
            movements.withdrawal_paid(
                partner="coinspaid",
                player_id=player.pk,
                amount=amount,
                key=f"{key}:paid",
                withdrawal_id=1,
                fee=Money(amount.units // 100, amount.currency),
            )

    def swap(key: str, code: str) -> None:
        bought = some("ETH" if code != "ETH" else "EUR")
        spread = Money(bought.units // 200, bought.currency)
        exchange(player, key, some(code, 1), bought, spread)

    def vault(key: str, code: str) -> None:
        amount = some(code, 1)
        movements.vault_put(player_id=player.pk, amount=amount, key=key)
        if draw.random() < 0.7:
            movements.vault_taken(player_id=player.pk, amount=amount, key=f"{key}:out")

    def correct(key: str, code: str) -> None:
        movements.adjusted(player_id=player.pk, amount=some(code, 1), key=key, adjustment_id=1)

    acts: list[Callable[[str, str], None]] = [
        bet,
        bet,
        bet,
        deposit,
        withdraw,
        swap,
        vault,
        correct,
    ]
    for number in range(count):
        act = draw.choice(acts)
        try:
            act(f"{seed}:{number}", draw.choice(codes))
        except DomainError:
            continue


def ledger_sums(player: Player) -> dict[tuple[str, int], Decimal]:
    """Currency and purse, summed by PostgreSQL from the entries."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.code, w.purse, sum(e.amount) FROM ledger_entry e
              JOIN ledger_wallet w ON w.id = e.wallet_id JOIN ledger_currency c ON c.id = w.currency_id
             WHERE w.player_id = %s GROUP BY 1, 2
            """,
            [player.pk],
        )
        return {(code, purse): total for code, purse, total in cursor.fetchall()}


def date_back(at: datetime, *, entries: list[int] | None = None) -> None:
    """Let entries be of another day; the journal's own door always writes the present."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        if entries is None:
            cursor.execute("UPDATE ledger_entry SET created_at = %s", [at])
        else:
            cursor.execute(
                "UPDATE ledger_entry SET created_at = %s WHERE id = ANY(%s)", [at, entries]
            )
        cursor.execute("SET session_replication_role = origin")


def many_movements(player: Player, count: int, session_id: int | None = None) -> None:
    """Rounds by the hundred thousand, written straight as the journal would have written them.

    Only the columns a statement reads are true to life: signatures and links are not.
    """
    wallet = open_wallet(player_id=player.pk, currency_code="BTC")
    start = Entry.objects.filter(wallet_id=wallet.pk).count()
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            """
            INSERT INTO ledger_entry (id, wallet_id, wallet_version, account_id, kind, amount,
                   balance_after, partner_id, outside_id, round_ref, source_id, closes_round,
                   created_at, key_id, mac, link)
            SELECT nextval('ledger_entry_id_seq'), %(wallet)s, %(start)s + n, 1,
                   CASE WHEN n %% 2 = 1 THEN 1 ELSE 2 END,
                   CASE WHEN n %% 2 = 1 THEN -0.00000700 ELSE 0.00000700 END,
                   %(balance)s + CASE WHEN n %% 2 = 1 THEN -0.00000700 ELSE 0 END,
                   2, 'many:' || n, 'round-' || (n + 1) / 2, %(session)s, false,
                   now(), 1, '\\x00', '\\x00'
              FROM generate_series(1, %(count)s) n
            """,
            {
                "wallet": wallet.pk,
                "start": start,
                "count": count,
                "balance": wallet.balance,
                "session": session_id,
            },
        )
        cursor.execute(
            "UPDATE ledger_wallet SET version = version + %s WHERE id = %s", [count, wallet.pk]
        )
        cursor.execute("SET session_replication_role = origin")


def midday(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 12, tzinfo=UTC)


CASH = Purse.CASH
