"""PaymentIQ in the soak: fiat in and out, what is taken back, and everything that goes wrong."""

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

from django.db.models import Sum

from apps.accounts.models import Player
from apps.audit.models import Alarm
from apps.core.clock import now
from apps.core.errors import DomainError
from apps.integrations import inbox
from apps.integrations.models import InboxMessage
from apps.ledger.models import Entry, Purse, Wallet
from apps.payments.models import Deposit, GatewayOrder, GatewayTransaction, Rail, Withdrawal
from apps.payments.services import (
    cashier,
    deposits,
    fiat_inquiries,
    gateway_orders,
    payouts,
    withdrawals,
)
from apps.wallet.selectors import balance
from tests.payments.soak.base import World
from tests.simulator_client import ControlRefused, Json, Paymentiq

PROVIDER = "paymentiq"
CODE = "EUR"
METHODS = ["creditcard", "creditcard", "bankiban", "neteller"]
OUTCOMES = {"success": 70, "failure": 8, "cancel": 5, "pending": 12, "": 5}
UNDOING = ["Refund", "Reversal", "Chargeback", "Void"]
API_FAULTS = ["error_before", "error_after", "drop_after", "limited"]
CALLBACK_FAULTS: list[Json] = [
    {"callback_copies": 3},
    {"callback_copies": 4, "callback_parallel": True},
    {"callback_answer": "lose"},
    {"callback_answer": "unsent"},
    {"callback_signature": "wrong"},
    {"callback_signature": "missing"},
    {"callback_delay_ms": 50},
    {"callback_reorder": True},
]
OPEN_THERE = ["REGISTERED", "WAITING_INPUT", "WAITING_APPROVAL", "PROCESSING", "INCONSISTENT"]
OPEN_HERE = ["requested", "approved", "sending", "sent"]
OWED = ["deposit.receivable", "withdrawal.receivable", "gateway.unknown_origin"]
# Of what is taken up once: a worker's turn, not the length of a test.
TURN = 1_000

State = GatewayTransaction.State


