"""What the payment services ask of a gateway, in our words."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from apps.core.money import Money


@dataclass(frozen=True)
class TakenAddress:
    """An address the gateway watches for us. tag: empty where the network has none."""

    address: str
    tag: str
    outside_ref: str


@dataclass(frozen=True)
class Person:
    """Who sends or receives, where a gateway must know. country: ISO 3166 alpha-2."""

    first_name: str
    last_name: str
    birth_date: date
    country: str
    email: str = ""


@dataclass(frozen=True)
class PayoutOrder:
    """What to pay. reference: our own id, the same for every try.

    coin_code: what is sent when it is not the currency that pays, in the gateway's word.
    """

    reference: str
    provider_code: str
    amount: Money
    address: str
    tag: str
    player_ref: str
    coin_code: str = ""
    receiver: Person | None = None


class DepositStatus(StrEnum):
    SEEN = "seen"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"
    UNRECOGNISED = "unrecognised"


class PayoutStatus(StrEnum):
    """HELD: an owner must approve it at the gateway. REFUSED is final, no money left."""

    PROCESSING = "processing"
    HELD = "held"
    PAID = "paid"
    REFUSED = "refused"
    UNRECOGNISED = "unrecognised"


@dataclass(frozen=True)
class DepositReport:
    """What a gateway says about money for one of our addresses.

    gross, net: in `provider_code`, the coin that arrived for us. credit: the one of both that
    the player gets.
    """

    provider: str
    outside_ref: str
    status: DepositStatus
    address: str
    tag: str
    provider_code: str
    gross: Decimal
    net: Decimal
    credit: Decimal
    confirmations: int
    txid: str
    riskscore: str
    error: str
    raw_status: str = ""


@dataclass(frozen=True)
class PayoutReport:
    """What a gateway says about a payout. amount, address: None when it did not say."""

    provider: str
    outside_ref: str
    reference: str
    status: PayoutStatus
    amount: Decimal | None = None
    amount_code: str = ""
    address: str | None = None
    txid: str = ""
    error: str = ""
    raw_status: str = ""


class PayoutRefused(Exception):
    """The gateway understood the order and did not take it. `text` is its reason."""

    def __init__(self, text: str):
        self.text = text
        super().__init__(text)


class AlreadyTaken(Exception):
    """The gateway has an order with this reference already: an earlier try got through."""


@dataclass(frozen=True)
class GatewayBalance:
    """What the gateway holds for us. amount: major units of our currency `code`."""

    code: str
    amount: Decimal


@dataclass(frozen=True)
class StatementRow:
    """One payment in the gateway's own book of a day.

    kind: `deposit`, `withdrawal`, `exchange`, `reversal`. amount: positive, what moved between us
    and the player, in our currency `code`. fee: what the gateway kept, in `fee_code`.
    network_fee: what the chain kept, in a coin that may be a third one. bought: of an exchange,
    what came for `amount`. reference: our own id where the gateway knows it.
    """

    outside_ref: str
    kind: str
    code: str
    amount: Decimal
    status: str
    reference: str = ""
    fee: Decimal = Decimal(0)
    fee_code: str = ""
    network_fee: Decimal = Decimal(0)
    network_fee_code: str = ""
    bought: Decimal = Decimal(0)
    bought_code: str = ""

    @property
    def is_confirmed(self) -> bool:
        """Whether it moved money; a cancelled one ended too, and moved nothing."""
        return self.status == "confirmed"


class Gateway(Protocol):
    """Every call may raise ProviderError; none is made inside a transaction."""

    def take_address(
        self,
        *,
        provider_code: str,
        player_ref: str,
        coin_code: str = "",
        sender: Person | None = None,
    ) -> TakenAddress:
        """Ask for a new address of the player's own.

        coin_code: what players send there when it is exchanged into `provider_code` on arrival.
        """

    def send_payout(self, order: PayoutOrder) -> PayoutReport:
        """Order a payout. Raises PayoutRefused, AlreadyTaken."""

    def find_payout(self, reference: str) -> PayoutReport | None:
        """What became of the payout with our reference; None when the gateway never got it."""

    def balances(self) -> list[GatewayBalance]:
        """What the gateway holds for us, per currency."""

    def statement(self, day: date) -> list[StatementRow]:
        """The final payments of one UTC day, from the gateway's own book."""


# ---- gateways that hold coins ---------------------------------------------------------------------


@dataclass(frozen=True)
class GatewayCurrency:
    """A line of the gateway's list. The fees are its words: to be shown, never computed with."""

    provider_code: str
    kind: str
    minimum: Decimal
    precision: int
    deposit_fee: str
    withdrawal_fee: str
    is_visible: bool


@dataclass(frozen=True)
class GatewayPair:
    """An exchange the gateway offers. rate: for reference only, of one `from_code`."""

    from_code: str
    to_code: str
    minimum: Decimal
    deposit_minimum: Decimal | None
    rate: Decimal


@dataclass(frozen=True)
class ExchangeTerms:
    """A quote: what is sold for what, until `expires_at` (unix seconds). Codes are the gateway's."""

    sold_code: str
    sold: Decimal
    bought_code: str
    bought: Decimal
    fee_code: str
    fee: Decimal
    price: str
    expires_at: int


@dataclass(frozen=True)
class ExchangeOrder:
    """What to exchange. reference: our own id. Exactly one of `sold` and `bought` is wanted.

    price: of a quote that still stands; without one the price of the moment is taken.
    """

    reference: str
    sold_code: str
    bought_code: str
    sold: Decimal | None
    bought: Decimal | None
    price: str = ""


