"""Who has to agree: rules that need nobody, four eyes, two at once, cases, promises."""

from datetime import timedelta
from decimal import Decimal

import pytest

from apps.accounts.models import Player
from apps.audit.models import Record
from apps.core.clock import now
from apps.core.errors import Forbidden
from apps.payments import approval
from apps.payments.errors import (
    AlreadyDecided,
    CaseTaken,
    NotCancellable,
    PayoutChanged,
    SecondPersonNeeded,
)
from apps.payments.models import Rail, Withdrawal
from apps.payments.services import queue, withdrawals
from tests.payments.factories import (
    OTHER_ADDRESS,
    WALLET_ADDRESS,
    alarms,
    approval_rule,
    btc,
    cash,
    end_rules,
    in_parallel,
    paid_before,
    picture,
    rail,
    request_withdrawal,
    reserved,
)
from tests.rates.factories import set_rates
from tests.seeds import seeds

pytestmark = pytest.mark.django_db

OLD_ENOUGH = timedelta(days=90)


@pytest.fixture(autouse=True)
def _funded(player, fund, settings):
    settings.WITHDRAWAL_AUTO_APPROVAL = True
    end_rules()
    fund(player, "0.6", "BTC")


@pytest.fixture
def known(player) -> Player:
    """A player nobody has to look at: paid before, here for long, verified, with a rank."""
    set_rates(BTC="50000")
    approval_rule(amount_max=1)  # for the withdrawal of long ago
    paid_before(player)
    end_rules()
    Player.objects.filter(pk=player.pk).update(rank=2, kyc_level=2, created_at=now() - OLD_ENOUGH)
    player.refresh_from_db()
    return player


# ---- rules that need nobody --------------------------------------------------------------------


def test_what_fits_a_rule_is_approved_at_once_and_on_the_record(known):
    rule = approval_rule(amount_max=600)

    made = request_withdrawal(known, "0.012")  # 600 exactly

    assert (made.state, made.approved_rule, made.approved_by) == ("approved", rule, None)
    assert made.approval_hash == made.payout_hash
    record = Record.objects.get(action="withdrawal.approved_by_rule")
    assert (record.after["rule"], record.after["rule_version"]) == (rule.name, 1)
    assert [step.words for step in made.steps.all()][-1] == "Approved automatically"


@pytest.mark.parametrize(
    ("rule", "person", "amount"),
    [
        ({"amount_max": Decimal("599.99")}, {}, "0.012"),
        ({"rank_min": 3}, {}, "0.012"),
        ({"kyc_level_min": 3}, {}, "0.012"),
        ({"account_days_min": 91}, {}, "0.012"),
        ({"day_count_max": 0}, {}, "0.012"),
        ({"day_sum_max": Decimal("599.99")}, {}, "0.012"),
        ({"enabled": False}, {}, "0.012"),
        ({"ended_at": now()}, {}, "0.012"),
        ({"amount_max": 10_000, "day_sum_max": 10_000}, {}, "0.0401"),  # above the review amount
        ({}, {"rank": 0, "kyc_level": 0, "status": "suspended"}, "0.012"),
    ],
)
def test_every_line_of_a_rule_has_to_hold(known, rule, person, amount):
    approval_rule(**rule)
    if person:
        Player.objects.filter(pk=known.pk).update(**person)

    made = request_withdrawal(known, amount)

    assert (made.state, made.approved_rule) == ("requested", None)
    assert not Record.objects.filter(action="withdrawal.approved_by_rule").exists()


def test_a_rule_of_another_rail_does_not_help(known):
    approval_rule(rail=rail("LTC"))

    assert request_withdrawal(known, "0.012").state == "requested"


def test_the_switch_is_off_unless_it_is_on(known, settings):
    approval_rule()
    settings.WITHDRAWAL_AUTO_APPROVAL = False

    assert request_withdrawal(known, "0.012").state == "requested"


def test_a_reason_to_look_is_a_reason_to_look(known):
    approval_rule()

    assert request_withdrawal(known, "0.012", address=OTHER_ADDRESS).reasons == ["new_address"]
    assert Withdrawal.objects.latest("pk").state == "requested"


def test_without_a_rate_a_person_decides(player):
    approval_rule(amount_max=1_000_000, day_sum_max=1_000_000)
    paid_before(player)

    made = request_withdrawal(player, "0.001", key="next")

    assert (made.state, made.reasons) == ("requested", [])


def test_the_velocity_counts_this_one_and_what_was_asked(known):
    approval_rule(day_count_max=2, day_sum_max=1000)

    states = [request_withdrawal(known, "0.004", key=f"k{n}").state for n in range(3)]
    assert states == ["approved", "approved", "requested"]

    Withdrawal.objects.filter(key__startswith="k").update(created_at=now() - timedelta(days=1))
    assert request_withdrawal(known, "0.004", key="tomorrow").state == "approved"


