"""The fault catalogue for the fiat gateway at many seeds (`tests/seeds.py`), over HTTP.

The orders of calls have theirs in `test_repeats.py` (E2), every other fault is here.
"""

import json
import random
import signal
import time
from decimal import Decimal
from typing import Any

import pytest

from apps.accounts.models import Player, User
from apps.audit.models import Alarm
from apps.core.clock import now
from apps.integrations import inbox
from apps.integrations.models import InboxMessage
from apps.ledger.models import Entry, Kind
from apps.ledger.selectors import postings_sum
from apps.ledger.verification import verify
from apps.payments.models import Deposit, GatewayTransaction, Withdrawal
from apps.payments.services import payouts, withdrawals
from tests.payments.factories import alarms, in_parallel, run_worker
from tests.payments.paymentiq.factories import (
    Desk,
    basic,
    deposit,
    euro,
    euro_reserved,
    transfer_of,
    wait_for,
)
from tests.payments.soak.base import World
from tests.payments.soak.paymentiq import PaymentiqPart
from tests.seeds import seeds
from tests.web import web

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

FUNDS = Decimal(1000)
ROUNDS_MAX = 100


class Bench:
    """One player with money, the gateway, and the casino behind a real server."""

    def __init__(self, seed: int, desk: Desk, staff: User, origin: str) -> None:
        self.random = random.Random(seed)
        self.desk = desk
        self.player = desk.player
        self.vendor = desk.vendor
        self.staff = staff
        self.origin = origin
        self.part = PaymentiqPart(World(seed, [desk.player], staff), desk.vendor)

    def amount(self) -> str:
        return f"{Decimal(self.random.randint(2_000, 15_000)).scaleb(-2):f}"

    def approved(self) -> Withdrawal:
        number = self.desk.withdrawal(self.amount())["id"]
        made = Withdrawal.objects.get(outside_ref=str(number))
        return withdrawals.approve(made, self.staff, "Looks right.")

    def post(self, action: str, body: bytes, authorization: str) -> int:
        """A call over HTTP as somebody makes it who has this credential."""
        return web.post(
            f"{self.origin}/callbacks/paymentiq/{action}",
            content=body,
            headers={"authorization": authorization, "content-type": "application/json"},
            timeout=30,
        ).status_code

    def rest(self) -> None:
        """End all faults, work until nothing is left to do, and hold every invariant."""
        self.part.heal()
        for _ in range(ROUNDS_MAX):
            if self.part.is_quiet():
                break
            time.sleep(0.05)
        else:
            raise AssertionError("not at rest")
        self.part.check()
        assert postings_sum() == []
        assert [str(finding) for finding in verify()] == []
        for made in Withdrawal.objects.all():
            ends = Entry.objects.filter(
                source_id=made.pk, kind__in=[Kind.WITHDRAWAL_PAID, Kind.WITHDRAWAL_RELEASED]
            )
            assert ends.count() == 1, made
        moved = Decimal(self.vendor.totals().get((self.desk.user, "EUR"), "0"))
        assert (euro(self.player), euro_reserved(self.player)) == (FUNDS + moved, Decimal(0))

    def told(self, number: int, action: str) -> list[dict[str, Any]]:
        return self.vendor.calls(reference=str(number), kind=action)


@pytest.fixture
def bench(request, desk: Desk, finance: User, fund, live_server) -> Bench:
    fund(desk.player, f"{FUNDS:f}", "EUR")
    return Bench(request.node.callspec.params["seed"], desk, finance, live_server.url)


# ---- D: payouts --------------------------------------------------------------------------------


@seeds(3)
def test_d1_an_approval_that_was_done_and_not_answered_is_paid_once(bench: Bench, seed: int):
    count = bench.random.randint(1, 3)
    made = [bench.approved() for _ in range(count)]
    fault = bench.random.choice(["error_after", "drop_after"])
    bench.vendor.options(withdrawals_auto=False)
    bench.vendor.switches(
        api_answer=fault, only="approve", remaining=bench.random.randint(1, count)
    )

    payouts.send_due()
    states = set(Withdrawal.objects.values_list("state", flat=True))
    assert states <= {"sending", "sent"}
    assert euro_reserved(bench.player) == sum(one.amount for one in made)

    for one in made:
        bench.vendor.move_money(int(one.outside_ref))
    bench.rest()
    assert set(Withdrawal.objects.values_list("state", flat=True)) == {"paid"}
    assert [len(bench.told(int(one.outside_ref), "transfer")) for one in made] == [1] * count
    assert alarms() == []


@seeds(3)
def test_d2_an_approval_that_never_arrived_is_sent_again(bench: Bench, seed: int):
    made = bench.approved()
    fault = bench.random.choice(["error_before", "limited"])
    bench.vendor.switches(api_answer=fault, only="approve", remaining=bench.random.randint(1, 3))

    payouts.send_due()
    made.refresh_from_db()
    assert (made.state, euro_reserved(bench.player)) == ("sending", made.amount)

    for _ in range(4):  # the switch counts itself down
        Withdrawal.objects.filter(state="sending").update(due_at=now())
        payouts.send_due()
    bench.rest()
    made.refresh_from_db()
    assert made.state == "paid"
    assert len(bench.told(int(made.outside_ref), "transfer")) == 1


