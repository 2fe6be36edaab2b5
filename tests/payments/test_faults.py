"""The fault catalogue's gateway and callback faults at many seeds (`tests/seeds.py`), over HTTP."""

import random
import signal
from datetime import timedelta
from decimal import Decimal

import pytest

from apps.audit.models import Alarm
from apps.core.clock import now
from apps.core.money import Money
from apps.integrations import inbox
from apps.integrations.models import InboxMessage
from apps.ledger.models import Entry, Kind
from apps.ledger.selectors import postings_sum
from apps.ledger.verification import verify
from apps.payments.models import Deposit, DepositAddress, Withdrawal
from apps.payments.services import deposits, inquiries, payout_watch, payouts, withdrawals
from tests.payments.factories import (
    WALLET_ADDRESS,
    alarms,
    cash,
    in_parallel,
    make_address,
    rail,
    recorded,
    reserved,
    run_worker,
    signed_headers,
)
from tests.seeds import seeds
from tests.simulator_client import Coinspaid
from tests.web import web

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

FUNDS = Decimal("0.5")
REFUSALS = ["declined", "cancelled", "failed"]


class Bench:
    """One player with money, one gateway, one casino behind a real server."""

    def __init__(self, seed, player, staff, gateway: Coinspaid, origin: str) -> None:
        self.random = random.Random(seed)
        self.player = player
        self.staff = staff
        self.gateway = gateway
        self.origin = origin

    def amount(self) -> str:
        return f"{Decimal(self.random.randint(20_000, 4_000_000)).scaleb(-8):f}"

    def approved(self, number: int = 1) -> Withdrawal:
        withdrawal = withdrawals.request_withdrawal(
            player=self.player,
            amount=Money.parse(self.amount(), rail().money_currency),
            rail=rail(),
            address=WALLET_ADDRESS,
            key=f"key-{number}",
        )
        return withdrawals.approve(withdrawal, self.staff, "Looks right.")

    def kept(self, withdrawal: Withdrawal) -> dict:
        return self.gateway.withdrawal(withdrawal.public_id)

    def post(self, body: bytes, headers: dict[str, str] | None = None) -> int:
        """A callback over HTTP, signed as the gateway does it unless headers are given."""
        answer = web.post(
            f"{self.origin}/callbacks/coinspaid/",
            content=body,
            headers=signed_headers(body) if headers is None else headers,
            timeout=30,
        )
        return answer.status_code

    def drain(self) -> None:
        """End all faults, let all waiting times pass, and work until nothing is left to do."""
        self.gateway.switches()
        for _ in range(40):
            long_ago = now() - timedelta(hours=1)
            Withdrawal.objects.filter(due_at__isnull=False).update(due_at=long_ago)
            Withdrawal.objects.filter(unknown_at__isnull=False).update(unknown_at=long_ago)
            InboxMessage.objects.filter(due_at__isnull=False).update(due_at=long_ago)
            Deposit.objects.filter(state="pending").update(updated_at=long_ago)
            payouts.send_due()
            inbox.retry_due()
            inquiries.ask_open()
            for one in self.gateway.find(kind="withdrawal", status="processing"):
                self.gateway.move(one["id"], "confirmed")
            if not (
                Withdrawal.objects.filter(state__in=["approved", "sending", "sent"]).exists()
                or InboxMessage.objects.filter(state__in=["received", "failed"]).exists()
                or Deposit.objects.filter(state="pending").exists()
                or self.gateway.calls(state="waiting")
            ):
                return
        raise AssertionError("not at rest")

    def check(self) -> None:
        """The invariants: the journal, one end for each reserve, and both sides' books."""
        assert postings_sum() == []
        assert [str(finding) for finding in verify()] == []
        for withdrawal in Withdrawal.objects.all():
            ends = Entry.objects.filter(
                source_id=withdrawal.pk, kind__in=[Kind.WITHDRAWAL_PAID, Kind.WITHDRAWAL_RELEASED]
            ).values_list("kind", flat=True)
            ended = {"paid": {Kind.WITHDRAWAL_PAID}, "released": {Kind.WITHDRAWAL_RELEASED}}
            assert set(ends) == ended[withdrawal.state], withdrawal.state
        paid_there = sorted(
            (one["foreign_id"], Decimal(one["amount"]))
            for one in self.gateway.transactions(kind="withdrawal", status="confirmed")
        )
        paid_here = sorted(
            (str(one.foreign_id), one.net_money.major)
            for one in Withdrawal.objects.filter(state="paid")
        )
        assert paid_here == paid_there
        assert payout_watch.compare("coinspaid", now().date()).problems == []
        came_there = sum(
            (
                Decimal(one["amount"])
                for one in self.gateway.transactions(kind="deposit", status="confirmed")
            ),
            Decimal(0),
        )
        left = sum((amount for _, amount in paid_here), Decimal(0))
        assert cash(self.player) == FUNDS + came_there - left
        assert reserved(self.player) == 0