def test_a_frozen_player_is_never_approved_by_a_rule(known, finance):
    approval_rule()
    made = request_withdrawal(known, "0.001", address=OTHER_ADDRESS)
    Withdrawal.objects.filter(pk=made.pk).update(reasons=[], held_until=now())
    withdrawals.freeze_payouts(known, because="Odd.", actor=finance)

    queue.watch()

    made.refresh_from_db()
    assert (made.state, made.held_until) == ("requested", None)


def test_a_new_address_is_approved_by_the_rule_after_its_wait(known, settings):
    settings.PAYOUT_ADDRESS_DELAY_HOURS = 24
    approval_rule()
    made = request_withdrawal(known, "0.001", address=OTHER_ADDRESS)
    Withdrawal.objects.filter(pk=made.pk).update(reasons=[])
    assert made.held_until is not None

    queue.watch(at=made.held_until)

    made.refresh_from_db()
    assert (made.held_until, made.state) == (None, "approved")


# ---- four eyes ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("amount", "people"), [("0.2", 1), ("0.2000002", 2)])
def test_above_the_high_amount_two_people_are_needed(player, amount, people):
    Rail.objects.filter(code="BTC").update(two_people_above=None)
    assert approval.people_needed(rail(), btc("0.0001")) == 2  # nobody knows what it is worth

    set_rates(BTC="50000")
    assert approval.people_needed(rail(), btc(amount)) == people


def test_the_limit_in_coins_holds_whatever_the_rates_say(player):
    set_rates(BTC="1")

    assert approval.people_needed(rail(), btc("0.15")) == 1
    assert approval.people_needed(rail(), btc("0.15000001")) == 2
    assert request_withdrawal(player, "0.16").people_needed == 2


@pytest.mark.rule("PAY-16")
def test_two_different_people_agree_to_the_same_payout(player, finance, administrator):
    made = request_withdrawal(player, "0.16")

    first = withdrawals.approve(made, finance, "Known player.")
    assert (first.state, first.approved_by) == ("requested", None)
    with pytest.raises(SecondPersonNeeded):
        withdrawals.approve(first, finance, "Once more.")
    second = withdrawals.approve(made, administrator, "I agree.")

    assert (second.state, second.approved_by) == ("approved", administrator)
    record = Record.objects.get(action="withdrawal.approved")
    assert record.after["people"] == [str(finance), str(administrator)]
    assert Record.objects.filter(action="withdrawal.approved_first").count() == 1


@pytest.mark.rule("PAY-17")
def test_a_change_voids_the_first_yes(player, finance, administrator, support):
    made = request_withdrawal(player, "0.16")
    withdrawals.approve(made, finance, "Known player.")
    Withdrawal.objects.filter(pk=made.pk).update(address=OTHER_ADDRESS)
    made.refresh_from_db()

    again = withdrawals.approve(made, administrator, "This one.")

    assert again.state == "requested"
    given = list(again.approvals.order_by("pk"))
    assert [one.voided_at is not None for one in given] == [True, False]
    assert Record.objects.filter(action="withdrawal.approval_void").count() == 1
    assert withdrawals.approve(made, finance, "And this.").state == "approved"


def test_an_amount_that_is_not_what_was_set_aside_is_never_approved(player, finance):
    made = request_withdrawal(player, "0.02")
    Withdrawal.objects.filter(pk=made.pk).update(amount=Decimal("0.1"))
    made.refresh_from_db()
    before = picture()

    with pytest.raises(PayoutChanged):
        withdrawals.approve(made, finance, "Looks right.")
    assert picture() == before

    withdrawals.reject(made, finance, "Something is off.")
    assert (cash(player), reserved(player)) == (Decimal("0.6"), Decimal(0))


def test_a_second_yes_needs_staff(player, other_player, finance):
    made = request_withdrawal(player, "0.16")
    withdrawals.approve(made, finance, "Known player.")

    with pytest.raises(Forbidden):
        withdrawals.approve(made, other_player.user, "Me too.")


def test_one_no_is_enough(player, finance, administrator):
    made = request_withdrawal(player, "0.16")
    withdrawals.approve(made, finance, "Known player.")

    assert withdrawals.reject(made, administrator, "Not this one.").state == "rejected"
    assert cash(player) == Decimal("0.6")


@pytest.mark.django_db(transaction=True)
@seeds(2)
def test_f5_two_yes_at_once_are_two_people(player, finance, administrator, seed):
    made = request_withdrawal(player, "0.16")

    results = in_parallel(
        [
            lambda: withdrawals.approve(made, finance, "Yes."),
            lambda: withdrawals.approve(made, finance, "Yes."),
            lambda: withdrawals.approve(made, administrator, "Yes."),
        ]
    )

    made.refresh_from_db()
    assert made.state == "approved"
    assert made.approvals.filter(voided_at=None).count() == 2
    refused = [one for one in results if not isinstance(one, Withdrawal)]
    assert len(refused) == 1
    assert isinstance(refused[0], SecondPersonNeeded | AlreadyDecided)