@seeds(2)
def test_d3_changing_stories_book_what_moved_and_open_a_case(bench: Bench, seed: int):
    bench.vendor.options(withdrawals_auto=False)
    made = bench.approved()
    if bench.random.random() < 0.5:
        bench.vendor.switches(api_answer="error_after", only="approve", remaining=1)
    payouts.send_due()
    bench.vendor.switches()
    number = int(made.outside_ref)
    first, then = bench.random.choice([("cancel", "transfer"), ("transfer", "cancel")])
    for story in (first, then, first, then):
        assert bench.vendor.call(number, story)["answer"]["success"] is True

    made.refresh_from_db()
    assert made.state == "paid"  # money has moved, in whatever order it was told
    assert ("gateway.moved_after_all" in alarms()) is (first == "cancel")
    assert "gateway.contradiction" in alarms()
    assert (euro(bench.player), euro_reserved(bench.player)) == (FUNDS - made.amount, Decimal(0))
    assert [str(finding) for finding in verify()] == []


@seeds(3)
def test_a2_a_worker_that_dies_in_the_middle_pays_once(bench: Bench, seed: int, tmp_path):
    made = bench.approved()
    point = bench.random.choice(["payout.intended", "payout.answered"])
    (tmp_path / point).touch()

    died = run_worker(tmp_path, PAYMENTIQ_BASE_URL=bench.vendor.base_url)

    assert died == -signal.SIGKILL
    assert payouts.send_due() == 0 or point == "payout.answered"
    bench.rest()
    made.refresh_from_db()
    assert made.state == "paid"
    assert len(bench.told(int(made.outside_ref), "transfer")) == 1


# ---- E: callbacks ------------------------------------------------------------------------------


@seeds(3)
def test_e1_every_call_many_times_at_once_has_one_effect(bench: Bench, seed: int):
    bench.vendor.switches(callback_copies=bench.random.randint(2, 10), callback_parallel=True)

    paid = bench.desk.deposit(bench.amount())
    payout = bench.approved()
    payouts.send_due()
    wait_for(lambda: Withdrawal.objects.filter(pk=payout.pk, state="paid").exists())
    if bench.random.random() < 0.5:
        bench.desk.settled(bench.vendor.undo(paid["id"], "Refund")["id"])

    # The first copy has its effect before the gateway has noted what the last one heard.
    for call in bench.vendor.settled(timeout_seconds=30):
        assert {one["status"] for one in call["tries"]} == {200}
        if call["kind"] != "verifyuser":  # the balance it tells is the one of the moment
            assert len({one["answer"] for one in call["tries"]}) == 1
    bench.rest()
    assert alarms() == []


@seeds(2)
def test_e3_the_same_id_with_other_content_is_refused_and_told(
    bench: Bench, seed: int, other_player: Player
):
    number = bench.vendor.register(bench.desk.user, bench.amount())["id"]
    action = bench.random.choice(["authorize", "transfer"])
    bench.vendor.call(number, "authorize")
    if action == "transfer":
        bench.vendor.call(number, "transfer")
    before = (euro(bench.player), Deposit.objects.count())

    change: dict[str, str] = bench.random.choice(
        [{"txAmount": "987.65"}, {"userId": f"{other_player.public_id}-EUR"}]
    )
    answer = bench.vendor.call(number, action, **change)["answer"]

    # A transfer with another amount is heard, so that it is not repeated for ever.
    assert answer["success"] is (action == "transfer" and "txAmount" in change)
    assert (euro(bench.player), Deposit.objects.count()) == before
    assert euro(other_player) == 0
    assert alarms() == ["gateway.contradiction"]
    assert [str(finding) for finding in verify()] == []


@seeds(2)
def test_e4_a_lost_answer_is_given_again(bench: Bench, seed: int):
    bench.vendor.options(retries=True)
    begun = bench.vendor.start("deposit", bench.desk.user, bench.desk.session(), bench.amount())
    bench.vendor.switches(
        callback_answer="lose", only="transfer", remaining=bench.random.randint(1, 3)
    )

    bench.vendor.payer(begun["id"], "success")
    bench.vendor.delivered(reference=str(begun["id"]), kind="transfer")
    [call] = bench.told(begun["id"], "transfer")
    key, first = call["key"], call["tries"][-1]["answer"]
    again = bench.vendor.repeat(key, bench.random.randint(1, 5), parallel=True)

    assert len(call["tries"]) > 1
    assert all(one == json.loads(first) for one in again)
    bench.rest()
    assert (Deposit.objects.count(), alarms()) == (1, [])


@seeds(2)
def test_e5_a_call_before_our_own_commit_is_kept_and_acted_on(bench: Bench, seed: int):
    known_as = bench.player.public_id
    # As if the transaction that made the player were not visible yet.
    Player.objects.filter(pk=bench.player.pk).update(public_id="pl_3333333333333333")
    number = bench.vendor.register(f"{known_as}-EUR", bench.amount())["id"]
    bench.vendor.move_money(number)
    bench.vendor.settled(reference=str(number))
    assert (euro(bench.player), Deposit.objects.count()) == (FUNDS, 0)
    wait_for(lambda: InboxMessage.objects.filter(state="failed").exists())

    Player.objects.filter(pk=bench.player.pk).update(public_id=known_as)
    InboxMessage.objects.update(due_at=now())
    assert inbox.retry_due() == 1
    assert deposit().state == "confirmed"
    bench.rest()


