"""Asking, deciding, and what the gateway says afterwards."""

import itertools
import random
from decimal import Decimal

import pytest

from apps.audit.models import Record
from apps.core.errors import Forbidden, InvalidAmount, InvalidInput
from apps.core.money import Money
from apps.events.models import Event
from apps.integrations.models import InboxMessage
from apps.ledger.models import Entry, Kind
from apps.ledger.selectors import currency
from apps.payments.errors import (
    AlreadyDecided,
    AmountTooSmall,
    InvalidAddress,
    KeyReused,
    OwnRequest,
    PayoutChanged,
    RailUnavailable,
)
from apps.payments.models import Rail, Withdrawal
from apps.payments.services import withdrawals
from apps.wallet.errors import InsufficientFunds
from tests.payments.factories import (
    DEPOSIT_ADDRESS,
    OTHER_ADDRESS,
    WALLET_ADDRESS,
    alarms,
    approved_withdrawal,
    btc,
    call_back,
    cash,
    in_parallel,
    make_address,
    picture,
    rail,
    recorded,
    request_withdrawal,
    reserved,
    sent_withdrawal,
)
from tests.seeds import seeds

pytestmark = pytest.mark.django_db

PAID = ["withdrawal_confirmed", "withdrawal_confirmed_without_amounts"]
REFUSED = ["withdrawal_declined", "withdrawal_cancelled", "withdrawal_failed"]
OPEN = ["withdrawal_processing", "withdrawal_pending"]


@pytest.fixture(autouse=True)
def _funded(player, fund):
    fund(player, "0.05", "BTC")


def events() -> list[str]:
    names = Event.objects.order_by("pk").values_list("name", flat=True)
    return [name.rpartition(".")[2] for name in names if "Withdrawal" in name]


# ---- asking ------------------------------------------------------------------------------------


@pytest.mark.rule("PAY-09")
def test_a_request_sets_the_money_aside_and_waits_for_a_person(player):
    withdrawal = request_withdrawal(player, "0.02")

    assert (withdrawal.state, withdrawal.money.text) == ("requested", "0.02000000")
    assert (cash(player), reserved(player)) == (Decimal("0.03"), Decimal("0.02"))
    assert events() == ["WithdrawalRequested"]
    assert Record.objects.filter(action="withdrawal.requested").count() == 1
    assert [step.holder for step in withdrawal.steps.all()] == ["team"]


def test_the_same_key_is_the_same_withdrawal(player):
    first = request_withdrawal(player, "0.02", key="one")
    before = picture()

    assert request_withdrawal(player, "0.02", key="one").pk == first.pk
    assert picture() == before


@pytest.mark.parametrize("change", [{"amount": "0.03"}, {"address": OTHER_ADDRESS}])
def test_the_same_key_for_another_wish_is_refused(player, change):
    request_withdrawal(player, "0.02", key="one")
    before = picture()

    with pytest.raises(KeyReused):
        request_withdrawal(player, **{"amount": "0.02", "key": "one"} | change)

    assert picture() == before


def test_two_players_may_choose_the_same_key(player, other_player, fund):
    fund(other_player, "0.05", "BTC")

    assert request_withdrawal(player).pk != request_withdrawal(other_player).pk


@pytest.mark.parametrize(
    ("amount", "address", "error"),
    [
        ("0.06", WALLET_ADDRESS, InsufficientFunds),
        ("0", WALLET_ADDRESS, InvalidAmount),
        ("0.00009999", WALLET_ADDRESS, AmountTooSmall),
        ("0.02", WALLET_ADDRESS[:-1] + "5", InvalidAddress),
        ("0.02", "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", InvalidAddress),
        ("0.02", "", InvalidAddress),
    ],
)
def test_a_wish_that_cannot_be_met_changes_nothing(player, amount, address, error):
    before = picture()

    with pytest.raises(error):
        request_withdrawal(player, amount, address=address)

    assert picture() == before


def test_our_own_deposit_addresses_are_no_target(player, other_player):
    make_address(other_player)
    before = picture()

    for text in (DEPOSIT_ADDRESS, DEPOSIT_ADDRESS.upper()):
        with pytest.raises(InvalidAddress):
            request_withdrawal(player, address=text)

    assert picture() == before


