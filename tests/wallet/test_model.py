"""The real wallet against a small model in plain dictionaries, in random order and repetition."""

import itertools
import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from apps.core.errors import DomainError
from apps.core.money import Money
from apps.ledger.models import Purse, Wallet
from apps.ledger.selectors import currency, postings_sum
from apps.wallet import movements
from apps.wallet.movements import Bet, Rollback, Win
from tests.conftest import make_player
from tests.wallet.test_movements import Table

EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", "25"))
STEPS = int(os.environ.get("MODEL_STEPS", "40"))
_people = itertools.count()

keys = st.integers(1, 6)
amounts = st.integers(0, 500)


class Model:
    """What must happen, in cents. Knows nothing of how it is done."""

    def __init__(self) -> None:
        self.cash = self.reserved = self.vault = self.cents = 0
        self.done: dict[str, tuple[str, int]] = {}
        self.dead: set[str] = set()
        self.undone: set[str] = set()
        self.rollbacks: dict[str, str] = {}
        self.swaps: dict[str, tuple[int, int, int]] = {}

    def play(self, kind: str, key: str, amount: int) -> str:
        if key in self.rollbacks:
            return "conflict"
        if key in self.dead:
            return "tombstone"
        if key in self.done:
            return "duplicate" if self.done[key] == (kind, amount) else "conflict"
        if kind == "bet" and self.cash < amount:
            # A stake of nothing is refused too while a debt is owed.
            return "no_funds" if amount or self.cash < 0 else "applied"
        self.done[key] = (kind, amount)
        self.cash += amount if kind == "win" else -amount
        return "applied"

    def roll_back(self, key: str, target: str) -> str:
        if key in self.done or key in self.dead:
            return "conflict"
        if key in self.rollbacks:
            return "duplicate" if self.rollbacks[key] == target else "conflict"
        self.rollbacks[key] = target
        if target in self.dead:
            return "already_reversed"
        if target not in self.done:
            self.dead.add(target)
            return "tombstone"
        if target in self.undone:
            return "already_reversed"
        kind, amount = self.done[target]
        self.undone.add(target)
        self.cash += -amount if kind == "win" else amount
        return "applied"

    def move(self, kind: str, key: str, amount: int) -> str:
        if key in self.done:
            return "duplicate" if self.done[key] == (kind, amount) else "conflict"
        source = self.cash if kind == "reserve" else self.reserved
        if source < amount:
            return "no_funds"
        self.done[key] = (kind, amount)
        if kind == "reserve":
            self.cash, self.reserved = self.cash - amount, self.reserved + amount
        elif kind == "release":
            self.cash, self.reserved = self.cash + amount, self.reserved - amount
        else:
            self.reserved -= amount
        return "applied"

    def save(self, kind: str, key: str, amount: int) -> str:
        """Into the vault or out of it."""
        if key in self.done:
            return "duplicate" if self.done[key] == (kind, amount) else "conflict"
        if (self.cash if kind == "put" else self.vault) < amount:
            return "no_funds"
        self.done[key] = (kind, amount)
        step = amount if kind == "put" else -amount
        self.cash, self.vault = self.cash - step, self.vault + step
        return "applied"

    def exchange(self, key: str, sold: int, bought: int, spread: int) -> str:
        """Out of the euros, into the other currency less the spread; or back, with a minus."""
        if key in self.swaps:
            return "duplicate" if self.swaps[key] == (sold, bought, spread) else "conflict"
        source = self.cash if sold > 0 else self.cents
        if source < abs(sold):
            return "no_funds"
        self.swaps[key] = (sold, bought, spread)
        if sold > 0:
            self.cash, self.cents = self.cash - sold, self.cents + bought - spread
        else:
            self.cents, self.cash = self.cents + sold, self.cash + bought - spread
        return "applied"


REFUSALS = {"insufficient_funds": "no_funds", "key_conflict": "conflict"}


class WalletMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.name = f"model{next(_people)}"
        self.table = Table(make_player(self.name))

    def _cents(self, amount: int):
        return self.table.money(f"{amount // 100}.{amount % 100:02d}")

    def _try(self, call) -> str:
        try:
            result = call()
        except DomainError as refusal:
            return REFUSALS[refusal.code]
        return str(result[0].status if isinstance(result, list) else result.status)

    @rule(key=keys, amount=st.integers(1, 1000))
    def deposit(self, key: int, amount: int) -> None:
        name = f"{self.name}:d{key}"
        expected = self.model.done.get(name)
        status = self._try(
            lambda: movements.deposit_confirmed(
                partner="coinspaid",
                wallet_id=self.table.wallet_id,
                amount=self._cents(amount),
                key=name,
                deposit_id=1,
            )
        )
        if expected is None:
            self.model.done[name] = ("deposit", amount)
            self.model.cash += amount
            assert status == "applied"
        else:
            assert status == ("duplicate" if expected == ("deposit", amount) else "conflict")

    @rule(key=keys, amount=amounts)
    def bet(self, key: int, amount: int) -> None:
        name = f"{self.name}:g{key}"
        bet = Bet(name, self._cents(amount), "r", None)
        assert self._try(lambda: self.table.play(bet)) == self.model.play("bet", name, amount)

    @rule(key=keys, amount=amounts)
    def win(self, key: int, amount: int) -> None:
        name = f"{self.name}:g{key}"
        win = Win(name, self._cents(amount), "r", None)
        assert self._try(lambda: self.table.play(win)) == self.model.play("win", name, amount)

    @rule(key=keys, named=keys)
    def roll_back(self, key: int, named: int) -> None:
        name, aim = f"{self.name}:x{key}", f"{self.name}:g{named}"
        status = self._try(lambda: self.table.play(Rollback(name, aim)))
        assert status == self.model.roll_back(name, aim)

    @rule(
        key=keys, amount=st.integers(1, 500), kind=st.sampled_from(["reserve", "release", "paid"])
    )
    def withdraw(self, key: int, amount: int, kind: str) -> None:
        name = f"{self.name}:{kind}{key}"
        facts = {
            "player_id": self.table.player.pk,
            "amount": self._cents(amount),
            "key": name,
            "withdrawal_id": 1,
        }
        call = {
            "reserve": lambda: movements.withdrawal_reserved(**facts),
            "release": lambda: movements.withdrawal_released(**facts),
            "paid": lambda: movements.withdrawal_paid(**facts, partner="coinspaid"),
        }[kind]
        assert self._try(call) == self.model.move(kind, name, amount)

    @rule(key=keys, amount=st.integers(1, 500), kind=st.sampled_from(["put", "take"]))
    def save(self, key: int, amount: int, kind: str) -> None:
        name = f"{self.name}:v{key}"
        move = movements.vault_put if kind == "put" else movements.vault_taken
        status = self._try(
            lambda: move(player_id=self.table.player.pk, amount=self._cents(amount), key=name)
        )
        assert status == self.model.save(kind, name, amount)

    @rule(
        key=keys,
        sold=st.integers(1, 500),
        bought=st.integers(1, 500),
        share=st.integers(0, 100),
        is_back=st.booleans(),
    )
    def exchange(self, key: int, sold: int, bought: int, share: int, is_back: bool) -> None:
        name = f"{self.name}:e{key}"
        spread = min(share, bought - 1)
        euros, dollars = self.table.currency, currency("USD")
        source, target = (dollars, euros) if is_back else (euros, dollars)
        try:
            results = movements.exchanged(
                player_id=self.table.player.pk,
                sold=Money(sold, source),
                bought=Money(bought, target),
                spread=Money(spread, target),
                key=name,
                quote_id=1,
            )
            status = str(results[0].status)
        except DomainError as refusal:
            status = REFUSALS[refusal.code]
        signed = -sold if is_back else sold
        assert status == self.model.exchange(name, signed, bought, spread)

    @invariant()
    def the_books_agree(self) -> None:
        mine = Wallet.objects.filter(player=self.table.player)
        held = dict(mine.filter(currency__code="EUR").values_list("purse", "balance"))
        other = dict(mine.filter(currency__code="USD").values_list("purse", "balance"))
        assert int(held.get(Purse.CASH, 0) * 100) == self.model.cash
        assert int(held.get(Purse.RESERVED, 0) * 100) == self.model.reserved
        assert int(held.get(Purse.VAULT, 0) * 100) == self.model.vault
        assert int(other.get(Purse.CASH, 0) * 100) == self.model.cents
        assert postings_sum() == []


@pytest.mark.django_db
def test_the_wallet_agrees_with_the_model() -> None:
    run_state_machine_as_test(
        WalletMachine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
