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
    """It is final and in the balance."""


@dataclass(frozen=True)
class DepositCancelled(DepositEvent):
    """It will not be credited."""


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