def test_a_rail_that_is_off_or_carries_another_coin_is_refused(player):
    before = picture()
    Rail.objects.filter(code="BTC").update(enabled=False)

    with pytest.raises(RailUnavailable):
        request_withdrawal(player)
    with pytest.raises(InvalidInput):
        withdrawals.request_withdrawal(
            player=player, amount=btc("0.02"), rail=rail("LTC"), address=WALLET_ADDRESS, key="k"
        )

    assert picture() == before


def test_digits_the_gateway_cannot_carry_are_refused_not_lost(player, fund):
    fund(player, "2", "ETH")
    ether = currency("ETH")
    before = picture()

    with pytest.raises(InvalidAmount):
        withdrawals.request_withdrawal(
            player=player,
            amount=Money.parse("1.000000001", ether),
            rail=rail("ETH"),
            address="0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            key="k",
        )

    assert picture() == before


def test_the_reasons_why_a_person_should_look_are_kept(player, finance):
    first = request_withdrawal(player, "0.04", key="one")
    assert first.reasons == ["first_withdrawal", "new_address", "large_amount"]

    withdrawals.approve(first, finance, "Known player.")
    Withdrawal.objects.filter(pk=first.pk).update(state="paid", foreign_id="x")
    assert request_withdrawal(player, "0.001", key="two").reasons == []
    again = request_withdrawal(player, "0.001", key="three", address=OTHER_ADDRESS)
    assert again.reasons == ["new_address"]


def test_a_deposit_that_was_not_played_is_a_reason(player):
    make_address(player)
    call_back(recorded("deposit_confirmed"))

    assert "unplayed_deposit" in request_withdrawal(player).reasons


@pytest.mark.parametrize(("score", "is_risky"), [("0.74", False), ("0.75", True), ("80", True)])
def test_a_risky_deposit_is_a_reason_on_both_scales(player, score, is_risky):
    make_address(player)
    call_back(recorded("deposit_confirmed").replace(b'"0.42"', f'"{score}"'.encode()))

    assert ("risky_deposit" in request_withdrawal(player).reasons) is is_risky


@pytest.mark.django_db(transaction=True)
@seeds(3)
def test_f2_a_double_click_makes_one_withdrawal(player, seed):
    """From several devices, with the same key each time, some for something else."""
    luck = random.Random(seed)
    wishes = [("0.02", WALLET_ADDRESS)] * luck.randint(2, 5)
    wishes += luck.choices(
        [("0.03", WALLET_ADDRESS), ("0.02", OTHER_ADDRESS)], k=luck.randint(0, 3)
    )
    luck.shuffle(wishes)

    made = in_parallel(
        [
            lambda one=one: request_withdrawal(player, one[0], key="one", address=one[1])
            for one in wishes
        ]
    )

    first = Withdrawal.objects.get()
    taken = (first.money.text.rstrip("0"), first.address)
    for wish, answer in zip(wishes, made, strict=True):
        if wish == taken:
            assert answer == first
        else:
            assert isinstance(answer, KeyReused)
    assert (cash(player), reserved(player)) == (Decimal("0.05") - first.amount, first.amount)


@pytest.mark.django_db(transaction=True)
@seeds(3)
def test_f2_many_wishes_at_once_never_take_more_than_there_is(player, seed):
    """Every key of its own, and some of them twice."""
    luck = random.Random(seed)
    keys = [f"key-{number}" for number in range(5)]
    keys += luck.sample(keys, k=luck.randint(0, 4))

    made = in_parallel(
        [lambda key=key: request_withdrawal(player, "0.02", key=key) for key in keys]
    )

    done = {one.pk for one in made if isinstance(one, Withdrawal)}
    assert len(done) == 2
    assert {type(one) for one in made} == {Withdrawal, InsufficientFunds}
    assert (cash(player), reserved(player)) == (Decimal("0.01"), Decimal("0.04"))
    assert Withdrawal.objects.count() == 2


# ---- deciding ----------------------------------------------------------------------------------


@pytest.mark.rule("PAY-17")
def test_an_approval_binds_amount_and_address(player, finance):
    withdrawal = withdrawals.approve(request_withdrawal(player), finance, "Known player.")

    assert (withdrawal.state, withdrawal.approved_by) == ("approved", finance)
    assert withdrawal.approval_hash == withdrawal.payout_hash
    assert Record.objects.get(action="withdrawal.approved").reason == "Known player."