class PaymentiqPart:
    """Plays payers, staff on both sides and the gateway at once."""

    def __init__(self, world: World, vendor: Paymentiq) -> None:
        self.world = world
        self.vendor = vendor
        self.rail = Rail.objects.get(provider=PROVIDER, code=CODE)
        self.known: list[int] = []
        self.contradicted: set[int] = set()
        self.events = {
            self.pay_in: 34,
            self.pay_another_amount: 4,
            self.pay_unannounced: 2,
            self.pay_twice: 2,
            self.pay_out: 24,
            self.take_back: 9,
            self.decide: 4,
            self.force: 4,
            self.contradict: 3,
            self.repeat: 12,
            self.break_api: 3,
            self.break_callbacks: 5,
        }

    def act(self) -> None:
        event = self.world.random.choices(list(self.events), weights=list(self.events.values()))[0]
        self.world.count(f"fiat_{event.__name__}")
        event()

    # ---- what players do -------------------------------------------------------------------------

    def pay_in(self) -> None:
        random = self.world.random
        outcome = random.choices(list(OUTCOMES), weights=list(OUTCOMES.values()))[0]
        self._start("deposit", self._amount(), outcome=outcome)

    def pay_another_amount(self) -> None:
        """The provider moves more or less than was agreed to."""
        begun = self._start("deposit", self._amount())
        if begun["state"] == "WAITING_INPUT":
            self.vendor.payer(begun["id"], "success", self._amount())

    def pay_out(self) -> None:
        random = self.world.random
        player = self.world.player()
        has = balance(player.pk, self.rail.money_currency).cash.units
        units = random.randint(2_000, max(2_500, min(40_000, has // 2)))
        begun = self._start("withdrawal", f"{Decimal(units).scaleb(-2):f}", player)
        made = self._payout(begun["id"])
        if made is None or made.state != Withdrawal.State.REQUESTED:
            return  # more than there is, or their question was never answered
        fate = random.random()
        if fate < 0.2:
            withdrawals.reject(made, self.world.staff, "The soak says no.")
            gateway_orders.order_denial(made.pk)  # what the handler of that event does
        elif fate < 0.3:
            self._staff(begun["id"], "deny")
        elif fate < 0.8:
            withdrawals.approve(made, self.world.staff, "The soak says yes.")
        if fate > 0.7:
            # Their staff do as they like, whatever we said; what is still waiting comes at the end.
            ends = random.choice(["approve", "SUCCESSFUL", "FAILED", "other amount", ""])
            if ends == "approve":
                self._staff(begun["id"], "approve")
            elif ends == "other amount":
                self.vendor.move_money(begun["id"], self._amount())
            elif ends:
                send = "transfer" if ends == "SUCCESSFUL" else "cancel"
                self._staff(begun["id"], "force", state=ends, send=send)

    # ---- what providers do -----------------------------------------------------------------------

    def pay_unannounced(self) -> None:
        number = self.vendor.register(self._user(self.world.player()), self._amount())["id"]
        self.known.append(number)
        self.vendor.move_money(number)

    def pay_twice(self) -> None:
        if (one := self._some("SUCCESSFUL", is_payment=True)) and one["txAmount"][0] != "-":
            announce = self.world.random.random() < 0.5
            self.known.append(self.vendor.pay_again(one["id"], announce=announce)["id"])

    def take_back(self) -> None:
        """A refund, reversal, chargeback, or a payout that came back: whole, or a part of it."""
        random = self.world.random
        one = self._some("SUCCESSFUL", is_payment=True)
        if one is None:
            return
        units = abs(int(Decimal(one["moved"]).scaleb(2)))
        part = random.randint(1, units) if random.random() < 0.4 else units
        kind = "Reversal" if one["txAmount"][0] == "-" else random.choice(UNDOING)
        undone = self.vendor.undo(
            one["id"],
            kind,
            f"{Decimal(part).scaleb(-2):f}",
            announce=random.random() < 0.7,
            outcome="failure" if random.random() < 0.15 else "success",
        )
        self.known.append(undone["id"])

    # ---- what the house does ---------------------------------------------------------------------

    def decide(self) -> None:
        """Somebody looks at a deposit that came against a limit."""
        held = Deposit.objects.filter(provider=PROVIDER, state="held").order_by("pk").first()
        if held is None:
            return
        act = self.world.random.choice([deposits.release, deposits.refund])
        try:
            act(held, self.world.staff, "The soak decides.")
        except DomainError:
            return  # it is on its way back already

    # ---- what goes wrong -------------------------------------------------------------------------

    def force(self) -> None:
        """What had failed moves money after all."""
        one = self._some("FAILED", "CANCELLED")
        if one and not one["moved"]:
            self._staff(one["id"], "force", state="SUCCESSFUL", send="transfer")

    def contradict(self) -> None:
        """What has moved money is cancelled, or told again with another amount."""
        random = self.world.random
        one = self._some("SUCCESSFUL")
        row = one and self._row(one["id"])
        if one is None or row is None or row.state != State.SETTLED:
            return
        if random.random() < 0.5:
            said = self.vendor.call(one["id"], "cancel")
        else:
            sign = "-" if one["txAmount"][0] == "-" else ""
            other = f"{sign}{Decimal(one['moved'].lstrip('-')) + random.randint(1, 50):.2f}"
            said = self.vendor.call(one["id"], "transfer", txAmount=other)
        if said["status"] == 200:  # else a fault kept it from us
            self.contradicted.add(one["id"])

    def repeat(self) -> None:
        """A call once more, or many times, long after it was answered."""
        random = self.world.random
        if not self.known:
            return
        calls = self.vendor.calls(reference=str(random.choice(self.known)))
        if calls:
            key = random.choice(calls)["key"]
            self.vendor.repeat(key, random.randint(1, 4), parallel=random.random() < 0.5)

    def break_api(self) -> None:
        random = self.world.random
        self.vendor.switches(api_answer=random.choice(API_FAULTS), remaining=random.randint(1, 3))

    def break_callbacks(self) -> None:
        random = self.world.random
        self.vendor.switches(**random.choice(CALLBACK_FAULTS), remaining=random.randint(1, 6))

    # ---- rest ------------------------------------------------------------------------------------

    def work(self) -> None:
        payouts.send_due()
        gateway_orders.send_due()
        inbox.retry_due()

    def heal(self) -> None:
        self.vendor.switches()
        for one in self.vendor.transactions(state="WAITING_INPUT"):
            self.vendor.payer(one["id"], self.world.random.choice(["success", "cancel"]))

    def is_quiet(self) -> bool:
        """Let every waiting time pass, work, and say whether nothing is left to do."""
        long_ago = now() - timedelta(hours=1)
        Withdrawal.objects.filter(due_at__isnull=False).update(due_at=long_ago)
        Withdrawal.objects.filter(unknown_at__isnull=False).update(unknown_at=long_ago)
        InboxMessage.objects.filter(due_at__isnull=False).update(due_at=long_ago)
        GatewayOrder.objects.filter(due_at__isnull=False).update(due_at=long_ago)
        GatewayTransaction.objects.filter(state=State.AUTHORIZED).update(
            created_at=long_ago, updated_at=long_ago
        )
        for made in Withdrawal.objects.filter(provider=PROVIDER, state="requested"):
            withdrawals.approve(made, self.world.staff, "The soak comes to its end.")
        self._settle_inconsistent()
        self.work()
        fiat_inquiries.ask_open(limit=TURN)
        is_open_here = (
            GatewayTransaction.objects.filter(state=State.AUTHORIZED).exists()
            or Withdrawal.objects.filter(provider=PROVIDER, state__in=OPEN_HERE).exists()
            or Deposit.objects.filter(provider=PROVIDER, state="pending").exists()
            or GatewayOrder.objects.filter(state="due").exists()
            or InboxMessage.objects.filter(state__in=["received", "failed"]).exists()
        )
        is_open_there = any(self.vendor.transactions(state=state) for state in OPEN_THERE) or bool(
            self.vendor.calls(state="waiting")
        )
        return not (is_open_here or is_open_there)

    def _settle_inconsistent(self) -> None:
        """Their staff look at what got no good answer; where we have asked, they need not call."""
        for one in self.vendor.transactions(state="INCONSISTENT"):
            if self.vendor.calls(reference=str(one["id"]), state="waiting"):
                continue
            row = self._row(one["id"])
            is_asked = row is not None and row.state == State.AUTHORIZED
            send = "none" if is_asked and self.world.random.random() < 0.5 else "transfer"
            self._staff(one["id"], "force", state="SUCCESSFUL", send=send)

    # ---- both books ------------------------------------------------------------------------------

    def check(self) -> None:
        ours = {
            one.outside_ref: one for one in GatewayTransaction.objects.filter(provider=PROVIDER)
        }
        for one in self.vendor.transactions():
            row = ours.pop(str(one["id"]), None)
            if one["moved"]:
                assert row is not None, one
                assert (row.state, row.booked) == (State.SETTLED, Decimal(one["moved"])), one
            else:
                assert one["state"] in {"FAILED", "CANCELLED"}, one
                assert row is None or row.state in {State.REFUSED, State.CANCELLED}, one
        assert ours == {}, "transactions that the gateway does not know"
        self._check_totals()
        self._check_payments()
        self._check_cases()

    def _check_totals(self) -> None:
        """What their book says providers moved is what the clearing account gave and took."""
        booked = (
            Entry.objects.filter(account__code=f"payment_clearing:{PROVIDER}")
            .values_list("wallet__player__public_id", "wallet__currency__code")
            .annotate(total=Sum("amount"))
        )
        theirs = {key: Decimal(total) for key, total in self.vendor.totals().items()}
        assert {(f"{who}-{code}", code): total for who, code, total in booked} == theirs

    def _check_payments(self) -> None:
        """Each payment is what its own transactions make of it."""
        taken: dict[int, Decimal] = defaultdict(Decimal)
        undoing = GatewayTransaction.objects.filter(
            state=State.SETTLED, kind__in=GatewayTransaction.UNDOING, deposit__isnull=False
        )
        for one in undoing:
            assert one.deposit_id is not None
            taken[one.deposit_id] -= one.booked or Decimal(0)
        for deposit in Deposit.objects.filter(provider=PROVIDER):
            assert deposit.reversed_amount == taken[deposit.pk], deposit
        assert not Wallet.objects.filter(
            purse=Purse.RESERVED, currency__code=CODE, balance__gt=0
        ).exists()

    def _check_cases(self) -> None:
        """What was contradicted, is owed, left unasked or could not be ordered has an alarm."""
        alarmed: dict[str, set[str]] = defaultdict(set)
        for alarm in Alarm.objects.all():
            alarmed[alarm.subject].add(alarm.code)
        for number in self.contradicted:
            assert "gateway.contradiction" in alarmed[f"{PROVIDER} {number}"], number
        for made in Withdrawal.objects.filter(provider=PROVIDER, unasked=True):
            assert "withdrawal.unasked" in alarmed[made.public_id], made
        for order in GatewayOrder.objects.filter(state="failed"):
            assert "gateway.order_refused" in alarmed[f"{PROVIDER} {order.outside_ref}"], order
        for wallet in Wallet.objects.filter(balance__lt=0, player__isnull=False):
            subjects = {f"{PROVIDER} {row.outside_ref}" for row in self._rows_of(wallet.player_id)}
            for model in (Deposit, Withdrawal):
                mine = model.objects.filter(player=wallet.player_id)
                subjects |= set(mine.values_list("public_id", flat=True))
            assert any(alarmed[one] & set(OWED) for one in subjects), wallet

    # ---- helpers ---------------------------------------------------------------------------------

    def _amount(self) -> str:
        """Now and then above what a day lets through."""
        most = 90_000 if self.world.random.random() < 0.1 else 20_000
        return f"{Decimal(self.world.random.randint(1_000, most)).scaleb(-2):f}"

    def _user(self, player: Player) -> str:
        return f"{player.public_id}-{CODE}"

    def _start(
        self, direction: str, amount: str, player: Player | None = None, outcome: str = ""
    ) -> Json:
        player = player or self.world.player()
        begun = self.vendor.start(
            direction,
            self._user(player),
            cashier.open_session(player=player, rail=self.rail, direction=direction),
            amount,
            method=self.world.random.choice(METHODS),
            outcome=outcome,
        )
        self.known.append(begun["id"])
        return begun

    def _some(self, *states: str, is_payment: bool = False) -> Json | None:
        """One of the transactions in such a state, if a few tries find one."""
        for number in self.world.random.sample(self.known, min(5, len(self.known))):
            one = self.vendor.transaction(number)
            if one["state"] in states and not (is_payment and one["originTxId"]):
                return one
        return None

    def _staff(self, number: int, order: str, **data: str) -> None:
        try:
            self.vendor.staff(number, order, **data)
        except ControlRefused:
            return  # it has gone on by itself

    def _row(self, number: int) -> GatewayTransaction | None:
        return GatewayTransaction.objects.filter(provider=PROVIDER, outside_ref=str(number)).first()

    def _rows_of(self, player_id: int) -> list[GatewayTransaction]:
        return list(GatewayTransaction.objects.filter(provider=PROVIDER, player_id=player_id))

    def _payout(self, number: int) -> Withdrawal | None:
        return Withdrawal.objects.filter(provider=PROVIDER, foreign_id=str(number)).first()
