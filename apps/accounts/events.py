from dataclasses import dataclass

from apps.events.bus import Event


@dataclass(frozen=True)
class PlayerRegistered(Event):
    player_id: int


@dataclass(frozen=True)
class PlayerStatusChanged(Event):
    player_id: int
    status: str


@dataclass(frozen=True)
class EmailConfirmed(Event):
    """Whoever reads this mailbox has followed the link that was sent to it just now."""

    player_id: int
    email: str


@dataclass(frozen=True)
class DuplicateSuspected(Event):
    """Two accounts look like one person's. by: `email` or `phone`; a person of ours decides."""

    player_id: int
    other_id: int
    by: str


@dataclass(frozen=True)
class SignedInOnNewDevice(Event):
    """Not the first sign-in of an account, and from a browser it had not been seen with."""

    player_id: int
    sign_in_id: int


@dataclass(frozen=True)
class CodeIssued(Event):
    """A one-time code waits to be sent (codes.py)."""

    player_id: int
    code_id: int


@dataclass(frozen=True)
class PhoneChanged(Event):
    """A number was confirmed, or taken away. before: the number until now, empty when there was none."""

    player_id: int
    before: str


@dataclass(frozen=True)
class ErasureDecided(Event):
    player_id: int
    request_id: int


@dataclass(frozen=True)
class AccountClosed(Event):
    """The player closed it."""

    player_id: int