@pytest.mark.django_db(transaction=True)
@seeds(2)
def test_f5_yes_no_and_a_change_at_once_have_one_outcome(player, finance, administrator, seed):
    made = request_withdrawal(player, "0.16")
    withdrawals.approve(made, finance, "Yes.")

    def edit() -> int:
        return Withdrawal.objects.filter(pk=made.pk, state="requested").update(
            address=OTHER_ADDRESS
        )

    in_parallel(
        [
            lambda: withdrawals.approve(made, administrator, "Yes."),
            lambda: withdrawals.reject(made, administrator, "No."),
            edit,
        ]
    )

    made.refresh_from_db()
    assert made.state in {"requested", "approved", "rejected"}
    if made.state == "approved":
        assert (made.approval_hash, made.address) == (made.payout_hash, WALLET_ADDRESS)
    back = made.state == "rejected"
    assert reserved(player) == (Decimal(0) if back else Decimal("0.16"))
    assert cash(player) == (Decimal("0.6") if back else Decimal("0.44"))


# ---- cases and promises ------------------------------------------------------------------------


def test_a_taken_case_is_decided_by_who_has_it(player, finance, administrator):
    made = request_withdrawal(player, "0.02")
    queue.take(made, finance)

    with pytest.raises(CaseTaken):
        queue.take(made, administrator)
    for decide in (withdrawals.approve, withdrawals.reject):
        with pytest.raises(CaseTaken):
            decide(made, administrator, "Mine.")
    with pytest.raises(CaseTaken):
        queue.give_back(made, administrator)

    queue.take(made, administrator, over=True)
    assert withdrawals.approve(made, administrator, "Mine now.").state == "approved"
    assert Record.objects.filter(action="withdrawal.taken").count() == 2


def test_the_second_pair_of_eyes_need_not_take_the_case(player, finance, administrator):
    made = request_withdrawal(player, "0.16")
    queue.take(made, finance)
    withdrawals.approve(made, finance, "Yes.")
    queue.take(made, finance)

    assert withdrawals.approve(made, administrator, "Yes.").state == "approved"


@pytest.mark.parametrize(("rank", "hours"), [(0, 24), (1, 12), (2, 12), (3, 6), (9, 2)])
def test_the_promise_depends_on_the_rank(player, rank, hours):
    Player.objects.filter(pk=player.pk).update(rank=rank)
    player.refresh_from_db()

    made = request_withdrawal(player, "0.02")

    assert made.decide_by == made.created_at + timedelta(hours=hours)
    assert made.steps.get().until == made.decide_by


@pytest.mark.rule("PAY-12")
def test_a_missed_promise_raises_one_alarm(player):
    made = request_withdrawal(player, "0.02")
    assert made.decide_by is not None

    queue.watch(at=made.decide_by)
    assert alarms() == []
    late = made.decide_by + timedelta(seconds=1)
    assert queue.watch(at=late) == 1
    assert queue.watch(at=late) == 0
    assert alarms() == ["withdrawal.undecided"]


@pytest.mark.rule("PAY-12")
def test_a_hold_has_a_reason_an_owner_and_an_end_and_comes_once(player, finance):
    made = request_withdrawal(player, "0.02")

    held = queue.hold(made, finance, "We ask the gateway.")

    assert held.decide_by == made.created_at + timedelta(hours=72)
    assert held.assigned_to == finance
    with pytest.raises(Exception, match="hold already"):
        queue.hold(made, finance, "And again.")


@pytest.mark.rule("PAY-11")
def test_a_withdrawal_cannot_be_called_back_unless_the_house_allows_it(player, settings, finance):
    made = request_withdrawal(player, "0.02")
    before = picture()
    with pytest.raises(NotCancellable):
        withdrawals.cancel(player, made.public_id)
    assert picture() == before

    settings.WITHDRAWAL_CANCEL = True
    assert withdrawals.cancel(player, made.public_id).state == "cancelled"
    assert (cash(player), reserved(player)) == (Decimal("0.6"), Decimal(0))
    with pytest.raises(NotCancellable):
        withdrawals.cancel(player, made.public_id)


@pytest.mark.django_db(transaction=True)
def test_cancel_and_approve_at_once_have_one_outcome(player, settings, finance):
    settings.WITHDRAWAL_CANCEL = True
    made = request_withdrawal(player, "0.02")

    in_parallel(
        [
            lambda: withdrawals.cancel(player, made.public_id),
            lambda: withdrawals.approve(made, finance, "Yes."),
        ]
    )

    made.refresh_from_db()
    assert (made.state, reserved(player)) in {
        ("cancelled", Decimal(0)),
        ("approved", Decimal("0.02")),
    }