@pytest.fixture
def bench(request, player, finance, fund, coinspaid, live_server) -> Bench:
    fund(player, f"{FUNDS:f}", "BTC")
    coinspaid.call_back(live_server.url)
    coinspaid.options(withdrawals_auto=False, deposits_auto=False)
    seed = request.node.callspec.params["seed"]
    return Bench(seed, player, finance, coinspaid, live_server.url)


# ---- D: payouts --------------------------------------------------------------------------------


@pytest.mark.rule("PAY-09", "PAY-10")
@seeds(3)
def test_d1_a_payout_that_was_done_and_not_answered_is_paid_once(bench, seed):
    count = bench.random.randint(1, 3)
    made = [bench.approved(number) for number in range(count)]
    fault = bench.random.choice(["error_after", "drop_after"])
    bench.gateway.switches(
        api_answer=fault, only="withdrawal", remaining=bench.random.randint(1, count)
    )

    payouts.send_due()
    bench.gateway.switches()
    states = set(Withdrawal.objects.values_list("state", flat=True))
    assert states <= {"sending", "sent"}
    assert reserved(bench.player) == sum(one.amount for one in made)

    bench.drain()
    bench.check()
    assert len(bench.gateway.transactions(kind="withdrawal")) == count
    assert alarms() == []


@pytest.mark.rule("PAY-10")
@seeds(3)
def test_d2_a_payout_that_never_arrived_is_sent_again_with_the_same_id(bench, seed):
    withdrawal = bench.approved()
    fault = bench.random.choice(["error_before", "limited"])
    bench.gateway.switches(
        api_answer=fault, only="withdrawal", remaining=bench.random.randint(1, 3)
    )

    payouts.send_due()
    withdrawal.refresh_from_db()
    assert (withdrawal.state, reserved(bench.player)) == ("sending", withdrawal.amount)

    for _ in range(4):  # the switch counts itself down
        Withdrawal.objects.update(due_at=now() - timedelta(seconds=1))
        payouts.send_due()
    bench.drain()
    bench.check()
    assert bench.kept(withdrawal)["status"] == "confirmed"


@seeds(2)
def test_d3_changing_stories_move_money_once_and_open_a_case(bench, seed):
    withdrawal = bench.approved()
    if bench.random.random() < 0.5:
        bench.gateway.switches(api_answer="error_after", only="withdrawal", remaining=1)
    payouts.send_due()
    bench.gateway.switches()
    number = bench.kept(withdrawal)["id"]
    first, then = bench.random.choice(
        [(bench.random.choice(REFUSALS), "confirmed"), ("confirmed", bench.random.choice(REFUSALS))]
    )
    bench.gateway.move(number, first, error="No")
    bench.gateway.delivered(reference=str(number), kind=first)

    for story in (then, first, then):
        bench.gateway.contradict(number, status=story)
    bench.gateway.delivered(reference=str(number))

    withdrawal.refresh_from_db()
    assert withdrawal.state == ("paid" if first == "confirmed" else "released")
    assert "withdrawal.contradiction" in alarms()
    assert withdrawal.cases.filter(settled_at=None).count() == 1
    bench.check()


