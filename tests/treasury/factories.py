"""A gateway that says what the test tells it to, people, and payments in every state."""

import csv
import io
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from apps.accounts.models import Player, User
from apps.audit import proposals
from apps.audit.models import Proposal
from apps.core.clock import now
from apps.core.money import Money
from apps.ledger.models import Purse, Wallet
from apps.ledger.selectors import currency
from apps.payments.models import Deposit, Rail, Withdrawal
from apps.treasury.models import HouseWallet
from apps.treasury.services import adjustments
from apps.wallet import movements
from apps.wallet import services as wallets

numbers = count(1)
COLUMNS = (
    "id", "foreign_id", "type", "status", "currency", "amount", "fee", "fee_currency",
    "network_fee", "network_fee_currency", "receiver_currency", "receiver_amount",
)  # fmt: skip
ADDRESS = "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"


def money(text: str, code: str = "BTC") -> Money:
    sign = -1 if text.startswith("-") else 1
    parsed = Money.parse(text.lstrip("-"), currency(code))
    return Money(sign * parsed.units, parsed.currency)


@dataclass
class Book:
    """A gateway's own book in the test's hands: what it exports of a day, and what it holds."""

    rows: dict[date, list[dict[str, str]]] = field(default_factory=dict)
    held: dict[str, Decimal] = field(default_factory=dict)
    is_silent: bool = False

    def add(
        self,
        day: date,
        outside_ref: str,
        amount: str,
        *,
        kind: str = "deposit",
        code: str = "BTC",
        status: str = "confirmed",
        fee: str = "",
        network_fee: str = "",
        reference: str = "",
        bought: str = "",
        bought_code: str = "",
    ) -> None:
        """Write a line of the export; what moved money moves what is held."""
        self.rows.setdefault(day, []).append(
            {
                "id": outside_ref,
                "foreign_id": reference,
                "type": kind,
                "status": status,
                "currency": code,
                "amount": amount,
                "fee": fee,
                "fee_currency": code if fee else "",
                "network_fee": network_fee,
                "network_fee_currency": code if network_fee else "",
                "receiver_currency": bought_code or code,
                "receiver_amount": bought or amount,
            }
        )
        if status == "confirmed":
            self.move(code, Decimal(amount) if kind == "deposit" else -Decimal(amount))
            self.move(code, -Decimal(fee or 0) - Decimal(network_fee or 0))
            if bought:
                self.move(bought_code, Decimal(bought))

    def move(self, code: str, amount: Decimal) -> None:
        self.held[code] = self.held.get(code, Decimal(0)) + amount

    def drop(self, outside_ref: str) -> None:
        for day, rows in self.rows.items():
            self.rows[day] = [row for row in rows if row["id"] != outside_ref]

    def export(self, day: date) -> str:
        """The file of a day, as the gateway writes it."""
        out = io.StringIO()
        writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows.get(day, []))
        return out.getvalue()


def make_deposit(player: Player, amount: str, *, code: str = "BTC", **changes: Any) -> Deposit:
    """A confirmed deposit with its movement; `changes` are of its row."""
    number, at = next(numbers), now()
    rail = Rail.objects.filter(currency_id=code, provider="coinspaid").first()
    assert rail is not None
    fields: dict[str, Any] = {
        "player": player,
        "rail": rail,
        "currency_id": code,
        "provider": "coinspaid",
        "outside_ref": f"40{number:05d}",
        "state": Deposit.State.CONFIRMED,
        "amount": amount,
        "gross": amount,
        "net": amount,
        "created_at": at - timedelta(minutes=12),
        "confirmed_at": at,
        "updated_at": at,
    }
    deposit = Deposit.objects.create(**{**fields, **changes})
    if deposit.state in {Deposit.State.CONFIRMED, Deposit.State.HELD}:
        book_deposit(deposit)
    deposit.refresh_from_db()
    return deposit


def book_deposit(deposit: Deposit, key: str = "") -> None:
    of = currency(deposit.currency_id)
    amount = Money.from_major(Decimal(deposit.amount), of)
    key = key or f"deposit:{deposit.outside_ref}"
    if deposit.state == Deposit.State.HELD:
        result = movements.deposit_held(
            partner="coinspaid", player_id=deposit.player_id, amount=amount, key=key,
            deposit_id=deposit.pk,
        )  # fmt: skip
    else:
        wallet = wallets.open_wallet(player_id=deposit.player_id, currency_code=of.code)
        result = movements.deposit_confirmed(
            partner="coinspaid", wallet_id=wallet.pk, amount=amount, key=key, deposit_id=deposit.pk
        )
    Deposit.objects.filter(pk=deposit.pk).update(entry_id=result.entry_id)


def make_withdrawal(
    player: Player, by: User, amount: str, *, state: str = Withdrawal.State.PAID
) -> Withdrawal:
    """A withdrawal that the gateway has; a paid one with the movement that let it go."""
    number, at = next(numbers), now()
    rail = Rail.objects.get(code="BTC")
    withdrawal = Withdrawal.objects.create(
        player=player,
        rail=rail,
        currency_id="BTC",
        provider="coinspaid",
        amount=amount,
        address=ADDRESS,
        key=f"k{number}",
        state=state,
        approved_by=by,
        approved_at=at,
        approval_hash="f" * 64,
        foreign_id=f"wd_{number}",
        outside_ref=f"50{number:05d}",
        created_at=at - timedelta(hours=1),
        updated_at=at,
        finished_at=at if state == Withdrawal.State.PAID else None,
    )
    movements.withdrawal_reserved(
        player_id=player.pk, amount=money(amount), key=f"withdrawal:{withdrawal.pk}:reserve",
        withdrawal_id=withdrawal.pk,
    )  # fmt: skip
    if state == Withdrawal.State.PAID:
        movements.withdrawal_paid(
            partner="coinspaid", player_id=player.pk, amount=money(amount),
            key=f"withdrawal:{withdrawal.pk}:paid", withdrawal_id=withdrawal.pk,
        )  # fmt: skip
    return withdrawal


def cash(player: Player, code: str = "BTC") -> Decimal:
    wallet = Wallet.objects.filter(player=player, currency__code=code, purse=Purse.CASH).first()
    return wallet.balance if wallet else Decimal(0)


def agree(proposal: Proposal, by: User, reason: str = "Checked against the evidence") -> Proposal:
    """The second person says yes to what is there."""
    return proposals.approve(
        proposal.public_id, by=by, reason=reason, seen_hash=proposal.content_hash
    )


def own_wallet(
    temperature: str = "cold", balance: str = "0", code: str = "BTC", name: str = ""
) -> HouseWallet:
    return HouseWallet.objects.create(
        name=name or f"Vault {temperature} {code}",
        currency_id=code,
        temperature=temperature,
        address=f"bc1{temperature}",
        balance=balance,
        balance_at=now(),
    )


def gateway_wallet(balance: str = "0", code: str = "BTC") -> HouseWallet:
    return HouseWallet.objects.create(
        name="At coinspaid",
        currency_id=code,
        temperature="hot",
        provider="coinspaid",
        balance=balance,
        balance_at=now(),
    )


def propose_adjustment(player: Player, by: User, amount: str = "0.01", **changes: Any) -> Proposal:
    fields: dict[str, Any] = {
        "player_id": player.pk,
        "amount": money(amount),
        "reason": "goodwill",
        "evidence": "Ticket 4711: the spin froze",
        "words": "For the round that froze",
        "note": "Agreed with support",
        "by": by,
    }
    return adjustments.propose_adjustment(**{**fields, **changes})
