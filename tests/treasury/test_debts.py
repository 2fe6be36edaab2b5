"""What players owe, chargebacks and how they end, and deposits that wait for a decision."""

from decimal import Decimal

import pytest

from apps.accounts.models import Player, User
from apps.audit.errors import AlreadyProposed, NotPermitted, SamePerson
from apps.core.errors import Forbidden
from apps.ledger.followers import follow
from apps.ledger.models import Cursor, Entry, Purse, Wallet
from apps.payments.errors import NotHeld
from apps.payments.models import Deposit
from apps.treasury.errors import NeedsTwoPeople
from apps.treasury.followers import Chargebacks
from apps.treasury.models import Chargeback, Threshold
from apps.treasury.selectors.debts import debts
from apps.treasury.services import held_deposits
from apps.wallet import movements
from tests.conftest import fund
from tests.operator.factories import make_staff, play
from tests.treasury.factories import agree, cash, make_deposit, money, propose_adjustment

pytestmark = pytest.mark.django_db


def reverse_deposit(deposit: Deposit, amount: str, key: str = "cb:1") -> None:
    movements.deposit_reversed(
        partner="coinspaid", player_id=deposit.player_id, amount=money(amount), key=key,
        deposit_id=deposit.pk,
    )  # fmt: skip


def follow_journal() -> None:
    newest = Entry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    while follow(Chargebacks(), newest):
        pass


def test_a_reversal_that_was_spent_is_owed_and_repaid_by_later_credits(player: Player) -> None:
    deposit = make_deposit(player, "0.5")
    play(player, "0.4", "0")
    reverse_deposit(deposit, "0.5")
    follow_journal()

    row = Chargeback.objects.get()
    assert (row.state, row.deposit, row.amount) == ("owed", deposit, Decimal("0.5"))
    assert row.shortfall == Decimal("0.4")
    (debt,) = debts()
    assert (debt.owed, debt.peak, debt.repaid) == (money("0.4"), money("0.4"), money("0"))
    assert (debt.origin, debt.player_id) == ("Deposit reversed", player.pk)

    fund(player, "0.1")
    (debt,) = debts()
    assert (debt.owed, debt.repaid) == (money("0.3"), money("0.1"))
    fund(player, "0.35")
    follow_journal()

    row.refresh_from_db()
    assert (row.state, cash(player)) == ("repaid", Decimal("0.05"))
    assert row.closing_entry_id is not None
    assert debts() == []


def test_a_reversal_that_the_balance_covers_is_no_debt(player: Player) -> None:
    deposit = make_deposit(player, "0.5")
    reverse_deposit(deposit, "0.5")
    follow_journal()

    row = Chargeback.objects.get()
    assert (row.state, row.shortfall) == ("covered", 0)
    assert debts() == []


def test_two_people_write_a_debt_off(player: Player, maker: User, checker: User) -> None:
    deposit = make_deposit(player, "0.5")
    play(player, "0.5", "0")
    reverse_deposit(deposit, "0.5")

    agree(propose_adjustment(player, maker, "0.5", reason="write_off"), checker)
    follow_journal()

    assert Chargeback.objects.get().state == "written_off"
    assert (cash(player), debts()) == (0, [])


def test_reading_again_changes_nothing(player: Player) -> None:
    deposit = make_deposit(player, "0.5")
    play(player, "0.5", "0")
    reverse_deposit(deposit, "0.5")
    follow_journal()
    before = list(Chargeback.objects.values())

    Cursor.objects.filter(name="chargebacks").update(position=0)
    follow_journal()

    assert list(Chargeback.objects.values()) == before


def test_a_second_reversal_owes_only_its_own_part(player: Player) -> None:
    first, second = make_deposit(player, "0.3"), make_deposit(player, "0.2")
    play(player, "0.5", "0")
    reverse_deposit(first, "0.3", "cb:1")
    reverse_deposit(second, "0.2", "cb:2")
    follow_journal()

    assert list(Chargeback.objects.order_by("pk").values_list("shortfall", flat=True)) == [
        Decimal("0.3"),
        Decimal("0.2"),
    ]
    assert debts()[0].owed == money("0.5")


# ---- held deposits ---------------------------------------------------------------------------------


def hold(player: Player, amount: str) -> Deposit:
    return make_deposit(player, amount, state="held", held_because="deposit_max")


def held(player: Player) -> Decimal:
    return Wallet.objects.get(player=player, purse=Purse.HELD).balance


def test_a_small_one_is_decided_by_one_person(player: Player, maker: User) -> None:
    deposit = hold(player, "0.02")

    held_deposits.release(deposit, by=maker, reason="The limit was raised this morning")

    deposit.refresh_from_db()
    assert (deposit.state, cash(player), held(player)) == ("confirmed", Decimal("0.02"), 0)


def test_a_large_one_takes_two(player: Player, maker: User, checker: User) -> None:
    deposit = hold(player, "0.03")

    with pytest.raises(NeedsTwoPeople):
        held_deposits.release(deposit, by=maker, reason="I know them")
    proposal = held_deposits.propose_release(deposit, by=maker, note="Source of funds is fine")
    with pytest.raises(SamePerson):
        agree(proposal, maker)
    assert held(player) == Decimal("0.03")

    agree(proposal, checker)

    assert (cash(player), held(player)) == (Decimal("0.03"), 0)
    with pytest.raises(NotHeld):
        held_deposits.propose_release(
            Deposit.objects.get(pk=deposit.pk), by=maker, note="Once more"
        )


def test_a_refund_by_two_people_leaves_the_house(
    player: Player, maker: User, checker: User
) -> None:
    deposit = hold(player, "0.03")
    proposal = held_deposits.propose_refund(
        deposit, by=maker, note="The player asked for it", proof="ab" * 32
    )

    agree(proposal, checker)

    deposit.refresh_from_db()
    assert (deposit.state, cash(player), held(player)) == ("refunded", 0, 0)


def test_a_currency_without_a_limit_always_takes_two(player: Player, maker: User) -> None:
    deposit = hold(player, "0.00000001")
    Threshold.objects.all().delete()

    with pytest.raises(NeedsTwoPeople):
        held_deposits.release(deposit, by=maker, reason="It is nothing")

    assert held(player) == Decimal("0.00000001")


def test_one_proposal_for_a_deposit_and_none_by_support(
    player: Player, maker: User, checker: User
) -> None:
    deposit, support = hold(player, "0.03"), make_staff("support")

    with pytest.raises(NotPermitted):
        held_deposits.propose_release(deposit, by=support, note="Please")
    with pytest.raises(Forbidden):
        held_deposits.release(deposit, by=support, reason="Please")
    held_deposits.propose_release(deposit, by=maker, note="Fine")
    with pytest.raises(AlreadyProposed):
        held_deposits.propose_release(deposit, by=make_staff("payments"), note="Fine too")


def test_what_changed_since_it_was_proposed_is_not_released(
    player: Player, maker: User, checker: User
) -> None:
    deposit = hold(player, "0.03")
    proposal = held_deposits.propose_release(deposit, by=maker, note="Fine")
    Deposit.objects.filter(pk=deposit.pk).update(reversed_amount="0.01")

    with pytest.raises(NotHeld):
        agree(proposal, checker)

    assert (held(player), cash(player)) == (Decimal("0.03"), 0)