class ExchangeStatus(StrEnum):
    PROCESSING = "processing"
    DONE = "done"
    REFUSED = "refused"
    UNRECOGNISED = "unrecognised"


@dataclass(frozen=True)
class ExchangeReport:
    """What a gateway says about an exchange; it need not know our reference."""

    provider: str
    outside_ref: str
    reference: str
    status: ExchangeStatus
    sold_code: str
    sold: Decimal
    bought_code: str
    bought: Decimal
    fee_code: str = ""
    fee: Decimal = Decimal(0)
    error: str = ""
    raw_status: str = ""


@dataclass(frozen=True)
class InvoiceOrder:
    """A request for exactly `amount` of `provider_code`. reference: our own id."""

    reference: str
    provider_code: str
    amount: Money
    title: str
    player_ref: str
    email: str
    url_success: str
    url_failed: str
    takes_parts: bool
    sender: Person | None = None


@dataclass(frozen=True)
class OpenedInvoice:
    """Where to pay, and until when (unix seconds; None without a clock)."""

    outside_ref: str
    address: str
    tag: str
    amount: Decimal
    url: str
    expires_at: int | None


class InvoiceStatus(StrEnum):
    OPEN = "open"
    PAYING = "paying"
    PAID = "paid"
    FAILED = "failed"
    UNRECOGNISED = "unrecognised"


@dataclass(frozen=True)
class InvoiceReport:
    """What a gateway says about an invoice. received: None while nothing was booked for us."""

    provider: str
    outside_ref: str
    reference: str
    status: InvoiceStatus
    sent: Decimal
    remaining: Decimal
    received: Decimal | None
    received_code: str
    confirmations: int
    txid: str
    riskscore: str
    expires_at: int | None
    error: str
    raw_status: str = ""


Report = DepositReport | PayoutReport | ExchangeReport | InvoiceReport


class CoinGateway(Gateway, Protocol):
    """A gateway that holds coins for us, lists them, and exchanges between them."""

    def currencies(self) -> list[GatewayCurrency]:
        """Every currency of the gateway, those we may not use included."""

    def pairs(self) -> list[GatewayPair]:
        """Every exchange it offers."""

    def quote(
        self, *, sold_code: str, bought_code: str, sold: Decimal | None, bought: Decimal | None
    ) -> ExchangeTerms:
        """What an exchange would give. Raises PayoutRefused with the gateway's words."""

    def send_exchange(self, order: ExchangeOrder) -> ExchangeReport:
        """Order an exchange. Raises PayoutRefused, AlreadyTaken."""

    def open_invoice(self, order: InvoiceOrder) -> OpenedInvoice:
        """Ask for an invoice. Raises PayoutRefused, AlreadyTaken."""

    def look_up(self, *, outside_ref: str = "", txid: str = "") -> Report | None:
        """What a transaction is now, by the gateway's id or the chain's; None when unknown."""


# ---- gateways that ask before they pay ------------------------------------------------------------


class TransactionKind(StrEnum):
    """What a transaction is by its name; OTHER is for the sign and the origin to tell."""

    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    REFUND = "refund"
    CHARGEBACK = "chargeback"
    OTHER = "other"


@dataclass(frozen=True)
class GatewayMove:
    """One transaction of a gateway that asks first: money for the player, or from them.

    player_ref: our public id of the player. amount: above zero is for the player. origin_ref: the
    earlier transaction it is about. account: masked by the gateway. fee: beside the amount.
    """

    provider: str
    outside_ref: str
    player_ref: str
    amount: Decimal
    code: str
    kind: TransactionKind
    name: str
    method: str
    psp: str
    origin_ref: str = ""
    account: str = ""
    holder: str = ""
    psp_ref: str = ""
    fee: Decimal = Decimal(0)
    words: str = ""


class Outcome(StrEnum):
    """OPEN: it may still go either way. UNCLEAR: for their staff."""

    MOVED = "moved"
    GONE = "gone"
    OPEN = "open"
    UNCLEAR = "unclear"


@dataclass(frozen=True)
class FoundMove:
    """A transaction in the gateway's own book, and what became of it there."""

    move: GatewayMove
    outcome: Outcome


@dataclass(frozen=True)
class CashierFrame:
    """What a page needs to put the gateway's cashier into its frame.

    bundle: the vendor's script. module: ours, which speaks to it. options: for that module.
    """

    bundle: str
    module: str
    options: dict[str, object]


class CashierGateway(Gateway, Protocol):
    """A gateway with a cashier of its own, which calls us before and after it moves money."""

    def frame(
        self, *, player_ref: str, code: str, country: str, token: str, direction: str
    ) -> CashierFrame:
        """The cashier for one player. direction: `deposit` or `withdrawal`."""

    def simulated_bundle(self) -> bytes | None:
        """The vendor's script, pointed at a simulator; None where there is none."""

    def deny_payout(self, outside_ref: str, reason: str) -> None:
        """Say that a payout will not be made; done already is fine. Raises PayoutRefused."""

    def refund(self, outside_ref: str, amount: Money) -> None:
        """Send a deposit back. Raises PayoutRefused, AlreadyTaken."""

    def find_move(self, outside_ref: str) -> FoundMove | None:
        """One transaction as the gateway has it; None when it has none with this id."""