@seeds(1)
def test_e7_a_poison_message_is_parked_and_the_rest_flows(bench: Bench, seed: int):
    document = transfer_of(bench.player, 99_001, "50.00")
    poison = bench.random.choice(
        [
            json.dumps({**document, "txAmount": "NaN"}),
            json.dumps({**document, "txAmount": "1e3"}),
            json.dumps({**document, "txAmountCy": "SHL"}),
            json.dumps({**document, "txAmount": "0.001"}),
            '{"txId":',
        ]
    )
    assert bench.vendor.send("transfer", raw=poison)["answer"]["success"] is False

    bench.desk.deposit(bench.amount())
    for _ in range(inbox.TRIES_MAX):
        InboxMessage.objects.filter(state="failed").update(due_at=now())
        inbox.retry_due()

    parked = InboxMessage.objects.get(state="parked")
    assert bytes(parked.body) == poison.encode()
    assert Alarm.objects.get().subject == f"paymentiq {parked.pk}"
    assert not InboxMessage.objects.exclude(state__in=["done", "parked"]).exists()
    bench.rest()


@seeds(2)
def test_e8_only_a_right_credential_counts_while_it_changes(bench: Bench, seed: int, settings):
    """The vendor signs no body: who has the credential, and comes from where, is believed."""
    number = 99_000 + seed
    body = json.dumps(transfer_of(bench.player, number, bench.amount())).encode()
    right = basic()
    place = bench.random.randrange(6, len(right))
    other = "A" if right[place] != "A" else "B"
    wrong = bench.random.choice([right[:place] + other + right[place + 1 :], right[:-4], ""])

    assert bench.post("transfer", body, wrong) == 401
    assert (InboxMessage.objects.count(), euro(bench.player)) == (0, FUNDS)

    # The password changes in the middle of the stream: both count until the old one is taken away.
    settings.PAYMENTIQ_PASSWORD_PREVIOUS = settings.PAYMENTIQ_PASSWORD
    settings.PAYMENTIQ_PASSWORD = f"new-password-{seed}"
    streams = [right, basic()] * 2
    bench.random.shuffle(streams)
    statuses = in_parallel([lambda one=one: bench.post("transfer", body, one) for one in streams])
    assert statuses == [200] * 4
    settings.PAYMENTIQ_PASSWORD_PREVIOUS = ""
    assert bench.post("transfer", body, right) == 401

    assert GatewayTransaction.objects.get().outside_ref == str(number)
    assert euro(bench.player) == FUNDS + deposit().amount
    assert postings_sum() == []


# ---- F: at the same moment ----------------------------------------------------------------------


@seeds(3)
def test_f2_payouts_asked_for_on_two_devices_never_reserve_more_than_there_is(
    bench: Bench, seed: int
):
    """Each device has a cashier of its own; money is there for some of them."""
    amount = Decimal(bench.random.randint(26_000, 49_000)).scaleb(-2)
    sessions = [bench.desk.session("withdrawal") for _ in range(bench.random.randint(3, 6))]
    room = int(FUNDS // amount)

    asked = in_parallel(
        [
            lambda one=one: bench.vendor.start("withdrawal", bench.desk.user, one, f"{amount:f}")
            for one in sessions
        ]
    )

    states = sorted(one["state"] for one in asked)
    yes = min(room, len(sessions))
    assert states == ["FAILED"] * (len(sessions) - yes) + ["WAITING_APPROVAL"] * yes
    assert {one["statusCode"] for one in asked if one["state"] == "FAILED"} <= {"513"}
    assert (euro(bench.player), euro_reserved(bench.player)) == (
        FUNDS - yes * amount,
        yes * amount,
    )
    bench.rest()


@seeds(2)
def test_f5_our_yes_our_no_and_their_no_at_once_have_one_outcome(
    bench: Bench, seed: int, administrator: User
):
    number = bench.desk.withdrawal(bench.amount())["id"]
    made = Withdrawal.objects.get(outside_ref=str(number))
    acts = [
        lambda: withdrawals.approve(made, bench.staff, "Yes."),
        lambda: withdrawals.reject(made, administrator, "No."),
        lambda: bench.vendor.call(number, "cancel")["answer"]["success"],
        lambda: withdrawals.approve(made, administrator, "Yes."),
    ]
    bench.random.shuffle(acts)

    results = in_parallel(acts)

    decided = [one for one in results if isinstance(one, Withdrawal)]
    assert len(decided) <= 1
    assert results.count(True) == 1  # their call is always heard
    made.refresh_from_db()
    assert made.state in {"rejected", "released"}
    assert (euro(bench.player), euro_reserved(bench.player)) == (FUNDS, Decimal(0))
    assert [str(finding) for finding in verify()] == []
