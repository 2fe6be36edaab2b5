"""What players are told when something happened."""

from decimal import Decimal

from django.urls import reverse

from apps.accounts.events import PlayerRegistered
from apps.events.bus import handles
from apps.messaging import services
from apps.messaging.models import Notice
from apps.payments.events import (
    DepositCancelled,
    DepositConfirmed,
    DepositEvent,
    DepositSeen,
    WithdrawalEvent,
    WithdrawalPaid,
    WithdrawalRejected,
    WithdrawalReleased,
    WithdrawalRequested,
)

INFO, SUCCESS, WARNING = Notice.Kind.INFO, Notice.Kind.SUCCESS, Notice.Kind.WARNING


@handles(PlayerRegistered)
def welcome(event: PlayerRegistered) -> None:
    services.notify(
        event.player_id,
        kind=INFO,
        title="Welcome",
        text="Help and advice on safer play are one click from every page.",
        href="/safer-play/",
    )


@handles(DepositSeen)
def deposit_seen(event: DepositSeen) -> None:
    _tell_deposit(event, INFO, "Deposit on its way", "is waiting for the network to confirm it.")


@handles(DepositConfirmed)
def deposit_confirmed(event: DepositConfirmed) -> None:
    _tell_deposit(event, SUCCESS, "Deposit confirmed", "is in your balance.")


@handles(DepositCancelled)
def deposit_cancelled(event: DepositCancelled) -> None:
    _tell_deposit(event, WARNING, "Deposit not credited", "was cancelled by the network.")


@handles(WithdrawalRequested)
def withdrawal_requested(event: WithdrawalRequested) -> None:
    _tell_withdrawal(event, INFO, "Withdrawal requested", "is set aside and waits for review.")


@handles(WithdrawalPaid)
def withdrawal_paid(event: WithdrawalPaid) -> None:
    _tell_withdrawal(event, SUCCESS, "Withdrawal sent", "has left for your address.")


@handles(WithdrawalRejected)
def withdrawal_rejected(event: WithdrawalRejected) -> None:
    _tell_withdrawal(event, WARNING, "Withdrawal refused", "is back in your balance.")


@handles(WithdrawalReleased)
def withdrawal_released(event: WithdrawalReleased) -> None:
    _tell_withdrawal(event, WARNING, "Withdrawal not sent", "is back in your balance.")


def _tell_deposit(event: DepositEvent, kind: str, title: str, words: str) -> None:
    href = reverse("payments:deposit_detail", args=[event.public_id])
    _tell(event.player_id, kind, title, f"{_amount(event)} {words}", href)


def _tell_withdrawal(event: WithdrawalEvent, kind: str, title: str, words: str) -> None:
    href = reverse("payments:withdrawal_detail", args=[event.public_id])
    _tell(event.player_id, kind, title, f"{_amount(event)} {words}", href)


def _tell(player_id: int, kind: str, title: str, text: str, href: str) -> None:
    services.notify(player_id, kind=kind, title=title, text=text, href=href)


def _amount(event: DepositEvent | WithdrawalEvent) -> str:
    """In prose trailing zeros go: `0.1 BTC`."""
    return f"{Decimal(event.amount).normalize():f} {event.currency}"
