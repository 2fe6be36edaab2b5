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
class PayoutOrder:
    """What to pay. reference: our own id, the same for every try."""

    reference: str
    provider_code: str
    amount: Money
    address: str
    tag: str
    player_ref: str


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
    reference: our own id where the gateway knows it.
    """

    outside_ref: str
    kind: str
    code: str
    amount: Decimal
    status: str
    reference: str = ""
    fee: Decimal = Decimal(0)
    fee_code: str = ""


class Gateway(Protocol):
    """Every call may raise ProviderError; none is made inside a transaction."""

    def take_address(self, *, provider_code: str, player_ref: str) -> TakenAddress:
        """Ask for a new address of the player's own."""

    def send_payout(self, order: PayoutOrder) -> PayoutReport:
        """Order a payout. Raises PayoutRefused, AlreadyTaken."""

    def find_payout(self, reference: str) -> PayoutReport | None:
        """What became of the payout with our reference; None when the gateway never got it."""

    def balances(self) -> list[GatewayBalance]:
        """What the gateway holds for us, per currency."""

    def statement(self, day: date) -> list[StatementRow]:
        """The final payments of one UTC day, from the gateway's own book."""