@seeds(3)
def test_a2_a_worker_that_dies_in_the_middle_pays_once(bench, seed, tmp_path):
    withdrawal = bench.approved()
    point = bench.random.choice(["payout.intended", "payout.answered"])
    (tmp_path / point).touch()

    died = run_worker(tmp_path, COINSPAID_BASE_URL=bench.gateway.base_url)

    assert died == -signal.SIGKILL
    withdrawal.refresh_from_db()
    assert (withdrawal.state, reserved(bench.player)) == ("sending", withdrawal.amount)
    assert payouts.send_due() == 0  # the dead worker's claim still holds
    bench.drain()
    bench.check()
    assert len(bench.gateway.transactions(kind="withdrawal")) == 1


# ---- E: callbacks ------------------------------------------------------------------------------


@seeds(3)
def test_e1_every_callback_many_times_at_once_has_one_effect(bench, seed):
    address = deposits.take_address(player=bench.player, rail=rail())
    withdrawal = bench.approved()
    payouts.send_due()
    bench.gateway.switches(callback_copies=bench.random.randint(2, 10), callback_parallel=True)

    bench.gateway.send(address.address, bench.amount(), confirm=True)
    bench.gateway.move(bench.kept(withdrawal)["id"], "confirmed")
    calls = bench.gateway.delivered()

    assert {answer["status"] for call in calls for answer in call["tries"]} == {200}
    bench.drain()
    bench.check()
    assert alarms() == []


@seeds(3)
def test_e2_any_order_ends_the_same(bench, seed):
    address = deposits.take_address(player=bench.player, rail=rail())
    made = [bench.approved(number) for number in range(2)]
    bench.gateway.switches(callback_hold=True)
    sent = [bench.gateway.send(address.address, bench.amount(), confirm=False) for _ in range(2)]
    # Before our own save: the gateway is done with a payout whose answer we never got.
    bench.gateway.switches(callback_hold=True, api_answer="drop_after", only="withdrawal")
    payouts.send_due()
    bench.gateway.switches(callback_hold=True)
    for one in sent:
        bench.gateway.move(one["id"], bench.random.choice(["confirmed", "cancelled"]))
    for one in made:
        bench.gateway.move(bench.kept(one)["id"], bench.random.choice(["confirmed", *REFUSALS]))
    calls = bench.gateway.calls()
    # Each once, and some of them again, in any order.
    shuffled = [*calls, *bench.random.sample(calls, k=3)]
    bench.random.shuffle(shuffled)

    for call in shuffled:
        assert bench.gateway.repeat(call["key"]) == [200]

    bench.drain()
    bench.check()
    assert set(alarms()) <= {"withdrawal.refused"}


@pytest.mark.rule("PAY-07")
@seeds(2)
def test_e3_the_same_id_with_other_content_is_refused_and_told(bench, seed, other_player):
    address = deposits.take_address(player=bench.player, rail=rail())
    theirs = deposits.take_address(player=other_player, rail=rail())
    sent = bench.gateway.send(address.address, bench.amount(), confirm=True)
    bench.gateway.delivered(reference=str(sent["id"]), kind="confirmed")
    before = (cash(bench.player), cash(other_player))

    change = bench.random.choice([{"amount": "3.21"}, {"address": theirs.address}])
    bench.gateway.contradict(sent["id"], **change)
    bench.gateway.delivered(reference=str(sent["id"]))

    assert (cash(bench.player), cash(other_player)) == before
    assert alarms() == ["deposit.contradiction"]
    bench.drain()
    bench.check()


