"""CoinsPaid in the soak: coins in and out, exchanges, invoices, and everything that goes wrong."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from apps.audit.models import Alarm
from apps.core.clock import now
from apps.core.errors import DomainError
from apps.core.money import Money
from apps.integrations import inbox
from apps.integrations.models import InboxMessage
from apps.ledger.models import Entry, Kind
from apps.payments.models import Deposit, Exchange, Invoice, Rail, Withdrawal
from apps.payments.providers.registry import gateway
from apps.payments.services import (
    deposits,
    exchanges,
    gateway_lists,
    inquiries,
    invoices,
    payout_watch,
    payouts,
    withdrawals,
)
from apps.wallet.selectors import balance
from tests.payments.soak.base import World
from tests.simulator_client import Coinspaid, ControlRefused, Json

# rail: least and most of one deposit, in whole units of the last digit that all sides carry.
AMOUNTS = {
    "BTC": (10_000, 9_000_000, 8),
    "LTC": (1_000_000, 900_000_000, 8),
    "DOGE": (100_000_000, 90_000_000_000, 8),
    "ETH": (1_000_000, 400_000_000, 8),
    "USDTT": (2_000_000, 900_000_000, 6),
    "USDC": (5_000_000, 900_000_000, 6),
    "EURBTC": (100_000, 900_000, 8),
}
PAYOUT_RAILS = ["BTC", "LTC", "DOGE", "ETH", "USDTT", "USDC"]
OUTSIDE = {
    "BTC": "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
    "LTC": "ltc1qw508d6qejxtdg4y5r3zarvary0c5xw7kgmn4n9",
    "DOGE": "DH5yaieqoZN36fDVciNyRueRGvGLR3mr7L",
    "ETH": "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "USDTT": "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
    "USDC": "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
}
API_FAULTS = ["error_before", "error_after", "drop_after", "limited"]
CALLBACK_FAULTS: list[Json] = [
    {"callback_copies": 3},
    {"callback_copies": 4, "callback_parallel": True},
    {"callback_answer": "lose"},
    {"callback_answer": "unsent"},
    {"callback_signature": "wrong"},
    {"callback_delay_ms": 50},
    {"callback_reorder": True},
]
REFUSALS = ["declined", "cancelled", "failed"]
FINAL_PAYOUTS = {"confirmed": "paid", **dict.fromkeys(REFUSALS, "released")}
OPEN_STATES = {"processing", "pending", "not_confirmed", "created"}
FINAL_DEPOSITS = [Deposit.State.CONFIRMED, Deposit.State.CANCELLED]
BOOKED = [Deposit.State.CONFIRMED, Deposit.State.HELD]


class CoinspaidPart:
    """Plays players, staff and the gateway at once."""

    def __init__(self, world: World, vendor: Coinspaid) -> None:
        self.world = world
        self.vendor = vendor
        self.rails = {rail.code: rail for rail in Rail.objects.filter(provider="coinspaid")}
        self.contradicted: set[str] = set()
        self.numbers = iter(range(1, 10**9))
        self.started_on = now().date()
        self.before_exchanges: dict[str, Decimal] = {}
        gateway_lists.sync("coinspaid")
        self.events = {
            self.pay_in: 34,
            self.vanish: 4,
            self.too_little: 2,
            self.repeat: 12,
            self.contradict: 3,
            self.pay_out: 26,
            self.exchange: 4,
            self.invoice: 7,
            self.break_api: 4,
            self.break_callbacks: 4,
        }

    def act(self) -> None:
        event = self.world.random.choices(list(self.events), weights=list(self.events.values()))[0]
        self.world.count(event.__name__)
        event()

    # ---- what players do -------------------------------------------------------------------------

    def pay_in(self) -> None:
        code = self.world.random.choice(list(AMOUNTS))
        self._send(code, self._amount(code))

    def vanish(self) -> None:
        """Seen, and then the chain thinks again: it waits again, or it is gone."""
        code = self.world.random.choice(PAYOUT_RAILS)
        number = self._send(code, self._amount(code), confirm=False)
        if number is None:
            return
        self.vendor.reorganise(number, "unburied")
        if self.world.random.random() < 0.7:
            self.vendor.reorganise(number, "gone")
        else:
            self.vendor.move(number, "confirmed")

    def too_little(self) -> None:
        self._send("BTC", "0.00001")

    def pay_out(self) -> None:
        random = self.world.random
        code = random.choice(PAYOUT_RAILS)
        player, rail = self.world.player(), self.rails[code]
        least, _, places = AMOUNTS[code]
        has = int(balance(player.pk, rail.money_currency).cash.major.scaleb(places))
        units = random.randint(least, max(least, has // 2))
        amount = Money.from_major(Decimal(units).scaleb(-places), rail.money_currency)
        try:
            withdrawal = withdrawals.request_withdrawal(
                player=player,
                amount=amount,
                rail=rail,
                address=OUTSIDE[code],
                key=f"soak-{next(self.numbers)}",
            )
        except DomainError:
            return  # more than there is: a clear refusal, nothing changed
        if withdrawal.state != Withdrawal.State.REQUESTED:
            return
        if random.random() < 0.15:
            withdrawals.reject(withdrawal, self.world.staff, "The soak says no.")
            return
        withdrawals.approve(withdrawal, self.world.staff, "The soak says yes.")
        fate = random.random()
        if fate < 0.2:
            payouts.send_due()
            self._end(withdrawal, random.choice(REFUSALS))
        elif fate < 0.3:
            payouts.send_due()
            self._end(withdrawal, "pending")
            self._end(withdrawal, "processing")

    def invoice(self) -> None:
        random = self.world.random
        rail = self.rails[random.choice(["BTC", "LTC", "USDTT"])]
        least, most, places = AMOUNTS[rail.code]
        units = random.randint(least, most)
        amount = Money.from_major(Decimal(units).scaleb(-places), rail.money_currency)
        parts = random.random() < 0.5
        try:
            invoice = invoices.open_invoice(
                player=self.world.player(),
                rail=rail,
                amount=amount,
                key=f"soak-{next(self.numbers)}",
                takes_parts=parts,
            )
        except DomainError:
            return
        self._pay_invoice(int(invoice.outside_ref), units, places, parts=parts)

    def _pay_invoice(self, number: int, units: int, places: int, *, parts: bool) -> None:
        random = self.world.random

        def text(part: int) -> str:
            return f"{Decimal(part).scaleb(-places):f}"

        fate = random.random()
        if fate < 0.15:
            self.vendor.expire_invoice(number)
            return
        if fate < 0.35 and units > 2:
            first = random.randint(1, units - 1)
            self.vendor.pay_invoice(number, text(first), confirm=True)
            if not parts:
                return  # filled or killed: it was less than asked for
            if random.random() < 0.5:
                self.vendor.pay_invoice(number, text(units - first), confirm=True)
            else:
                self.vendor.expire_invoice(number)
            return
        surplus = random.randint(1, units) if fate < 0.5 else 0
        self.vendor.pay_invoice(number, text(units + surplus), confirm=True)

    # ---- what the house does ---------------------------------------------------------------------

    def exchange(self) -> None:
        random = self.world.random
        sold, bought = random.sample(["BTC", "LTC", "ETH", "USDTT", "EUR"], 2)
        amount = {"BTC": "0.01", "LTC": "2", "ETH": "0.1", "USDTT": "50", "EUR": "60"}[sold]
        wanted = Decimal(amount) + Decimal(random.randint(1, 999)).scaleb(-6)
        exchanges.request_exchange(
            by=self.world.staff,
            provider="coinspaid",
            sold_code=sold,
            bought_code=bought,
            sold=wanted,
            bought=None,
            reason="The soak.",
            key=f"soak-{next(self.numbers)}",
        )

    # ---- what goes wrong -------------------------------------------------------------------------

    def repeat(self) -> None:
        """The latest callback of something once more, or many times."""
        random = self.world.random
        number = random.randint(5_000_001, 5_000_001 + max(1, self._known() - 1))
        try:
            self.vendor.resend(number, random.randint(1, 4), parallel=random.random() < 0.5)
        except ControlRefused:
            return  # nothing was sent about that one

    def contradict(self) -> None:
        """The gateway says of something final that it was otherwise."""
        random = self.world.random
        kind, states = random.choice(
            [("deposit", ["confirmed", "cancelled"]), ("withdrawal", ["confirmed"])]
        )
        found = self.vendor.find(kind=kind, status=random.choice(states))
        ours = Deposit if kind == "deposit" else Withdrawal
        known = [
            one
            for one in found
            if ours.objects.filter(
                outside_ref=str(one["id"]), state__in=[*FINAL_DEPOSITS, "paid", "released"]
            ).exists()
        ]
        if not known:
            return
        one = random.choice(known)
        if kind == "deposit" and one["status"] == "confirmed":
            changes = random.choice([{"status": "cancelled"}, {"amount": "123.45600000"}])
        elif kind == "deposit":
            changes = {"status": "confirmed"}
        else:
            changes = {"status": random.choice(REFUSALS)}
        self.vendor.contradict(one["id"], **changes)
        self.contradicted.add(str(one["id"]))

    def break_api(self) -> None:
        random = self.world.random
        self.vendor.switches(api_answer=random.choice(API_FAULTS), remaining=random.randint(1, 3))

    def break_callbacks(self) -> None:
        random = self.world.random
        self.vendor.switches(**random.choice(CALLBACK_FAULTS), remaining=random.randint(1, 6))

    # ---- rest ------------------------------------------------------------------------------------

    def work(self) -> None:
        payouts.send_due()
        exchanges.send_due()
        inbox.retry_due()

    def heal(self) -> None:
        self.vendor.switches()
        # Invoices whose answer was lost are nobody's: their clock runs out.
        for one in self.vendor.find(kind="invoice", status="created", limit=10_000):
            self.vendor.expire_invoice(one["id"])

    def is_quiet(self) -> bool:
        """Let every waiting time pass, work, and say whether nothing is left to do."""
        long_ago = now() - timedelta(hours=1)
        Withdrawal.objects.filter(due_at__isnull=False).update(due_at=long_ago)
        Exchange.objects.filter(due_at__isnull=False).update(due_at=long_ago)
        InboxMessage.objects.filter(due_at__isnull=False).update(due_at=long_ago)
        Deposit.objects.filter(state=Deposit.State.PENDING).update(updated_at=long_ago)
        Invoice.objects.filter(state__in=["open", "paying"]).update(updated_at=long_ago)
        # A refusal after an unclear call counts once that call cannot turn up any more.
        for model in (Withdrawal, Exchange):
            model.objects.filter(unknown_at__isnull=False).update(unknown_at=long_ago)
        self.work()
        inquiries.ask_open(limit=1_000)
        inquiries.read_exports(limit=1_000)
        is_open_here = (
            Withdrawal.objects.filter(state__in=["approved", "sending", "sent"]).exists()
            or Exchange.objects.filter(state__in=["requested", "sending", "sent"]).exists()
            or Deposit.objects.filter(provider="coinspaid", state="pending").exists()
            or InboxMessage.objects.filter(state__in=["received", "failed"]).exists()
        )
        is_open_there = any(self.vendor.find(status=state) for state in OPEN_STATES) or bool(
            self.vendor.calls(state="waiting")
        )
        return not (is_open_here or is_open_there)

    # ---- both books ------------------------------------------------------------------------------

    def check(self) -> None:
        kept = self.vendor.transactions()
        by_kind: dict[str, list[Json]] = defaultdict(list)
        for one in kept:
            by_kind[one["kind"]].append(one)
        self._check_deposits([*by_kind["deposit"], *by_kind["invoice"]])
        self._check_payouts(by_kind["withdrawal"])
        self._check_exchanges(by_kind["exchange"])
        self._check_accounts()
        self._check_cases()
        day = self.started_on
        while day <= now().date():
            assert payout_watch.compare("coinspaid", day).problems == []
            day += timedelta(days=1)

    def _check_deposits(self, theirs: list[Json]) -> None:
        ours = {one.outside_ref: one for one in Deposit.objects.filter(provider="coinspaid")}
        credited = dict(
            Entry.objects.filter(kind=Kind.DEPOSIT, partner__code="coinspaid")
            .exclude(source_id=0)
            .values_list("source_id", "amount")
        )
        for one in theirs:
            deposit = ours.pop(str(one["id"]), None)
            if one["status"] != "confirmed":
                assert deposit is None or deposit.state == Deposit.State.CANCELLED, one
                assert deposit is None or deposit.pk not in credited, one
                continue
            assert deposit is not None, one
            # Held against a limit of ours: booked all the same, and waiting for a person.
            assert deposit.state in {Deposit.State.CONFIRMED, Deposit.State.HELD}, one
            arrived = self._gross(one)
            assert deposit.gross == arrived, one
            scale = deposit.money.currency.scale
            whole = Money.from_major(arrived, deposit.money.currency, rounding="down")
            assert credited.pop(deposit.pk) == whole.major, (one, scale)
        assert ours == {}, "deposits that the gateway does not know"
        assert credited == {}, "credits without a deposit"

    @staticmethod
    def _gross(one: Json) -> Decimal:
        amount = Decimal(one["amount"])
        if one["kind"] == "deposit" and one["rate"]:
            return (amount * Decimal(one["rate"])).quantize(Decimal("0.00000001"), "ROUND_DOWN")
        return amount

    def _check_payouts(self, theirs: list[Json]) -> None:
        ours = {
            one.foreign_id: one
            for one in Withdrawal.objects.filter(provider="coinspaid", foreign_id__isnull=False)
        }
        assert len({one["foreign_id"] for one in theirs}) == len(theirs)
        for one in theirs:
            withdrawal = ours.pop(one["foreign_id"])
            assert withdrawal.state == FINAL_PAYOUTS[one["status"]], (one, withdrawal.state)
            assert withdrawal.net_money.major == Decimal(one["amount"])
            assert withdrawal.address == one["to_address"]
        for withdrawal in ours.values():
            assert withdrawal.state == Withdrawal.State.RELEASED, withdrawal.state

    def _check_exchanges(self, theirs: list[Json]) -> None:
        ours = {one.outside_ref: one for one in Exchange.objects.exclude(outside_ref="")}
        for one in theirs:
            exchange = ours.pop(str(one["id"]))
            assert (exchange.state, one["status"]) == ("done", "confirmed"), (one, exchange.state)
            assert exchange.sold == Decimal(one["amount"])
            assert exchange.bought == Decimal(one["receiver_amount"])
        assert ours == {}
        unsent = Exchange.objects.filter(outside_ref="").exclude(state="refused")
        assert list(unsent) == []

    def _check_accounts(self) -> None:
        """Every change of the gateway's accounts, from our own rows and the fees of its export."""
        desk = gateway("coinspaid")
        codes = dict(Rail.objects.values_list("provider_code", "currency_id"))
        expected: dict[str, Decimal] = defaultdict(Decimal)
        for deposit in Deposit.objects.filter(provider="coinspaid", state__in=BOOKED):
            expected[deposit.currency_id] += deposit.gross
        for withdrawal in Withdrawal.objects.filter(provider="coinspaid", state="paid"):
            expected[withdrawal.currency_id] -= withdrawal.net_money.major
        for exchange in Exchange.objects.filter(state="done"):
            expected[codes[exchange.sold_code]] -= exchange.sold or Decimal(0)
            expected[codes[exchange.bought_code]] += exchange.bought or Decimal(0)
        day = self.started_on
        while day <= datetime.now(UTC).date():
            for row in desk.statement(day):
                if row.status == "confirmed":
                    if row.kind != "exchange":
                        expected[row.fee_code] -= row.fee
                    expected[row.network_fee_code] -= row.network_fee
            day += timedelta(days=1)
        changes: dict[str, Decimal] = defaultdict(Decimal)
        for account in self.vendor.books():
            assert Decimal(account["opening"]) + Decimal(account["changes"]) == Decimal(
                account["balance"]
            )
            code = codes.get(account["currency"], account["currency"])
            changes[code] += Decimal(account["changes"])
        expected.pop("", None)
        for code in changes.keys() | expected.keys():
            assert changes[code] == expected[code], code
        held = {one.code: one.amount for one in desk.balances()}
        assert set(changes) <= set(held)

    def _check_cases(self) -> None:
        """What was contradicted has an alarm; nothing is stuck."""
        alarmed = " ".join(
            f"{alarm.subject} {alarm.message}"
            for alarm in Alarm.objects.filter(code__endswith=".contradiction")
        )
        names = {
            one.outside_ref: one.public_id
            for one in Withdrawal.objects.exclude(outside_ref="").filter(
                outside_ref__in=self.contradicted
            )
        }
        # A fault that was on at the time may have kept the wrong report from ever reaching us.
        lost = {call["reference"] for call in self.vendor.calls(state="given up")}
        for ref in self.contradicted - lost:
            assert ref in alarmed or names.get(ref, "?") in alarmed, ref
        parked = InboxMessage.objects.filter(state="parked").values_list("pk", flat=True)
        for pk in parked:
            assert Alarm.objects.filter(code="callback.parked", subject__endswith=f" {pk}").exists()

    # ---- helpers ---------------------------------------------------------------------------------

    def _amount(self, code: str) -> str:
        least, most, places = AMOUNTS[code]
        units = self.world.random.randint(least, most)
        return f"{Decimal(units).scaleb(-places):f}"

    def _send(self, code: str, amount: str, *, confirm: bool | None = None) -> int | None:
        try:
            address = deposits.take_address(player=self.world.player(), rail=self.rails[code])
        except DomainError:
            return None  # the gateway is broken at the moment; the player tries again later
        sent = self.vendor.send(address.address, amount, confirm=confirm)
        return int(sent["id"])

    def _end(self, withdrawal: Withdrawal, status: str) -> None:
        """Let the gateway decide on a payout, if it has got it."""
        found = self.vendor.find(kind="withdrawal", foreign_id=withdrawal.public_id)
        for one in found:
            try:
                self.vendor.move(one["id"], status, error="The soak says no.")
            except ControlRefused:
                return  # it was faster

    def _known(self) -> int:
        return int(self.vendor.control("size")["transactions"])
