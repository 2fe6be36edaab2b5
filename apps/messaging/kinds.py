"""Every mail there is: how long it is worth sending, and whether it may be sent twice."""

from dataclasses import dataclass
from datetime import timedelta

from apps.messaging.models import Mail

PASSWORD_RESET = timedelta(hours=1)
CONFIRMATION = timedelta(days=3)
NOTICE = timedelta(days=3)


@dataclass(frozen=True)
class MailKind:
    """is_code: carries a link or a code somebody waits for, so twice is better than not at all."""

    keeps: timedelta = NOTICE
    is_code: bool = False
    stream: str = Mail.Stream.SECURITY
    proves: bool = False  # whoever follows its link shows that the address takes mail
    topic: str = ""  # what a player may switch off; empty is always sent


KINDS = {
    "password_reset_key": MailKind(PASSWORD_RESET, is_code=True),
    "email_confirmation": MailKind(CONFIRMATION, is_code=True, proves=True),
    "email_confirmation_signup": MailKind(CONFIRMATION, is_code=True, proves=True),
    "login_code": MailKind(timedelta(minutes=10), is_code=True),
    "new_device": MailKind(),
    "phone_changed": MailKind(),
    "erasure_decided": MailKind(),
    "erasure_done": MailKind(),
    "payout_address": MailKind(is_code=True),
    "payouts_frozen": MailKind(),
    "deposit_confirmed": MailKind(topic="deposits"),
    "deposit_held": MailKind(topic="deposits"),
    "deposit_released": MailKind(topic="deposits"),
    "deposit_refunded": MailKind(topic="deposits"),
    # Money that leaves without the player's wish: not to be switched off.
    "deposit_reversed": MailKind(),
    "withdrawal_requested": MailKind(topic="withdrawals"),
    "withdrawal_paid": MailKind(topic="withdrawals"),
    "withdrawal_refused": MailKind(topic="withdrawals"),
    "break_started": MailKind(),
    "dormancy_announced": MailKind(),
    "offers_welcome": MailKind(stream=Mail.Stream.MARKETING, topic="marketing"),
}
OTHER = MailKind()


def of(kind: str) -> MailKind:
    """What is not named is a notice about the account."""
    return KINDS.get(kind, OTHER)
