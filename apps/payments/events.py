"""Facts about payments that other apps may hear. Amounts are text with the exact scale."""

from dataclasses import dataclass

from apps.events.bus import Event


@dataclass(frozen=True)
class DepositEvent(Event):
    """What every fact about a deposit says."""

    player_id: int
    deposit_id: int
    public_id: str
    amount: str
    currency: str


@dataclass(frozen=True)
class DepositSeen(DepositEvent):
    """The network has it, nothing is credited yet."""


@dataclass(frozen=True)
class DepositConfirmed(DepositEvent):
    """It is final and in the balance. was_held: staff let it in after it had been set aside."""

    was_held: bool = False


@dataclass(frozen=True)
class DepositCancelled(DepositEvent):
    """It will not be credited."""


@dataclass(frozen=True)
class DepositHeld(DepositEvent):
    """It arrived against a limit: staff release it or send it back."""


@dataclass(frozen=True)
class DepositTakenBack(DepositEvent):
    """amount: the part that went. owed: what the balance is short of now; empty when it is not."""

    owed: str = ""


@dataclass(frozen=True)
class DepositRefunded(DepositTakenBack):
    """It, or a part of it, went back to its payer."""


@dataclass(frozen=True)
class DepositReversed(DepositTakenBack):
    """The provider took it, or a part of it, back."""


@dataclass(frozen=True)
class WithdrawalEvent(Event):
    """What every fact about a withdrawal says."""

    player_id: int
    withdrawal_id: int
    public_id: str
    amount: str
    currency: str


@dataclass(frozen=True)
class WithdrawalRequested(WithdrawalEvent):
    """The money is set aside, a person has to decide."""


@dataclass(frozen=True)
class WithdrawalPaid(WithdrawalEvent):
    """The gateway has sent it: final."""


@dataclass(frozen=True)
class WithdrawalRejected(WithdrawalEvent):
    """Staff said no, the money is back: final."""


@dataclass(frozen=True)
class WithdrawalReleased(WithdrawalEvent):
    """The gateway said no, the money is back: final."""


@dataclass(frozen=True)
class WithdrawalCancelled(WithdrawalEvent):
    """Its player called it back, the money is back: final."""


@dataclass(frozen=True)
class PayoutAddressAdded(Event):
    """A new address waits in a player's book. link_id: of the "not me" link for the mail."""

    player_id: int
    address_id: int
    link_id: int


@dataclass(frozen=True)
class PayoutsFrozen(Event):
    """No payout of this player leaves until a person has looked."""

    player_id: int
