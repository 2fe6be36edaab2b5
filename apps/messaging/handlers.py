"""What players are told when something happened: on the site, and by mail what they care about."""

from decimal import Decimal

from django.conf import settings
from django.urls import reverse

from apps.accounts.events import PlayerRegistered
from apps.accounts.models import Player
from apps.events.bus import handles
from apps.jackpots.events import JackpotWon
from apps.kyc.events import VerificationAsked, VerificationDecided
from apps.messaging import letters, services
from apps.messaging.models import Notice
from apps.payments.events import (
    DepositCancelled,
    DepositConfirmed,
    DepositEvent,
    DepositHeld,
    DepositRefunded,
    DepositReversed,
    DepositSeen,
    DepositTakenBack,
    WithdrawalEvent,
    WithdrawalPaid,
    WithdrawalRejected,
    WithdrawalReleased,
    WithdrawalRequested,
)
from apps.risk.events import ComplaintAnswered
from apps.treasury.events import BalanceAdjusted
from apps.wallet.statements.events import StatementReady

INFO, SUCCESS, WARNING = Notice.Kind.INFO, Notice.Kind.SUCCESS, Notice.Kind.WARNING
VERDICTS = {
    "approved": (SUCCESS, "verified", "Thank you, nothing is missing."),
    "in_review": (INFO, "in review", "We look at it once more."),
    "retry": (WARNING, "once more, please", "Something has to be handed in again."),
    "rejected": (WARNING, "refused", "You can contest that; a person then decides."),
    "expired": (WARNING, "your document has ended", "Send one that is in date."),
}


@handles(PlayerRegistered)
def welcome(event: PlayerRegistered) -> None:
    services.notify(
        event.player_id,
        kind=INFO,
        title="Welcome",
        text="Help and advice on safer play are one click from every page.",
        href="/safer-play/",
        category=Notice.Category.PLAY,
    )
    player = Player.objects.select_related("user").get(pk=event.player_id)
    if player.wants_marketing:
        letters.send(player, "offers_welcome", {"site_url": settings.SITE_ORIGIN})


@handles(DepositSeen)
def deposit_seen(event: DepositSeen) -> None:
    _tell_deposit(event, INFO, "Deposit on its way", "is waiting for the network to confirm it.")


@handles(DepositConfirmed)
def deposit_confirmed(event: DepositConfirmed) -> None:
    title = "Deposit released" if event.was_held else "Deposit confirmed"
    _tell_deposit(event, SUCCESS, title, "is in your balance.")
    kind = "deposit_released" if event.was_held else "deposit_confirmed"
    _mail(event, kind, "payments:deposit_detail")


@handles(DepositHeld)
def deposit_held(event: DepositHeld) -> None:
    words = "arrived above one of the limits. Our payments team looks at it."
    _tell_deposit(event, WARNING, "Deposit set aside", words)
    _mail(event, "deposit_held", "payments:deposit_detail")


@handles(DepositRefunded)
def deposit_refunded(event: DepositRefunded) -> None:
    words = f"went back to where it came from.{_owing(event)}"
    _tell_deposit(event, INFO, "Deposit sent back", words)
    _mail(event, "deposit_refunded", "payments:deposit_detail", owing=_owing(event))


@handles(DepositReversed)
def deposit_reversed(event: DepositReversed) -> None:
    words = f"was taken back by your bank or payment provider.{_owing(event)}"
    _tell_deposit(event, WARNING, "Deposit taken back", words)
    _mail(event, "deposit_reversed", "payments:deposit_detail", owing=_owing(event))


@handles(DepositCancelled)
def deposit_cancelled(event: DepositCancelled) -> None:
    _tell_deposit(
        event, WARNING, "Deposit not credited", "did not come through and is not credited."
    )


@handles(WithdrawalRequested)
def withdrawal_requested(event: WithdrawalRequested) -> None:
    _tell_withdrawal(event, INFO, "Withdrawal requested", "is set aside and waits for review.")
    _mail(event, "withdrawal_requested", "payments:withdrawal_detail")


@handles(WithdrawalPaid)
def withdrawal_paid(event: WithdrawalPaid) -> None:
    _tell_withdrawal(event, SUCCESS, "Withdrawal sent", "has left for your address.")
    _mail(event, "withdrawal_paid", "payments:withdrawal_detail")