def test_what_was_not_shown_is_not_approved(player, finance):
    withdrawal = request_withdrawal(player)
    shown = Withdrawal.objects.get(pk=withdrawal.pk)
    Withdrawal.objects.filter(pk=withdrawal.pk).update(address=OTHER_ADDRESS)
    before = picture()

    with pytest.raises(PayoutChanged):
        withdrawals.approve(shown, finance, "Known player.")
    with pytest.raises(PayoutChanged):
        withdrawals.approve(
            Withdrawal.objects.get(pk=withdrawal.pk), finance, "Yes.", seen_hash=shown.payout_hash
        )

    assert picture() == before


def test_a_rejection_returns_the_money_with_its_reason(player, finance):
    withdrawal = withdrawals.reject(request_withdrawal(player), finance, "Address of an exchange.")

    assert (withdrawal.state, withdrawal.reason_shown) == ("rejected", "Address of an exchange.")
    assert (cash(player), reserved(player)) == (Decimal("0.05"), Decimal(0))
    assert events() == ["WithdrawalRequested", "WithdrawalRejected"]


def test_a_decision_is_final_and_needs_a_reason_and_staff(player, other_player, finance):
    withdrawal = request_withdrawal(player)
    before = picture()
    with pytest.raises(InvalidInput):
        withdrawals.approve(withdrawal, finance, "  ")
    with pytest.raises(Forbidden):
        withdrawals.approve(withdrawal, other_player.user, "Mine.")
    player.user.is_staff = True
    with pytest.raises(OwnRequest):
        withdrawals.approve(withdrawal, player.user, "Mine.")
    assert picture() == before

    withdrawals.reject(withdrawal, finance, "No.")
    before = picture()
    for decide in (withdrawals.approve, withdrawals.reject):
        with pytest.raises(AlreadyDecided):
            decide(withdrawal, finance, "Again.")
    assert picture() == before


@pytest.mark.django_db(transaction=True)
@seeds(2)
def test_f5_approval_and_rejection_at_once_have_one_outcome(player, finance, support, seed):
    withdrawal = request_withdrawal(player)

    results = in_parallel(
        [
            lambda: withdrawals.approve(withdrawal, finance, "Yes."),
            lambda: withdrawals.reject(withdrawal, support, "No."),
            lambda: withdrawals.approve(withdrawal, support, "Yes."),
        ]
    )

    assert sum(isinstance(one, Withdrawal) for one in results) == 1
    assert sum(isinstance(one, AlreadyDecided) for one in results) == 2
    withdrawal.refresh_from_db()
    back = withdrawal.state == "rejected"
    assert cash(player) == (Decimal("0.05") if back else Decimal("0.03"))
    assert reserved(player) == (Decimal(0) if back else Decimal("0.02"))


# ---- what the gateway says ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        *PAID,
        "withdrawal_confirmed_short_amount",
        "withdrawal_confirmed_bare_numbers",
        "withdrawal_instant_confirmed",
    ],
)
def test_confirmed_lets_the_money_leave(player, finance, name):
    withdrawal = sent_withdrawal(player, finance)

    assert call_back(recorded(name, withdrawal)).status == 200

    withdrawal.refresh_from_db()
    assert (withdrawal.state, withdrawal.txid[:4]) == ("paid", "cd54")
    assert (cash(player), reserved(player)) == (Decimal("0.03"), Decimal(0))
    assert events()[-1] == "WithdrawalPaid"
    assert alarms() == []


@pytest.mark.parametrize("name", REFUSED)
def test_every_kind_of_refusal_returns_the_money(player, finance, name):
    withdrawal = sent_withdrawal(player, finance)

    assert call_back(recorded(name, withdrawal)).status == 200

    withdrawal.refresh_from_db()
    assert withdrawal.state == "released"
    assert (cash(player), reserved(player)) == (Decimal("0.05"), Decimal(0))
    assert events()[-1] == "WithdrawalReleased"
    assert alarms() == ["withdrawal.refused"]


