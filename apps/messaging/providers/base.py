"""What carries mails: one letter in, one word about it back."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True)
class Letter:
    """A mail as it leaves. reference: our own id, by which it can be found again."""

    reference: str
    stream: str
    kind: str
    to: str
    subject: str
    text: str
    html: str
    headers: dict[str, str] = field(default_factory=dict)


class Verdict(StrEnum):
    ACCEPTED = "accepted"
    SUPPRESSED = "suppressed"  # the carrier sends nothing to this address
    REFUSED = "refused"  # this mail, for ever
    LATER = "later"  # not now
    MISCONFIGURED = "misconfigured"  # a person has to mend a key, a domain or a sender


@dataclass(frozen=True)
class SendReport:
    verdict: Verdict
    message_id: str = ""
    error: str = ""


class Carrier(Protocol):
    """Sends mail.

    Both raise ProviderError; with `outcome_unknown` the mail may have been sent.
    """

    # Whether a mail whose outcome is unknown can be asked about.
    can_find: bool

    def send(self, letter: Letter) -> SendReport: ...

    def find(self, reference: str, *, to: str, since: datetime) -> str | None:
        """The carrier's id of the mail with our reference; None when it never had it."""
        ...

    def watch_reports(self) -> None:
        """See that reports come; raise an alarm when they do not."""
        ...

    def forget_suppression(self, email: str, stream: str) -> None:
        """Take an address from the carrier's own list."""
        ...


@dataclass(frozen=True)
class ShortText:
    """A text message as it leaves. to: a number as +4915112345678."""

    reference: str
    to: str
    text: str


class TextCarrier(Protocol):
    """Sends text messages. Raises ProviderError, where trying again may help."""

    # Whether messages reach anybody at all.
    is_on: bool

    def send(self, message: ShortText) -> SendReport: ...
