"""Facts about verification. They never say what law keeps secret."""

from dataclasses import dataclass

from apps.events.bus import Event


@dataclass(frozen=True)
class VerificationAsked(Event):
    """A level is needed now. is_warning: soon, nothing is stopped yet."""

    player_id: int
    level: int
    is_warning: bool
    words: str


@dataclass(frozen=True)
class VerificationDecided(Event):
    """state: approved, retry, rejected or expired, of one level."""

    player_id: int
    case_id: int
    level: int
    state: str
    words: str


@dataclass(frozen=True)
class ScreeningHit(Event):
    """For staff's desks; players' pages never hear it."""

    player_id: int
    hit_id: int


@dataclass(frozen=True)
class SamePersonFound(Event):
    """Two accounts look like one person."""

    player_id: int
    other_id: int
    match_id: int