@pytest.mark.parametrize("name", OPEN)
def test_an_open_status_keeps_the_reservation(player, finance, name):
    withdrawal = sent_withdrawal(player, finance)

    call_back(recorded(name, withdrawal))
    call_back(recorded(name, withdrawal))

    withdrawal.refresh_from_db()
    assert withdrawal.state == "sent"
    assert reserved(player) == Decimal("0.02")
    assert withdrawal.steps.filter(words__contains="by hand").count() == (name in OPEN[1:])


@pytest.mark.parametrize("final", [PAID[0], REFUSED[0]])
@pytest.mark.parametrize("order", sorted(set(itertools.permutations([*OPEN, "final", "final"]))))
def test_every_order_ends_the_same(player, finance, final, order):
    withdrawal = sent_withdrawal(player, finance)

    for name in order:
        assert call_back(recorded(final if name == "final" else name, withdrawal)).status == 200

    withdrawal.refresh_from_db()
    assert withdrawal.state == ("paid" if final == PAID[0] else "released")
    assert cash(player) == (Decimal("0.03") if final == PAID[0] else Decimal("0.05"))
    assert reserved(player) == Decimal(0)
    assert set(InboxMessage.objects.values_list("state", flat=True)) == {"done"}
    kinds = [Kind.WITHDRAWAL_PAID, Kind.WITHDRAWAL_RELEASED]
    assert Entry.objects.filter(kind__in=kinds).count() == (1 if final == PAID[0] else 2)


@pytest.mark.parametrize("first", [*PAID[:1], *REFUSED[:1]])
@pytest.mark.parametrize("then", [*PAID[:1], *REFUSED])
def test_a_final_state_never_changes(player, finance, first, then):
    withdrawal = sent_withdrawal(player, finance)
    call_back(recorded(first, withdrawal))
    withdrawal.refresh_from_db()
    state, money = withdrawal.state, (cash(player), reserved(player))

    assert call_back(recorded(then, withdrawal)).status == 200

    withdrawal.refresh_from_db()
    assert (withdrawal.state, (cash(player), reserved(player))) == (state, money)
    assert set(InboxMessage.objects.values_list("state", flat=True)) == {"done"}
    agrees = (first in PAID) == (then in PAID)
    assert ("withdrawal.contradiction" in alarms()) is not agrees


@pytest.mark.parametrize(
    "changes",
    [
        {"currency_sent": {"amount": "0.03"}},
        {"crypto_address": {"address": OTHER_ADDRESS}},
        {"id": 5999999},
        {"status": "frozen"},
    ],
)
def test_what_does_not_fit_our_record_moves_nothing(player, finance, changes):
    withdrawal = sent_withdrawal(player, finance)

    assert call_back(recorded("withdrawal_confirmed", withdrawal, **changes)).status == 200

    withdrawal.refresh_from_db()
    assert withdrawal.state == "sent"
    assert reserved(player) == Decimal("0.02")
    assert alarms() == ["withdrawal.contradiction"]


def test_the_final_word_may_come_before_the_answer_to_our_call(player, finance):
    withdrawal = approved_withdrawal(player, finance)
    withdrawal.move_to(Withdrawal.State.SENDING)
    withdrawal.foreign_id = withdrawal.public_id
    withdrawal.save()

    call_back(recorded("withdrawal_confirmed", withdrawal))

    withdrawal.refresh_from_db()
    assert (withdrawal.state, withdrawal.outside_ref) == ("paid", "5000002")


def test_a_withdrawal_we_do_not_know_waits_in_the_inbox(player, finance):
    withdrawal = request_withdrawal(player)  # it has no id at the gateway yet
    before = picture()

    assert call_back(recorded("withdrawal_confirmed", withdrawal)).status == 200

    assert picture() == before
    assert InboxMessage.objects.get().state == "failed"


@pytest.mark.django_db(transaction=True)
def test_confirmed_and_declined_at_once_have_one_outcome(player, finance):
    withdrawal = sent_withdrawal(player, finance)
    names = [PAID[0], REFUSED[0]] * 3

    statuses = in_parallel(
        [lambda name=name: call_back(recorded(name, withdrawal)).status for name in names]
    )

    assert statuses == [200] * 6
    withdrawal.refresh_from_db()
    is_paid = withdrawal.state == "paid"
    assert cash(player) == (Decimal("0.03") if is_paid else Decimal("0.05"))
    assert reserved(player) == Decimal(0)
    assert "withdrawal.contradiction" in alarms()
