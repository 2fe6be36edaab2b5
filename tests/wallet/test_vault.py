"""The vault: in at once, out with the time the player chose, never out of reach of its rules."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from apps.accounts.models import Player
from apps.audit.models import Record
from apps.core.clock import now
from apps.core.errors import InvalidAmount, InvalidInput, NotFound
from apps.core.money import Money
from apps.ledger.selectors import currency
from apps.wallet import selectors, vault
from apps.wallet.errors import InsufficientFunds, KeyConflict
from apps.wallet.models import VaultRelease
from apps.wallet.movements import Result
from tests.wallet.test_concurrency import at_once
from tests.wallet.test_movements import Table

pytestmark = pytest.mark.django_db


def eur(text: str) -> Money:
    return Money.parse(text, currency("EUR"))


def picture(player: Player) -> tuple[str, str]:
    found = selectors.balance(player.pk, currency("EUR"))
    return found.cash.text, found.vault.text


@pytest.fixture
def saver(player: Player, fund: Callable[..., Result]) -> Player:
    fund(player, "100.00", "EUR")
    vault.put(player=player, amount=eur("60.00"), key="start")
    return player


def test_money_in_the_vault_cannot_be_staked(saver: Player) -> None:
    table = Table(saver)
    with pytest.raises(InsufficientFunds):
        table.play(table.bet("b", "40.01"))
    assert picture(saver) == ("40.00", "60.00")


def test_the_same_key_moves_once_and_other_content_is_refused(saver: Player) -> None:
    vault.put(player=saver, amount=eur("60.00"), key="start")
    with pytest.raises(KeyConflict):
        vault.put(player=saver, amount=eur("1.00"), key="start")
    with pytest.raises(KeyConflict):
        vault.take(player=saver, amount=eur("60.00"), key="start")

    assert picture(saver) == ("40.00", "60.00")
    assert Record.objects.filter(action="vault.put").count() == 1


def test_without_a_delay_it_comes_out_at_once_and_once(saver: Player) -> None:
    vault.take(player=saver, amount=eur("20.00"), key="out")
    vault.take(player=saver, amount=eur("20.00"), key="out")

    assert picture(saver) == ("60.00", "40.00")


@pytest.mark.parametrize("amount", ["0.00", "60.01"])
def test_what_is_not_there_cannot_be_taken(saver: Player, amount: str) -> None:
    with pytest.raises((InvalidAmount, InsufficientFunds)):
        vault.take(player=saver, amount=eur(amount), key="out")
    assert picture(saver) == ("40.00", "60.00")


def test_a_chosen_delay_is_waited_for(saver: Player) -> None:
    vault.set_delay(player=saver, hours=24)
    ordered = vault.take(player=saver, amount=eur("20.00"), key="out")
    assert isinstance(ordered, VaultRelease)
    assert picture(saver) == ("40.00", "60.00")

    assert vault.release_due(at=ordered.due_at - timedelta(seconds=1)) == 0
    assert vault.release_due(at=ordered.due_at) == 1
    assert vault.release_due(at=ordered.due_at) == 0

    assert picture(saver) == ("60.00", "40.00")
    assert vault.take(player=saver, amount=eur("20.00"), key="out").pk == ordered.pk  # type: ignore[union-attr]


def test_what_is_promised_cannot_be_promised_again(saver: Player) -> None:
    vault.set_delay(player=saver, hours=24)
    vault.take(player=saver, amount=eur("50.00"), key="1")
    with pytest.raises(InsufficientFunds):
        vault.take(player=saver, amount=eur("10.01"), key="2")
    with pytest.raises(KeyConflict):
        vault.take(player=saver, amount=eur("49.00"), key="1")


def test_an_order_can_be_called_back_by_its_owner_alone(
    saver: Player, other_player: Player
) -> None:
    vault.set_delay(player=saver, hours=24)
    ordered = vault.take(player=saver, amount=eur("50.00"), key="1")
    assert isinstance(ordered, VaultRelease)
    with pytest.raises(NotFound):
        vault.cancel(player=other_player, release_id=ordered.public_id)

    vault.cancel(player=saver, release_id=ordered.public_id)

    assert vault.release_due(at=ordered.due_at) == 0
    assert picture(saver) == ("40.00", "60.00")
    with pytest.raises(InvalidInput):
        vault.cancel(player=saver, release_id=ordered.public_id)


def test_a_longer_delay_holds_at_once_and_a_shorter_one_after_the_longer(saver: Player) -> None:
    vault.set_delay(player=saver, hours=72)
    assert vault.delay_hours(saver, at=now()) == 72

    vault.set_delay(player=saver, hours=0)
    assert vault.delay_hours(saver, at=now()) == 72
    assert vault.delay_hours(saver, at=now() + timedelta(hours=71)) == 72
    assert vault.delay_hours(saver, at=now() + timedelta(hours=73)) == 0
    with pytest.raises(InvalidInput):
        vault.set_delay(player=saver, hours=5)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_ten_orders_at_once_promise_only_what_is_there(
    player: Player, fund: Callable[..., Result]
) -> None:
    fund(player, "10.00", "EUR")
    vault.put(player=player, amount=eur("10.00"), key="start")
    vault.set_delay(player=player, hours=24)

    answers = at_once(
        [lambda n=n: vault.take(player=player, amount=eur("4.00"), key=f"{n}") for n in range(10)]
    )

    assert sum(isinstance(one, VaultRelease) for one in answers) == 2
    assert answers.count("insufficient_funds") == 8