@handles(WithdrawalRejected)
def withdrawal_rejected(event: WithdrawalRejected) -> None:
    _tell_withdrawal(event, WARNING, "Withdrawal refused", "is back in your balance.")
    _mail(event, "withdrawal_refused", "payments:withdrawal_detail")


@handles(WithdrawalReleased)
def withdrawal_released(event: WithdrawalReleased) -> None:
    _tell_withdrawal(event, WARNING, "Withdrawal not sent", "is back in your balance.")
    _mail(event, "withdrawal_refused", "payments:withdrawal_detail")


@handles(BalanceAdjusted)
def balance_adjusted(event: BalanceAdjusted) -> None:
    amount = Decimal(event.amount).normalize()
    _tell(
        event.player_id,
        INFO,
        "Balance corrected",
        f"{amount:+f} {event.currency}. {event.words}",
        "/wallet/history/",
    )


@handles(StatementReady)
def statement_ready(event: StatementReady) -> None:
    _tell(
        event.player_id,
        SUCCESS,
        "Statement ready",
        f"The PDF of {event.words} can be downloaded.",
        reverse("statements:statement", args=[event.number]),
    )


@handles(JackpotWon)
def jackpot_won(event: JackpotWon) -> None:
    amount = f"{Decimal(event.amount).normalize():f} {event.currency}"
    _tell(
        event.player_id,
        SUCCESS,
        f"You won the {event.level} jackpot",
        f"{amount} is in your balance.",
        reverse("jackpots:drop", args=[event.public_id]),
    )


def _tell_deposit(event: DepositEvent, kind: str, title: str, words: str) -> None:
    href = reverse("payments:deposit_detail", args=[event.public_id])
    _tell(event.player_id, kind, title, f"{_amount(event)} {words}", href)


@handles(VerificationAsked)
def verification_asked(event: VerificationAsked) -> None:
    title = "Verify soon" if event.is_warning else "Verification is needed"
    _tell_verification(event.player_id, WARNING, title, event.words)


@handles(VerificationDecided)
def verification_decided(event: VerificationDecided) -> None:
    kind, title, words = VERDICTS[event.state]
    _tell_verification(event.player_id, kind, f"Level {event.level}: {title}", event.words or words)


def _tell_verification(player_id: int, kind: str, title: str, text: str) -> None:
    services.notify(
        player_id,
        kind=kind,
        title=title,
        text=text,
        href=reverse("kyc:verification"),
        category=Notice.Category.SECURITY,
    )


@handles(ComplaintAnswered)
def complaint_answered(event: ComplaintAnswered) -> None:
    services.notify(
        event.player_id,
        kind=INFO,
        title="We answered your complaint",
        text="Read it and write back, under Account, Complaints.",
        href=reverse("risk:complaint", args=[event.public_id]),
        category=Notice.Category.SECURITY,
    )


def _tell_withdrawal(event: WithdrawalEvent, kind: str, title: str, words: str) -> None:
    href = reverse("payments:withdrawal_detail", args=[event.public_id])
    _tell(event.player_id, kind, title, f"{_amount(event)} {words}", href)


def _tell(player_id: int, kind: str, title: str, text: str, href: str) -> None:
    services.notify(
        player_id, kind=kind, title=title, text=text, href=href, category=Notice.Category.MONEY
    )


def _owing(event: DepositTakenBack) -> str:
    """It was spent before it went: the balance is below zero by that much."""
    if not event.owed:
        return ""
    return f" Your balance is short of {Decimal(event.owed).normalize():f} {event.currency} now."


def _mail(event: DepositEvent | WithdrawalEvent, kind: str, url_name: str, **words: str) -> None:
    """No address, hash or name of a bank: a mail is read by whoever has the mailbox."""
    player = Player.objects.select_related("user").get(pk=event.player_id)
    href = f"{settings.SITE_ORIGIN}{reverse(url_name, args=[event.public_id])}"
    letters.send(player, kind, {"amount": _amount(event), "href": href, **words})


def _amount(event: DepositEvent | WithdrawalEvent) -> str:
    """In prose trailing zeros go: `0.1 BTC`."""
    return f"{Decimal(event.amount).normalize():f} {event.currency}"