@seeds(2)
def test_e4_a_lost_answer_is_given_again(bench, seed):
    address = deposits.take_address(player=bench.player, rail=rail())
    bench.gateway.switches(callback_answer="lose", remaining=bench.random.randint(1, 4))

    sent = bench.gateway.send(address.address, bench.amount(), confirm=True)
    calls = bench.gateway.delivered(reference=str(sent["id"]))

    assert any(len(call["tries"]) > 1 for call in calls)
    bench.drain()
    bench.check()
    assert (Deposit.objects.count(), alarms()) == (1, [])


@seeds(2)
def test_e5_a_callback_before_our_own_commit_is_kept_and_applied(bench, seed):
    address = deposits.take_address(player=bench.player, rail=rail())
    facts = {name: getattr(address, name) for name in ("address", "tag", "outside_ref")}
    DepositAddress.objects.all().delete()  # as if our transaction were not visible yet
    sent = bench.gateway.send(facts["address"], bench.amount(), confirm=True)
    calls = bench.gateway.delivered(reference=str(sent["id"]))

    assert {answer["status"] for call in calls for answer in call["tries"]} == {200}
    assert set(InboxMessage.objects.values_list("state", flat=True)) == {"failed"}
    assert (cash(bench.player), Deposit.objects.count()) == (FUNDS, 0)

    make_address(bench.player, text=facts["address"])
    bench.drain()
    bench.check()
    assert set(InboxMessage.objects.values_list("state", flat=True)) == {"done"}


@seeds(1)
def test_e7_a_poison_message_is_parked_and_the_rest_flows(bench, seed):
    address = deposits.take_address(player=bench.player, rail=rail())
    poison = bench.random.choice(
        [
            recorded("deposit_confirmed", type="gift"),
            recorded("deposit_confirmed", currency_received={"amount": "NaN"}),
            recorded("deposit_confirmed", currency_received={"currency": "SHELLS"}),
            recorded("deposit_confirmed", crypto_address={"address": "nobody"}),
            b'{"id":',
        ]
    )
    assert bench.post(poison) == 200

    bench.gateway.send(address.address, bench.amount(), confirm=True)
    bench.gateway.delivered()
    for _ in range(inbox.TRIES_MAX):
        InboxMessage.objects.filter(state="failed").update(due_at=now() - timedelta(seconds=1))
        inbox.retry_due()

    states = sorted(InboxMessage.objects.values_list("state", flat=True))
    assert states == ["done", "done", "parked"]
    parked = InboxMessage.objects.get(state="parked")
    assert bytes(parked.body) == poison
    assert Alarm.objects.get().subject == f"coinspaid {parked.pk}"
    bench.drain()
    bench.check()


@seeds(2)
def test_e8_only_the_right_signature_over_these_bytes_counts(bench, seed, settings):
    make_address(bench.player)
    body = recorded("deposit_confirmed", id=6_000_000 + seed)
    place = bench.random.randrange(len(body))
    altered = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
    right = signed_headers(body)

    assert bench.post(altered, right) == 403
    wrong = bench.random.choice(
        [
            right | {"x-processing-signature": "0" * 128},
            right | {"x-processing-signature": right["x-processing-signature"][:-1]},
            right | {"x-processing-key": "someone"},
            {"content-type": "application/json"},
        ]
    )
    assert bench.post(body, wrong) == 403
    assert (InboxMessage.objects.count(), cash(bench.player)) == (0, FUNDS)

    # The secret changes in the middle of the stream: both count until the old one is taken away.
    settings.COINSPAID_SECRET_PREVIOUS = settings.COINSPAID_SECRET
    settings.COINSPAID_SECRET = f"new-secret-{seed}"
    streams = [(body, right), (body, signed_headers(body))]
    bench.random.shuffle(streams)
    statuses = in_parallel([lambda one=one: bench.post(*one) for one in streams * 2])
    assert statuses == [200] * 4
    settings.COINSPAID_SECRET_PREVIOUS = ""
    assert bench.post(body, right) == 403

    assert (Deposit.objects.count(), cash(bench.player)) == (1, FUNDS + Decimal("0.01"))
    assert postings_sum() == []
